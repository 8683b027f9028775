"""Closing: whoever waits is told, whatever is under way ends, and nothing is left behind."""

import asyncio
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from jmap_async import Client, Retry, connect
from jmap_async.errors import ClientClosed
from jmap_async.testing import Limits, MemoryServer
from tests.serving import AT_ONCE, Answers, Gate, slow_client, turns, unavailable

WHAT_TO_DO = "the client is closed: make a new one with connect"


@pytest.mark.loops
async def test_calls_in_the_queue_and_in_flight(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Both raise ClientClosed, which names the call; the server sees its client go."""
    jmap_server.limits = Limits(max_concurrent_requests=1)
    await jmap_client.refresh_session()
    jmap_server.on_request = gate = Gate()
    flying = asyncio.create_task(jmap_client.core.echo())
    await gate.held.get()
    queued = asyncio.create_task(jmap_client.email.query())
    await turns(2)
    await jmap_client.close()
    for task, name in ((flying, "Core/echo"), (queued, "Email/query")):
        with pytest.raises(ClientClosed, match=f"^{name}: {WHAT_TO_DO}"):
            await task
    await gate.left.get()
    assert {} == jmap_client._dispatcher._requests
    assert 1 == len(jmap_server.requests)


@pytest.mark.loops
async def test_a_write_that_has_left_is_told_from_one_that_has_not(
    jmap_server: MemoryServer,
) -> None:
    """ClientClosed says what TransportError would: only what left may have been carried out."""
    jmap_server.limits = Limits(max_concurrent_requests=1)
    client = await connect(jmap_server.session_url, auth=jmap_server.token)
    jmap_server.on_request = gate = Gate()
    patch = {"keywords/$seen": True}
    flying = asyncio.create_task(client.email.update("M1", patch))
    await gate.held.get()
    queued = asyncio.create_task(client.email.update("M2", patch))
    await turns(2)
    await client.close()
    never = client.email.update("M3", patch)
    outcomes = {}
    for name, one in {"flying": flying, "queued": queued, "never": never}.items():
        with pytest.raises(ClientClosed) as caught:
            await one
        outcomes[name] = caught.value.outcome, "unknown" in str(caught.value)
    assert {
        "flying": ("unknown", True),
        "queued": ("not_sent", False),
        "never": ("not_sent", False),
    } == outcomes


async def test_a_write_that_was_refused_and_waits_to_be_repeated(
    jmap_server: MemoryServer,
) -> None:
    """A refused request was not carried out, and ClientClosed says so."""
    jmap_server.on_request = Answers(unavailable)
    retry = Retry(first_delay=1000.0, max_delay=1000.0)
    client = await connect(jmap_server.session_url, auth=jmap_server.token, retry=retry)
    task = asyncio.create_task(client.email.update("M1", {"keywords/$seen": True}))
    while client.stats.retries == 0:
        await turns(1)
    await client.close()
    with pytest.raises(ClientClosed) as caught:
        await task
    assert "not_sent" == caught.value.outcome


async def test_closing_again_and_by_many_tasks(jmap_server: MemoryServer) -> None:
    """Closing is idempotent, also while it is going on."""
    jmap_server.on_request = gate = Gate()
    client = await connect(jmap_server.session_url, auth=jmap_server.token)
    task = asyncio.create_task(client.core.echo())
    await gate.held.get()
    await asyncio.gather(client.close(), client.close())
    await client.close()
    with pytest.raises(ClientClosed):
        await task


async def test_what_is_done_afterwards(jmap_server: MemoryServer) -> None:
    """Everything raises ClientClosed; what was answered before stays readable."""
    client = await connect(jmap_server.session_url, auth=jmap_server.token)
    answered, never = client.core.echo({"n": 1}), client.core.echo()
    await answered
    await client.close()
    assert {"n": 1} == await answered
    later: list[Callable[[], object]] = [
        client.batch,
        lambda: client.explain(client.core.echo()),
        lambda: client.download("B1"),
    ]
    for attempt in later:
        with pytest.raises(ClientClosed, match=WHAT_TO_DO):
            attempt()
    for waiting in (never, client.core.echo(), client.refresh_session(), client.upload(b"")):
        with pytest.raises(ClientClosed, match=WHAT_TO_DO):
            await waiting
    assert "(closed)" in repr(client)
    assert 1 == len(jmap_server.requests)


async def test_during_backoff(jmap_server: MemoryServer) -> None:
    """Nobody waits for the repeat to come."""
    jmap_server.on_request = Answers(unavailable)
    retry = Retry(first_delay=1000.0, max_delay=1000.0)
    client = await connect(jmap_server.session_url, auth=jmap_server.token, retry=retry)
    task = asyncio.create_task(client.core.echo())
    while client.stats.retries == 0:
        await turns(1)
    await client.close()
    with pytest.raises(ClientClosed):
        await task


@pytest.mark.loops
async def test_during_the_refresh_of_the_session(jmap_server: MemoryServer) -> None:
    """Who asked for the session and who waits for it to be sent both raise ClientClosed."""
    async with slow_client(jmap_server) as (client, transport):
        transport.may_fetch.clear()
        refresh = asyncio.create_task(client.refresh_session())
        await transport.fetching.get()
        call = asyncio.create_task(client.core.echo())
        await turns(2)
        await client.close()
        for task in (refresh, call):
            with pytest.raises(ClientClosed):
                await task
        assert 0 == transport.posts


@pytest.mark.loops
async def test_while_calls_wait_for_a_place_in_the_queue(jmap_server: MemoryServer) -> None:
    """They raise ClientClosed too."""
    jmap_server.limits = Limits(max_concurrent_requests=1)
    jmap_server.on_request = gate = Gate()
    client = await connect(jmap_server.session_url, auth=jmap_server.token, max_waiting=1)
    tasks = [asyncio.create_task(client.core.echo({"n": n})) for n in range(9)]
    await gate.held.get()

    async def batch() -> None:
        async with client.batch() as batch:
            _ = batch.core.echo()

    together = asyncio.create_task(batch())
    await turns(2)
    await client.close()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [ClientClosed] * 9 == [*map(type, results)]
    with pytest.raises(ClientClosed, match="batch"):
        await together
    assert not client._dispatcher._places


async def test_during_a_batch(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """The block raises ClientClosed."""
    jmap_server.on_request = gate = Gate()

    async def batch() -> None:
        async with jmap_client.batch() as batch:
            _ = batch.core.echo(), batch.email.query()

    task = asyncio.create_task(batch())
    await gate.held.get()
    await jmap_client.close()
    with pytest.raises(ClientClosed):
        await task


@pytest.mark.loops
async def test_during_uploads_and_downloads(jmap_server: MemoryServer) -> None:
    """They do not go on without a client."""
    client = await connect(jmap_server.session_url, auth=jmap_server.token)
    blob = await client.upload(b"x" * 5_000_000)
    started = asyncio.Event()

    async def stream() -> AsyncIterator[bytes]:
        yield b"one"
        started.set()
        await asyncio.Event().wait()

    upload = asyncio.create_task(client.upload(stream()))
    await started.wait()
    async with client.download(blob) as download:
        chunks = aiter(download)
        await anext(chunks)
        await client.close()
        with pytest.raises(ClientClosed, match=f"^download: {WHAT_TO_DO}"):
            async for _ in chunks:
                pass
    with pytest.raises(ClientClosed, match=f"^upload: {WHAT_TO_DO}"):
        await upload


async def test_leaving_the_block_by_an_exception(jmap_server: MemoryServer) -> None:
    """The client is closed, and the exception is the one that was raised."""
    jmap_server.on_request = gate = Gate()
    tasks: list[asyncio.Task[dict[str, object]]] = []

    async def fails() -> None:
        async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
            tasks.append(asyncio.create_task(client.core.echo()))
            await gate.held.get()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fails()
    with pytest.raises(ClientClosed):
        await tasks[0]


async def test_a_shared_http_session_stays_open(jmap_server: MemoryServer) -> None:
    """Closing one client leaves the other one that shares its session alone."""
    async with aiohttp.ClientSession() as http:
        url, token = jmap_server.session_url, jmap_server.token
        first = await connect(url, auth=token, http=http)
        async with connect(url, auth=token, http=http) as second:
            jmap_server.on_request = gate = Gate()
            flying = asyncio.create_task(first.core.echo())
            await gate.held.get()
            stays = asyncio.create_task(second.core.echo({"n": 2}))
            await gate.held.get()
            await first.close()
            with pytest.raises(ClientClosed):
                await flying
            gate.open()
            assert {"n": 2} == await stays
        assert not http.closed


@pytest.mark.loops
async def test_at_any_turn_of_the_event_loop(jmap_server: MemoryServer) -> None:
    """Whenever it is closed, each call has its answer or ClientClosed, and nothing hangs."""
    jmap_server.on_request = Answers(*[unavailable] * 10)
    for turn in range(0, 40, 2):
        client = await connect(
            jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE, max_waiting=3
        )
        jmap_server.limits = Limits(max_calls_in_request=1 + turn % 3)
        query = client.email.query()
        calls = [
            client.email.get(query.ids),
            client.core.echo(),
            client.mailbox.set(create={"k": {"name": f"m{turn}"}}),
            client.mailbox.get(),
        ]
        tasks = [asyncio.ensure_future(call) for call in calls]
        await turns(turn)
        async with asyncio.timeout(10):
            await client.close()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            assert isinstance(result, ClientClosed) or not isinstance(result, Exception), turn
        assert {} == client._dispatcher._requests


async def test_the_end_of_the_program_waits_for_nothing(
    jmap_server: MemoryServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A program that forgets to close its client ends, and with it whatever was under way."""
    ended: list[asyncio.Task[dict[str, object]]] = []

    async def program() -> None:
        async with aiohttp.ClientSession() as http:
            client = await connect(jmap_server.session_url, auth=jmap_server.token, http=http)
            ended.extend(asyncio.create_task(client.core.echo({"n": n})) for n in range(3))
            while not client.stats.posts:
                await turns(1)

    jmap_server.on_request = Gate()
    await asyncio.to_thread(lambda: asyncio.run(program()))
    assert [True] * 3 == [task.done() for task in ended]
    assert [True] * 3 == [task.cancelled() or task.exception() is not None for task in ended]
    assert [] == [record for record in caplog.records if record.levelname == "ERROR"]
