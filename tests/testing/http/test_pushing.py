"""Tests of the pushes to subscriptions, over TLS on this machine."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web

from jmap_async.testing import JSONObject, MemoryServer
from jmap_async.testing.http import pushing
from jmap_async.testing.types import CAPABILITIES
from tests.testing.model import Clock

Answer = Callable[[], Awaitable[web.StreamResponse]]


@pytest.fixture(scope="module")
def tls() -> ssl.SSLContext:
    """Return the TLS side of a server that no authority vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


class Device:
    """The URL of a subscription, and what is POSTed to it."""

    def __init__(self) -> None:
        self.url = ""
        self.arrived: asyncio.Queue[JSONObject] = asyncio.Queue()
        self.headers: list[Any] = []
        self.answer: Answer = self.accept

    async def accept(self) -> web.StreamResponse:
        """Take a push."""
        return web.Response(status=201)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Keep what arrives, and answer."""
        assert "POST" == request.method
        self.headers.append(request.headers.copy())
        self.arrived.put_nowait(json.loads(await request.read()))
        return await self.answer()

    async def changed(self) -> dict[str, set[str]]:
        """Wait for the next StateChange and return the types that changed, by account."""
        body = await asyncio.wait_for(self.arrived.get(), 5)
        assert "StateChange" == body["@type"]
        return {account_id: set(states) for account_id, states in body["changed"].items()}


class Subscriber:
    """A server, a device, and the calls that a client of both makes."""

    def __init__(self, server: MemoryServer, clock: Clock, device: Device) -> None:
        self.server = server
        self.clock = clock
        self.device = device

    def set(self, **arguments: object) -> JSONObject:
        """Call PushSubscription/set."""
        calls = [["PushSubscription/set", arguments, "0"]]
        response = self.server.process({"using": [*CAPABILITIES], "methodCalls": calls})
        [[_, found, _]] = response["methodResponses"]
        result: JSONObject = found
        return result

    def create(self, **properties: object) -> str:
        """Create a subscription of the device and return its id."""
        wanted = {"deviceClientId": "d", "url": self.device.url, **properties}
        id: str = self.set(create={"k": wanted})["created"]["k"]["id"]
        return id

    async def subscribe(self, **properties: object) -> str:
        """Create a subscription and verify it by what arrives."""
        id = self.create(**properties)
        push = await asyncio.wait_for(self.device.arrived.get(), 5)
        assert ("PushVerification", id) == (push["@type"], push["pushSubscriptionId"])
        self.verify(id, push["verificationCode"])
        return id

    def verify(self, id: str, code: str) -> None:
        """Give the server the code that arrived."""
        assert {id: None} == self.set(update={id: {"verificationCode": code}})["updated"]

    @property
    def ids(self) -> list[str]:
        """The ids of all subscriptions."""
        tables = self.server.world.push_subscriptions.values()
        return [id for table in tables for id in table.records]


@asynccontextmanager
async def subscriber(tls: ssl.SSLContext) -> AsyncIterator[Subscriber]:
    """Run a device and a server whose clock stands still."""
    device, clock = Device(), Clock()
    runner = web.ServerRunner(
        web.Server(device.handle, handler_cancellation=True), shutdown_timeout=0.1
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    device.url = f"https://127.0.0.1:{runner.addresses[0][1]}/push"
    try:
        async with MemoryServer(clock=clock) as server:
            yield Subscriber(server, clock, device)
    finally:
        await runner.cleanup()


@pytest.mark.loops
async def test_a_verified_subscription_hears_of_changes(tls: ssl.SSLContext) -> None:
    """Not of those before; the POST has the headers of RFC 8620, 7.2."""
    async with subscriber(tls) as it:
        id = it.create()
        it.server.add_email()
        push = await it.device.arrived.get()
        it.server.add_email()
        it.verify(id, push["verificationCode"])
        it.server.add_mailbox("Box")
        assert {"A1": {"Mailbox"}} == await it.device.changed()
        it.server.add_account("A2")
        it.server.add_email(account_id="A2")
        assert {"Mailbox", "Email"} < (await it.device.changed())["A2"]
        for headers in it.device.headers:
            assert ("application/json", "86400") == (headers["Content-Type"], headers["TTL"])
        state = it.server.world.accounts["A1"].tables["Mailbox"].state
        assert {"A1": {"Mailbox": state}} == it.server.pushes[1].body["changed"]


async def test_changes_of_the_request_that_verifies_are_told(tls: ssl.SSLContext) -> None:
    """The states that count are those at the moment of verification."""
    async with subscriber(tls) as it:
        id = it.create(types=["Mailbox"])
        code = (await it.device.arrived.get())["verificationCode"]
        verify = {"update": {id: {"verificationCode": code}}}
        create = {"accountId": "A1", "create": {"m": {"name": "Box"}}}
        calls = [["PushSubscription/set", verify, "0"], ["Mailbox/set", create, "1"]]
        it.server.process({"using": [*CAPABILITIES], "methodCalls": calls})
        assert {"A1": {"Mailbox"}} == await it.device.changed()


@pytest.mark.loops
async def test_changes_during_a_push_are_one_push(tls: ssl.SSLContext) -> None:
    """One POST is under way at a time, and the server answers meanwhile."""
    async with subscriber(tls) as it:
        await it.subscribe(types=["Email", "Mailbox"])
        gate = asyncio.Event()

        async def wait() -> web.StreamResponse:
            await gate.wait()
            return web.Response()

        it.device.answer = wait
        it.server.add_mailbox("first")
        assert {"A1": {"Mailbox"}} == await it.device.changed()
        for _ in range(5):
            it.server.add_email()
            it.server.add_mailbox("next")
            await asyncio.sleep(0)
        assert it.device.arrived.empty()
        gate.set()
        assert {"A1": {"Email", "Mailbox"}} == await it.device.changed()
        it.server.add_mailbox("last")
        assert {"A1": {"Mailbox"}} == await it.device.changed()


async def test_only_wanted_types_are_pushed(tls: ssl.SSLContext) -> None:
    """Types can be changed; "*" is a type that is not there (RFC 8620, 7.2)."""
    async with subscriber(tls) as it:
        id = await it.subscribe(types=["Identity", "*"])
        it.server.add_email()
        await asyncio.sleep(0)
        it.set(update={id: {"types": ["Email"]}})
        it.server.add_email()
        assert {"A1": {"Email"}} == await it.device.changed()
        it.set(update={id: {"types": None}})
        it.server.add_email()
        assert {"A1": {"Email", "EmailDelivery", "Thread", "Mailbox"}} == await it.device.changed()


async def nothing_more(it: Subscriber) -> None:
    """Assert that a further change reaches another subscription, and this one no more."""
    while not it.device.arrived.empty():
        it.device.arrived.get_nowait()
    await it.subscribe(types=["Mailbox"])
    it.server.add_mailbox("Box")
    assert {"A1": {"Mailbox"}} == await it.device.changed()
    it.server.add_mailbox("Box 2")
    assert {"A1": {"Mailbox"}} == await it.device.changed()
    assert it.device.arrived.empty()


async def test_nothing_is_pushed_before_verification(tls: ssl.SSLContext) -> None:
    """But the verification."""
    async with subscriber(tls) as it:
        it.create()
        await it.device.arrived.get()
        await nothing_more(it)


@pytest.mark.parametrize("how", ["destroy", "rotate", "expire"])
async def test_nothing_is_pushed_after_the_end(tls: ssl.SSLContext, how: str) -> None:
    """Neither after destruction, nor after expiry, nor with a credential that is no good."""
    async with subscriber(tls) as it:
        id = await it.subscribe(expires="2026-03-01T12:00:00.5Z")
        if how == "destroy":
            it.set(destroy=[id])
        elif how == "rotate":
            it.server.rotate_token("new")
        else:
            it.clock.now += timedelta(seconds=0.5)
        await nothing_more(it)


async def test_a_push_that_never_ends_is_given_up(tls: ssl.SSLContext) -> None:
    """With its subscription, or with the server, whatever comes first."""
    left = asyncio.Queue[None]()

    async def wait() -> web.StreamResponse:
        try:
            await asyncio.Event().wait()
        finally:
            left.put_nowait(None)
        raise AssertionError

    async with subscriber(tls) as it:
        id = await it.subscribe()
        it.device.answer = wait
        it.server.add_email()
        await it.device.changed()
        it.set(destroy=[id])
        await asyncio.wait_for(left.get(), 3)
        other = it.create()
        await it.device.arrived.get()
        await it.server.__aexit__(None, None, None)
        await asyncio.wait_for(left.get(), 3)
        assert [other] == it.ids


async def test_a_push_that_takes_too_long_is_lost(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one makes up for it."""
    monkeypatch.setattr(pushing, "_TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    async with subscriber(tls) as it:
        await it.subscribe(types=["Mailbox", "Email", "Identity"])
        left = asyncio.Event()

        async def wait() -> web.StreamResponse:
            try:
                await asyncio.Event().wait()
            finally:
                left.set()
            raise AssertionError

        it.device.answer = wait
        it.server.add_email()
        await it.device.changed()
        await left.wait()
        it.device.answer = it.device.accept
        await all_of_it(it)


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("is_verified", [True, False])
async def test_a_url_that_is_gone_ends_the_subscription(
    tls: ssl.SSLContext,
    status: int,
    is_verified: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """It is destroyed (RFC 8030, 7.3)."""
    async with subscriber(tls) as it:

        async def gone() -> web.StreamResponse:
            return web.Response(status=status)

        if is_verified:
            await it.subscribe()
        it.device.answer = gone
        if is_verified:
            it.server.add_email()
        else:
            it.create()
        async with asyncio.timeout(5):
            while it.ids:  # noqa: ASYNC110 - only the event loop knows
                await asyncio.sleep(0)
        it.device.answer = it.device.accept
        await nothing_more(it)


async def cut() -> web.StreamResponse:
    """Answer with no answer."""
    raise ConnectionResetError


async def redirect() -> web.StreamResponse:
    """Send pushes elsewhere."""
    return web.Response(status=307, headers={"Location": "/elsewhere"})


async def fail() -> web.StreamResponse:
    """Do not take a push."""
    return web.Response(status=500, body=bytes(1_000_000))


@pytest.mark.parametrize("answer", [cut, redirect, fail])
async def test_a_lost_push_is_made_up_for_by_the_next(tls: ssl.SSLContext, answer: Answer) -> None:
    """It is not repeated, and no redirect is followed; the next one tells all that is new."""
    async with subscriber(tls) as it:
        await it.subscribe(types=["Mailbox", "Identity", "Email"])
        it.device.answer = answer
        it.server.add_email()
        assert {"A1": {"Email", "Mailbox"}} == await it.device.changed()
        it.device.answer = it.device.accept
        await all_of_it(it)


async def all_of_it(it: Subscriber) -> None:
    """Assert that a push tells of a lost Email and of what is new, and the next of nothing else."""
    it.server.world.accounts["A1"].tables["Identity"].note("I1", "updated")
    assert {"A1": {"Email", "Mailbox", "Identity"}} == await it.device.changed()
    it.server.add_mailbox("Box")
    assert {"A1": {"Mailbox"}} == await it.device.changed()
    assert it.device.arrived.empty()


async def test_too_many_pushes_become_fewer(tls: ssl.SSLContext) -> None:
    """After status 429 the next one waits, and tells of all that changed meanwhile."""
    async with subscriber(tls) as it:
        await it.subscribe(types=["Mailbox", "Identity"])

        async def refuse() -> web.StreamResponse:
            it.device.answer = it.device.accept
            return web.Response(status=429, headers={"Retry-After": "0"})

        it.device.answer = refuse
        it.server.add_mailbox("Box")
        await it.device.changed()
        before = asyncio.get_running_loop().time()
        it.server.world.accounts["A1"].tables["Identity"].note("I1", "updated")
        assert {"A1": {"Mailbox", "Identity"}} == await it.device.changed()
        assert asyncio.get_running_loop().time() - before > 0.9


async def test_a_push_that_cannot_be_sent_does_no_harm(tls: ssl.SSLContext) -> None:
    """Nobody listens, or no TLS is spoken: other subscriptions are served."""
    async with subscriber(tls) as it:
        for url in ("https://127.0.0.1:1/", it.server.url.replace("http", "https")):
            it.create(url=url)
        await nothing_more(it)


async def test_what_is_not_sent_is_kept(tls: ssl.SSLContext) -> None:
    """Pushes to others, or to be encrypted, are in `pushes` as if they had been sent."""
    async with subscriber(tls) as it:
        keys = {"p256dh": "a", "auth": "b"}
        wanted: list[dict[str, object]] = [{"url": "https://push.example/"}, {"keys": keys}]
        for properties in wanted:
            id = it.create(**properties, types=["Mailbox"])
            it.verify(id, it.server.pushes[-1].body["verificationCode"])
        it.server.add_mailbox("Box")
        async with asyncio.timeout(5):
            while len(it.server.pushes) < 4:  # noqa: ASYNC110 - only the event loop knows
                await asyncio.sleep(0)
        assert ["PushVerification"] * 2 + ["StateChange"] * 2 == [
            push.body["@type"] for push in it.server.pushes
        ]
        assert {"https://push.example/", it.device.url} == {p.url for p in it.server.pushes[2:]}
        assert it.device.arrived.empty()


async def test_a_server_that_listens_again_goes_on(tls: ssl.SSLContext) -> None:
    """With what was verified; what changed meanwhile is not told."""
    async with subscriber(tls) as it:
        await it.subscribe(types=["Email", "Mailbox"])
        server = it.server
        await server.__aexit__(None, None, None)
        server.add_email()
        async with server:
            server.add_mailbox("Box")
            assert {"A1": {"Mailbox"}} == await it.device.changed()
            assert it.device.arrived.empty()
