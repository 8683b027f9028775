"""Servers on loopback sockets: well-behaved ones, and ones that break off where a test says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Protocol

import pytest
import trustme
from aiohttp import web

from jmap_async.auth import Auth, BearerAuth
from jmap_async.transport import Transport

TOKEN = BearerAuth("sesame")

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Serve(Protocol):
    """Starts a web server for a handler of every path, and returns its origin."""

    async def __call__(self, handler: Handler, *, tls: ssl.SSLContext | None = None) -> str: ...


class ServeRaw(Protocol):
    """Starts a TCP server that runs a script for each connection, and returns its origin."""

    async def __call__(self, script: Script) -> str: ...


class MakeTransport(Protocol):
    """Makes a Transport that is closed at the end of the test."""

    def __call__(self, auth: Auth = ..., **options: object) -> Transport: ...


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start web servers."""
    async with AsyncExitStack() as stack:

        async def start(handler: Handler, *, tls: ssl.SSLContext | None = None) -> str:
            runner = web.ServerRunner(
                web.Server(handler, handler_cancellation=True), shutdown_timeout=0.1
            )
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
            await site.start()
            return f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}"

        yield start


@pytest.fixture
async def serve_raw() -> AsyncIterator[ServeRaw]:
    """Start TCP servers that follow a script."""
    async with AsyncExitStack() as stack:

        async def start(script: Script) -> str:
            async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    await script(reader, writer)
                finally:
                    writer.close()

            server = await asyncio.start_server(run, "127.0.0.1", 0)
            await stack.enter_async_context(server)
            return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

        yield start


@pytest.fixture
async def transport() -> AsyncIterator[MakeTransport]:
    """Make transports with a token, unless told otherwise."""
    async with AsyncExitStack() as stack:

        def make(auth: Auth = TOKEN, **options: object) -> Transport:
            made = Transport(auth, **options)  # type: ignore[arg-type]
            stack.push_async_callback(made.close)
            return made

        yield make


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority of the tests' own, which no client trusts unless told."""
    return trustme.CA()
