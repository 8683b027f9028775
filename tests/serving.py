"""What tests of the client share: servers that wait for a word, and a look at what was sent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import orjson
from aiohttp import web

from jmap_async import Client, Retry
from jmap_async.auth import BearerAuth
from jmap_async.session_manager import SessionManager
from jmap_async.testing import MemoryServer
from jmap_async.testing.types import JSONObject
from jmap_async.transport import Discovery, HTTPResponse, Transport

AT_ONCE = Retry(first_delay=0.0)
"""Repeats without a wait."""

PROBLEM = "application/problem+json"


class Gate:
    """A hook for `on_request` that holds every request until it is opened."""

    def __init__(self) -> None:
        self.held: asyncio.Queue[JSONObject] = asyncio.Queue()
        self.left: asyncio.Queue[JSONObject] = asyncio.Queue()
        self._opened = asyncio.Event()

    def open(self) -> None:
        """Let all requests through, those to come too."""
        self._opened.set()

    async def __call__(self, request: web.Request, body: JSONObject) -> None:
        self.held.put_nowait(body)
        try:
            await self._opened.wait()
        except asyncio.CancelledError:
            # The client has gone.
            self.left.put_nowait(body)
            raise


class Answers:
    """A hook for `on_request` that answers the first requests with what it was given."""

    def __init__(self, *answers: Callable[[], web.Response]) -> None:
        self._answers = list(answers)

    async def __call__(self, request: web.Request, body: JSONObject) -> web.Response | None:
        return self._answers.pop(0)() if self._answers else None


def unavailable() -> web.Response:
    """Answer that this is not the time."""
    return web.Response(status=503)


def problem(**members: object) -> Callable[[], web.Response]:
    """Return an answer that refuses the whole request (RFC 8620, 3.6.1)."""
    body = {"status": 400, **members}
    return lambda: web.Response(status=400, body=orjson.dumps(body), content_type=PROBLEM)


class SlowTransport(Transport):
    """A transport that notes what it does, and fetches a session again only when it may."""

    posts = 0
    fetches = 0

    def __init__(self, server: MemoryServer) -> None:
        super().__init__(BearerAuth(server.token))
        self.fetching: asyncio.Queue[str] = asyncio.Queue()
        self.may_fetch = asyncio.Event()
        self.may_fetch.set()

    async def fetch_session(self, url: str, *, asked: str | None = None) -> HTTPResponse:
        self.fetches += 1
        self.fetching.put_nowait(url)
        await self.may_fetch.wait()
        return await super().fetch_session(url, asked=asked)

    async def exchange(
        self,
        url: str,
        body: bytes,
        *,
        timeout: float | None = None,
        on_sent: Callable[[], None] | None = None,
        on_refused: Callable[[], None] | None = None,
    ) -> HTTPResponse:
        self.posts += 1
        return await super().exchange(
            url, body, timeout=timeout, on_sent=on_sent, on_refused=on_refused
        )


@asynccontextmanager
async def slow_client(
    server: MemoryServer, *, retry: Retry = AT_ONCE
) -> AsyncIterator[tuple[Client, SlowTransport]]:
    """Connect through a SlowTransport; its queue of fetches begins after the first."""
    transport = SlowTransport(server)
    sessions = SessionManager(transport, discovered(server.session_url), retry=retry)
    await sessions.connect()
    transport.fetching.get_nowait()
    async with Client(sessions, transport, retry=retry) as client:
        yield client, transport


def discovered(*urls: str) -> Discovery:
    """Return what looking for the servers at these URLs would have found."""
    return Discovery(urls=urls, asked="127.0.0.1")


@asynccontextmanager
async def site(
    handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
) -> AsyncIterator[str]:
    """Serve every path by one handler, and give the origin."""
    runner = web.ServerRunner(web.Server(handler, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def names(request: JSONObject) -> list[str]:
    """Return the methods that a request calls, in order."""
    return [name for name, _, _ in request["methodCalls"]]


def arguments(request: JSONObject) -> list[JSONObject]:
    """Return the arguments of the calls of a request, in order."""
    return [arguments for _, arguments, _ in request["methodCalls"]]


async def turns(count: int) -> None:
    """Let the event loop turn that many times."""
    for _ in range(count):
        await asyncio.sleep(0)


def is_idle(client: Client) -> bool:
    """Tell whether nothing is kept of calls that have come to their end."""
    dispatcher = client._dispatcher
    return not (
        dispatcher._waiters
        or dispatcher._requests
        or dispatcher._places
        or dispatcher._places._promised
        or dispatcher._planner.waiting
    )


async def settled(client: Client) -> None:
    """Wait until requests that nobody waits for have been cancelled."""
    while tasks := tuple(client._dispatcher._requests.values()):
        await asyncio.wait(tasks)
    await turns(2)
