"""A Cyrus server with tiny limits: whatever is asked of it, no request exceeds one of them.

It refuses a whole request that has more than 3 calls, 5 objects to get or 4 to set in a call, or
4096 octets. So where everything succeeds, every request was within the limits.
"""

import asyncio
import random

import pytest

from jmap_async import Email, SetResponse
from jmap_async.client import Client
from jmap_async.errors import TooLarge

from .mail import counting, create, draft, mailbox_id


async def subject_of(client: Client, email_id: str) -> str | None:
    """Read one Email on its own."""
    [email] = (await client.email.get(email_id, properties=["subject"])).list
    return email.subject


async def test_many_creations_are_cut_up(small_client: Client) -> None:
    """Twenty creations in one call become sets of at most four, reported as one."""
    inbox = await mailbox_id(small_client)
    emails = {f"k{number}": draft(inbox, f"subject {number}") for number in range(20)}
    with counting(small_client) as sent:
        done = await small_client.email.set(create=emails)
    assert set(emails) == set(done.created)
    assert sent.invocations >= 5
    assert (await small_client.email.get([])).state == done.new_state


async def test_t64_many_ids_are_read_in_parts(small_client: Client) -> None:
    """Twenty-three ids in one call become gets of at most five, three to a POST, in order."""
    ids = await create(small_client, *(f"subject {number}" for number in range(22)))
    with counting(small_client) as sent:
        answer = await small_client.email.get([*ids, "M0123"], properties=["subject"])
    assert ids == [email.id for email in answer.list]
    assert ["M0123"] == answer.not_found
    assert (2, 5) == (sent.posts, sent.invocations)


async def test_t34_reads_of_many_tasks_are_merged_within_the_limits(small_client: Client) -> None:
    """Thirty tasks that read an Email each make two POSTs of three gets of five ids."""
    subjects = [f"subject {number}" for number in range(30)]
    ids = await create(small_client, *subjects)
    with counting(small_client) as sent:
        found = await asyncio.gather(*(subject_of(small_client, one) for one in ids))
    assert subjects == found
    assert (2, 6, 30) == (sent.posts, sent.invocations, sent.ids_sent)


async def changed(client: Client, id: str) -> SetResponse[Email]:
    """Change an Email, in a task of its own."""
    return await client.email.set(update={id: {"keywords/$seen": True}})


async def test_writes_of_many_tasks_are_merged_within_the_limits(small_client: Client) -> None:
    """Thirty tasks that change an Email each all succeed, in few POSTs."""
    ids = await create(small_client, *(f"subject {number}" for number in range(30)))
    with counting(small_client) as sent:
        answers = await asyncio.gather(*(changed(small_client, one) for one in ids))
    assert [[one] for one in ids] == [list(answer.updated) for answer in answers]
    assert 8 == sent.invocations
    assert 3 == sent.posts
    seen = await small_client.email.query({"hasKeyword": "$seen"})
    assert set(ids) == set(seen.ids)


async def test_t31_calls_beyond_the_limit_go_into_further_requests(small_client: Client) -> None:
    """Ten different queries need four POSTs of three calls."""
    await create(small_client, "one", "two")
    with counting(small_client) as sent:
        answers = await asyncio.gather(
            *(small_client.email.query({"minSize": number}, limit=5) for number in range(10))
        )
    assert [2] * 10 == [len(answer.ids) for answer in answers]
    assert (4, 10) == (sent.posts, sent.invocations)


async def test_chain_stays_in_one_request_if_it_fits(small_client: Client) -> None:
    """Three calls that feed each other are one POST even if others are waiting."""
    ids = await create(small_client, "one", "two")

    async def chain() -> list[str]:
        query = small_client.email.query(sort="subject", limit=2)
        emails = small_client.email.get(query.ids, properties=["threadId"])
        threads = small_client.thread.get(emails.ref("/list/*/threadId"))
        return [one for thread in (await threads).list for one in thread.email_ids]

    with counting(small_client) as sent:
        _, found, _ = await asyncio.gather(
            small_client.core.echo({"n": 1}), chain(), small_client.core.echo({"n": 2})
        )
    assert ids == found
    assert (2, 5) == (sent.posts, sent.invocations)


async def test_chain_that_is_longer_than_a_request_is_carried_on(small_client: Client) -> None:
    """Five calls that feed each other go over two requests, and references are resolved."""
    ids = await create(small_client, "one", "two")
    query = small_client.email.query(sort="subject", limit=2)
    emails = small_client.email.get(query.ids, properties=["threadId"])
    threads = small_client.thread.get(emails.ref("/list/*/threadId"))
    again = small_client.email.get(threads.ref("/list/*/emailIds"), properties=["mailboxIds"])
    last = small_client.email.get(again.ref("/list/*/id"), properties=["subject"])
    with counting(small_client) as sent:
        answer = await last
    assert ids == [email.id for email in answer.list]
    assert (2, 5) == (sent.posts, sent.invocations)


async def test_more_ids_than_allowed_behind_a_reference_are_read(small_client: Client) -> None:
    """Cyrus does not count what a reference leads to, so that all come at once."""
    ids = await create(small_client, *(f"subject {number}" for number in range(10)))
    query = small_client.email.query(limit=10)
    answer = await small_client.email.get(query.ids, properties=["subject"])
    assert set(ids) == {email.id for email in answer.list}


async def test_more_ids_than_allowed_behind_a_resolved_reference_are_read_in_parts(
    small_client: Client,
) -> None:
    """Once the query was answered its ids are known, and count."""
    ids = await create(small_client, *(f"subject {number}" for number in range(10)))
    query = small_client.email.query(limit=10)
    await query
    with counting(small_client) as sent:
        answer = await small_client.email.get(query.ids, properties=["subject"])
    assert set(ids) == {email.id for email in answer.list}
    assert (1, 2) == (sent.posts, sent.invocations)


async def test_t35_large_texts_are_spread_over_requests(small_client: Client) -> None:
    """Emails of two thousand octets each, counted in UTF-8, go one to a request."""
    inbox = await mailbox_id(small_client)
    emails = {f"k{number}": draft(inbox, "Large", text="ü" * 1000) for number in range(4)}
    with counting(small_client) as sent:
        done = await small_client.email.set(create=emails)
    assert {} == done.not_created
    assert 4 == len(done.created) == sent.posts


async def test_t35_what_fits_into_no_request_is_not_sent(small_client: Client) -> None:
    """A single Email over `maxSizeRequest` is refused; its neighbours are not."""
    inbox = await mailbox_id(small_client)
    large, small = await asyncio.gather(
        small_client.email.set(create={"new": draft(inbox, "Large", text="ü" * 2100)}),
        small_client.email.set(create={"new": draft(inbox, "Small")}),
        return_exceptions=True,
    )
    assert isinstance(large, TooLarge)
    assert "maxSizeRequest" in str(large)
    assert not isinstance(small, BaseException)
    assert ["new"] == list(small.created)


async def test_t35_object_that_fits_into_no_request_is_refused_alone(small_client: Client) -> None:
    """Of several objects in one call only the one over `maxSizeRequest` is not created."""
    inbox = await mailbox_id(small_client)
    done = await small_client.email.set(
        create={
            "one": draft(inbox, "Small"),
            "large": draft(inbox, "Large", text="ü" * 2100),
            "two": draft(inbox, "Small, too"),
        }
    )
    assert {"one", "two"} == set(done.created)
    assert ["large"] == list(done.not_created)
    assert "tooLarge" == done.not_created["large"].type


async def test_write_with_a_state_is_never_cut_up(small_client: Client) -> None:
    """A call with `if_in_state` that exceeds the limit is refused before it is sent."""
    ids = await create(small_client, *"abcde")
    state = (await small_client.email.get([])).state
    with counting(small_client) as sent, pytest.raises(TooLarge):
        await small_client.email.set(
            update={one: {"keywords/$seen": True} for one in ids}, if_in_state=state
        )
    assert 0 == sent.posts


async def test_creations_that_mention_each_other_stay_together(small_client: Client) -> None:
    """A tree of four mailboxes fits into one call and is created as it should be."""
    tree = {
        "a": {"name": "a"},
        "b": {"name": "b", "parentId": "#a"},
        "c": {"name": "c", "parentId": "#b"},
        "d": {"name": "d", "parentId": "#c"},
    }
    done = await small_client.mailbox.set(create=tree)
    assert set(tree) == set(done.created)
    stored = await small_client.mailbox.get([done.created[key].id for key in tree])
    assert [None, *(done.created[key].id for key in "abc")] == [
        mailbox.parent_id for mailbox in stored.list
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_everything_at_once_stays_within_the_limits(small_client: Client, seed: int) -> None:
    """Sixty tasks that read, write, search and chain as they like all succeed."""
    chance = random.Random(seed)
    ids = await create(small_client, *(f"subject {number}" for number in range(12)))
    inbox = await mailbox_id(small_client)

    async def read() -> None:
        wanted = chance.sample(ids, chance.randint(1, 12))
        answer = await small_client.email.get(wanted, properties=["subject", "keywords"])
        assert wanted == [email.id for email in answer.list]

    async def write() -> None:
        wanted = chance.sample(ids, chance.randint(1, 9))
        keyword = f"keywords/k{chance.randint(1, 5)}"
        done = await small_client.email.set(update={one: {keyword: True} for one in wanted})
        assert set(wanted) == set(done.updated)

    async def search() -> None:
        query = small_client.email.query(sort="subject", limit=chance.randint(1, 5))
        emails = small_client.email.get(query.ids, properties=["subject"])
        assert (await query).ids == [email.id for email in (await emails).list]

    async def make() -> None:
        keys = [f"k{number}" for number in range(chance.randint(1, 6))]
        done = await small_client.email.set(create={key: draft(inbox, key) for key in keys})
        assert set(keys) == set(done.created)

    await asyncio.gather(*(chance.choice([read, write, search, make])() for _ in range(60)))
