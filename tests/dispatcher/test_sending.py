"""How calls become requests: by turns of the event loop, and by free slots."""

import asyncio
import gc
from collections.abc import Awaitable, Callable

import pytest

from jmap_async import Client, GetResponse, connect
from jmap_async.capabilities.mail.email import Email
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.call import Call
from jmap_async.testing import Limits, MemoryServer
from tests.serving import Gate, arguments, is_idle, names, slow_client, turns

CORE = "urn:ietf:params:jmap:core"
MAIL = "urn:ietf:params:jmap:mail"
VACATION = "urn:ietf:params:jmap:vacationresponse"

Emails = GetResponse[Email]


@pytest.mark.loops
async def test_calls_of_one_turn_leave_in_one_request(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Whatever they are, and in the order in which they were awaited."""
    mailboxes, emails, echo = await asyncio.gather(
        jmap_client.mailbox.get(), jmap_client.email.query(), jmap_client.core.echo({"a": 1})
    )
    assert [["Mailbox/get", "Email/query", "Core/echo"]] == [*map(names, jmap_server.requests)]
    assert {"a": 1} == echo
    assert [] == emails.ids
    assert "Inbox" in {one.name for one in mailboxes.list}


async def test_a_thousand_tasks_make_one_request(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Reads of one email each are put together up to `maxObjectsInGet`, and everybody gets his."""
    ids = [jmap_server.add_email(subject=f"number {number}") for number in range(1000)]
    tasks = [
        asyncio.create_task(jmap_client.email.get([one], properties=["subject"])) for one in ids
    ]
    for number, found in enumerate(await asyncio.gather(*tasks)):
        assert f"number {number}" == found.list[0].subject
    assert [["Email/get", "Email/get"]] == [*map(names, jmap_server.requests)]
    assert (1000, 1, 2, 1000) == (
        jmap_client.stats.calls,
        jmap_client.stats.posts,
        jmap_client.stats.invocations,
        jmap_client.stats.ids_sent,
    )


@pytest.mark.loops
async def test_a_lone_call_leaves_at_once(jmap_server: MemoryServer) -> None:
    """No timer is waited for: what is awaited in a turn leaves when that turn is over."""
    async with slow_client(jmap_server) as (client, transport):
        task = asyncio.create_task(client.core.echo())
        # One for the call, one for the queue, one for the request.
        await turns(3)
        assert 1 == transport.posts
        await task


@pytest.mark.loops
async def test_busy_slots_batch(jmap_server: MemoryServer) -> None:
    """Calls that come while all slots are taken leave together when one is free."""
    jmap_server.limits = Limits(max_concurrent_requests=2)
    jmap_server.on_request = gate = Gate()
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        tasks: list[asyncio.Task[dict[str, object]]] = []
        for number in range(2):
            tasks.append(asyncio.create_task(client.core.echo({"n": number})))
            await gate.held.get()
        for number in range(2, 12):
            tasks.append(asyncio.create_task(client.core.echo({"n": number})))
            await turns(2)
        assert 2 == len(jmap_server.requests)
        gate.open()
        answers = await asyncio.gather(*tasks)
        assert [{"n": number} for number in range(12)] == answers
    assert [1, 1, 10] == [len(request["methodCalls"]) for request in jmap_server.requests]


@pytest.mark.loops
@pytest.mark.parametrize("most", [1, 3])
async def test_t34_never_more_requests_than_allowed(jmap_server: MemoryServer, most: int) -> None:
    """At most `maxConcurrentRequests` are in progress, and all of them are used."""
    jmap_server.limits = Limits(max_concurrent_requests=most, max_calls_in_request=2)
    jmap_server.on_request = gate = Gate()
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        calls = [client.core.echo({"n": number}) for number in range(40)]
        tasks = [asyncio.create_task(call) for call in calls]
        for _ in range(most):
            await gate.held.get()
        await turns(10)
        assert gate.held.empty()
        gate.open()
        assert [{"n": number} for number in range(40)] == await asyncio.gather(*tasks)
    assert 20 == len(jmap_server.requests)
    assert most == jmap_server.peak_requests


async def test_t1_t2_t3_using_is_what_the_calls_need(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Core always, and else the capabilities of the calls in this very request."""
    await jmap_client.core.echo()
    await jmap_client.mailbox.get()
    await asyncio.gather(jmap_client.email.query(), jmap_client.vacation_response.get())
    assert [[CORE], [CORE, MAIL], [CORE, MAIL, VACATION]] == [
        sorted(request["using"]) for request in jmap_server.requests
    ]


async def by_await(call: Call[Emails]) -> Emails:
    """Await it."""
    return await call


async def by_gather(call: Call[Emails]) -> Emails:
    """Gather it."""
    (answer,) = await asyncio.gather(call)
    return answer


async def by_wait_for(call: Call[Emails]) -> Emails:
    """Wait for it."""
    return await asyncio.wait_for(call, 30)


async def by_timeout(call: Call[Emails]) -> Emails:
    """Await it within a time."""
    async with asyncio.timeout(30):
        return await call


async def by_task_group(call: Call[Emails]) -> Emails:
    """Make a task of it in a group."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(call)
    return task.result()


async def by_shield(call: Call[Emails]) -> Emails:
    """Shield it."""
    return await asyncio.shield(call)


async def by_as_completed(call: Call[Emails]) -> Emails:
    """Take what completes first."""
    for first in asyncio.as_completed([call]):
        return await first
    raise AssertionError


WAYS = [by_await, by_gather, by_wait_for, by_timeout, by_task_group, by_shield, by_as_completed]


@pytest.mark.loops
@pytest.mark.parametrize("way", WAYS)
async def test_a_call_works_wherever_a_coroutine_does(
    jmap_server: MemoryServer, jmap_client: Client, way: Callable[[Call[Emails]], Awaitable[Emails]]
) -> None:
    """All that asyncio does with a coroutine it does with a call, also a second time."""
    one = jmap_server.add_email(subject="Hi")
    call = jmap_client.email.get([one], properties=["subject"])
    first = await way(call)
    assert "Hi" == first.list[0].subject
    assert first is await way(call)
    assert 1 == len(jmap_server.requests)
    assert is_idle(jmap_client)


@pytest.mark.loops
async def test_one_call_in_many_tasks_is_sent_once(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Tasks that wait for the same call at once get the same answer."""
    call = jmap_client.mailbox.get()

    async def result() -> object:
        return await call

    tasks = [asyncio.create_task(call), asyncio.create_task(result())]
    await turns(1)
    first, second, third = await asyncio.gather(*tasks, result())
    assert first is second is third
    assert [["Mailbox/get"]] == [*map(names, jmap_server.requests)]
    assert 1 == jmap_client.stats.calls


async def test_an_error_is_kept_too(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """Awaiting a failed call again raises the same error without another request."""
    call = jmap_client.email.get(["M1"], properties=["nonsense"])  # type: ignore[list-item]
    with pytest.raises(Exception, match="Email/get") as first:
        await call
    with pytest.raises(type(first.value), match="Email/get"):
        await call
    assert 1 == len(jmap_server.requests)


async def test_a_call_that_is_never_awaited_is_never_sent(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """It may be dropped, without a warning, and so may what refers to it."""
    query = jmap_client.email.query()
    call = jmap_client.email.get(query.ids)
    del call, query
    gc.collect()
    await jmap_client.core.echo()
    assert [["Core/echo"]] == [*map(names, jmap_server.requests)]


@pytest.mark.loops
async def test_what_a_call_refers_to_is_sent_with_it(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """In one request, before it; and what it came to can be awaited afterwards."""
    one = jmap_server.add_email(subject="Hi")
    query = jmap_client.email.query()
    emails = await jmap_client.email.get(query.ids, properties=["subject"])
    assert ["Hi"] == [email.subject for email in emails.list]
    assert [one] == (await query).ids
    assert [["Email/query", "Email/get"]] == [*map(names, jmap_server.requests)]


async def test_a_call_alone_is_merged_with_nobody(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """It has an invocation of its own, next to one for all others."""
    ids = [jmap_server.add_email() for _ in range(4)]
    get = jmap_client.email.get
    await asyncio.gather(get(ids[0]), get(ids[1]).alone(), get(ids[2]), get(ids[3]).alone())
    (request,) = jmap_server.requests
    assert [{ids[0], ids[2]}, {ids[1]}, {ids[3]}] == [set(one["ids"]) for one in arguments(request)]


async def test_a_client_belongs_to_its_event_loop(jmap_client: Client) -> None:
    """In another loop its calls raise at once, and do not hang."""

    async def elsewhere() -> None:
        with pytest.raises(LocalProtocolError, match=r"Core/echo: .* another event loop"):
            await jmap_client.core.echo()

    await asyncio.to_thread(lambda: asyncio.run(elsewhere()))


async def test_outside_of_any_task_calls_can_be_made(jmap_client: Client) -> None:
    """A callback of the event loop may make a call for others to await."""
    made: asyncio.Future[Call[dict[str, object]]] = asyncio.get_running_loop().create_future()

    def callback() -> None:
        made.set_result(jmap_client.core.echo({"a": 1}))

    asyncio.get_running_loop().call_soon(callback)
    assert {"a": 1} == await (await made)


def test_without_an_event_loop_calls_can_be_made(jmap_client: Client) -> None:
    """Such as a list of them, before the loop runs."""
    assert "<Call Core/echo>" == repr(jmap_client.core.echo())


async def test_what_waits_leaves_before_a_large_answer_is_parsed(jmap_server: MemoryServer) -> None:
    """The slot is free once the answer is here: nobody has looked yet at what it says."""
    jmap_server.limits = Limits(max_concurrent_requests=1)
    async with slow_client(jmap_server) as (client, transport):
        # The answer says that the session has changed; whoever had read that would fetch it first.
        jmap_server.on_response = lambda response: {**response, "sessionState": "changed"}
        transport.may_fetch.clear()
        jmap_server.on_request = gate = Gate()
        large = asyncio.create_task(asyncio.wait_for(client.core.echo({"x": "x" * 100_000}), 30))
        await gate.held.get()
        waiting = asyncio.create_task(asyncio.wait_for(client.core.echo({"n": 1}), 30))
        await turns(3)
        assert gate.held.empty()
        gate.open()
        assert {"n": 1} == await waiting
        transport.may_fetch.set()
        assert 100_000 == len(str((await large)["x"]))
        assert is_idle(client)
