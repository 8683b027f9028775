"""What goes wrong on real sockets, and whether anything was sent."""

import asyncio
import socket
import ssl
import traceback
import warnings
from collections.abc import AsyncIterator

import aiohttp
import pytest
import trustme
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from jmap_async.errors import LocalProtocolError, TransportError
from jmap_async.transport import Timeouts
from jmap_async.transport.failure import failure, is_lost
from tests.transport.conftest import MakeTransport, Script, Serve, ServeRaw


async def read_request(reader: asyncio.StreamReader) -> bytes:
    """Read one request with a Content-Length, if it has a body."""
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return head + await reader.readexactly(int(value))
    return head


def answering(answer: bytes) -> Script:
    """Make a script that reads a request, sends `answer` and breaks off."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    return script


def quoted(error: BaseException | None) -> str:
    """Return everything that an error and those behind it would show."""
    texts: list[str] = []
    while error is not None:
        texts += [repr(error), repr(error.args), repr(vars(error))]
        texts += traceback.format_exception_only(error)
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


@pytest.fixture
def unused() -> str:
    """Return the origin of a port that nothing listens to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


async def test_t33_a_refused_connection_sent_nothing(transport: MakeTransport, unused: str) -> None:
    """Where nothing listens, nothing was sent, and trying again is safe."""
    with pytest.raises(TransportError, match="cannot connect to 127") as caught:
        await transport().exchange(f"{unused}/jmap/?t=sesame", b"{}")
    assert caught.value.outcome == "not_sent"
    assert "nothing was sent" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert "sesame" not in quoted(caught.value)


async def test_t33_a_name_that_does_not_resolve_sent_nothing(transport: MakeTransport) -> None:
    """A host that DNS does not know is named."""
    with pytest.raises(TransportError, match=r"nowhere\.invalid could not be resolved") as caught:
        await transport().exchange("https://nowhere.invalid/jmap", b"{}")
    assert caught.value.outcome == "not_sent"


async def test_t33_a_handshake_that_hangs_sent_nothing(
    transport: MakeTransport, serve_raw: ServeRaw
) -> None:
    """The time-out for connecting includes TLS."""

    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    origin = (await serve_raw(silent)).replace("http:", "https:")
    with pytest.raises(TransportError, match="no connection within") as caught:
        await transport(timeouts=Timeouts(connect=0.05)).exchange(origin, b"{}")
    assert caught.value.outcome == "not_sent"


async def test_t19_an_unknown_certificate_is_not_accepted(
    transport: MakeTransport, serve: Serve, authority: trustme.CA
) -> None:
    """A certificate of an unknown authority is refused, with a way out, before anything goes."""
    seen: list[web.BaseRequest] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.append(request)
        return web.Response()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    origin = await serve(handler, tls=tls)
    with pytest.raises(TransportError, match=r"certificate was not accepted.*http=") as caught:
        await transport().exchange(origin, b"{}")
    assert caught.value.outcome == "not_sent"
    assert [] == seen


async def test_t19_a_server_that_does_not_speak_tls_is_no_tls_server(
    transport: MakeTransport, serve_raw: ServeRaw
) -> None:
    """Https to a server of plain text fails before anything goes."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    origin = (await serve_raw(plain)).replace("http:", "https:")
    with pytest.raises(TransportError, match="no TLS connection") as caught:
        await transport().exchange(origin, b"{}")
    assert caught.value.outcome == "not_sent"


async def test_t19_old_versions_of_tls_are_not_spoken(
    transport: MakeTransport, serve: Serve, authority: trustme.CA
) -> None:
    """A server that knows nothing newer than TLS 1.1 is not talked to."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response()

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    tls.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
        tls.minimum_version = tls.maximum_version = ssl.TLSVersion.TLSv1_1
    origin = await serve(handler, tls=tls)
    with pytest.raises(TransportError, match="nothing was sent") as caught:
        await transport().exchange(origin, b"{}")
    assert caught.value.outcome == "not_sent"
    assert "None" not in str(caught.value)


@pytest.mark.loops
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "closed the connection without an answer"),
        (b"HTTP/1.1 200 O", "closed the connection without an answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "broke off"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
            "could not be decoded",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 4\r\n\r\n\xff\xff\xff\xff",
            "could not be (decoded|understood)",  # as brotli is installed or not
        ),
        (b"220 mail.example.com ESMTP\r\n", "could not be understood"),
        (b"HTTP/1.1 200 OK\r\nbroken\x00: header\r\n\r\n", "could not be understood"),
    ],
)
async def test_t33_an_answer_that_is_not_whole_leaves_the_outcome_open(
    answer: bytes, reason: str, transport: MakeTransport, serve_raw: ServeRaw
) -> None:
    """A request that was read and not answered properly may have been carried out."""
    origin = await serve_raw(answering(answer))
    with pytest.raises(TransportError, match=reason) as caught:
        await transport().exchange(f"{origin}/jmap", b"{}")
    assert caught.value.outcome == "unknown"
    assert "may have been carried out" in str(caught.value)
    assert "sesame" not in quoted(caught.value)


async def test_t33_a_connection_dropped_unread_is_no_answer(
    transport: MakeTransport, serve_raw: ServeRaw
) -> None:
    """A server that hangs up at once gives a TransportError, whatever had left by then."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    origin = await serve_raw(hang_up)
    with pytest.raises(TransportError):
        await transport().exchange(origin, b"x" * 1_000_000)


async def test_t33_no_answer_in_time_leaves_the_outcome_open(
    transport: MakeTransport, serve: Serve
) -> None:
    """Time runs out while the server works: it may finish yet."""
    working = asyncio.Event()

    async def handler(_: web.BaseRequest) -> web.Response:
        working.set()
        await asyncio.Event().wait()
        raise AssertionError

    origin = await serve(handler)
    with pytest.raises(TransportError, match="within the time allowed") as caught:
        await transport().exchange(origin, b"{}", timeout=0.1)
    assert working.is_set()
    assert caught.value.outcome == "unknown"
    assert isinstance(caught.value.__cause__, TimeoutError)


async def test_t33_waiting_for_a_free_connection_sent_nothing(
    transport: MakeTransport, serve: Serve
) -> None:
    """A request whose time runs out before it had a connection was not sent."""
    release = asyncio.Event()

    async def handler(_: web.BaseRequest) -> web.Response:
        await release.wait()
        return web.Response()

    origin = await serve(handler)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as http:
        client = transport(http=http)
        sent = asyncio.Event()
        first = asyncio.create_task(client.exchange(origin, b"{}", on_sent=sent.set))
        await sent.wait()
        with pytest.raises(TransportError) as caught:
            await client.exchange(origin, b"{}", timeout=0.05)
        assert caught.value.outcome == "not_sent"
        release.set()
        assert (await first).status == 200


async def test_t29_an_error_whose_body_breaks_off_is_still_that_error(
    transport: MakeTransport, serve_raw: ServeRaw
) -> None:
    """The status of a refusal counts even if its body does not come to its end."""
    answer = b"HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nlater"
    origin = await serve_raw(answering(answer))
    response = await transport().exchange(origin, b"{}")
    assert (503, b"later") == (response.status, response.body)


async def test_t29_an_error_that_cannot_be_decoded_is_still_that_error(
    transport: MakeTransport, serve_raw: ServeRaw
) -> None:
    """A refusal in a broken encoding keeps its status."""
    answer = b"HTTP/1.1 400 No\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd"
    origin = await serve_raw(answering(answer))
    assert (await transport().exchange(origin, b"{}")).status == 400


async def test_interim_answers_are_skipped(transport: MakeTransport, serve_raw: ServeRaw) -> None:
    """A slow server may send 1xx answers before the final one."""
    interim = b"HTTP/1.1 102 Processing\r\n\r\n" * 3
    final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    origin = await serve_raw(answering(interim + final))
    assert (await transport().exchange(origin, b"{}")).body == b"{}"


async def test_a_header_that_cannot_be_sent_is_the_callers_error(
    transport: MakeTransport, serve: Serve
) -> None:
    """A line end in a content type never reaches the wire."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response()

    origin = await serve(handler)
    with pytest.raises(LocalProtocolError, match="cannot be sent"):
        await transport().upload(origin, b"x", content_type="text/plain\r\nX-Other: 1")


async def test_a_host_that_dns_cannot_hold_is_the_callers_error(transport: MakeTransport) -> None:
    """A host name with an empty label is no host name."""
    with pytest.raises(LocalProtocolError, match="cannot be sent"):
        await transport().exchange("https://nowhere..invalid/", b"{}")


async def test_an_error_of_the_users_stream_comes_out_as_it_is(
    transport: MakeTransport, serve: Serve
) -> None:
    """What the stream of an upload raises is the user's own, and is not wrapped."""

    async def handler(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response()

    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise KeyError("mine")

    origin = await serve(handler)
    with pytest.raises(KeyError, match="mine"):
        await transport().upload(origin, broken(), content_type="text/plain")


@pytest.mark.parametrize(
    ("sent", "outcome"), [(True, "unknown"), (False, "not_sent"), (None, "unknown")]
)
def test_any_other_error_says_what_it_is(outcome: str, *, sent: bool | None) -> None:
    """An error of the system's keeps its words, and the outcome goes by what was sent."""
    cause = OSError(32, "Broken pipe")
    made = failure(cause, request="POST https://example.com/", sent=sent)
    assert isinstance(made, TransportError)
    assert outcome == made.outcome
    assert "Broken pipe" in str(made)
    assert cause is made.__cause__


def test_t33_an_objection_after_sending_is_not_the_callers_error() -> None:
    """Once something has left, even an odd error leaves the outcome open."""
    made = failure(ValueError("odd"), request="POST https://example.com/", sent=True)
    assert isinstance(made, TransportError)
    assert made.outcome == "unknown"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(), True),
        (TimeoutError(), True),
        (aiohttp.ServerDisconnectedError(), True),
        (aiohttp.ClientPayloadError(), True),
        (aiohttp.ClientError(), False),
        (ValueError(), False),
    ],
)
def test_t33_who_was_refused_has_had_an_answer(error: Exception, *, expected: bool) -> None:
    """What is lost may get through the next time."""
    assert expected is is_lost(error)


@pytest.mark.parametrize(
    ("status", "expected"), [(429, True), (500, True), (503, True), (400, False)]
)
def test_t33_an_answer_that_passes_refuses_nothing(status: int, *, expected: bool) -> None:
    """As whoever is asked for a credential gives it when it is busy or down."""
    url = URL("https://example.com/")
    info = aiohttp.RequestInfo(url, "POST", CIMultiDictProxy(CIMultiDict()), url)
    assert expected is is_lost(aiohttp.ClientResponseError(info, (), status=status))
