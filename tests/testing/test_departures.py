"""Tests of clients that go at any moment: nobody hears of it, and nothing is left of them."""

import asyncio
import json
import logging
from collections.abc import Callable

import pytest

from jmap_async.testing import MemoryServer

USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
LARGE = 1_000_000
"""More octets than fit into the buffers between two sockets."""


def head(server: MemoryServer, line: str, *fields: str) -> bytes:
    """Return the head of a request."""
    lines = [f"{line} HTTP/1.1", "Host: x", f"Authorization: Bearer {server.token}", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


def events(query: str) -> Callable[[MemoryServer], bytes]:
    """Return what asks for an event source."""
    return lambda server: head(server, f"GET /jmap/eventsource?{query}")


def download(server: MemoryServer) -> bytes:
    """Ask for a large blob."""
    blob_id = server.world.accounts["A1"].put_blob(bytes(LARGE))
    return head(server, f"GET /jmap/download/A1/{blob_id}/name")


def echo(server: MemoryServer, *, missing: int = 0) -> bytes:
    """Ask for a large answer; the last octets of the request may be missing."""
    call = ["Core/echo", {"text": "x" * LARGE}, "0"]
    body = json.dumps({"using": USING, "methodCalls": [call]}).encode()
    fields = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    return head(server, "POST /jmap/api", *fields) + body[: len(body) - missing]


def upload(server: MemoryServer) -> bytes:
    """Begin an upload."""
    return head(server, "POST /jmap/upload/A1", "Content-Length: 99999") + bytes(50_000)


def chunked_upload(server: MemoryServer) -> bytes:
    """Begin an upload of unknown size."""
    return head(server, "POST /jmap/upload/A1", "Transfer-Encoding: chunked") + b"10\r\n123"


def refused_upload(server: MemoryServer) -> bytes:
    """Begin an upload that is too large."""
    server.limits.max_size_upload = 10
    return upload(server)


async def leave(server: MemoryServer, request: bytes, turns: int, *, politely: bool) -> None:
    """Send a request and go away, while things change, after some turns of the event loop."""
    port = int(server.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    if b"eventsource" in request:
        await reader.readuntil(b"\r\n\r\n")
    for _ in range(turns):
        await asyncio.sleep(0)
    if politely:
        writer.close()
    else:
        writer.transport.abort()
    for _ in range(turns):
        await asyncio.sleep(0)
    for _ in range(3):
        server.add_email()
        await asyncio.sleep(0)


@pytest.mark.loops
@pytest.mark.parametrize("politely", [True, False])
@pytest.mark.parametrize(
    "request_of",
    [
        events("types=*&closeafter=no&ping=0"),
        events("types=*&closeafter=state&ping=0"),
        events("types=Email&closeafter=no&ping=1"),
        download,
        echo,
        lambda server: echo(server, missing=1000),
        upload,
        chunked_upload,
        refused_upload,
    ],
    ids=["state", "closeafter", "ping", "get", "echo", "cut", "upload", "chunked", "refused"],
)
async def test_nobody_hears_of_a_client_that_left(
    request_of: Callable[[MemoryServer], bytes],
    politely: bool,  # noqa: FBT001 - a parameter of the test
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whenever it goes, no error is logged, and the server is as good as new."""
    async with MemoryServer() as server:
        request = request_of(server)
        for turns in range(8):
            await leave(server, request, turns, politely=politely)
        async with asyncio.timeout(5):
            while server.world.listeners:  # noqa: ASYNC110 - only the event loop knows
                await asyncio.sleep(0)
    assert [] == [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_ping_to_a_client_that_left_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """The server learns of the departure by the ping, at the latest."""
    async with MemoryServer() as server:
        port = int(server.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(events("types=Email&closeafter=no&ping=1")(server))
        await reader.readuntil(b"event: ping")
        writer.transport.abort()
        async with asyncio.timeout(5):
            while server.world.listeners:  # noqa: ASYNC110 - only the event loop knows
                await asyncio.sleep(0)
    assert [] == [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_body_that_cannot_be_decoded_is_the_fault_of_the_client() -> None:
    """It gets status 400, not 500."""
    async with MemoryServer() as server:
        port = int(server.url.rpartition(":")[2])
        for path in ("/jmap/api", "/jmap/upload/A1"):
            fields = ("Content-Type: application/json", "Content-Encoding: gzip")
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head(server, f"POST {path}", *fields, "Content-Length: 9") + bytes(9))
            assert b"HTTP/1.1 400 Bad Request\r\n" == await reader.readline()
            writer.close()
