"""Session, API and uploads over real sockets: redirects, refused credentials, statuses."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable

import aiohttp
import pytest
import trustme
from aiohttp import web

from jmap_async.errors import (
    AuthenticationError,
    HTTPError,
    LimitExceeded,
    LocalProtocolError,
    RateLimited,
    RequestError,
    TransportError,
    UnknownCapability,
)
from jmap_async.transport import Timeouts
from tests.transport.conftest import MakeTransport, Serve

PROBLEM = "application/problem+json"


class Renewable:
    """An Auth with the tokens "old" and "new"."""

    def __init__(self) -> None:
        self.token = "old"
        self.refreshes = 0

    async def authorization(self) -> str:
        """Return the current token."""
        return f"Bearer {self.token}"

    async def refresh(self, rejected: str) -> bool:
        """Change from the old to the new one, once."""
        self.refreshes += 1
        await asyncio.sleep(0)
        self.token = "new"
        return rejected == "Bearer old"


class Site:
    """A server with a page for each path; it keeps what it got, and wants `token` if set."""

    def __init__(self, token: str | None = None) -> None:
        self.token = token
        self.requests: list[web.BaseRequest] = []
        self.bodies: list[bytes] = []
        self.redirects: dict[str, tuple[int, str]] = {}

    async def handler(self, request: web.BaseRequest) -> web.Response:
        """Answer a request."""
        self.requests.append(request)
        self.bodies.append(await request.read())
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        if request.path in self.redirects:
            status, location = self.redirects[request.path]
            return web.Response(status=status, headers={"Location": location})
        return web.Response(body=request.path.encode())


async def chunks(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Yield parts one by one."""
    for part in parts:
        yield part


# Session


async def test_t14_the_session_is_fetched_past_caches(
    transport: MakeTransport, serve: Serve
) -> None:
    """The session is asked for with the credential, and not from an HTTP cache."""
    site = Site()
    origin = await serve(site.handler)
    response = await transport().fetch_session(f"{origin}/jmap/session")
    assert (f"{origin}/jmap/session", b"/jmap/session") == (response.url, response.body)
    headers = site.requests[0].headers
    assert headers["Cache-Control"] == "no-cache"
    assert headers["Authorization"] == "Bearer sesame"
    assert site.requests[0].method == "GET"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_t20_redirects_of_the_well_known_url_are_followed(
    status: int, transport: MakeTransport, serve: Serve
) -> None:
    """Any redirect on the same host keeps the credential; the final URL is told (T15)."""
    site = Site(token="sesame")
    site.redirects = {"/.well-known/jmap": (status, "/jmap"), "/jmap": (status, "session/?a=%2F")}
    origin = await serve(site.handler)
    response = await transport().fetch_session(f"{origin}/.well-known/jmap")
    assert f"{origin}/session/?a=%2F" == response.url
    assert ["GET"] * 3 == [request.method for request in site.requests]


async def test_t21_a_redirect_to_another_host_gets_no_credential(
    transport: MakeTransport, serve: Serve
) -> None:
    """A stranger sees no request at all; the error names both URLs and the remedy."""
    stranger = Site()
    elsewhere = (await serve(stranger.handler)).replace("127.0.0.1", "localhost")
    site = Site()
    site.redirects = {"/.well-known/jmap": (302, f"{elsewhere}/jmap?t=hidden")}
    origin = await serve(site.handler)
    with pytest.raises(AuthenticationError, match="trusted_hosts") as caught:
        await transport().fetch_session(f"{origin}/.well-known/jmap")
    assert f"{origin}/.well-known/jmap" in str(caught.value)
    assert f"{elsewhere}/jmap" in str(caught.value)
    assert "hidden" not in str(caught.value)
    assert [] == stranger.requests


async def test_t21_a_trusted_host_gets_the_credential(
    transport: MakeTransport, serve: Serve
) -> None:
    """A host that the user trusts may be redirected to, at another port where that is named."""
    trusted = Site(token="sesame")
    elsewhere = (await serve(trusted.handler)).replace("127.0.0.1", "localhost")
    site = Site()
    site.redirects = {"/": (302, f"{elsewhere}/jmap")}
    origin = await serve(site.handler)
    port = elsewhere.rpartition(":")[2]
    response = await transport(trusted_hosts=[f"LocalHost:{port}"]).fetch_session(f"{origin}/")
    assert f"{elsewhere}/jmap" == response.url
    with pytest.raises(AuthenticationError, match="with its port"):
        await transport(trusted_hosts=["localhost"]).fetch_session(f"{origin}/")


async def test_t21_the_first_url_is_judged_by_what_the_user_asked_for(
    transport: MakeTransport, serve: Serve
) -> None:
    """A URL that came from DNS gets the credential only if it belongs to the asked domain."""
    site = Site()
    origin = await serve(site.handler)
    with pytest.raises(AuthenticationError, match="trusted_hosts"):
        await transport().fetch_session(origin, asked="example.com")
    assert [] == site.requests
    client = transport(trusted_hosts=["127.0.0.1"])
    assert (await client.fetch_session(origin, asked="Example.com.")).status == 200


async def test_t21_a_redirect_from_https_to_http_gets_no_credential(
    transport: MakeTransport, serve: Serve, authority: trustme.CA
) -> None:
    """Even on the same host, and with consent to plain http, the way never goes down from TLS."""
    plain = Site()
    below = await serve(plain.handler)
    site = Site()
    site.redirects = {"/": (302, f"{below}/jmap")}
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    origin = await serve(site.handler, tls=tls)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as http:
        client = transport(http=http, allow_insecure_http=True, trusted_hosts=["127.0.0.1"])
        with pytest.raises(AuthenticationError, match="over https"):
            await client.fetch_session(f"{origin}/")
    assert [] == plain.requests


@pytest.mark.parametrize(
    "location", ["https://[broken/", "ftp://127.0.0.1/", "https://a:b@127.0.0.1/", "mailto:x"]
)
async def test_t20_a_location_that_is_no_web_page_is_not_followed(
    location: str, transport: MakeTransport, serve: Serve
) -> None:
    """A Location that no request can be sent to is the end of the way."""
    site = Site()
    site.redirects = {"/": (302, location)}
    origin = await serve(site.handler)
    with pytest.raises(AuthenticationError):
        await transport().fetch_session(f"{origin}/")


async def test_t20_circles_are_left(transport: MakeTransport, serve: Serve) -> None:
    """After five redirects there is an end."""
    site = Site()
    site.redirects = {"/": (302, "/")}
    origin = await serve(site.handler)
    with pytest.raises(HTTPError, match="5 redirects"):
        await transport().fetch_session(f"{origin}/")
    assert len(site.requests) == 6


async def test_t20_a_redirect_without_a_location_is_an_error(
    transport: MakeTransport, serve: Serve
) -> None:
    """A 302 that leads nowhere is an HTTPError with its status."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=302)

    origin = await serve(handler)
    with pytest.raises(HTTPError) as caught:
        await transport().fetch_session(origin)
    assert caught.value.status == 302


@pytest.mark.parametrize("status", [404, 500])
async def test_a_session_that_is_not_there_is_an_error(
    status: int, transport: MakeTransport, serve: Serve
) -> None:
    """Statuses other than 2xx are errors with their status."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, text="<html>no</html>")

    origin = await serve(handler)
    with pytest.raises(HTTPError) as caught:
        await transport().fetch_session(origin)
    assert (status, "<html>no</html>") == (caught.value.status, caught.value.body)


async def test_t32_a_busy_server_says_when_to_come_back(
    transport: MakeTransport, serve: Serve
) -> None:
    """503 with Retry-After is RateLimited."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "30"})

    origin = await serve(handler)
    with pytest.raises(RateLimited) as caught:
        await transport().fetch_session(origin)
    assert caught.value.retry_after == 30.0


@pytest.mark.parametrize("url", ["http://example.com/jmap", "https://a:b@example.com/", "jmap"])
async def test_t19_nothing_is_sent_to_a_url_that_may_not_be_used(
    url: str, transport: MakeTransport
) -> None:
    """Every way to send something refuses plain http to other machines and malformed URLs."""
    client = transport()
    with pytest.raises(LocalProtocolError):
        await client.fetch_session(url)
    with pytest.raises(LocalProtocolError):
        await client.exchange(url, b"{}")
    with pytest.raises(LocalProtocolError):
        await client.upload(url, b"", content_type="text/plain")
    with pytest.raises(LocalProtocolError):
        async with client.download(url):
            pass


# API


async def test_t27_an_api_request_is_json_and_goes_unchanged(
    transport: MakeTransport, serve: Serve
) -> None:
    """The body goes as it is, with the type that the RFC asks for."""
    site = Site()
    origin = await serve(site.handler)
    body = '{"using":[],"methodCalls":[],"x":"\u00fc"}'.encode() * 10_000
    response = await transport().exchange(f"{origin}/a%2Fb?c=%2F", body)
    assert response.ok
    assert [body] == site.bodies
    request = site.requests[0]
    assert request.headers["Content-Type"] == "application/json"
    assert str(len(body)) == request.headers["Content-Length"]
    assert request.raw_path == "/a%2Fb?c=%2F"


@pytest.mark.parametrize("status", [400, 403, 404, 413, 429, 500, 503])
async def test_t28_refusals_are_returned_with_their_body(
    status: int, transport: MakeTransport, serve: Serve
) -> None:
    """What a status means is left to who asked, who gets it whole."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, text='{"type": "x"}', content_type=PROBLEM)

    response = await transport().exchange(await serve(handler), b"{}")
    assert (status, b'{"type": "x"}') == (response.status, response.body)
    assert PROBLEM in response.headers["content-type"]


@pytest.mark.loops
async def test_a_refused_token_is_refreshed_once_for_all(
    transport: MakeTransport, serve: Serve
) -> None:
    """Many requests that are refused together share one refresh, and all succeed then."""
    site = Site(token="new")
    origin = await serve(site.handler)
    auth = Renewable()
    client = transport(auth)
    answers = await asyncio.gather(*(client.exchange(origin, b"%d" % n) for n in range(20)))
    assert [200] * 20 == [answer.status for answer in answers]
    assert auth.refreshes == 1
    assert {b"%d" % n for n in range(20)} == set(site.bodies)


@pytest.mark.parametrize("auth", [Renewable(), None])
async def test_a_token_that_stays_refused_is_an_error(
    auth: Renewable | None, transport: MakeTransport, serve: Serve
) -> None:
    """After one refresh, or none that is possible, 401 is final; the token is not shown."""
    site = Site(token="another")
    origin = await serve(site.handler)
    client = transport(auth) if auth else transport()
    with pytest.raises(AuthenticationError, match=f"{origin}/jmap") as caught:
        await client.exchange(f"{origin}/jmap?t=hidden", b"{}")
    assert len(site.requests) == (2 if auth else 1)
    for secret in ("sesame", "Bearer", "hidden"):
        assert secret not in str(caught.value)


async def test_on_sent_tells_when_the_request_has_left(
    transport: MakeTransport, serve: Serve
) -> None:
    """The caller hears of the first octets before there is an answer."""
    arrived = asyncio.Event()
    answer = asyncio.Event()

    async def handler(_: web.BaseRequest) -> web.Response:
        arrived.set()
        await answer.wait()
        return web.Response()

    origin = await serve(handler)
    sent = asyncio.Event()
    task = asyncio.create_task(transport().exchange(origin, b"{}", on_sent=sent.set))
    assert not sent.is_set()
    await arrived.wait()
    assert sent.is_set()
    assert not task.done()
    answer.set()
    await task


@pytest.mark.loops
async def test_cancelling_passes_through_and_harms_nobody(
    transport: MakeTransport, serve: Serve
) -> None:
    """A cancelled request ends with CancelledError, and the next one works."""
    arrived = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.Response:
        if request.path == "/hang":
            arrived.set()
            await asyncio.Event().wait()
        return web.Response()

    origin = await serve(handler)
    client = transport()
    task = asyncio.create_task(client.exchange(f"{origin}/hang", b"{}"))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await client.exchange(origin, b"{}")).status == 200


# Uploads


@pytest.mark.parametrize("status", [200, 201])
async def test_t37_an_upload_sends_the_octets_with_their_type(
    status: int, transport: MakeTransport, serve: Serve
) -> None:
    """Bytes go as they are under the given type; 200 and 201 are both success."""
    got: list[tuple[str, bytes]] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        got.append((request.headers["Content-Type"], await request.read()))
        return web.Response(status=status, text='{"blobId": "B1"}')

    origin = await serve(handler)
    data = bytes(range(256)) * 3_000
    response = await transport().upload(origin, data, content_type="image/png")
    assert response.body == b'{"blobId": "B1"}'
    assert [("image/png", data)] == got


@pytest.mark.parametrize("size", [6, None])
async def test_a_stream_is_uploaded_as_it_comes(
    size: int | None, transport: MakeTransport, serve: Serve
) -> None:
    """A stream of known size says so; one of unknown size goes in chunks."""
    site = Site()
    origin = await serve(site.handler)
    data = chunks([b"abc", b"", b"def"])
    await transport().upload(origin, data, content_type="text/plain", size=size)
    assert site.bodies == [b"abcdef"]
    headers = site.requests[0].headers
    assert (None if size is None else str(size)) == headers.get("Content-Length")
    assert ("chunked" if size is None else None) == headers.get("Transfer-Encoding")


@pytest.mark.parametrize(
    ("status", "expected"), [(413, LimitExceeded), (404, HTTPError), (503, RateLimited)]
)
async def test_t31_a_refused_upload_is_an_error(
    status: int, expected: type[Exception], transport: MakeTransport, serve: Serve
) -> None:
    """An upload that is too large names its own limit; other refusals are what they are."""

    async def handler(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response(status=status, text="<html>")

    origin = await serve(handler)
    with pytest.raises(expected) as caught:
        await transport().upload(origin, b"x", content_type="text/plain")
    if isinstance(caught.value, LimitExceeded):
        assert caught.value.limit == "maxSizeUpload"


async def test_t30_a_refused_upload_may_have_problem_details(
    transport: MakeTransport, serve: Serve
) -> None:
    """Problem details count for uploads too."""
    problem = '{"type": "urn:ietf:params:jmap:error:unknownCapability"}'

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=403, text=problem)

    origin = await serve(handler)
    with pytest.raises(RequestError) as caught:
        await transport().upload(origin, b"x", content_type="text/plain")
    assert isinstance(caught.value, UnknownCapability)


async def test_bytes_are_uploaded_again_with_a_fresh_token(
    transport: MakeTransport, serve: Serve
) -> None:
    """What can be sent twice is, after a refresh."""
    site = Site(token="new")
    origin = await serve(site.handler)
    await transport(Renewable()).upload(origin, b"abc", content_type="text/plain")
    assert site.bodies == [b"abc", b"abc"]


async def test_a_stream_is_not_uploaded_again(transport: MakeTransport, serve: Serve) -> None:
    """A stream is gone after the refusal; the refreshed token serves the next call."""
    site = Site(token="new")
    origin = await serve(site.handler)
    client = transport(Renewable())
    with pytest.raises(AuthenticationError, match="upload again"):
        await client.upload(origin, chunks([b"abc"]), content_type="text/plain")
    await client.upload(origin, chunks([b"abc"]), content_type="text/plain")
    assert len(site.requests) == 2


async def test_an_early_refusal_ends_a_long_upload(transport: MakeTransport, serve: Serve) -> None:
    """A server that refuses without reading on is heard, and the stream is left."""

    async def handler(request: web.BaseRequest) -> web.Response:
        await request.content.readany()
        return web.Response(status=413)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(100_000)

    origin = await serve(handler)
    with pytest.raises((LimitExceeded, TransportError)):
        await transport().upload(origin, endless(), content_type="text/plain")


async def test_an_upload_that_nobody_reads_is_given_up(
    transport: MakeTransport, serve: Serve
) -> None:
    """A server that takes nothing more for too long has not answered."""

    async def handler(_: web.BaseRequest) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(100_000)

    origin = await serve(handler)
    with pytest.raises(TransportError) as caught:
        await transport(timeouts=Timeouts(read=0.1)).upload(
            origin, endless(), content_type="text/plain"
        )
    assert caught.value.outcome == "unknown"
