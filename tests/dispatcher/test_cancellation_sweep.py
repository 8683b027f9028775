"""Cancellation at any turn of the event loop, whatever the server is doing to us."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from aiohttp import web

from jmap_async import Client, connect
from jmap_async.errors import TransportError
from jmap_async.testing import JSONObject, Limits, MemoryServer
from tests.serving import AT_ONCE, Answers, is_idle, settled, turns, unavailable

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
