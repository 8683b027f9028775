"""Downloads: exact octets, as they come, and only as far as the credential may go."""

import asyncio
import gzip
import itertools
import zlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from jmap_async.errors import (
    AuthenticationError,
    HTTPError,
    RateLimited,
    RemoteProtocolError,
    TransportError,
)
from jmap_async.transport import DownloadStream, Timeouts
from tests.transport.conftest import MakeTransport, Serve, ServeRaw

DATA = bytes(range(256)) * 20_000


async def whole(stream: DownloadStream) -> bytes:
    """Read a stream to its end."""
    return b"".join([chunk async for chunk in stream.iter_chunks()])


async def keep(stream: DownloadStream, got: list[bytes]) -> None:
    """Read a stream as far as it comes."""
    async for chunk in stream.iter_chunks():
        got += [chunk]


async def test_t41_a_download_gives_the_exact_octets(
    transport: MakeTransport, serve: Serve
) -> None:
    """The blob comes unchanged, with its size and headers, and without compression."""
    requests: list[web.BaseRequest] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        requests.append(request)
        return web.Response(body=DATA, content_type="image/png")

    origin = await serve(handler)
    async with transport().download(f"{origin}/d/a%2Fb?accept=image%2Fpng") as stream:
        assert stream.headers["content-type"] == "image/png"
        assert len(DATA) == stream.size
        assert await whole(stream) == DATA
    assert requests[0].headers["Authorization"] == "Bearer sesame"
    assert requests[0].headers["Accept-Encoding"] == "identity"
    assert requests[0].raw_path == "/d/a%2Fb?accept=image%2Fpng"


@pytest.mark.parametrize("coding", ["gzip", "identity"])
async def test_t41_a_blob_that_is_a_gzip_file_stays_one(
    coding: str, transport: MakeTransport, serve: Serve
) -> None:
    """Only what the server says it did on the way is undone; the size is then not known."""
    blob = gzip.compress(DATA)
    body = gzip.compress(blob) if coding == "gzip" else blob
    headers = {"Content-Encoding": "gzip"} if coding == "gzip" else {}

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(body=body, headers=headers, content_type="application/gzip")

    origin = await serve(handler)
    async with transport().download(origin) as stream:
        assert (None if coding == "gzip" else len(blob)) == stream.size
        assert await whole(stream) == blob


async def test_an_empty_blob_is_no_octets(transport: MakeTransport, serve: Serve) -> None:
    """A blob may be empty."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response()

    async with transport().download(await serve(handler)) as stream:
        assert await whole(stream) == b""


@pytest.mark.loops
async def test_t41_a_download_is_read_while_it_comes(
    transport: MakeTransport, serve: Serve
) -> None:
    """The first octets are there before the server has sent the last."""
    go_on = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"first")
        await go_on.wait()
        await response.write(b"last")
        return response

    async with transport().download(await serve(handler)) as stream:
        chunks = stream.iter_chunks()
        assert await anext(chunks) == b"first"
        go_on.set()
        assert [chunk async for chunk in chunks] == [b"last"]
        assert stream.size is None


@pytest.mark.loops
async def test_a_download_may_be_left_early(transport: MakeTransport, serve: Serve) -> None:
    """Leaving the block ends the transfer, and errors of the block are its own."""
    gone = asyncio.Event()

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(100_000))
        finally:
            gone.set()

    client = transport()
    origin = await serve(handler)

    async def leave() -> None:
        async with client.download(origin) as stream:
            async for _ in stream.iter_chunks():
                raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await leave()
    await gone.wait()


@pytest.mark.parametrize(
    "head", [b"Content-Length: 10\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n5\r\nabc"]
)
async def test_a_download_that_breaks_off_is_not_taken_for_whole(
    head: bytes, transport: MakeTransport, serve_raw: ServeRaw
) -> None:
    """Missing octets are an error after those that came."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + head)
        await writer.drain()

    origin = await serve_raw(script)
    async with transport().download(f"{origin}/d?t=hidden") as stream:
        with pytest.raises(TransportError, match="broke off") as caught:
            await whole(stream)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("framing", ["length", "chunks", "end"])
@pytest.mark.parametrize("end", [0, 2_000, -8, -1])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_compressed_download_that_was_cut_is_not_taken_for_whole(
    coding: str, end: int, framing: str, transport: MakeTransport, serve_raw: ServeRaw
) -> None:
    """A proxy may frame anew what it got half of: the end is that of the coding."""
    body = (gzip if coding == "gzip" else zlib).compress(DATA)[:end]
    head, tail = {
        "length": (b"Content-Length: %d\r\n\r\n" % len(body), b""),
        "chunks": (b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body), b"\r\n0\r\n\r\n"),
        "end": (b"Connection: close\r\n\r\n", b""),
    }[framing]

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\n" % coding.encode())
        writer.write(head + body + (tail if body else tail[-2:]))
        await writer.drain()

    async with transport().download(await serve_raw(script)) as stream:
        assert stream.size is None
        with pytest.raises(TransportError, match="cut short"):
            await whole(stream)


@pytest.mark.parametrize(
    ("status", "coding", "reason"), [(200, "br", "coding br"), (206, "identity", "a part")]
)
async def test_what_was_not_asked_for_is_refused(
    status: int, coding: str, reason: str, transport: MakeTransport, serve: Serve
) -> None:
    """A coding that cannot be checked, or a part, is an error of the server's before any octet."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, body=b"data", headers={"Content-Encoding": coding})

    with pytest.raises(RemoteProtocolError, match=reason):
        async with transport().download(await serve(handler)):
            pytest.fail("there is nothing to read")


async def test_an_error_may_be_compressed(transport: MakeTransport, serve: Serve) -> None:
    """Why there is no blob is read in any case."""

    async def handler(_: web.BaseRequest) -> web.Response:
        body = gzip.compress(b"no such blob")
        return web.Response(status=404, body=body, headers={"Content-Encoding": "gzip"})

    with pytest.raises(HTTPError, match="no such blob"):
        async with transport().download(await serve(handler)):
            pytest.fail("there is nothing to read")


async def test_t157_a_download_may_last_but_not_stall(
    transport: MakeTransport, serve: Serve
) -> None:
    """Not the whole is bounded in time but the wait for each next piece."""

    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for number in itertools.count():
            await response.write(b"%d" % number)
            # A little, ten times, which makes more than `total`; then for ever.
            await asyncio.wait([never], timeout=0.05 if number < 10 else None)
        raise AssertionError

    never = asyncio.get_running_loop().create_future()
    client = transport(timeouts=Timeouts(total=0.3, read=0.2))
    async with client.download(await serve(handler)) as stream:
        got: list[bytes] = []
        with pytest.raises(TransportError, match="within the time allowed"):
            await keep(stream, got)
    assert b"012345678910" == b"".join(got)


@pytest.mark.parametrize(("status", "expected"), [(404, HTTPError), (429, RateLimited)])
async def test_a_blob_that_is_not_there_is_an_error(
    status: int, expected: type[Exception], transport: MakeTransport, serve: Serve
) -> None:
    """A status other than 2xx is an error before any octet."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, text="<html>")

    origin = await serve(handler)
    with pytest.raises(expected):
        async with transport().download(origin):
            pytest.fail("there is nothing to read")


async def test_t21_a_download_is_redirected_only_where_the_credential_may_go(
    transport: MakeTransport, serve: Serve
) -> None:
    """On its own host a redirect is followed; to a stranger it is an error."""
    strange: list[web.BaseRequest] = []

    async def stranger(request: web.BaseRequest) -> web.Response:
        strange.append(request)
        return web.Response(body=DATA)

    elsewhere = (await serve(stranger)).replace("127.0.0.1", "localhost")

    async def handler(request: web.BaseRequest) -> web.Response:
        locations = {"/near": "/blob", "/far": f"{elsewhere}/blob"}
        if request.path in locations:
            return web.Response(status=302, headers={"Location": locations[request.path]})
        return web.Response(body=DATA)

    origin = await serve(handler)
    client = transport()
    async with client.download(f"{origin}/near") as stream:
        assert await whole(stream) == DATA
    with pytest.raises(AuthenticationError, match="trusted_hosts"):
        async with client.download(f"{origin}/far"):
            pytest.fail("a stranger was asked")
    assert [] == strange
    trusted = [elsewhere.removeprefix("http://")]
    async with transport(trusted_hosts=trusted).download(f"{origin}/far") as stream:
        assert await whole(stream) == DATA


async def test_a_download_is_repeated_with_a_fresh_token(
    transport: MakeTransport, serve: Serve
) -> None:
    """A refused token is refreshed for downloads too."""

    class Renewable:
        token = "old"

        async def authorization(self) -> str:
            return f"Bearer {self.token}"

        async def refresh(self, rejected: str) -> bool:
            self.token = "new"
            return rejected == "Bearer old"

    async def handler(request: web.BaseRequest) -> web.Response:
        accepted = request.headers["Authorization"] == "Bearer new"
        return web.Response(body=DATA) if accepted else web.Response(status=401)

    async with transport(Renewable()).download(await serve(handler)) as stream:
        assert stream.status == 200
        assert await whole(stream) == DATA


async def test_closing_gives_up_what_is_not_read(transport: MakeTransport, serve: Serve) -> None:
    """A closed stream gives no octets, and no end either."""

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.Response(body=DATA)

    async def rest(stream: DownloadStream) -> AsyncIterator[bytes]:
        async for chunk in stream.iter_chunks():
            yield chunk

    async with transport().download(await serve(handler)) as stream:
        stream.close()
        with pytest.raises(TransportError):
            await anext(rest(stream))
