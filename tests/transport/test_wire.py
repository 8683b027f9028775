"""One request on the wire: shared sessions, headers, bounds, and closing."""

import contextlib
import gzip
import importlib
import socket
import ssl
import tracemalloc
from collections.abc import Callable

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from jmap_async import _version
from jmap_async.errors import ClientClosed, HTTPError, ResponseTooLarge, TransportError
from tests.transport.conftest import MakeTransport, Serve


def packers() -> dict[str, Callable[[bytes], bytes]]:
    """Return how to compress, for the codings that aiohttp can decode here."""
    found: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress}
    for coding, modules in {
        "br": ("brotli", "brotlicffi"),
        "zstd": ("compression.zstd", "backports.zstd"),
    }.items():
        for module in modules:
            with contextlib.suppress(ImportError):
                found[coding] = importlib.import_module(module).compress
    return found


PACKERS = packers()


class Loopback(AbstractResolver):
    """Finds every name on this machine."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return 127.0.0.1."""
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        """Do nothing."""


@pytest.fixture
async def seen(serve: Serve) -> tuple[str, list[web.BaseRequest]]:
    """Give a server that keeps the requests it got."""
    requests: list[web.BaseRequest] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        await request.read()
        requests.append(request)
        response = web.Response(body=b"{}", headers={"X-Other": "1"})
        response.set_cookie("tracker", "1")
        return response

    return await serve(handler), requests


async def test_the_client_says_what_it_is(
    transport: MakeTransport, seen: tuple[str, list[web.BaseRequest]]
) -> None:
    """Requests carry the package's User-Agent and the credential, and nothing is kept."""
    origin, requests = seen
    client = transport()
    response = await client.exchange(origin, b"{}")
    await client.exchange(origin, b"{}")
    assert response.headers["x-other"] == "1"
    assert f"jmap_async/{_version.__version__}" == requests[0].headers["User-Agent"]
    assert requests[0].headers["Authorization"] == "Bearer sesame"
    assert "Cookie" not in requests[1].headers


async def test_a_connection_is_used_again(transport: MakeTransport, serve: Serve) -> None:
    """Requests that follow each other share one connection."""
    peers: set[object] = set()

    async def handler(request: web.BaseRequest) -> web.Response:
        assert request.transport is not None
        peers.add(request.transport.get_extra_info("peername"))
        return web.Response()

    origin = await serve(handler)
    client = transport()
    for _ in range(3):
        await client.exchange(origin, b"{}")
    assert len(peers) == 1


async def test_a_user_agent_can_be_chosen(
    transport: MakeTransport, seen: tuple[str, list[web.BaseRequest]]
) -> None:
    """The application may say what it is."""
    origin, requests = seen
    await transport(user_agent="robot/1").exchange(origin, b"{}")
    assert requests[0].headers["User-Agent"] == "robot/1"


async def test_a_shared_session_keeps_its_defaults_and_stays_open(
    transport: MakeTransport, seen: tuple[str, list[web.BaseRequest]]
) -> None:
    """Headers of the user's session are sent too (T36), are not changed, and it is not closed."""
    origin, requests = seen
    defaults = {"Accept-Language": "de", "User-Agent": "robot/1", "Authorization": "Basic x"}
    async with aiohttp.ClientSession(headers=defaults, raise_for_status=True) as http:
        client = transport(http=http)
        await client.exchange(origin, b"{}")
        await client.close()
        assert not http.closed
        assert defaults == dict(http.headers)
    headers = requests[0].headers
    assert ["de", "robot/1", "Bearer sesame"] == [
        headers[name] for name in ("Accept-Language", "User-Agent", "Authorization")
    ]
    assert len(headers.getall("Authorization")) == 1


async def test_a_shared_session_that_raises_for_statuses_does_not_hide_errors(
    transport: MakeTransport, serve: Serve
) -> None:
    """The body of an error is read whatever the session's defaults are (T28)."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=400, body=gzip.compress(b"why"), headers=packed)

    packed = {"Content-Encoding": "gzip"}
    origin = await serve(handler)
    async with aiohttp.ClientSession(raise_for_status=True, auto_decompress=False) as http:
        response = await transport(http=http).exchange(origin, b"{}")
    assert (400, b"why") == (response.status, response.body)


async def test_answers_are_compressed_only_over_a_network(
    transport: MakeTransport, seen: tuple[str, list[web.BaseRequest]]
) -> None:
    """Between machines, what is cheap and can be decoded here; on one machine, nothing."""
    origin, requests = seen
    elsewhere = origin.replace("127.0.0.1", "api.example.com")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Loopback())) as http:
        client = transport(http=http, allow_insecure_http=True)
        await client.exchange(origin, b"{}")
        await client.exchange(elsewhere, b"{}")
    expected = ", ".join(coding for coding in ("zstd", "br", "gzip") if coding in PACKERS)
    assert ["identity", expected] == [request.headers["Accept-Encoding"] for request in requests]


@pytest.mark.parametrize("coding", PACKERS)
async def test_a_compressed_answer_is_unpacked(
    coding: str, transport: MakeTransport, serve: Serve
) -> None:
    """Whatever the server chooses of what was offered, the answer is what it was before."""
    answer = b'{"methodResponses":[]}' * 100_000

    async def handler(request: web.BaseRequest) -> web.Response:
        assert coding in request.headers["Accept-Encoding"].split(", ")
        return web.Response(body=PACKERS[coding](answer), headers={"Content-Encoding": coding})

    elsewhere = (await serve(handler)).replace("127.0.0.1", "api.example.com")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=Loopback())) as http:
        client = transport(http=http, allow_insecure_http=True)
        assert answer == (await client.exchange(elsewhere, b"{}")).body


async def test_what_a_shared_session_accepts_is_left_to_it(
    transport: MakeTransport, seen: tuple[str, list[web.BaseRequest]]
) -> None:
    """An Accept-Encoding of the user's own stays as it is."""
    origin, requests = seen
    async with aiohttp.ClientSession(headers={"Accept-Encoding": "gzip"}) as http:
        await transport(http=http).exchange(origin, b"{}")
    assert ["gzip"] == requests[0].headers.getall("Accept-Encoding")


@pytest.mark.parametrize("coding", ["identity", *PACKERS])
async def test_an_answer_that_is_too_large_is_refused(
    coding: str, transport: MakeTransport, serve: Serve
) -> None:
    """The bound is on what comes out, so that a small compressed answer cannot fill the memory."""
    pack = PACKERS.get(coding, bytes)

    async def handler(request: web.BaseRequest) -> web.Response:
        size = 1_000 if request.path == "/small" else 50_000_000
        return web.Response(body=pack(bytes(size)), headers={"Content-Encoding": coding})

    origin = await serve(handler)
    client = transport(max_response_size=1_000)
    assert len((await client.exchange(f"{origin}/small", b"{}")).body) == 1_000
    with pytest.raises(ResponseTooLarge, match="max_response_size"):
        await client.exchange(origin, b"{}")


@pytest.mark.parametrize("coding", PACKERS)
@pytest.mark.parametrize("status", [200, 500])
async def test_no_more_is_decompressed_than_is_read(
    coding: str, status: int, transport: MakeTransport, serve: Serve
) -> None:
    """What a little compressed answer stands for never fills the memory, whatever asked for it."""
    body = PACKERS[coding](bytes(100_000_000))

    async def handler(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response(status=status, body=body, headers={"Content-Encoding": coding})

    origin = await serve(handler)
    client = transport(max_response_size=100_000)
    expected = ResponseTooLarge if status == 200 else HTTPError
    tracemalloc.start()
    try:
        for attempt in (
            client.upload(origin, b"x", content_type="text/plain"),
            client.fetch_session(origin),
        ):
            with pytest.raises(expected):
                await attempt
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


async def test_only_the_start_of_an_errors_body_is_read(
    transport: MakeTransport, serve: Serve
) -> None:
    """A refusal of any length is a refusal, kept short."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=500, body=bytes(5_000_000))

    response = await transport().exchange(await serve(handler), b"{}")
    assert response.status == 500
    assert len(response.body) == 1024 * 1024


async def test_nothing_goes_out_after_closing(
    transport: MakeTransport, seen: tuple[str, list[web.BaseRequest]]
) -> None:
    """Closing is idempotent, also before the first request; later calls say that it happened."""
    origin, requests = seen
    for requests_before in (0, 1):
        client = transport()
        if requests_before:
            await client.exchange(origin, b"{}")
        await client.close()
        await client.close()
        with pytest.raises(ClientClosed):
            await client.exchange(origin, b"{}")
        assert requests_before == len(requests)


async def test_a_shared_session_that_was_closed_is_said_to_be(transport: MakeTransport) -> None:
    """When the user has closed the session, the client is closed too."""
    http = aiohttp.ClientSession()
    client = transport(http=http)
    await http.close()
    with pytest.raises(ClientClosed):
        await client.exchange("https://example.com/", b"{}")


async def test_t175_no_repr_of_the_transport_shows_the_secret(
    transport: MakeTransport, seen: tuple[str, list[web.BaseRequest]]
) -> None:
    """Printing a transport, or what it is made of, shows no credential."""
    origin, _ = seen
    client = transport()
    await client.exchange(origin, b"{}")
    assert "sesame" not in repr(client)
    assert "sesame" not in repr(vars(client))


async def test_t19_a_trusted_authority_is_accepted(
    transport: MakeTransport, serve: Serve, authority: trustme.CA
) -> None:
    """Certificates are checked against what the user's session trusts, host name included."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(body=b"{}")

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    origin = await serve(handler, tls=tls)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting)) as http:
        client = transport(http=http)
        assert (await client.exchange(origin, b"{}")).status == 200
        with pytest.raises(TransportError, match="certificate was not accepted") as caught:
            await client.exchange(origin.replace("127.0.0.1", "localhost"), b"{}")
    assert caught.value.outcome == "not_sent"
