"""The queue is bounded: when it is full, awaiting takes longer, and memory does not grow."""

import asyncio
import gc
import weakref

import pytest

from jmap_async import Client, connect
from jmap_async.errors import LocalProtocolError, NoAccount
from jmap_async.protocol.call import Call
from jmap_async.testing import Limits, MemoryServer
from tests.serving import Gate, arguments, is_idle, turns

MOST = 3


async def numbered(client: Client, number: int) -> object:
    """Make a call that can be recognised."""
    return (await client.core.echo({"n": number}).alone())["n"]


def crowded(client: Client) -> bool:
    """Tell whether more waits than may wait, or was counted than there is."""
    return not 0 <= client._dispatcher._planner.waiting <= MOST


@pytest.mark.loops
async def test_further_calls_wait_in_order(jmap_server: MemoryServer) -> None:
    """They leave in the order in which they were awaited, and none is lost."""
    jmap_server.limits = Limits(max_concurrent_requests=1, max_calls_in_request=2)
    jmap_server.on_request = gate = Gate()
    url, token = jmap_server.session_url, jmap_server.token
    async with connect(url, auth=token, max_waiting=MOST) as client:
        tasks = [asyncio.create_task(numbered(client, number)) for number in range(50)]
        await gate.held.get()
        assert MOST == client._dispatcher._planner.waiting
        gate.open()
        too_many = 0
        while not all(task.done() for task in tasks):
            too_many += crowded(client)
            await turns(1)
        assert 0 == too_many
        assert [*range(50)] == [task.result() for task in tasks]
        assert is_idle(client)
    sent = [one["n"] for request in jmap_server.requests for one in arguments(request)]
    assert [*range(50)] == sent


@pytest.mark.loops
async def test_newcomers_do_not_overtake(jmap_server: MemoryServer) -> None:
    """Who comes just as a place is free stands behind those who wait for one."""
    jmap_server.limits = Limits(max_concurrent_requests=1, max_calls_in_request=1)
    url, token = jmap_server.session_url, jmap_server.token
    async with connect(url, auth=token, max_waiting=1) as client:
        tasks: list[asyncio.Task[object]] = []
        for number in range(60):
            tasks.append(asyncio.create_task(numbered(client, number)))
            await turns(number % 3)
        assert [*range(60)] == await asyncio.gather(*tasks)
    assert [*range(60)] == [arguments(request)[0]["n"] for request in jmap_server.requests]


async def test_who_leaves_while_waiting_for_a_place(jmap_server: MemoryServer) -> None:
    """Nothing of it is kept, and the others move up."""
    jmap_server.limits = Limits(max_concurrent_requests=1, max_calls_in_request=1)
    jmap_server.on_request = gate = Gate()
    url, token = jmap_server.session_url, jmap_server.token
    async with connect(url, auth=token, max_waiting=1) as client:
        tasks = [asyncio.create_task(numbered(client, number)) for number in range(12)]
        await gate.held.get()
        await turns(2)
        assert 10 == len(client._dispatcher._places)
        leaving = tasks[3:9]
        for task in leaving:
            task.cancel()
        await asyncio.wait(leaving)
        assert 4 == len(client._dispatcher._places)
        gate.open()
        staying = tasks[:3] + tasks[9:]
        assert [0, 1, 2, 9, 10, 11] == await asyncio.gather(*staying)
        assert is_idle(client)
    assert 6 == len(jmap_server.requests)


@pytest.mark.loops
async def test_a_place_that_is_not_taken_goes_to_the_next(jmap_server: MemoryServer) -> None:
    """Calls that turn out to be impossible, or are cancelled as their turn comes, block nobody."""
    jmap_server.limits = Limits(max_concurrent_requests=1, max_calls_in_request=1)
    jmap_server.on_request = gate = Gate()
    url, token = jmap_server.session_url, jmap_server.token
    async with connect(url, auth=token, max_waiting=1) as client:
        first = [asyncio.create_task(numbered(client, number)) for number in range(2)]
        await gate.held.get()
        wrong = [asyncio.ensure_future(client.account("nobody").email.query()) for _ in range(5)]
        leaving = [asyncio.create_task(numbered(client, 8)) for _ in range(5)]
        last = asyncio.create_task(numbered(client, 9))
        await turns(1)
        gate.open()
        while client._dispatcher._places:
            await turns(1)
            for task in leaving:
                task.cancel()
        async with asyncio.timeout(10):
            assert [0, 1, 9] == await asyncio.gather(*first, last)
            results = await asyncio.gather(*wrong, return_exceptions=True)
        assert [NoAccount] * 5 == [*map(type, results)]
        await asyncio.wait(leaving)
        assert is_idle(client)


async def test_what_a_refused_call_refers_to_takes_no_place(jmap_server: MemoryServer) -> None:
    """It is queued before the call is refused, but nobody waits for it."""
    url, token = jmap_server.session_url, jmap_server.token
    async with connect(url, auth=token, max_waiting=1) as client:
        for _ in range(3):
            query = client.email.query()
            with pytest.raises(LocalProtocolError, match="no account"):
                await client.account("nobody").thread.get(query.ref("/ids"))
        async with asyncio.timeout(10):
            assert 1 == await numbered(client, 1)
        assert is_idle(client)
    assert [[{"n": 1}]] == [*map(arguments, jmap_server.requests)]


@pytest.mark.loops
async def test_what_is_queued_needs_no_second_place(jmap_server: MemoryServer) -> None:
    """A call that waits already can be awaited by others, and a batch of more calls than places."""
    jmap_server.limits = Limits(max_concurrent_requests=1)
    jmap_server.on_request = gate = Gate()
    url, token = jmap_server.session_url, jmap_server.token
    async with connect(url, auth=token, max_waiting=1) as client:
        first = asyncio.create_task(numbered(client, 0))
        await gate.held.get()
        call = client.core.echo({"n": 1})
        tasks = [asyncio.create_task(call) for _ in range(3)]
        await turns(2)
        assert not client._dispatcher._places

        async def batch() -> "list[Call[dict[str, object]]]":
            async with client.batch() as batch:
                return [batch.core.echo({"n": number}) for number in range(5)]

        batches = [asyncio.create_task(batch()) for _ in range(3)]
        await turns(2)
        assert 3 == len(client._dispatcher._places)
        gate.open()
        async with asyncio.timeout(10):
            await first
            assert [{"n": 1}] * 3 == await asyncio.gather(*tasks)
            for calls in await asyncio.gather(*batches):
                assert [{"n": number} for number in range(5)] == await asyncio.gather(*calls)
        assert is_idle(client)
    assert [1, 1, 5, 5, 5] == [len(request["methodCalls"]) for request in jmap_server.requests]


async def test_a_batch_that_waits_for_a_place_can_be_cancelled(jmap_server: MemoryServer) -> None:
    """It is not sent, and its place is free for others."""
    jmap_server.limits = Limits(max_concurrent_requests=1)
    jmap_server.on_request = gate = Gate()
    url, token = jmap_server.session_url, jmap_server.token
    async with connect(url, auth=token, max_waiting=1) as client:
        first = [asyncio.create_task(numbered(client, n)) for n in range(2)]
        await gate.held.get()

        async def batch() -> None:
            async with client.batch() as batch:
                _ = batch.core.echo()

        task = asyncio.create_task(batch())
        await turns(2)
        task.cancel()
        await asyncio.wait([task])
        assert not client._dispatcher._places
        gate.open()
        assert [0, 1] == await asyncio.gather(*first)
        assert is_idle(client)
    assert 2 == len(jmap_server.requests)


async def test_nothing_is_kept_of_what_is_done(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Also under a load that never ends, calls that nobody holds any more are gone."""
    jmap_server.on_request = gate = Gate()
    endless = asyncio.create_task(jmap_client.email.query(limit=1))
    await gate.held.get()
    jmap_server.on_request = None
    kept: list[weakref.ref[object]] = []

    async def search(number: int) -> None:
        call = jmap_client.email.query({"subject": f"number {number}"})
        await asyncio.gather(call, jmap_client.email.get([f"M{number}"], properties=["subject"]))
        kept.append(weakref.ref(call.submitted))

    for number in range(20):
        await search(number)
    gc.collect()
    assert 1 >= sum(entry() is not None for entry in kept)
    gate.open()
    await endless
