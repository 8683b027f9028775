"""Cancellation is private: whoever leaves, neighbours get their answers and nobody hangs."""

import asyncio
from functools import partial
from typing import Any

import orjson
import pytest
from aiohttp import web

from jmap_async import Client, Retry, connect
from jmap_async.errors import ClientClosed, TransportError
from jmap_async.testing import JSONObject, Limits, MemoryServer
from tests.serving import (
    AT_ONCE,
    Answers,
    Gate,
    arguments,
    is_idle,
    names,
    settled,
    slow_client,
    turns,
    unavailable,
)

PATIENT = Retry(first_delay=1000.0, max_delay=1000.0)
"""Waits far longer than any test lasts."""


async def cancelled(task: "asyncio.Task[Any]") -> bool:
    """Cancel a task, and tell whether it ended by that."""
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


async def busy(server: MemoryServer, client: Client) -> "tuple[asyncio.Task[object], Gate]":
    """Take the only slot: what comes next stays in the queue until the gate is opened."""
    server.limits = Limits(max_concurrent_requests=1)
    await client.refresh_session()
    server.on_request = gate = Gate()
    task: asyncio.Task[object] = asyncio.create_task(client.core.echo())
    await gate.held.get()
    return task, gate


@pytest.mark.loops
async def test_who_leaves_the_queue_is_not_sent(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """What was not sent never is, and the others' calls are."""
    ids = [jmap_server.add_email() for _ in range(2)]
    first, gate = await busy(jmap_server, jmap_client)
    leaves = asyncio.create_task(jmap_client.email.get([ids[0]]))
    stays = asyncio.create_task(jmap_client.email.get([ids[1]]))
    leaves_too = asyncio.create_task(jmap_client.mailbox.set(create={"k": {"name": "never"}}))
    await turns(2)
    assert await cancelled(leaves)
    assert await cancelled(leaves_too)
    gate.open()
    await asyncio.gather(first, stays)
    assert [["Core/echo"], ["Email/get"]] == [*map(names, jmap_server.requests)]
    assert [ids[1]] == arguments(jmap_server.requests[1])[0]["ids"]
    assert is_idle(jmap_client)


async def test_of_a_merged_write_only_the_part_of_the_canceller_is_left_out(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Of several callers who wait to write, the one who leaves before it is sent writes nothing."""
    inbox = {"mailboxIds": {jmap_server.mailbox_id("inbox"): True}}
    first, gate = await busy(jmap_server, jmap_client)
    tasks = [
        asyncio.create_task(jmap_client.email.set(create={"k": {**inbox, "subject": subject}}))
        for subject in ("one", "two", "three")
    ]
    await turns(2)
    assert await cancelled(tasks[1])
    gate.open()
    await asyncio.gather(first, tasks[0], tasks[2])
    (merged,) = arguments(jmap_server.requests[1])
    assert ["one", "three"] == [made["subject"] for made in merged["create"].values()]
    assert [["k"], ["k"]] == [[*tasks[n].result().created] for n in (0, 2)]
    assert is_idle(jmap_client)


@pytest.mark.loops
async def test_equal_reads_survive_the_one_who_leaves(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Of several tasks that share an invocation one may go, in the queue or in flight."""
    jmap_server.on_request = gate = Gate()
    tasks = [asyncio.create_task(jmap_client.email.query(limit=5)) for _ in range(4)]
    await turns(1)
    assert await cancelled(tasks[0])
    await gate.held.get()
    assert await cancelled(tasks[2])
    gate.open()
    assert [[], []] == [(await task).ids for task in (tasks[1], tasks[3])]
    assert [["Email/query"]] == [*map(names, jmap_server.requests)]
    assert gate.left.empty()
    assert is_idle(jmap_client)


async def test_a_request_goes_on_for_those_who_stay(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """One of two leaves while the request is in flight: the server notices nothing."""
    jmap_server.on_request = gate = Gate()
    leaves = asyncio.create_task(jmap_client.core.echo({"n": 1}))
    stays = asyncio.create_task(jmap_client.core.echo({"n": 2}))
    await gate.held.get()
    assert await cancelled(leaves)
    gate.open()
    assert {"n": 2} == await stays
    assert gate.left.empty()
    assert 1 == len(jmap_server.requests)


@pytest.mark.loops
async def test_a_request_that_everybody_left_is_cancelled(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """When the last one leaves the connection is dropped, and the slot is free."""
    jmap_server.on_request = gate = Gate()
    tasks = [asyncio.create_task(jmap_client.core.echo({"n": number})) for number in range(3)]
    await gate.held.get()
    for task in tasks:
        assert gate.left.empty()
        assert await cancelled(task)
    body = await gate.left.get()
    assert ["Core/echo"] * 3 == names(body)
    gate.open()
    assert {"n": 4} == await jmap_client.core.echo({"n": 4})
    assert is_idle(jmap_client)


@pytest.mark.loops
async def test_a_time_out_leaves_nothing_behind(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """`wait_for` and `timeout` cancel the call, and with it the request."""
    jmap_server.on_request = gate = Gate()

    async def run_out(limit: asyncio.Timeout) -> None:
        await gate.held.get()
        limit.reschedule(asyncio.get_running_loop().time())

    async def call() -> None:
        async with asyncio.timeout(None) as limit:
            running.append(asyncio.create_task(run_out(limit)))
            await jmap_client.core.echo()

    running: list[asyncio.Task[None]] = []
    with pytest.raises(TimeoutError):
        await call()
    await running[0]
    assert ["Core/echo"] == names(await gate.left.get())
    # Here it may run out before the request has arrived, which changes nothing for the client.
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(jmap_client.core.echo(), 0.01)
    await settled(jmap_client)
    assert is_idle(jmap_client)


async def test_a_task_group_that_fails_cancels_only_its_own(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Calls of the same request in other tasks go on."""
    jmap_server.on_request = gate = Gate()
    neighbour = asyncio.create_task(jmap_client.core.echo({"n": 1}))

    async def group() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(jmap_client.core.echo({"n": 2}))
            await gate.held.get()
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup):
        await group()
    gate.open()
    assert {"n": 1} == await neighbour


@pytest.mark.loops
async def test_a_read_that_was_cancelled_is_sent_again(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Awaiting it after it was cancelled in the queue, and in flight."""
    first, gate = await busy(jmap_server, jmap_client)
    call = jmap_client.core.echo({"n": 1})
    task = asyncio.create_task(call)
    await turns(2)
    assert await cancelled(task)
    jmap_server.on_request = second = Gate()
    gate.open()
    await first
    assert second.held.empty()
    task = asyncio.create_task(call)
    await second.held.get()
    assert await cancelled(task)
    second.open()
    assert {"n": 1} == await call
    assert 3 == len(jmap_server.requests)


async def test_t33_a_write_that_was_in_flight_is_not_sent_again(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Nobody knows whether it was carried out, and the error says so."""
    jmap_server.on_request = gate = Gate()
    call = jmap_client.mailbox.set(create={"k": {"name": "perhaps"}})
    task = asyncio.create_task(call)
    await gate.held.get()
    assert await cancelled(task)
    await gate.left.get()
    gate.open()
    with pytest.raises(TransportError, match="cancelled") as caught:
        await call
    assert "unknown" == caught.value.outcome
    assert 1 == len(jmap_server.requests)
    assert is_idle(jmap_client)


class Hesitant:
    """An Auth whose token is out of date once `expired`, and which takes its time for a new one."""

    def __init__(self, token: str) -> None:
        self.good, self.expired = token, False
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def authorization(self) -> str:
        """Return the token."""
        return f"Bearer {'old' if self.expired else self.good}"

    async def refresh(self, rejected: str) -> bool:
        """Get the good one."""
        self.asked.set()
        await self.may_answer.wait()
        self.expired = False
        return True


async def test_a_write_whose_credential_was_refused_is_sent_when_it_is_awaited_again(
    jmap_server: MemoryServer,
) -> None:
    """It had left, but the server said that it carried nothing out (RFC 9110, 15.5.2)."""
    auth = Hesitant(jmap_server.token)
    async with connect(jmap_server.session_url, auth=auth) as client:
        auth.expired = True
        call = client.mailbox.set(create={"k": {"name": "now"}})
        task = asyncio.create_task(call)
        await auth.asked.wait()
        assert await cancelled(task)
        auth.may_answer.set()
        assert ["k"] == [*(await call).created]
        assert ["now"] == [
            one.name for one in (await client.mailbox.get()).list if one.role is None
        ]


async def test_a_write_that_waited_is_sent_when_it_is_awaited_again(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """It had not left, so it cannot have been carried out."""
    first, gate = await busy(jmap_server, jmap_client)
    call = jmap_client.mailbox.set(create={"k": {"name": "now"}})
    task = asyncio.create_task(call)
    await turns(2)
    assert await cancelled(task)
    gate.open()
    assert ["k"] == [*(await call).created]
    await first
    assert 2 == len(jmap_server.requests)


@pytest.mark.parametrize("count", [0, 1])
async def test_who_leaves_before_the_request_has_begun(jmap_client: Client, count: int) -> None:
    """It is planned but not sent: as if it had never been, for writes too."""
    write = jmap_client.mailbox.set(create={"k": {"name": "now"}})
    read = jmap_client.email.query()
    tasks = [asyncio.create_task(call) for call in (write, read)]
    await turns(count)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    await settled(jmap_client)
    assert is_idle(jmap_client)
    async with asyncio.timeout(10):
        assert [] == (await read).ids
        assert ["k"] == [*(await write).created]


async def test_one_of_two_tasks_that_await_the_same_call(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """The other one gets the answer."""
    jmap_server.on_request = gate = Gate()
    call = jmap_client.core.echo({"n": 1})
    leaves, stays = asyncio.create_task(call), asyncio.create_task(call)
    await gate.held.get()
    assert await cancelled(leaves)
    gate.open()
    assert {"n": 1} == await stays
    assert 1 == len(jmap_server.requests)


@pytest.mark.loops
async def test_who_comes_as_the_last_one_leaves_gets_an_answer(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """The request is being cancelled when somebody awaits the same call, or refers to it."""
    jmap_server.on_request = gate = Gate()
    query = jmap_client.email.query()
    task = asyncio.create_task(query)
    await gate.held.get()
    task.cancel()
    await turns(1)  # the task has left; that its request is cancelled is only on its way
    same = asyncio.create_task(query)
    refers = asyncio.create_task(jmap_client.email.get(query.ids))
    gate.open()
    assert [] == (await same).ids
    assert [] == (await refers).list
    assert is_idle(jmap_client)


async def test_a_call_can_be_awaited_again_after_it_was_dropped_from_a_replay(
    jmap_server: MemoryServer,
) -> None:
    """One of two leaves while their request waits to be repeated; later the call is made again."""
    async with slow_client(jmap_server) as (client, transport):
        read = client.email.query(limit=1)
        write = client.mailbox.set(create={"k": {"name": "perhaps"}})
        jmap_server.on_request = gate = Gate()
        tasks = [asyncio.create_task(call) for call in (read, write)]
        stays = asyncio.create_task(client.core.echo())
        await gate.held.get()
        # The answer makes the client repeat everything, but first there is a session to fetch.
        transport.may_fetch.clear()
        refresh = asyncio.create_task(client.refresh_session())
        await transport.fetching.get()
        jmap_server.on_request = None
        jmap_server.limits.max_calls_in_request = 2
        gate.open()
        while client.stats.retries == 0:
            await turns(1)
        for task in tasks:
            assert await cancelled(task)
        transport.may_fetch.set()
        await refresh
        assert {} == await stays
        async with asyncio.timeout(10):
            assert [] == (await read).ids
            # The server had refused the request, so this was not carried out before.
            assert ["k"] == [*(await write).created]
        assert is_idle(client)


async def test_a_write_of_which_a_part_was_made_is_not_made_again(
    jmap_server: MemoryServer,
) -> None:
    """It was too large for one request, and whoever awaited it left after the first."""
    jmap_server.limits = Limits(max_objects_in_set=1, max_calls_in_request=1)
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        call = client.mailbox.set(create={name: {"name": name} for name in "abcd"})
        task = asyncio.create_task(call)
        jmap_server.on_request = gate = Gate()
        await gate.held.get()
        jmap_server.on_request = second = Gate()
        gate.open()
        await second.held.get()
        assert await cancelled(task)
        await second.left.get()
        answer = await call
        assert ["a"] == [*answer.created]
        assert dict.fromkeys("bcd", "serverPartialFail") == {
            key: error.type for key, error in answer.not_created.items()
        }
        assert 2 == len(jmap_server.requests)
        assert is_idle(client)


async def test_a_write_of_which_a_part_waits_is_not_made_again(
    jmap_server: MemoryServer,
) -> None:
    """What is left of it stays in the queue for lack of a slot, when whoever awaited it leaves."""
    jmap_server.limits = Limits(
        max_objects_in_set=1, max_calls_in_request=1, max_concurrent_requests=1
    )
    jmap_server.on_request = gate = Gate()
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        call = client.mailbox.set(create={name: {"name": name} for name in "ab"})
        task = asyncio.create_task(call)
        neighbour = asyncio.create_task(client.core.echo())
        await gate.held.get()
        task.cancel()
        await asyncio.wait([task])
        gate.open()
        assert {} == await neighbour
        with pytest.raises(TransportError, match=r"Mailbox/set|cancelled") as caught:
            await call
        assert "unknown" == caught.value.outcome
        assert is_idle(client)


@pytest.mark.loops
async def test_during_backoff(jmap_server: MemoryServer) -> None:
    """A busy server is left alone, though everybody has left the request that it refused."""
    jmap_server.on_request = Answers(unavailable)
    short = Retry(first_delay=0.2)
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=short) as client:
        call = client.core.echo({"n": 1})
        tasks = [asyncio.create_task(call), asyncio.create_task(client.core.echo({"n": 2}))]
        while client.stats.retries == 0:
            await turns(1)
        for task in tasks:
            assert await cancelled(task)
        later = asyncio.create_task(client.core.echo({"n": 3}))
        again = asyncio.create_task(call)
        await turns(5)
        assert 1 == client.stats.posts
        assert ({"n": 3}, {"n": 1}) == (await later, await again)
        assert 2 == client.stats.posts
        assert is_idle(client)


async def test_one_of_two_leaves_during_backoff(jmap_server: MemoryServer) -> None:
    """The other one still waits, and closing the client tells it."""
    jmap_server.on_request = Answers(unavailable)
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=PATIENT) as client:
        leaves, stays = (asyncio.create_task(client.core.echo({"n": n})) for n in range(2))
        while client.stats.retries == 0:
            await turns(1)
        assert await cancelled(leaves)
        await turns(3)
        assert not stays.done()
    with pytest.raises(ClientClosed, match="Core/echo"):
        await stays


@pytest.mark.loops
async def test_during_the_refresh_of_the_session(jmap_server: MemoryServer) -> None:
    """Calls wait for the new session; one of them leaves, or whoever asked for the session."""
    async with slow_client(jmap_server) as (client, transport):
        transport.may_fetch.clear()
        refreshers = [asyncio.create_task(client.refresh_session()) for _ in range(2)]
        await transport.fetching.get()
        leaves = asyncio.create_task(client.core.echo({"n": 1}))
        stays = asyncio.create_task(client.core.echo({"n": 2}))
        await turns(3)
        assert await cancelled(leaves)
        assert await cancelled(refreshers[0])
        assert 0 == transport.posts
        transport.may_fetch.set()
        assert {"n": 2} == await stays
        assert client.session is await refreshers[1]
        assert 2 == jmap_server.session_fetches
        assert [{"n": 2}] == arguments(jmap_server.requests[0])


async def refuse_the_bad(gate: Gate, request: web.Request, body: JSONObject) -> web.Response | None:
    """Refuse every request with a bad call in it, and hold those that have only good ones."""
    if b"bad" in orjson.dumps(body):
        return web.Response(status=400, text="I do not like this")
    await gate(request, body)
    return None


@pytest.mark.loops
async def test_during_a_replay(jmap_server: MemoryServer) -> None:
    """The request was refused and is sent in parts: callers leave, others get their answers."""
    gate = Gate()
    jmap_server.on_request = partial(refuse_the_bad, gate)
    url, token = jmap_server.session_url, jmap_server.token
    async with connect(url, auth=token, retry=AT_ONCE) as client:
        tasks = [asyncio.create_task(client.core.echo({"n": n})) for n in ("a", "b", "bad", "d")]
        assert ["Core/echo"] * 2 == names(await gate.held.get())
        assert await cancelled(tasks[0])
        assert ["Core/echo"] == names(await gate.held.get())
        assert await cancelled(tasks[3])
        await gate.left.get()
        gate.open()
        assert {"n": "b"} == await tasks[1]
        with pytest.raises(TransportError, match="400"):
            await tasks[2]
        assert is_idle(client)


@pytest.mark.loops
async def test_who_leaves_with_a_call_that_touches_two_accounts(jmap_server: MemoryServer) -> None:
    """Calls of either account that stood behind it are sent, though no answer is to come."""
    jmap_server.add_account("A2", name="shared")
    async with slow_client(jmap_server) as (client, transport):
        transport.may_fetch.clear()
        refresh = asyncio.create_task(client.refresh_session())
        await transport.fetching.get()
        leaves = asyncio.ensure_future(
            client.account("A2").email.copy("A1", create={"k": {"id": "M1", "mailboxIds": {}}})
        )
        stays = [asyncio.ensure_future(client.account(one).email.query()) for one in ("A1", "A2")]
        await turns(2)
        assert await cancelled(leaves)
        transport.may_fetch.set()
        await refresh
        async with asyncio.timeout(10):
            assert ["A1", "A2"] == [(await task).account_id for task in stays]
        assert [["Email/query"] * 2] == [*map(names, jmap_server.requests)]
        assert is_idle(client)
