"""Uploads and downloads that are tried again: when, with what, and when not."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from jmap_async import Client, Retry, connect
from jmap_async.errors import (
    AuthenticationError,
    ClientClosed,
    HTTPError,
    JMAPError,
    LimitExceeded,
    RateLimited,
    TransportError,
)
from jmap_async.testing import MemoryServer
from jmap_async.testing.session import session_object
from tests.blobs.odd import DATA
from tests.serving import AT_ONCE, PROBLEM, site

STORED = {"accountId": "A1", "blobId": "B1", "type": "text/plain"}

Answer = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Moody:
    """A server whose blobs come after a few other answers; it keeps what it was sent."""

    def __init__(self, server: MemoryServer, *answers: Answer) -> None:
        self._session = session_object(server.world, "")
        self._answers = [*answers]
        self.bodies: list[bytes] = []

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        if request.path == "/session":
            return web.json_response(self._session)
        self.bodies.append(await request.read())
        if self._answers:
            return await self._answers.pop(0)(request)
        if request.method == "POST":
            return web.json_response({**STORED, "size": len(self.bodies[-1])})
        return web.Response(body=DATA)


def refusing(status: int, **members: object) -> Answer:
    """Answer with a status and problem details."""

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, body=orjson.dumps(members), content_type=PROBLEM)

    return answer


async def hang_up(request: web.BaseRequest) -> web.StreamResponse:
    """Answer nothing."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


BUSY = {"type": "urn:ietf:params:jmap:error:limit", "limit": "maxConcurrentUpload"}


@asynccontextmanager
async def connected(
    server: MemoryServer, *answers: Answer, retry: Retry = AT_ONCE
) -> AsyncIterator[tuple[Client, Moody]]:
    """Give a client of a moody server."""
    moody = Moody(server, *answers)
    async with (
        site(moody) as origin,
        connect(f"{origin}/session", auth=server.token, retry=retry) as client,
    ):
        yield client, moody


async def one_by_one(*chunks: bytes) -> AsyncIterator[bytes]:
    """Yield chunks, once."""
    for chunk in chunks:
        yield chunk


@pytest.mark.loops
@pytest.mark.parametrize("kind", ["bytes", "watched", "file"])
@pytest.mark.parametrize(
    "refusal",
    [
        refusing(503),
        refusing(429),
        refusing(400, **BUSY),
        refusing(429, **BUSY),
        refusing(500),
        hang_up,
    ],
    ids=["503", "429", "400 busy", "429 busy", "500", "nothing"],
)
async def test_t32_an_upload_that_failed_for_now_is_sent_again(
    jmap_server: MemoryServer, tmp_path: Path, kind: str, refusal: Answer
) -> None:
    """From its beginning, whole; a blob that is stored twice does no harm."""
    path = tmp_path / "data"
    path.write_bytes(DATA)
    seen: list[int] = []
    async with connected(jmap_server, refusal, refusal) as (client, moody):
        blob = await client.upload(
            path if kind == "file" else DATA,
            progress=(lambda done, _: seen.append(done)) if kind == "watched" else None,
        )
    assert "B1" == blob.blob_id
    assert [DATA] * 3 == moody.bodies
    assert seen[:4] * 3 == seen


async def test_t33_a_stream_that_was_begun_is_not_sent_again(jmap_server: MemoryServer) -> None:
    """What it has given cannot be had again: the error is the caller's."""
    async with connected(jmap_server, refusing(503)) as (client, moody):
        with pytest.raises(RateLimited):
            await client.upload(one_by_one(b"one", b"two"))
        assert [b"onetwo"] == moody.bodies
        await client.upload(one_by_one(b"three"))
    assert [b"onetwo", b"three"] == moody.bodies


async def test_t33_a_stream_is_sent_later_if_there_was_no_connection(
    jmap_server: MemoryServer, unused_tcp_port: int
) -> None:
    """Nothing has been taken of it then."""
    session = session_object(jmap_server.world, f"http://127.0.0.1:{unused_tcp_port}")
    stored = Moody(jmap_server)
    runner = web.ServerRunner(web.Server(stored))
    await runner.setup()

    async def handler(_: web.BaseRequest) -> web.Response:
        return web.json_response(session)

    async with (
        site(handler) as origin,
        connect(f"{origin}/", auth="t", retry=Retry(first_delay=0.001, attempts=1000)) as client,
    ):
        upload = asyncio.create_task(client.upload(one_by_one(b"one")))
        await refused()
        await web.TCPSite(runner, "127.0.0.1", unused_tcp_port).start()
        assert "B1" == (await upload).blob_id
    await runner.cleanup()
    assert [b"one"] == stored.bodies


async def refused() -> None:
    """Wait until something is about to be tried again."""
    heard = asyncio.Event()

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.set()

    handler = Ear()
    log = logging.getLogger("jmap_async")
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    try:
        await heard.wait()
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusing(403), HTTPError),
        (refusing(401), AuthenticationError),
        (refusing(413), LimitExceeded),
    ],
    ids=["403", "401", "413"],
)
async def test_t33_an_upload_that_was_refused_for_good_is_not_sent_again(
    jmap_server: MemoryServer, answer: Answer, error: type[JMAPError]
) -> None:
    """It would be refused again."""
    async with connected(jmap_server, answer) as (client, moody):
        with pytest.raises(error):
            await client.upload(DATA)
    assert 1 == len(moody.bodies)


async def test_a_file_is_sent_again_with_a_fresh_credential(
    jmap_server: MemoryServer, tmp_path: Path
) -> None:
    """Like bytes: it can be read from its start."""

    class Renewed:
        async def authorization(self) -> str:
            return "Bearer t"

        async def refresh(self, rejected: str) -> bool:
            return bool(rejected)

    path = tmp_path / "data"
    path.write_bytes(DATA)
    moody = Moody(jmap_server, refusing(401))
    async with site(moody) as origin, connect(f"{origin}/session", auth=Renewed()) as client:
        await client.upload(path)
    assert [DATA] * 2 == moody.bodies


@pytest.mark.parametrize("attempts", [0, 2])
async def test_attempts_come_to_an_end(jmap_server: MemoryServer, attempts: int) -> None:
    """After as many repeats as `retry` allows."""
    retry = Retry(attempts=attempts, first_delay=0)
    async with connected(jmap_server, *[refusing(503)] * 5, retry=retry) as (client, moody):
        with pytest.raises(RateLimited):
            await client.upload(b"data")
    assert attempts + 1 == len(moody.bodies)


async def test_a_server_that_wants_a_long_wait_is_not_waited_for(
    jmap_server: MemoryServer,
) -> None:
    """The caller hears how long it would be."""

    async def later(_: web.BaseRequest) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "1000"})

    async with connected(jmap_server, later) as (client, _):
        with pytest.raises(RateLimited) as caught:
            await client.upload(b"data")
    assert caught.value.retry_after == 1000.0


async def test_closing_ends_the_wait(jmap_server: MemoryServer) -> None:
    """Who waits to try again hears at once that the client was closed."""
    refused = asyncio.Event()

    async def later(_: web.BaseRequest) -> web.Response:
        refused.set()
        return web.Response(status=503, headers={"Retry-After": "20"})

    async with connected(jmap_server, later) as (client, _):
        upload = asyncio.create_task(client.upload(b"data"))
        await refused.wait()
        await client.close()
        with pytest.raises(ClientClosed):
            await upload


async def test_t34_a_server_that_takes_fewer_at_once_is_believed(
    jmap_server: MemoryServer,
) -> None:
    """After refusals for their number there are fewer at the same time, and all come through."""
    running: list[int] = []
    most: list[int] = []

    class Narrow(Moody):
        async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
            if request.path == "/session":
                return await super().__call__(request)
            running.append(1)
            most.append(len(running))
            try:
                if len(running) > 2:
                    return await refusing(400, **BUSY)(request)
                return await super().__call__(request)
            finally:
                running.pop()

    async with (
        site(Narrow(jmap_server)) as origin,
        connect(
            f"{origin}/session", auth="t", retry=Retry(attempts=50, first_delay=0.001)
        ) as client,
    ):
        blobs = await asyncio.gather(*(client.upload(DATA) for _ in range(20)))
        assert 20 == len(blobs)
        assert client._uploader._slots._allowed < client.session.core.max_concurrent_upload


@pytest.mark.parametrize(
    "answer",
    [refusing(503), refusing(500), refusing(429), refusing(400, **BUSY), hang_up],
    ids=["503", "500", "429", "busy", "nothing"],
)
async def test_a_download_is_asked_for_again(jmap_server: MemoryServer, answer: Answer) -> None:
    """As long as nothing of it has come; asking changes nothing."""
    async with (
        connected(jmap_server, answer, answer) as (client, _),
        client.download("B1") as download,
    ):
        assert DATA == await download.read()


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_blob_that_is_refused_is_not_asked_for_again(
    jmap_server: MemoryServer, status: int
) -> None:
    """A refusal that will be the same is final."""
    async with connected(jmap_server, refusing(status)) as (client, moody):
        with pytest.raises(HTTPError):
            async with client.download("B1"):
                pass
    assert 1 == len(moody.bodies)


async def test_a_download_that_broke_off_is_not_begun_again(jmap_server: MemoryServer) -> None:
    """Somebody has the first half already."""

    async def half(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(gzip.compress(b"x"))
        return await hang_up(request)

    async with connected(jmap_server, half) as (client, moody):
        with pytest.raises(TransportError, match="broke off"):
            async with client.download("B1") as download:
                await download.read()
    assert 1 == len(moody.bodies)
