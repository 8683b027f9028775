"""Uploads to a Cyrus server and downloads from it (RFC 8620, 6)."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from jmap_async.client import Client
from jmap_async.errors import HTTPError, NoAccount, TooLarge

from .cyrus import Cyrus, User
from .letter import letter
from .mail import put

LARGE: Final = random.Random(1).randbytes(3_000_000)
"""More than any chunk, and compressible in no way."""


async def pieces(data: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    """Yield data in pieces."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def test_bytes_are_uploaded_and_downloaded(client: Client, user: User) -> None:
    """What was uploaded comes back; the answer tells its size, type and account."""
    blob = await client.upload(b"\x00\xff\r\n", type="image/x-thing")
    assert (4, "image/x-thing", user.account_id) == (blob.size, blob.type, blob.account_id)
    async with client.download(blob) as download:
        assert 4 == download.size
        assert b"\x00\xff\r\n" == await download.read()


async def test_same_bytes_have_the_same_blob_id(client: Client) -> None:
    """Cyrus names a blob after its content."""
    first, second = await asyncio.gather(client.upload(b"same"), client.upload(b"same"))
    assert first.blob_id == second.blob_id


async def test_empty_blob_can_be_uploaded(client: Client) -> None:
    """A blob may have no octets at all."""
    blob = await client.upload(b"")
    async with client.download(blob) as download:
        assert (0, b"") == (blob.size, await download.read())


async def test_stream_of_unknown_length_is_uploaded(client: Client) -> None:
    """Chunks are sent as they come, and progress is told with the end unknown."""
    told: list[tuple[int, int | None]] = []
    blob = await client.upload(pieces(LARGE), progress=lambda done, size: told.append((done, size)))
    assert len(LARGE) == blob.size
    assert (len(LARGE), None) == told[-1]
    assert 30 == len(told)


async def test_download_is_streamed_and_progress_is_told(client: Client) -> None:
    """A large blob comes in many chunks; progress knows its size from the beginning."""
    blob = await client.upload(LARGE)
    told: list[tuple[int, int | None]] = []
    download = client.download(blob, progress=lambda done, size: told.append((done, size)))
    async with download as stream:
        chunks = [chunk async for chunk in stream]
    assert b"".join(chunks) == LARGE
    assert len(chunks) > 1
    assert {len(LARGE)} == {size for _, size in told}


async def test_file_is_uploaded_and_saved(client: Client, tmp_path: Path) -> None:
    """A path is uploaded from the file, and a download is saved to another one."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(LARGE)
    told: list[tuple[int, int | None]] = []
    blob = await client.upload(source, progress=lambda done, size: told.append((done, size)))
    assert (len(LARGE), len(LARGE)) == told[-1]
    async with client.download(blob) as download:
        await download.save(target)
    assert target.read_bytes() == LARGE
    assert {"source", "target"} == set(os.listdir(tmp_path))  # noqa: PTH208 - no blocking Path


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("plain.txt", "text/plain"),
        ("a b/ü?&#%2F.bin", 'text/plain; charset="utf-8"'),
        ("etc/passwd", "application/x+y"),
        ("{name}", "a*b,c"),
    ],
)
async def test_t23_names_and_types_are_percent_encoded(
    client: Client, name: str, type: str
) -> None:
    """Whatever a name and a type hold, the blob is found."""
    blob = await client.upload(b"content")
    async with client.download(blob.blob_id, name=name, type=type) as download:
        assert b"content" == await download.read()


async def test_message_comes_back_as_it_was(client: Client) -> None:
    """The blob of an imported Email is the message, octet for octet."""
    message = letter("Grüße", text="Straße\r\n" * 100)
    [new] = await put(client, message)
    async with client.download(new.blob_id) as download:
        assert message == await download.read()


async def test_abandoned_download_leaves_the_client_usable(client: Client) -> None:
    """A download that is left half-way ends, and the next one begins afresh."""
    blob = await client.upload(LARGE)
    async with client.download(blob) as download:
        async for chunk in download:
            assert chunk
            break
    async with client.download(blob) as download:
        assert LARGE == await download.read()


async def test_unknown_blob_is_an_http_error(client: Client) -> None:
    """Cyrus answers 404 with a page of HTML, of which the error shows the beginning."""
    with pytest.raises(HTTPError, match="404") as caught:
        async with client.download("G0123"):
            pass
    assert 404 == caught.value.status


async def test_unknown_account_is_refused_at_once(client: Client) -> None:
    """A blob goes to no account that the session does not list."""
    with pytest.raises(NoAccount, match="nobody"):
        await client.upload(b"x", account_id="nobody")
    with pytest.raises(NoAccount, match="nobody"):
        client.download("G0123", account_id="nobody")


async def test_upload_over_the_limit_is_not_sent(small_client: Client) -> None:
    """What exceeds `maxSizeUpload` is refused, before or while it is read."""
    limit = small_client.session.core.max_size_upload
    assert limit == (await small_client.upload(b"x" * limit)).size
    with pytest.raises(TooLarge, match="maxSizeUpload"):
        await small_client.upload(b"x" * (limit + 1))
    with pytest.raises(TooLarge):
        await small_client.upload(pieces(b"x" * (limit + 1), 1000))


async def test_t34_uploads_wait_for_their_turn(small_client: Client) -> None:
    """Ten uploads at once go one after the other where the server takes one at a time."""
    assert 1 == small_client.session.core.max_concurrent_upload
    contents = [b"x" * size for size in range(10)]
    blobs = await asyncio.gather(*(small_client.upload(content) for content in contents))
    assert list(range(10)) == [blob.size for blob in blobs]


async def test_t40_blob_is_copied_to_another_account(
    client: Client, cyrus: Cyrus, user: User
) -> None:
    """A blob of an account that is shared with all rights can be copied to one's own."""
    owner = await cyrus.new_user()
    await cyrus.set_acl(owner, "INBOX", user, "lrswipkxtecd")
    await client.refresh_session()
    blob = await client.upload(b"content", account_id=owner.account_id)
    assert owner.account_id == blob.account_id
    own = client.account(user.account_id)
    done = await own.blob.copy(owner.account_id, blob_ids=[blob.blob_id])
    done.raise_for_errors()
    async with client.download(done.copied[blob.blob_id]) as download:
        assert b"content" == await download.read()
