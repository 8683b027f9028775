"""Downloads: streamed, whole or not at all, and cleared up whatever happens."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from jmap_async import Blob, Client, connect
from jmap_async.errors import HTTPError, LocalProtocolError, TransportError
from jmap_async.testing import MemoryServer
from tests.blobs.odd import DATA, Odd
from tests.serving import site, turns


def files(folder: Path) -> list[Path]:
    """Return what is in a folder."""
    return [*folder.iterdir()]


async def test_chunks_as_they_come(jmap_client: Client) -> None:
    """With the size, and progress."""
    blob = await jmap_client.upload(DATA)
    seen: list[tuple[int, int | None]] = []
    async with jmap_client.download(
        blob, progress=lambda done, size: seen.append((done, size))
    ) as download:
        assert len(DATA) == download.size
        parts = [chunk async for chunk in download]
    assert DATA == b"".join(parts)
    assert len(parts) > 1
    assert [*seen][-1] == (len(DATA), len(DATA))
    assert len(parts) == len(seen)


async def test_t23_t41_name_and_type(jmap_client: Client) -> None:
    """They go into the URL, encoded, and do not change the data."""
    blob = await jmap_client.upload(b"data", type="text/plain")
    async with jmap_client.download(
        blob.blob_id, name="a/b ü?.txt", type="text/x; charset=utf-8"
    ) as download:
        assert "/a%2Fb%20%C3%BC%3F.txt?type=text%2Fx%3B%20charset%3Dutf-8" in download._url
        assert b"data" == await download.read()


async def test_saving(jmap_client: Client, tmp_path: Path) -> None:
    """The file is replaced once the blob is complete, and nothing else is left."""
    blob = await jmap_client.upload(DATA)
    path = tmp_path / "saved"
    path.write_text("old")
    for target in (path, str(path)):
        async with jmap_client.download(blob) as download:
            await download.save(target)
    assert DATA == path.read_bytes()
    assert [path] == files(tmp_path)


async def test_saving_twice_at_once(jmap_client: Client, tmp_path: Path) -> None:
    """Two tasks that save to the same file do not mix: it is one or the other."""
    one, two = await asyncio.gather(
        *(jmap_client.upload(letter * 2**20) for letter in (b"a", b"b"))
    )

    async def save(blob: Blob) -> None:
        async with jmap_client.download(blob) as download:
            await download.save(tmp_path / "saved")

    await asyncio.gather(save(one), save(two))
    saved = (tmp_path / "saved").read_bytes()
    assert saved in {b"a" * 2**20, b"b" * 2**20}
    assert 1 == len(files(tmp_path))


async def cut_gzip(_: web.BaseRequest) -> web.StreamResponse:
    """Answer with half of what was compressed though nobody asked for it."""
    body = gzip.compress(DATA)
    return web.Response(body=body[: len(body) // 2], headers={"Content-Encoding": "gzip"})


async def cut_short(request: web.BaseRequest) -> web.StreamResponse:
    """Answer with half of what was promised."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b"x" * 500)
    assert request.transport is not None
    request.transport.close()
    return response


@pytest.mark.parametrize("cut", [cut_short, cut_gzip])
async def test_a_download_that_breaks_off(
    cut: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
    jmap_server: MemoryServer,
    tmp_path: Path,
) -> None:
    """It is an error, the file of before stays, and nothing half is left."""
    path = tmp_path / "saved"
    path.write_text("old")
    async with site(cut) as origin:
        jmap_server.world.username = "x"
        odd = Odd(jmap_server, web.Response(), downloadUrl=f"{origin}/{{blobId}}")
        async with site(odd) as sessions, connect(f"{sessions}/session", auth="t") as client:
            with pytest.raises(TransportError, match="broke off"):
                async with client.download("B1") as download:
                    await download.save(path)
            with pytest.raises(TransportError, match="broke off"):
                async with client.download("B1") as download:
                    await download.read()
    assert "old" == path.read_text()
    assert [path] == files(tmp_path)


async def test_a_save_that_is_cancelled(jmap_client: Client, tmp_path: Path) -> None:
    """At any turn nothing half is left."""
    blob = await jmap_client.upload(DATA)
    path = tmp_path / "saved"

    async def save() -> None:
        async with jmap_client.download(blob) as download:
            await download.save(path)

    for turn in range(0, 60, 3):
        task = asyncio.create_task(save())
        await turns(turn)
        task.cancel()
        await asyncio.wait([task])
        assert {path} >= {*files(tmp_path)}
        path.unlink(missing_ok=True)


async def test_outside_of_its_block(jmap_client: Client) -> None:
    """A download is read inside of `async with`."""
    blob = await jmap_client.upload(b"data")
    download = jmap_client.download(blob)
    for attempt in (download.read(), anext(aiter(download))):
        with pytest.raises(LocalProtocolError, match="read inside of it"):
            await attempt
    async with download:
        pass
    with pytest.raises(LocalProtocolError, match="read inside of it"):
        await download.read()


@pytest.mark.parametrize("blob_id", ["", "a b", "B" * 300, "é"])
async def test_what_is_no_blob_id(jmap_client: Client, blob_id: str) -> None:
    """It is refused at once."""
    with pytest.raises(LocalProtocolError, match="is no blob id"):
        jmap_client.download(blob_id)


async def test_a_blob_that_is_not_there(jmap_client: Client) -> None:
    """The block raises."""
    with pytest.raises(HTTPError, match="404"):
        async with jmap_client.download("B9"):
            pass
