"""Connections that are kept: used again, replaced when they are gone, never waited for."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from io import BufferedReader

import pytest
from aiohttp import web

from tests.transport.conftest import MakeTransport, Serve

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Impatient:
    """A server in a thread that answers one request for each connection, and hangs up when told.

    In a thread, so that it can do so behind the back of the client's event loop.
    """

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self._told = threading.Semaphore(0)
        self._hung_up = threading.Semaphore(0)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def hang_up(self) -> None:
        """Close the connection; blocks until that is done."""
        self._told.release()
        self._hung_up.acquire()

    def close(self) -> None:
        """Stop listening."""
        self._told.release()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as file:
                self.bodies.append(_read_request(file))
                connection.sendall(ANSWER)
                self._told.acquire()
            self._hung_up.release()


def _read_request(file: BufferedReader) -> bytes:
    lines = iter(file.readline, b"\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in [*lines][1:])
    if b"content-length" in headers:
        return file.read(int(headers[b"content-length"]))
    body = b""
    while size := int(file.readline(), 16):
        body += file.read(size + 2)[:-2]
    file.readline()
    return body


@pytest.fixture
def impatient() -> Iterator[Impatient]:
    """Start an impatient server."""
    server = Impatient()
    yield server
    server.close()


async def once(data: bytes) -> AsyncIterator[bytes]:
    """Yield data that cannot be had a second time."""
    yield data


@pytest.mark.loops
async def test_t33_a_kept_connection_that_the_server_has_closed_is_replaced(
    impatient: Impatient, transport: MakeTransport
) -> None:
    """Though the event loop does not know yet, nothing is written to it and nothing is lost."""
    client = transport()
    sent: list[str] = []
    for number in range(3):
        answer = await client.exchange(
            impatient.origin, b"%d" % number, on_sent=lambda: sent.append("sent")
        )
        assert 200 == answer.status
        assert ["sent"] * (number + 1) == sent
        impatient.hang_up()
    answer = await client.upload(impatient.origin, once(b"blob"), content_type="text/plain")
    assert answer.ok
    assert [b"0", b"1", b"2", b"blob"] == impatient.bodies


async def test_a_request_does_not_wait_for_downloads(
    transport: MakeTransport, serve: Serve
) -> None:
    """However many downloads are open, there is a connection for an API request."""
    release = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(body=b"{}")
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x")
        await release.wait()
        return response

    origin = await serve(handler)
    client = transport()
    async with AsyncExitStack() as stack:
        for _ in range(100):
            await stack.enter_async_context(client.download(origin))
        assert (await client.exchange(origin, b"{}")).ok
        release.set()
