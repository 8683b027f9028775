"""Cancellation at any turn of the event loop, whatever the server is doing to us."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web

from jmap_async import Client, connect
from jmap_async.errors import TransportError
from jmap_async.protocol.call import Call
from jmap_async.testing import JSONObject, Limits, MemoryServer
from tests.serving import AT_ONCE, Answers, Gate, is_idle, settled, turns, unavailable

Scenario = Callable[[MemoryServer], Awaitable[None]]


async def plain(server: MemoryServer) -> None:
    """Nothing special."""


async def failing(server: MemoryServer) -> None:
    """The first answers are that this is not the time."""
    server.on_request = Answers(unavailable, unavailable)


async def refusing(server: MemoryServer) -> None:
    """A request with all calls is refused, one with a part of them is not."""

    async def refuse(_request: web.Request, body: JSONObject) -> web.Response | None:
        if len(body["methodCalls"]) < 3:
            return None
        return web.Response(status=400, text="too many for me")

    server.on_request = refuse


async def tight(server: MemoryServer) -> None:
    """Each call needs a request of its own, one at a time."""
    server.limits = Limits(max_calls_in_request=1, max_concurrent_requests=1)


async def moving(server: MemoryServer) -> None:
    """The first answer tells of another session."""
    server.limits = Limits(max_objects_in_get=100)


def work(client: Client, server: MemoryServer) -> list[Coroutine[Any, Any, object]]:
    """Return calls to make at the same time, of all kinds."""
    query = client.email.query()
    return [
        client.email.get(query.ids, properties=["subject"]),
        client.core.echo({"n": 1}),
        client.mailbox.set(update={server.mailbox_id("inbox"): {"sortOrder": 3}}),
        client.email.get(["nobody"], properties=["subject"]),
        client.mailbox.get(),
        query,
    ]


SCENARIOS = [plain, failing, refusing, tight, moving]


@pytest.mark.parametrize("max_waiting", [2, 100])
@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_at_any_turn_of_the_event_loop(
    jmap_server: MemoryServer, scenario: Scenario, max_waiting: int
) -> None:
    """Whenever one or two tasks are cancelled, all others get what they would have got."""
    async with connect(
        jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE, max_waiting=max_waiting
    ) as client:
        for turn in range(0, 46, 2):
            jmap_server.on_request, jmap_server.limits = None, Limits()
            await client.refresh_session()
            await scenario(jmap_server)
            calls = work(client, jmap_server)
            tasks = [asyncio.ensure_future(call) for call in calls]
            await turns(turn)
            leaving = {turn // 2 % len(tasks), turn // 7 % len(tasks)}
            for number in leaving:
                tasks[number].cancel()
            async with asyncio.timeout(10):
                results = await asyncio.gather(*tasks, return_exceptions=True)
                await settled(client)
            for number, result in enumerate(results):
                if number not in leaving:
                    assert not isinstance(result, BaseException), (turn, number)
            assert is_idle(client), turn


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_who_was_cancelled_at_any_turn_can_await_again(
    jmap_server: MemoryServer, scenario: Scenario
) -> None:
    """A read gets its answer then; a write too, or the news that it may have been carried out."""
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        for turn in range(0, 46, 2):
            jmap_server.on_request, jmap_server.limits = None, Limits()
            await client.refresh_session()
            await scenario(jmap_server)
            calls = work(client, jmap_server)
            tasks = [asyncio.ensure_future(call) for call in calls]
            await turns(turn)
            for task in tasks:
                task.cancel()
            async with asyncio.timeout(10):
                await turns(turn % 5)
                results = await asyncio.gather(*calls, return_exceptions=True)
                await asyncio.wait(tasks)
                await settled(client)
            for number, result in enumerate(results):
                if number == 2 and isinstance(result, TransportError):
                    assert "unknown" == result.outcome
                else:
                    assert not isinstance(result, BaseException), (turn, number)
            assert is_idle(client), turn


Chain = tuple[Call[Any], Call[Any]]


def by_name(client: Client, name: str) -> Chain:
    """Return two calls of which the second one mentions what the first one creates."""
    return (
        client.mailbox.set(create={"k": {"name": name}}),
        client.mailbox.set(create={"c": {"name": f"in {name}", "parentId": "#k"}}),
    )


def by_call(client: Client, name: str) -> Chain:
    """Return two calls of which the second one names the first one and what it creates."""
    maker = client.mailbox.set(create={"k": {"name": name}})
    child = {"name": f"in {name}", "parentId": maker.created_id("k")}
    return maker, client.mailbox.set(create={"c": child})


def by_result(client: Client, name: str) -> Chain:
    """Return two calls of which the second one needs the answer to the first one."""
    query = client.mailbox.query({"name": name})
    return query, client.mailbox.get(query.ids)


async def hold(server: MemoryServer, client: Client) -> "tuple[asyncio.Task[object], Gate]":
    """Take the only slot, for a request that is not answered until the gate is opened."""
    server.on_request = gate = Gate()
    task: asyncio.Task[object] = asyncio.create_task(client.core.echo())
    await gate.held.get()
    return task, gate


@pytest.mark.loops
@pytest.mark.parametrize("again", [(0, 1), (1, 0), (1,), (0,)])
@pytest.mark.parametrize("chain", [by_name, by_call, by_result])
async def test_who_was_cancelled_with_what_it_needs_can_await_again(
    jmap_server: MemoryServer, chain: Callable[[Client, str], Chain], again: tuple[int, ...]
) -> None:
    """Both are sent then, in order and once, whether or not the queue has noticed that."""
    jmap_server.limits = Limits(max_calls_in_request=1, max_concurrent_requests=1)
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        for turn in range(20):
            first, gate = await hold(jmap_server, client)
            pair = chain(client, f"box {turn}")
            write = client.mailbox.set(update={jmap_server.mailbox_id("inbox"): {"sortOrder": 3}})
            tasks = [asyncio.ensure_future(call) for call in (pair[0], write, pair[1])]
            await turns(1)
            tasks[0].cancel()
            tasks[2].cancel()
            gate.open()
            await turns(turn)
            async with asyncio.timeout(10):
                await asyncio.gather(*(pair[number] for number in again))
                maker, follower = await asyncio.gather(*pair)
                await asyncio.gather(first, *tasks, return_exceptions=True)
                await settled(client)
            if chain is by_result:
                assert maker.ids == [one.id for one in follower.list]
            else:
                child = (await client.mailbox.get(follower.created["c"].id)).list[0]
                assert maker.created["k"].id == child.parent_id
            assert is_idle(client), turn


@pytest.mark.loops
@pytest.mark.parametrize("chain", [by_name, by_call])
async def test_a_new_call_may_refer_to_one_that_was_cancelled(
    jmap_server: MemoryServer, chain: Callable[[Client, str], Chain]
) -> None:
    """What it needs is sent with it, and whoever awaits that again has the same result."""
    jmap_server.limits = Limits(max_calls_in_request=1, max_concurrent_requests=1)
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        first, gate = await hold(jmap_server, client)
        maker, follower = chain(client, "box")
        leaving = asyncio.ensure_future(maker)
        await turns(1)
        leaving.cancel()
        gate.open()
        await first
        await client.core.echo()
        async with asyncio.timeout(10):
            child = (await client.mailbox.get((await follower).created["c"].id)).list[0]
            assert (await maker).created["k"].id == child.parent_id
        assert is_idle(client)
