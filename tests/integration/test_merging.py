"""What many tasks ask of a Cyrus server at once: few requests, and to each what is its own."""

import asyncio
from collections.abc import Mapping
from typing import cast

import pytest

from jmap_async.capabilities.mail.email import Email
from jmap_async.client import Client
from jmap_async.errors import InvalidArguments

from .mail import counting, create, draft, mailbox_id

TASKS = 100


async def subject_of(client: Client, email_id: str) -> str | None:
    """Read one Email on its own."""
    [email] = (await client.email.get(email_id, properties=["subject"])).list
    return email.subject


async def test_thousand_tasks_that_read_an_email_each_make_one_post(client: Client) -> None:
    """A thousand reads of a thousand Emails are one invocation, and each task gets its own."""
    subjects = [f"subject {number}" for number in range(1000)]
    ids = await create(client, *subjects)
    with counting(client) as sent:
        found = await asyncio.gather(*(subject_of(client, one) for one in ids))
    assert subjects == found
    assert (1000, 1, 1) == (sent.calls, sent.posts, sent.invocations)
    assert (1000, 1000) == (sent.ids_asked, sent.ids_sent)


async def test_reads_of_the_same_emails_send_each_id_once(client: Client) -> None:
    """A thousand reads of fifty Emails send fifty ids, and nobody shares an object."""
    subjects = [f"subject {number}" for number in range(50)]
    ids = await create(client, *subjects)
    with counting(client) as sent:
        answers = await asyncio.gather(
            *(client.email.get(ids[number % 50], properties=["subject"]) for number in range(1000))
        )
    assert (1, 50) == (sent.posts, sent.ids_sent)
    assert subjects * 20 == [answer.list[0].subject for answer in answers]
    assert 1000 == len({id(answer.list[0]) for answer in answers})


async def test_reads_with_other_properties_share_the_post(client: Client) -> None:
    """Reads that ask for different properties are invocations of one POST."""
    ids = await create(client, *"abcd")
    with counting(client) as sent:
        answers = await asyncio.gather(
            *(client.email.get(one, properties=["subject"]) for one in ids),
            *(client.email.get(one, properties=["size"]) for one in ids),
        )
    assert (1, 2) == (sent.posts, sent.invocations)
    assert [{"id", "subject"}] * 4 == [set(one.list[0].to_wire()) for one in answers[:4]]
    assert [{"id", "size"}] * 4 == [set(one.list[0].to_wire()) for one in answers[4:]]


async def test_missing_emails_are_told_to_those_who_asked(client: Client) -> None:
    """Of a merged read each caller gets its own `not_found`."""
    ids = await create(client, "one", "two")
    answers = await asyncio.gather(
        client.email.get([ids[0], "M0001"], properties=["subject"]),
        client.email.get(["M0002", ids[1]], properties=["subject"]),
        client.email.get([ids[1], ids[0]], properties=["subject"]),
    )
    assert [["M0001"], ["M0002"], []] == [one.not_found for one in answers]
    assert [["one"], ["two"], ["two", "one"]] == [
        [email.subject for email in one.list] for one in answers
    ]


async def test_equal_queries_are_sent_once(client: Client) -> None:
    """A hundred tasks that ask the same question share one invocation."""
    ids = await create(client, "one", "two")
    with counting(client) as sent:
        answers = await asyncio.gather(*(client.email.query(sort="subject") for _ in range(TASKS)))
    assert (1, 1) == (sent.posts, sent.invocations)
    assert [ids] * TASKS == [answer.ids for answer in answers]


async def test_hundred_tasks_that_mark_an_email_each_make_one_post(client: Client) -> None:
    """A hundred patches of a hundred Emails are one invocation, each answered to its task."""
    ids = await create(client, *(f"subject {number}" for number in range(TASKS)))
    with counting(client) as sent:
        answers = await asyncio.gather(
            *(client.email.set(update={one: {"keywords/$seen": True}}) for one in ids)
        )
    assert (1, 1) == (sent.posts, sent.invocations)
    assert [[one] for one in ids] == [list(answer.updated) for answer in answers]
    seen = await client.email.query({"hasKeyword": "$seen"}, limit=0, calculate_total=True)
    assert TASKS == seen.total


async def test_t55_hundred_tasks_may_choose_the_same_creation_id(client: Client) -> None:
    """A hundred creations under one name are one invocation, and each task gets its own Email."""
    inbox = await mailbox_id(client)

    async def make(number: int) -> Email:
        done = await client.email.set(create={"new": draft(inbox, f"subject {number}")})
        assert {} == done.not_created
        return done.created["new"]

    with counting(client) as sent:
        created = await asyncio.gather(*(make(number) for number in range(TASKS)))
    assert (1, 1) == (sent.posts, sent.invocations)
    found = await asyncio.gather(*(subject_of(client, one.id) for one in created))
    assert [f"subject {number}" for number in range(TASKS)] == found


async def test_t55_references_of_many_tasks_lead_to_their_own_creations(client: Client) -> None:
    """Tasks that create a mailbox and a child under the same names get their own families."""

    async def family(number: int) -> tuple[str, str | None]:
        parents = client.mailbox.set(create={"box": {"name": f"Parent {number}"}})
        children = client.mailbox.set(create={"child": {"name": "Child", "parentId": "#box"}})
        parent, child = await asyncio.gather(parents, children)
        [stored] = (await client.mailbox.get(child.created["child"].id)).list
        return parent.created["box"].id, stored.parent_id

    with counting(client) as sent:
        families = await asyncio.gather(*(family(number) for number in range(10)))
    assert [parent for parent, _ in families] == [parent for _, parent in families]
    assert 2 == sent.posts


async def test_what_leads_nowhere_is_told_under_its_own_name(client: Client) -> None:
    """What was asked for as "#k" is not found as "#k", and not changed as "#k"."""
    refused = client.call("Email/set", {"create": {"k": {"mailboxIds": {"nowhere": True}}}})
    read = client.call("Email/get", {"ids": ["#k"], "properties": ["subject"]})
    changed = client.call("Mailbox/set", {"update": {"#k": {"name": "Work"}}})
    _, found, done = await asyncio.gather(refused, read, changed)
    assert ["#k"] == found["notFound"]
    assert {"#k"} == {*cast("Mapping[str, object]", done["notUpdated"])}


async def test_mailbox_with_a_child_stays_though_that_is_destroyed_next(client: Client) -> None:
    """A task that destroys the parent too early is refused, as it would be on its own."""
    made = await client.mailbox.set(
        create={"parent": {"name": "Parent"}, "child": {"name": "Child", "parentId": "#parent"}}
    )
    parent, child = made.created["parent"].id, made.created["child"].id
    with counting(client) as sent:
        first, second = await asyncio.gather(
            client.mailbox.set(destroy=[parent]), client.mailbox.set(destroy=[child])
        )
    assert [parent] == list(first.not_destroyed)
    assert [child] == second.destroyed
    assert 1 == sent.posts


async def test_first_of_two_tasks_gets_the_name(client: Client) -> None:
    """Of two that move a mailbox to one place under one name, the first one succeeds."""
    inbox = await mailbox_id(client)
    for number in range(8):  # in one invocation Cyrus takes them in an order of its own
        made = await client.mailbox.set(
            create={"a": {"name": f"a{number}"}, "b": {"name": f"b{number}", "parentId": "#a"}}
        )
        moved = {"name": f"new{number}", "parentId": inbox}
        first, second = await asyncio.gather(
            client.mailbox.set(update={made.created["b"].id: moved}),
            client.mailbox.set(update={made.created["a"].id: moved}),
        )
        assert ([1], [0]) == ([len(first.updated)], [len(second.updated)])


async def test_refused_change_leaves_those_it_was_merged_with_alone(client: Client) -> None:
    """Each task gets the SetErrors of its own objects only."""
    [new] = await create(client, "Hello")
    good, bad = await asyncio.gather(
        client.email.set(update={new: {"keywords/$seen": True}}),
        client.email.set(update={"M0123": {"keywords/$seen": True}}),
    )
    assert ([new], {}) == (list(good.updated), good.not_updated)
    assert ({}, ["M0123"]) == (bad.updated, list(bad.not_updated))


async def test_refused_call_leaves_those_it_was_merged_with_alone(client: Client) -> None:
    """One call that the server refuses as a whole is the only one that fails."""
    [new] = await create(client, "Hello")
    good, bad = await asyncio.gather(
        client.email.set(update={new: {"keywords/$seen": True}}),
        client.call("Email/set", {"create": {"bad": 5}}),
        return_exceptions=True,
    )
    assert not isinstance(good, BaseException)
    assert [new] == list(good.updated)
    assert isinstance(bad, InvalidArguments)


async def test_two_patches_of_one_email_are_both_made(client: Client) -> None:
    """Patches of the same object go one after the other, in one POST."""
    [new] = await create(client, "Hello")
    with counting(client) as sent:
        await asyncio.gather(
            client.email.set(update={new: {"keywords/one": True}}),
            client.email.set(update={new: {"keywords/two": True}}),
        )
    assert (1, 2) == (sent.posts, sent.invocations)
    [email] = (await client.email.get(new, properties=["keywords"])).list
    assert {"one": True, "two": True} == email.keywords


async def test_read_after_write_sees_it_in_the_same_post(client: Client) -> None:
    """Calls keep their order: what was read before a change is old, what comes after is new."""
    [new] = await create(client, "Hello")
    with counting(client) as sent:
        before, _, after = await asyncio.gather(
            client.email.get(new, properties=["keywords"]),
            client.email.set(update={new: {"keywords/$seen": True}}),
            client.email.get(new, properties=["keywords"]),
        )
    assert (1, 3) == (sent.posts, sent.invocations)
    assert ({}, {"$seen": True}) == (before.list[0].keywords, after.list[0].keywords)


async def test_cancelled_task_leaves_its_neighbours_alone(client: Client) -> None:
    """A task that is cancelled while its POST is under way costs the others nothing."""
    ids = await create(client, "one", "two")
    tasks = [asyncio.ensure_future(subject_of(client, one)) for one in ids]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert "two" == await tasks[1]


async def test_call_that_is_awaited_again_is_not_sent_again(client: Client) -> None:
    """A call has one result, however often and wherever it is awaited."""
    call = client.core.echo({"n": 1})
    with counting(client) as sent:
        first, second = await asyncio.gather(call, asyncio.wait_for(call, 5))
        assert first is second is await call
    assert (1, 1) == (sent.posts, sent.invocations)
