"""Uploads: streamed, bounded, and cleared up whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from jmap_async import Blob, Client, connect
from jmap_async.errors import (
    HTTPError,
    LocalProtocolError,
    NoAccount,
    ReadOnlyAccount,
    RemoteProtocolError,
    TooLarge,
    TransportError,
)
from jmap_async.protocol.blob import BlobSource
from jmap_async.testing import Limits, MemoryServer
from tests.blobs.odd import DATA, Odd
from tests.serving import site, turns


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    """Yield data as it comes."""
    for piece in data:
        await asyncio.sleep(0)
        yield piece


async def read(client: Client, blob: Blob) -> bytes:
    """Download a blob whole."""
    async with client.download(blob) as download:
        return await download.read()


async def test_t37_bytes(jmap_client: Client) -> None:
    """They come back as they went."""
    blob = await jmap_client.upload(DATA, type="image/png")
    assert ("A1", "image/png", len(DATA)) == (blob.account_id, blob.type, blob.size)
    assert DATA == await read(jmap_client, blob)
    assert "application/octet-stream" == (await jmap_client.upload(b"")).type


async def test_a_file(jmap_client: Client, tmp_path: Path) -> None:
    """By its path; it is read in pieces and closed."""
    path = tmp_path / "data"
    path.write_bytes(DATA)
    seen: list[tuple[int, int | None]] = []
    blob = await jmap_client.upload(path, progress=lambda done, size: seen.append((done, size)))
    assert DATA == await read(jmap_client, blob)
    assert [(quarter * len(DATA) // 4, len(DATA)) for quarter in (1, 2, 3, 4)] == seen
    with pytest.raises(FileNotFoundError):
        await jmap_client.upload(tmp_path / "missing")


async def test_a_stream(jmap_client: Client) -> None:
    """Chunks as they come, of a size that is not known."""
    seen: list[tuple[int, int | None]] = []
    blob = await jmap_client.upload(
        pieces(b"one", b"two", b"three"), progress=lambda done, size: seen.append((done, size))
    )
    assert b"onetwothree" == await read(jmap_client, blob)
    assert [(3, None), (6, None), (11, None)] == seen


async def test_progress_of_bytes(jmap_client: Client) -> None:
    """It is told in pieces too."""
    seen: list[tuple[int, int | None]] = []
    await jmap_client.upload(DATA, progress=lambda done, size: seen.append((done, size)))
    assert [(quarter * len(DATA) // 4, len(DATA)) for quarter in (1, 2, 3, 4)] == seen


async def test_t35_too_large_is_not_sent(jmap_server: MemoryServer, tmp_path: Path) -> None:
    """Bytes and files are refused before, a stream as soon as it is too large."""
    jmap_server.limits = Limits(max_size_upload=10)
    path = tmp_path / "data"
    path.write_bytes(b"x" * 11)
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        for data in (b"x" * 11, path):
            with pytest.raises(TooLarge, match=r"^upload: 11 octets .* 10 .*maxSizeUpload"):
                await client.upload(data)
        with pytest.raises(TooLarge, match="more than the 10 octets"):
            await client.upload(pieces(b"x" * 6, b"y" * 6, b"never"))
        assert 10 == (await client.upload(b"x" * 10)).size
    assert 1 == len(jmap_server.world.accounts["A1"].blobs)


@pytest.mark.parametrize("data", ["text", bytearray(b"x"), [b"x"], None, 5])
async def test_what_cannot_be_uploaded(jmap_client: Client, data: object) -> None:
    """The error says what can."""
    with pytest.raises(LocalProtocolError, match=r"^upload: the data is .*: give bytes, a pathlib"):
        await jmap_client.upload(data)  # type: ignore[arg-type]


async def test_the_stream_itself_fails(jmap_client: Client) -> None:
    """Its error is raised as it is."""

    async def failing() -> AsyncIterator[bytes]:
        yield b"one"
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await jmap_client.upload(failing())


async def test_the_account_of_a_blob(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """The primary one of mail, or the one that is named; it has to be there and be writable."""
    jmap_server.add_account("A2", name="shared")
    jmap_server.add_account("A3", name="looked at", is_read_only=True)
    await jmap_client.refresh_session()
    assert "A1" == (await jmap_client.upload(b"x")).account_id
    theirs = await jmap_client.upload(b"data", account_id="A2")
    assert b"data" == await read(jmap_client, theirs)
    with pytest.raises(HTTPError, match="404"):
        async with jmap_client.download(theirs.blob_id):
            pass
    with pytest.raises(NoAccount, match="there is no account 'A9': "):
        await jmap_client.upload(b"x", account_id="A9")
    with pytest.raises(NoAccount, match="A9"):
        jmap_client.download("B1", account_id="A9")
    with pytest.raises(ReadOnlyAccount, match="upload: the account 'A3' is read-only"):
        await jmap_client.upload(b"x", account_id="A3")


async def test_t34_uploads_at_once(jmap_server: MemoryServer) -> None:
    """At most `maxConcurrentUpload`, also after it has changed; a cancelled one gives its place."""
    jmap_server.limits = Limits(max_concurrent_upload=2)
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        running = most = 0

        async def counted() -> AsyncIterator[bytes]:
            nonlocal running, most
            running += 1
            most = max(most, running)
            yield b"one"
            await turns(5)
            running -= 1

        await asyncio.gather(*(client.upload(counted()) for _ in range(7)))
        assert 2 == most

        async def endless() -> AsyncIterator[bytes]:
            yield b"one"
            started.set()
            await asyncio.Event().wait()

        for _ in range(3):
            started = asyncio.Event()
            task = asyncio.create_task(client.upload(endless()))
            await started.wait()
            task.cancel()
            await asyncio.wait([task])
        jmap_server.limits = Limits(max_concurrent_upload=1)
        await client.refresh_session()
        most = 0
        await asyncio.gather(*(client.upload(counted()) for _ in range(4)))
        assert 1 == most


@pytest.mark.parametrize("kind", ["bytes", "file", "stream"])
async def test_a_server_that_answers_before_it_has_read(
    jmap_server: MemoryServer, tmp_path: Path, kind: str
) -> None:
    """Its answer counts, and whatever was being read is closed."""
    path = tmp_path / "data"
    path.write_bytes(DATA * 8)
    reached = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield b"one"
        reached.set()
        await asyncio.Event().wait()

    data = {"bytes": DATA * 8, "file": path, "stream": stalling()}[kind]
    refusal = web.Response(status=413, text="no")
    async with (
        site(Odd(jmap_server, refusal)) as origin,
        connect(f"{origin}/session", auth="t") as client,
    ):
        with pytest.raises((HTTPError, TransportError, TooLarge, Exception)) as caught:
            await client.upload(data)  # type: ignore[arg-type]
        assert type(caught.value).__module__ == "jmap_async.errors"


@pytest.mark.parametrize("body", ["", "[]", '{"blobId":5}', "<html>"])
async def test_an_answer_that_is_no_blob(jmap_server: MemoryServer, body: str) -> None:
    """The error shows it."""
    answer = web.Response(text=body, content_type="application/json")
    async with (
        site(Odd(jmap_server, answer)) as origin,
        connect(f"{origin}/session", auth="t") as client,
    ):
        with pytest.raises(RemoteProtocolError, match="answer to an upload is no upload response"):
            await client.upload(b"data")


@pytest.mark.parametrize("kind", ["bytes", "watched", "file", "stream"])
@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ({"size": 3}, "it says 3 octets, but 4 were sent"),
        ({"size": 5}, "it says 5 octets, but 4 were sent"),
        ({"accountId": "OTHER"}, "it is for the account 'OTHER', not 'A1'"),
        ({"blobId": ""}, "its blobId is empty"),
    ],
)
async def test_an_answer_about_another_blob_is_not_believed(
    jmap_server: MemoryServer, tmp_path: Path, odd: dict[str, object], said: str, kind: str
) -> None:
    """Another size, or another account, than what was sent."""
    path = tmp_path / "data"
    path.write_bytes(b"data")
    fits: dict[str, object] = {"accountId": "A1", "blobId": "B1", "type": "a/b", "size": 4}
    others: dict[str, BlobSource] = {"file": path, "stream": pieces(b"da", b"ta")}
    data = others.get(kind, b"data")
    progress = (lambda _done, _size: None) if kind == "watched" else None
    async with (
        site(Odd(jmap_server, web.json_response({**fits, **odd}))) as origin,
        connect(f"{origin}/session", auth="t") as client,
    ):
        with pytest.raises(RemoteProtocolError) as caught:
            await client.upload(data, progress=progress)
    assert said in str(caught.value)
    assert "unknown" == caught.value.outcome


@pytest.mark.parametrize("odd", [{"type": None}, {"type": 5}, {"accountId": None}])
async def test_what_is_odd_about_an_answer_costs_that_alone(
    jmap_server: MemoryServer, odd: dict[str, object]
) -> None:
    """A type or an account that is malformed is that of the upload."""
    fits: dict[str, object] = {"accountId": "A1", "blobId": "B1", "type": "a/b", "size": 4}
    async with (
        site(Odd(jmap_server, web.json_response({**fits, **odd}))) as origin,
        connect(f"{origin}/session", auth="t") as client,
    ):
        blob = await client.upload(b"data", type="a/b")
    assert ("B1", "a/b", 4) == (blob.blob_id, blob.type, blob.size)


@pytest.mark.parametrize("missing", ["uploadUrl", "downloadUrl"])
async def test_a_session_without_urls(jmap_server: MemoryServer, missing: str) -> None:
    """It says which one is missing."""
    async with (
        site(Odd(jmap_server, web.Response(), **{missing: ""})) as origin,
        connect(f"{origin}/session", auth="t") as client,
    ):
        what = missing.removesuffix("Url")
        with pytest.raises(RemoteProtocolError, match=f"^{what}: the server's .* no {missing}"):
            await client.upload(b"data") if what == "upload" else client.download("B1")
