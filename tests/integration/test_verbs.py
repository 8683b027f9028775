"""One-line reading and changing of Emails on a Cyrus server: get_one, iter, update."""

import asyncio
from contextlib import aclosing

import pytest

from jmap_async.client import Client
from jmap_async.errors import InvalidArguments, NotFound, SetFailed

from .letter import letter
from .mail import counting, create, put


async def test_one_email_is_fetched(client: Client) -> None:
    """`get_one` gives the Email itself, by its id or by an Email that has it."""
    [new] = await put(client, letter("Hello"))
    email = await client.email.get_one(new.id, properties=["subject"])
    assert "Hello" == email.subject
    assert email == await client.email.get_one(email, properties=["subject"])


async def test_one_email_that_is_not_there_is_not_found(client: Client) -> None:
    """`get_one` promises an Email: without one it raises an error with the id."""
    with pytest.raises(NotFound, match="M0123"):
        await client.email.get_one("M0123")


async def test_many_tasks_that_fetch_one_email_make_one_post(client: Client) -> None:
    """Verbs go through the same planner as all calls; who asks in vain fails alone."""
    ids = await create(client, *(f"subject {number}" for number in range(20)))
    with counting(client) as sent:
        *found, lost = await asyncio.gather(
            *(client.email.get_one(one, properties=["subject"]) for one in [*ids, "M0123"]),
            return_exceptions=True,
        )
    assert (1, 1) == (sent.posts, sent.invocations)
    assert isinstance(lost, NotFound)
    assert [f"subject {number}" for number in range(20)] == [
        getattr(email, "subject", None) for email in found
    ]


async def test_all_emails_are_walked_through_in_pages(client: Client) -> None:
    """`iter` yields every Email once, in order: a page alone, and then two in one POST."""
    subjects = sorted(f"subject {number}" for number in range(25))
    await create(client, *subjects)
    with counting(client) as sent:
        found = [
            email.subject
            async for email in client.email.iter(
                sort="subject", properties=["subject"], page_size=10
            )
        ]
    assert subjects == found
    assert (2, 6) == (sent.posts, sent.invocations)


async def test_t82_pages_are_no_larger_than_the_server_allows(small_client: Client) -> None:
    """On a server that gives five objects at a time the pages are of five, whatever was asked."""
    ids = await create(small_client, *(f"{number:02}" for number in range(12)))
    found = [
        email.id
        async for email in small_client.email.iter(sort="subject", properties=[], page_size=100)
    ]
    assert ids == found


async def test_t84_emails_that_come_and_go_meanwhile_do_no_harm(client: Client) -> None:
    """Who is there from the beginning to the end is seen once, although others come and go."""
    ids = await create(client, *(f"{number:02}" for number in range(20)))
    gone = set(ids[0:6:2])
    seen: list[str] = []
    async for email in client.email.iter(sort="subject", properties=["subject"], page_size=4):
        seen.append(email.id)
        if len(seen) == 3:
            await client.email.set(destroy=sorted(gone))
            await create(client, "00 before all others")
    assert len(seen) == len(set(seen))
    assert set(ids) - gone <= set(seen)


async def test_walk_that_is_left_early_leaves_nothing_behind(client: Client) -> None:
    """A loop may end before the last Email; the page that was being read is given up."""
    await create(client, *(f"{number:02}" for number in range(10)))
    async with aclosing(client.email.iter(sort="subject", page_size=2)) as emails:
        async for email in emails:
            assert "00" == email.subject
            break
    assert {"n": 1} == await client.core.echo({"n": 1})


async def test_walk_over_nothing_ends_at_once(client: Client) -> None:
    """A filter that finds nothing yields nothing."""
    assert [] == [email async for email in client.email.iter({"hasKeyword": "nobody"})]


async def test_refused_walk_raises_the_servers_error(client: Client) -> None:
    """A filter that the server refuses is the error of the first step."""
    with pytest.raises(InvalidArguments, match="inMailbox"):
        async for _ in client.email.iter({"inMailbox": "nowhere"}):
            pass


async def test_emails_are_updated_alike(client: Client) -> None:
    """`update` makes the same change to many Emails in one call."""
    new = await put(client, letter("one"), letter("two"))
    with counting(client) as sent:
        await client.email.update(new, {"keywords/$flagged": True})
    assert (1, 1) == (sent.posts, sent.invocations)
    flagged = await client.email.query({"hasKeyword": "$flagged"})
    assert {email.id for email in new} == set(flagged.ids)


async def test_t97_refused_update_is_an_error(client: Client) -> None:
    """What could not be changed is in the error; the rest was changed."""
    [new] = await create(client, "Hello")
    with pytest.raises(SetFailed) as caught:
        await client.email.update([new, "M0123"], {"keywords/$seen": True})
    assert ["M0123"] == list(caught.value.errors)
    assert [new] == (await client.email.query({"hasKeyword": "$seen"})).ids
