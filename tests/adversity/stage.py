"""A server that does what each test says, octet by octet, and every entry point of a client."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import attrs

from jmap_async import Client, Retry, connect
from jmap_async.testing import MemoryServer
from jmap_async.testing.session import session_object
from jmap_async.transport import HTTPSession, Timeouts

BLOB: Final = b"blob" * 100

ECHO: Final = b'{"methodCalls":[["Core/echo",{"n":1},"c0"]]}'

Play = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What is done in place of an answer."""


class Stage:
    """Answers as a JMAP server does, except where a `play` was put in for a kind of request."""

    def __init__(self, server: MemoryServer) -> None:
        self.session = session_object(server.world, "")
        self.plays: dict[str, list[Play]] = {}
        self.came: list[str] = []
        self.reached = asyncio.Event()
        self._connections: set[asyncio.Task[None]] = set()

    def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection to its end."""
        self._connections.add(asyncio.create_task(self._serve(reader, writer)))

    async def close(self) -> None:
        """Leave what is still being said."""
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
                body = await read_body(reader, head)
                await self._answer(head[0], body, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()
            with suppress(OSError):
                # Else what ended it might be told as an error that nobody has looked at.
                await writer.wait_closed()

    async def _answer(self, line: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        kind = next(kind for kind in ("session", "api", "upload", "download") if kind in line)
        self.came.append(kind)
        if plays := self.plays.get(kind):
            # The last one stays.
            play = plays.pop(0) if len(plays) > 1 or plays[0] in PASSING else plays[0]
            self.reached.set()
            return await play(writer)
        writer.write(answer("200 OK", self._usual(kind, body)))
        return await writer.drain()

    def usual(self, kind: str) -> Play:
        """Return what is the answer else, to an echo where there are calls."""
        return says(answer("200 OK", self._usual(kind, ECHO)))

    def _usual(self, kind: str, body: bytes) -> bytes:
        if kind == "session":
            return json.dumps(self.session).encode()
        if kind == "upload":
            return b'{"accountId":"A1","blobId":"B1","type":"text/plain","size":400}'
        if kind == "download":
            return BLOB
        calls = json.loads(body)["methodCalls"]
        state = self.session["state"]
        return json.dumps({"methodResponses": calls, "sessionState": state}).encode()


async def read_body(reader: asyncio.StreamReader, head: list[str]) -> bytes:
    """Read a request's body."""
    length = [line for line in head if line.startswith("content-length:")]
    if length:
        return await reader.readexactly(int(length[0].partition(":")[2]))
    body = b""
    if "transfer-encoding: chunked" in head:
        while size := int(await reader.readline(), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readline()
    return body


def answer(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """Return an answer, whose body may be shorter than it says."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def says(octets: bytes, *, hang_up: bool = False, trickle: bytes = b"") -> Play:
    """Return a play that writes, then hangs up, or goes on with a little at a time, for ever."""

    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write(octets)
        await writer.drain()
        if hang_up:
            writer.close()
        while trickle:
            await asyncio.sleep(0.02)
            writer.write(trickle)
            await writer.drain()

    return play


async def silence(_: asyncio.StreamWriter) -> None:
    """Say nothing more."""
    await asyncio.Event().wait()


FAILURES: Final[dict[str, Play]] = {
    "503": says(answer("503 Service Unavailable", b"", "Retry-After: 0")),
    "429": says(answer("429 Too Many Requests", b"", "Retry-After: 0.01")),
    "500": says(answer("500 Internal Server Error", b"<html>")),
    "nothing": says(b"", hang_up=True),
    "half a header": says(b"HTTP/1.1 200 OK\r\nContent-Le", hang_up=True),
}

PASSING: Final = [*FAILURES.values()]


class Credentials:
    """An Auth that raises what it is told, or waits for ever."""

    def __init__(self, reached: asyncio.Event) -> None:
        self.reached = reached
        self.errors: dict[str, list[BaseException]] = {"authorization": [], "refresh": []}
        self.waits: set[str] = set()

    async def authorization(self) -> str:
        """Return a token."""
        await self._play("authorization")
        return "Bearer t"

    async def refresh(self, rejected: str) -> bool:
        """Say that there is another one."""
        await self._play("refresh")
        return bool(rejected)

    async def _play(self, method: str) -> None:
        if method in self.waits:
            self.reached.set()
            await asyncio.Event().wait()
        if self.errors[method]:
            raise self.errors[method].pop(0)


@attrs.define
class World:
    """A stage, a client of it, and how to make another one."""

    stage: Stage
    auth: Credentials
    again: Callable[[], Awaitable[Client]]
    client: Client = attrs.field(init=False)


@attrs.frozen
class Entry:
    """A way in: what it does, and the kind of request that it makes."""

    kind: str
    do: Callable[[World], Awaitable[object]]


async def _connect(world: World) -> object:
    client = await world.again()
    await client.close()
    return client


async def _call(world: World) -> object:
    return await world.client.core.echo({"n": 1})


async def _batch(world: World) -> object:
    async with world.client.batch() as batch:
        call = batch.core.echo({"n": 1})
    return await call


async def _refresh(world: World) -> object:
    return await world.client.refresh_session()


async def _upload(world: World) -> object:
    return await world.client.upload(BLOB)


async def _stream(world: World) -> object:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(BLOB), 100):
            yield BLOB[start : start + 100]

    return await world.client.upload(chunks())


async def _download(world: World) -> object:
    async with world.client.download("B1") as blob:
        return await blob.read()


ENTRIES: Final = {
    "connect": Entry("session", _connect),
    "call": Entry("api", _call),
    "batch": Entry("api", _batch),
    "refresh_session": Entry("session", _refresh),
    "upload": Entry("upload", _upload),
    "upload of a stream": Entry("upload", _stream),
    "download": Entry("download", _download),
}

OF_A_CLIENT: Final = {name: entry for name, entry in ENTRIES.items() if name != "connect"}


@asynccontextmanager
async def world_of(
    server: MemoryServer,
    *,
    retry: Retry,
    timeouts: Timeouts | None = None,
    http: HTTPSession | None = None,
) -> AsyncIterator[World]:
    """Set the stage."""
    stage = Stage(server)
    auth = Credentials(stage.reached)
    listening = await asyncio.start_server(stage.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/session"

    async def again() -> Client:
        return await connect(url, auth=auth, retry=retry, timeout=timeouts, http=http)

    world = World(stage, auth, again)
    world.client = await again()
    stage.came.clear()
    try:
        yield world
    finally:
        await world.client.close()
        listening.close()
        await stage.close()


@asynccontextmanager
async def heard(text: str) -> AsyncIterator[asyncio.Event]:
    """Give an event that is set when the package logs something with this text."""
    event = asyncio.Event()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if text in record.getMessage():
                event.set()

    log, ear = logging.getLogger("jmap_async"), Ear()
    log.setLevel(logging.DEBUG)
    log.addHandler(ear)
    try:
        yield event
    finally:
        log.removeHandler(ear)
        log.setLevel(logging.NOTSET)
