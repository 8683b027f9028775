"""What stands around a call is treated with the care of the call: all ways in, all troubles."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

import aiohttp
import pytest

from jmap_async import Retry
from jmap_async.errors import (
    AuthenticationError,
    ClientClosed,
    JMAPError,
    LocalProtocolError,
    TransportError,
)
from jmap_async.protocol.session import CORE
from jmap_async.testing import MemoryServer
from jmap_async.transport import Timeouts
from tests.adversity.stage import (
    ENTRIES,
    FAILURES,
    OF_A_CLIENT,
    Entry,
    Play,
    World,
    answer,
    heard,
    says,
    silence,
    world_of,
)
from tests.serving import is_idle

ONCE = Retry(attempts=0)
SOON = Retry(attempts=3, first_delay=0.001)
SHORT = Timeouts(connect=0.3, total=0.3, read=0.3)

PHASES: dict[str, Play] = {
    "no answer": silence,
    "slow headers": says(b"HTTP/1.1 200 OK\r\nX: ", trickle=b"x"),
    "half an answer": says(answer("200 OK", b'{"', length=1000)),
    "slow 401": says(answer("401 Unauthorized", b"x", length=1000), trickle=b"x"),
    "slow 503": says(answer("503 Unavailable", b"x", length=1000), trickle=b"x"),
    "slow 404": says(answer("404 Not Found", b"x", length=1000), trickle=b"x"),
    "a later time": says(answer("503 Unavailable", b"", "Retry-After: 20")),
}

READS = {"session", "download"}

SLOW = {name: play for name, play in PHASES.items() if name != "a later time"}

entries = pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
of_a_client = pytest.mark.parametrize("entry", OF_A_CLIENT.values(), ids=OF_A_CLIENT)


def is_at_rest(world: World) -> bool:
    """Tell whether every slot is free, and nothing is under way."""
    slots = world.client._uploader._slots
    return (
        is_idle(world.client)
        and (slots._taken, len(slots._waiting)) == (0, 0)
        and world.client._transport._downloads._value == 100
        and not world.client._lifetime._scopes
    )


# Trying again


@entries
@pytest.mark.parametrize("failure", FAILURES)
async def test_t32_what_passes_is_tried_again(
    jmap_server: MemoryServer, entry: Entry, failure: str
) -> None:
    """As often as `retry` says, unless what was sent cannot be had again."""
    for retry in (SOON, ONCE):
        async with world_of(jmap_server, retry=retry) as world:
            world.stage.plays[entry.kind] = [FAILURES[failure]] * 2
            if retry is ONCE or entry is ENTRIES["upload of a stream"]:
                with pytest.raises(JMAPError):
                    await entry.do(world)
                # A GET on a connection that is gone is asked once more by aiohttp itself.
                lost = failure in {"nothing", "half a header"} and entry.kind in READS
                assert 1 + lost >= len(world.stage.came)
            else:
                await entry.do(world)
                assert [entry.kind] * 3 == world.stage.came
            assert is_at_rest(world)


@entries
async def test_t32_a_long_wait_is_told_and_not_waited_for(
    jmap_server: MemoryServer, entry: Entry
) -> None:
    """Longer than `max_delay`."""
    retry = Retry(attempts=3, max_delay=1)
    async with world_of(jmap_server, retry=retry) as world:
        world.stage.plays[entry.kind] = [PHASES["a later time"]]
        with pytest.raises(JMAPError) as caught:
            await entry.do(world)
        assert [20.0, 1] == [caught.value.retry_after, len(world.stage.came)]  # type: ignore[attr-defined]


# Credentials


@entries
@pytest.mark.parametrize("method", ["authorization", "refresh"])
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError("no route"), TransportError),
        (TransportError("the token endpoint is down", outcome="unknown"), TransportError),
        (aiohttp.ServerDisconnectedError(), TransportError),
        (aiohttp.ClientPayloadError(), TransportError),
        (TimeoutError(), TransportError),
        (AuthenticationError("revoked"), AuthenticationError),
        (UnicodeError(), AuthenticationError),
        (aiohttp.InvalidURL("x"), AuthenticationError),
        (asyncio.CancelledError(), AuthenticationError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else type(value).__name__,
)
async def test_t26_what_an_auth_raises(
    jmap_server: MemoryServer,
    entry: Entry,
    method: str,
    error: BaseException,
    expected: type[JMAPError],
) -> None:
    """What did not get through was not sent, and is tried again; the rest is final."""
    refused = says(answer("401 Unauthorized"))
    for retry in (ONCE, SOON):
        async with world_of(jmap_server, retry=retry) as world:
            world.auth.errors[method] = [error]
            if method == "refresh":
                world.stage.plays[entry.kind] = [refused, refused, world.stage.usual(entry.kind)]
            begun = method == "refresh" and entry is ENTRIES["upload of a stream"]
            if retry is SOON and expected is TransportError and not begun:
                await entry.do(world)
                continue
            with pytest.raises(expected) as caught:
                await entry.do(world)
            if isinstance(caught.value, TransportError):
                assert "not_sent" == caught.value.outcome
            assert is_at_rest(world)


# Time


@entries
@pytest.mark.parametrize("phase", SLOW)
async def test_no_answer_takes_for_ever(
    jmap_server: MemoryServer, entry: Entry, phase: str
) -> None:
    """However slowly it comes; what was waited with is free again."""
    async with world_of(jmap_server, retry=ONCE, timeouts=SHORT) as world:
        world.stage.plays[entry.kind] = [SLOW[phase]]
        async with asyncio.timeout(3):
            with pytest.raises(JMAPError):
                await entry.do(world)
        assert is_at_rest(world)


@entries
@pytest.mark.parametrize("method", ["authorization", "refresh"])
async def test_no_auth_takes_for_ever(
    jmap_server: MemoryServer, entry: Entry, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call without a credential was not sent."""
    monkeypatch.setattr("jmap_async.auth._PATIENCE", 0.01)
    async with world_of(jmap_server, retry=ONCE, timeouts=SHORT) as world:
        world.auth.waits = {method}
        world.stage.plays[entry.kind] = [says(answer("401 Unauthorized"))]
        async with asyncio.timeout(3):
            with pytest.raises(TransportError) as caught:
                await entry.do(world)
        assert "not_sent" == caught.value.outcome
        assert is_at_rest(world)


# Closing


async def begin(world: World, entry: Entry, phase: str) -> "asyncio.Task[object]":
    """Bring an entry to a phase."""
    world.stage.reached.clear()
    async with heard("again in") as pausing:
        if phase in PHASES:
            world.stage.plays[entry.kind] = [PHASES[phase]]
        else:
            world.auth.waits = {phase}
            world.stage.plays[entry.kind] = [says(answer("401 Unauthorized"))]
        task = asyncio.ensure_future(entry.do(world))
        await world.stage.reached.wait()
        if phase == "a later time" and entry is not ENTRIES["upload of a stream"]:
            await pausing.wait()
    return task


WAITS = ("no answer", "half an answer", "a later time", "authorization", "refresh")


def in_each_phase(entries: Mapping[str, Entry]) -> pytest.MarkDecorator:
    """Bring entries to phases: a stream is not sent again, so it never waits for a later time."""
    pairs = {
        f"{phase}-{name}": (entry, phase)
        for name, entry in entries.items()
        for phase in WAITS
        if (name, phase) != ("upload of a stream", "a later time")
    }
    return pytest.mark.parametrize(("entry", "phase"), pairs.values(), ids=pairs)


@pytest.mark.loops
@in_each_phase(OF_A_CLIENT)
@pytest.mark.parametrize("session", ["own", "shared"])
async def test_closing_ends_it(
    jmap_server: MemoryServer,
    entry: Entry,
    phase: str,
    session: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At once, wherever it waits; and from then on nothing begins."""
    monkeypatch.setattr("jmap_async.auth._PATIENCE", 0.01)
    async with AsyncExitStack() as stack:
        http = aiohttp.ClientSession() if session == "shared" else None
        if http is not None:
            await stack.enter_async_context(http)
        world = await stack.enter_async_context(world_of(jmap_server, retry=SOON, http=http))
        tasks = [await begin(world, entry, phase), asyncio.ensure_future(entry.do(world))]
        await asyncio.sleep(0)
        async with asyncio.timeout(3):
            await asyncio.gather(world.client.close(), world.client.close())
            found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [ClientClosed] * 2 == [type(error) for error in found]
        with pytest.raises(ClientClosed):
            await entry.do(world)
        await world.client.close()
        assert http is None or not http.closed


async def test_closing_that_is_cancelled_closes_all_the_same(jmap_server: MemoryServer) -> None:
    """Nothing is left under way."""
    async with world_of(jmap_server, retry=ONCE) as world:
        tasks = [await begin(world, entry, "no answer") for entry in OF_A_CLIENT.values()]
        closing = asyncio.create_task(world.client.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert {ClientClosed} == {type(error) for error in found}
        session = world.client._transport._wire._http
        assert session is not None
        assert session.closed


# Cancelling


@pytest.mark.loops
@in_each_phase(ENTRIES)
async def test_a_cancelled_caller_hurts_nobody(
    jmap_server: MemoryServer, entry: Entry, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not those who wait for the same, nor those who come later."""
    monkeypatch.setattr("jmap_async.auth._PATIENCE", 0.01)
    async with world_of(jmap_server, retry=Retry(attempts=3, first_delay=0.001)) as world:
        first = await begin(world, entry, phase)
        second = asyncio.ensure_future(entry.do(world))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert not second.done() or entry is ENTRIES["connect"]
        second.cancel()
        await asyncio.wait([second])
        world.auth.waits, world.stage.plays = set(), {}
        if (entry.kind, phase) == ("api", "a later time"):
            return  # the server has asked for a pause, and gets it
        # A refresh, be it of the session or of the credential, goes on by itself.
        if phase != "refresh" and entry is not ENTRIES["refresh_session"]:
            await entry.do(world)
            await asyncio.sleep(0)
            assert is_at_rest(world)


# Event loops


@of_a_client
async def test_another_event_loop_is_refused(jmap_server: MemoryServer, entry: Entry) -> None:
    """With the name of what was asked for, and what to do."""
    async with world_of(jmap_server, retry=ONCE) as world:

        async def elsewhere() -> None:
            await entry.do(world)

        with pytest.raises(LocalProtocolError, match=r"^[\w/]+: .*use a client for each loop"):
            await asyncio.to_thread(asyncio.run, elsewhere())
        assert [] == world.stage.came
        await entry.do(world)


async def test_closing_in_another_event_loop_is_refused(jmap_server: MemoryServer) -> None:
    """Unless it is closed already."""
    async with world_of(jmap_server, retry=ONCE) as world:
        with pytest.raises(LocalProtocolError, match=r"^close: .*use a client for each loop"):
            await asyncio.to_thread(asyncio.run, world.client.close())
        await world.client.core.echo()
        await world.client.close()
        await asyncio.to_thread(asyncio.run, world.client.close())


# Answers


GARBAGE = {
    "nothing": b"",
    "no HTTP": b"SSH-2.0-OpenSSH\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "binary": bytes(range(256)) * 4,
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "a bad length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "a bad chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no gzip": answer("200 OK", b"no gzip", "Content-Encoding: gzip"),
    "a long header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "a strange place": answer("302 Found", b"", "Location: http://[::1"),
    "a place in \xff": b"HTTP/1.1 307 X\r\nContent-Length: 0\r\nLocation: //\xff\xfe:x/\r\n\r\n",
    "a long label": answer("307 X", b"", f"Location: http://{'a' * 70}.example/"),
    "a strange wait": answer("503 X", b"", "Retry-After: \x80-1"),
    "cut short": answer("200 OK", b"{", length=10),
}


@entries
@pytest.mark.parametrize("octets", GARBAGE.values(), ids=GARBAGE)
async def test_whatever_comes_it_is_an_error_of_ours(
    jmap_server: MemoryServer, entry: Entry, octets: bytes
) -> None:
    """None of aiohttp, of the system or of Python comes out."""
    async with world_of(jmap_server, retry=ONCE) as world:
        world.stage.plays[entry.kind] = [says(octets, hang_up=True)]
        with pytest.raises(JMAPError):
            await entry.do(world)
        assert is_at_rest(world)


# Slots


async def endless(reached: asyncio.Event) -> AsyncIterator[bytes]:
    """Give a little, and then nothing."""
    yield b"x"
    reached.set()
    await asyncio.Event().wait()


@pytest.mark.loops
@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_who_waits_for_a_slot_is_let_go(
    jmap_server: MemoryServer, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As is an upload whose data does not come; a slot that was held is free again."""
    monkeypatch.setattr("jmap_async.transport.http._MOST_DOWNLOADS", 1)
    async with world_of(jmap_server, retry=ONCE) as world:
        world.client.session.capabilities[CORE]["maxConcurrentUpload"] = 1
        world.client._uploader._slots.keep_to(world.client.session.core)
        world.client._uploader._slots._allowed = 1
        reached = asyncio.Event()
        async with world.client.download("B1"):
            tasks = [asyncio.ensure_future(world.client.upload(endless(reached)))]
            await reached.wait()
            tasks.append(asyncio.ensure_future(world.client.upload(b"waits")))
            tasks.append(asyncio.ensure_future(ENTRIES["download"].do(world)))  # type: ignore[arg-type]
            await asyncio.sleep(0.01)
            assert [False] * 3 == [task.done() for task in tasks]
            if how == "closed":
                await world.client.close()
            for task in tasks if how == "cancelled" else ():
                task.cancel()
            found = await asyncio.gather(*tasks, return_exceptions=True)
        kind = ClientClosed if how == "closed" else asyncio.CancelledError
        assert [kind] * 3 == [type(error) for error in found]
        assert 0 == world.client._uploader._slots._taken
        if how == "cancelled":
            await ENTRIES["upload"].do(world)
            await ENTRIES["download"].do(world)
