"""References between calls: in one request, across requests, and to what has failed."""

import asyncio

import pytest

from jmap_async import Client, connect
from jmap_async.errors import (
    InvalidResultReference,
    LocalProtocolError,
    SetFailed,
    UnsupportedFilter,
)
from jmap_async.testing import Limits, MemoryServer
from tests.serving import arguments, is_idle, names


@pytest.mark.parametrize("most", [1, 2, 16])
async def test_t59_a_chain_gives_the_same_wherever_it_is_cut(
    jmap_server: MemoryServer, most: int
) -> None:
    """Query, get and thread get: in one request, in two or in three."""
    for number in range(3):
        jmap_server.add_email(subject=f"number {number}")
    jmap_server.limits = Limits(max_calls_in_request=most)
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        query = client.email.query(sort=["subject"])
        emails = client.email.get(query.ids, properties=["subject", "threadId"])
        threads = client.thread.get(emails.ref("/list/*/threadId"))
        found, page, conversations = await asyncio.gather(query, emails, threads)
        assert is_idle(client)
    assert found.ids == [email.id for email in page.list]
    assert ["number 0", "number 1", "number 2"] == [email.subject for email in page.list]
    assert [email.thread_id for email in page.list] == [one.id for one in conversations.list]
    sent = [name for request in jmap_server.requests for name in names(request)]
    assert ["Email/query", "Email/get", "Thread/get"] == sent
    assert {1: 3, 2: 2, 16: 1}[most] == len(jmap_server.requests)


async def test_what_is_known_already_is_sent_as_a_value(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """A reference to a call that was answered costs no second request of it."""
    one = jmap_server.add_email(subject="Hi")
    query = jmap_client.email.query()
    await query
    emails = await jmap_client.email.get(query.ids, properties=["subject"])
    assert ["Hi"] == [email.subject for email in emails.list]
    assert ["Email/get"] == names(jmap_server.requests[1])
    assert [one] == arguments(jmap_server.requests[1])[0]["ids"]


async def test_t45_the_root_cause_is_reported(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """What refers to a failed call raises that call's error, and notes what it did not do."""
    query = jmap_client.email.query({"nonsense": True})
    emails = jmap_client.email.get(query.ids)
    failed, consequence = await asyncio.gather(query, emails, return_exceptions=True)
    assert isinstance(failed, UnsupportedFilter)
    assert isinstance(consequence, UnsupportedFilter)
    assert failed is not consequence
    assert ["Email/get was not carried out: it needs the result of Email/query"] == (
        consequence.__notes__
    )
    assert not hasattr(failed, "__notes__")
    with pytest.raises(UnsupportedFilter, match="Email/query") as later:
        await jmap_client.thread.get(query.ref("/ids"))
    assert ["Thread/get was not carried out: it needs the result of Email/query"] == (
        later.value.__notes__
    )
    assert 1 == len(jmap_server.requests)


@pytest.mark.parametrize("first", [True, False])
async def test_a_path_that_leads_nowhere(jmap_client: Client, *, first: bool) -> None:
    """Whoever evaluates it, the server or the client, the error is the same."""
    query = jmap_client.email.query()
    if first:
        await query
    with pytest.raises(InvalidResultReference, match="Email/get"):
        await jmap_client.email.get(query.ref("/nonsense"))


async def test_a_reference_to_what_is_no_list_of_ids(jmap_client: Client) -> None:
    """It is refused here when the value is known here."""
    query = jmap_client.email.query()
    await query
    with pytest.raises(LocalProtocolError, match="Email/get: '/queryState' of Email/query is no"):
        await jmap_client.email.get(query.ref("/queryState"))


async def test_calls_of_two_clients_cannot_refer_to_each_other(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """The error names the call and says what to do; nothing is sent, for neither client."""
    async with connect(jmap_server.session_url, auth=jmap_server.token) as other:
        query = other.email.query()
        with pytest.raises(
            LocalProtocolError, match=r"^Email/get: ids refers to a call of another client: await"
        ):
            await jmap_client.email.get(query.ids)
    assert [] == jmap_server.requests


async def created_under(client: Client, name: str) -> tuple[str, str | None]:
    """Create a mailbox and another one in it, by the same keys in every task."""
    parent = client.mailbox.set(create={"k": {"name": name}})
    child = client.mailbox.set(create={"c": {"name": f"in {name}", "parentId": "#k"}})
    made, below = await asyncio.gather(parent, child)
    made.raise_for_errors()
    below.raise_for_errors()
    found = await client.mailbox.get(below.created["c"].id)
    assert f"in {name}" == found.list[0].name
    return made.created["k"].id, found.list[0].parent_id


@pytest.mark.parametrize("most", [1, 2, 16])
async def test_t55_names_of_two_tasks_never_meet(jmap_server: MemoryServer, most: int) -> None:
    """Tasks that use the same creation ids at the same time get each its own objects."""
    jmap_server.limits = Limits(max_calls_in_request=most)
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(created_under(client, f"m{n}")) for n in range(6)]
        for task in tasks:
            made, parent = task.result()
            assert made == parent
        assert 6 == len({task.result()[0] for task in tasks})


@pytest.mark.parametrize("awaited", [True, False])
async def test_t54_created_id_refers_across_calls(
    jmap_server: MemoryServer, jmap_client: Client, *, awaited: bool
) -> None:
    """In the same request by its name, later by the id itself."""
    first = jmap_client.mailbox.set(create={"k": {"name": "outer"}})
    if awaited:
        await first
    second = jmap_client.mailbox.set(
        create={"k": {"name": "inner", "parentId": first.created_id("k")}}
    )
    outer, inner = await asyncio.gather(first, second)
    found = await jmap_client.mailbox.get(inner.created["k"].id)
    assert outer.created["k"].id == found.list[0].parent_id
    assert (3 if awaited else 2) == len(jmap_server.requests)


async def test_a_name_that_was_created_long_ago_in_this_task(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """What this task created last under a key is what "#" and the key stand for."""
    await jmap_client.mailbox.set(create={"k": {"name": "old"}})
    newer = await jmap_client.mailbox.set(create={"k": {"name": "new"}})
    child = await jmap_client.mailbox.set(create={"c": {"name": "child", "parentId": "#k"}})
    found = await jmap_client.mailbox.get(child.created["c"].id)
    assert newer.created["k"].id == found.list[0].parent_id
    assert newer.created["k"].id == arguments(jmap_server.requests[2])[0]["create"]["c"]["parentId"]


async def test_a_name_of_another_task_is_a_stranger(jmap_client: Client) -> None:
    """Even in the same request it refers to nothing."""

    async def stranger() -> None:
        made = await jmap_client.mailbox.set(create={"c": {"name": "child", "parentId": "#k"}})
        made.raise_for_errors()

    created, failed = await asyncio.gather(
        jmap_client.mailbox.set(create={"k": {"name": "mine"}}),
        asyncio.create_task(stranger()),
        return_exceptions=True,
    )
    assert not isinstance(created, BaseException)
    assert ["k"] == [*created.created]
    assert isinstance(failed, SetFailed)
