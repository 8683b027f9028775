"""However a server names another place: the credential reaches only where the rule lets it go."""

import asyncio
import itertools
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import example, given, settings, strategies as st

import jmap_async
from jmap_async import Client, JMAPError, Retry
from jmap_async.protocol.session import CORE, MAIL

NAMES = [
    "example.com",
    "api.example.com",
    "evil.example",
    "example.com.evil.example",
    "notexample.com",
    "trusted.example",
    "port.example",
    "xn--bcher-kva.example",
]

Origin = tuple[str, str, int]

TRUSTED = ["trusted.example", "port.example:8443", "B\u00fccher.example."]


def may_be_redirected_to(came_from: Origin, origin: Origin) -> bool:
    """Say what the rule is, in other words than the code."""
    scheme, host, port = origin
    return origin == came_from or (
        scheme == "https"
        and (
            (
                port == 443
                and (
                    host in {"example.com", "trusted.example", "xn--bcher-kva.example"}
                    or host.endswith(".example.com")
                )
            )
            or (host, port) == ("port.example", 8443)
        )
    )


class World:
    """Machines that answer at every name and port; notes where the credential came to."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self.answer: Callable[[web.BaseRequest], web.StreamResponse] = lambda _: web.Response()
        self.reached: list[Origin] = []
        self.ports: dict[bool, int] = {}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve with TLS and without."""
        runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.1)
        await runner.setup()
        try:
            for number, tls in enumerate((None, self._tls)):
                await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
                self.ports[tls is not None] = runner.addresses[number][1]
            yield
        finally:
            await runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        host, _, port = request.headers["Host"].partition(":")
        default = 443 if request.secure else 80
        origin = (
            "https" if request.secure else "http",
            host.lower().removesuffix("."),
            int(port or default),
        )
        if "Authorization" in request.headers or not request.secure:
            self.reached.append(origin)
        return self.answer(request)


class Everywhere(AbstractResolver):
    """Finds every name on this machine, and there what answers at a port."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return where it is served: without TLS at ports of which one knows that."""
        real = self._world.ports[port not in {80, 8080}]
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=real, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Do nothing."""


@pytest.fixture(scope="session")
def trust(authority: trustme.CA) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return how to serve these names, and how to trust who does."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*NAMES).configure_cert(serving)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return serving, trusting


USUAL = [
    ["https:", "http:"],
    ["//"],
    [""],
    NAMES,
    ["", ":8443", ":8080"],
    ["/place"],
]
"""What a URL is made of, in the order of its parts."""

ODD = [
    ["HTTPS:", "hTTp:", "ftp:", "", "https:\\", "javascript:"],
    ["/", "", "///", "/\\", "\\\\"],
    ["ann:b@", "@", "example.com@", "example.com:443@", "%40", "example.com\\@"],
    ["EXAMPLE.com.", "B\u00fccher.example", "example\u3002com", "ex%61mple.com", "", "[::1"],
    [":443", ":0443", ":80", ":", ":x", ":99999"],
    ["", "/", "?q=/@evil.example", "#@evil.example", "\\@evil.example", "/../x", "{blobId}"],
]
"""What may stand in the place of these."""


@st.composite
def odd_urls(draw: st.DrawFn) -> str:
    """Make URLs that are odd in one place or two."""
    odd = draw(st.sets(st.sampled_from(range(len(USUAL))), min_size=1, max_size=2))
    return "".join(
        draw(st.sampled_from(ODD[place] if place in odd else USUAL[place]))
        for place in range(len(USUAL))
    )


Test = TypeVar("Test", bound=Callable[..., None])


def every_usual(name: str) -> Callable[[Test], Test]:
    """Try all usual URLs as this argument, too."""

    def decorate(test: Test) -> Test:
        for parts in itertools.product(*USUAL):
            test = example(**{name: "".join(parts)})(test)
        return test

    return decorate


STARTS = [("https://example.com", 443), ("https://example.com:8443", 8443)]


def speaks_plainly_to_tls(url: str) -> bool:
    """Tell whether a URL has http where TLS is spoken: that would be refused by the server."""
    plain, tls = url.lower().startswith("http:"), ":443" in url or ":8443" in url
    return plain and tls


def session_object(base: str, url: str) -> dict[str, object]:
    """Return a Session resource of which all URLs but apiUrl are `url`."""
    return {
        "capabilities": {CORE: {}, MAIL: {}},
        "accounts": {"A": {"name": "a", "accountCapabilities": {MAIL: {}}}},
        "primaryAccounts": {MAIL: "A"},
        "apiUrl": f"{base}/api",
        "uploadUrl": url,
        "downloadUrl": url,
        "eventSourceUrl": url,
        "state": "s",
    }


async def explored(
    trust: tuple[ssl.SSLContext, ssl.SSLContext],
    start: str,
    answer: Callable[[web.BaseRequest], web.StreamResponse],
) -> list[Origin]:
    """Connect and use all URLs of the session; return the origins that saw the credential."""
    serving, trusting = trust
    world = World(serving)
    world.answer = answer
    async with world.running():
        connector = aiohttp.TCPConnector(ssl=trusting, resolver=Everywhere(world))
        async with aiohttp.ClientSession(connector=connector) as http:
            try:
                async with jmap_async.connect(
                    f"{start}/session",
                    auth="sesame-street",
                    http=http,
                    retry=Retry(attempts=0),
                    allow_insecure_http=True,
                    trusted_hosts=TRUSTED,
                ) as client:
                    await use(client)
            except JMAPError:
                pass
    return world.reached


async def use(client: Client) -> None:
    """Upload, download and call, whatever comes of each."""
    for way in (upload, download, call):
        with suppress(JMAPError):
            await way(client)


async def upload(client: Client) -> None:
    """Upload a blob."""
    await client.upload(b"x")


async def download(client: Client) -> None:
    """Download a blob."""
    async with client.download("B1") as blob:
        await blob.read()


async def call(client: Client) -> None:
    """Make a call."""
    await client.core.echo()


@pytest.mark.parametrize(("start", "port"), STARTS)
@every_usual("location")
@settings(max_examples=50)
@given(location=odd_urls())
def test_t21_a_redirect_leads_only_where_the_rule_lets_it(
    start: str, port: int, location: str, trust: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """Of the session, whatever its Location says and however it says it."""

    def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/session":
            printable = location.encode().decode("latin-1")
            return web.Response(status=302, headers={"Location": printable})
        return web.json_response(session_object(start, f"{start}/x"))

    if not speaks_plainly_to_tls(location):
        came_from = ("https", "example.com", port)
        for origin in asyncio.run(explored(trust, start, answer)):
            assert may_be_redirected_to(came_from, origin)


@pytest.mark.parametrize(("start", "port"), STARTS)
@every_usual("url")
@settings(max_examples=50)
@given(url=odd_urls())
def test_t19_a_session_over_tls_never_leads_to_http(
    start: str, port: int, url: str, trust: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    """Whatever its URLs are; other hosts and ports are the server's to name."""

    def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.json_response(session_object(start, url))

    if not speaks_plainly_to_tls(url):
        reached = asyncio.run(explored(trust, start, answer))
        assert ("https", "example.com", port) in reached
        assert {"https"} == {scheme for scheme, _, _ in reached}


def test_t15_what_servers_do_keeps_working(
    trust: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    """A well-known URL that leads into the domain, and blobs on a host of another name."""

    def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.host == "example.com":
            return web.Response(status=301, headers={"Location": "//API.example.com/jmap"})
        return web.json_response(
            session_object("https://api.example.com", "https://evil.example:8443/{blobId}")
        )

    api, blobs = ("https", "api.example.com", 443), ("https", "evil.example", 8443)
    expected = [("https", "example.com", 443), api, blobs, blobs, api]
    assert expected == asyncio.run(explored(trust, "https://example.com", answer))
