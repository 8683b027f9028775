"""Uploads and downloads: blobs, streamed (RFC 8620, 6)."""

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Literal, Self, TypeVar

import orjson

from jmap_async.errors import LocalProtocolError, RemoteProtocolError, TooLarge
from jmap_async.protocol import uri_template
from jmap_async.protocol.blob import Blob, BlobSource, decode_blob
from jmap_async.protocol.converter import Malformed
from jmap_async.protocol.session import Session
from jmap_async.protocol.types import Id
from jmap_async.transport import DownloadStream, HTTPResponse, Transport

Progress = Callable[[int, int | None], None]
"""Told how many octets have gone, and of how many, where that is known."""

R = TypeVar("R")

_CHUNK: Final = 256 * 1024

_Source = bytes | BinaryIO | AsyncIterable[bytes]


class Uploader:
    """Uploads blobs, at most as many at once as the server allows (`maxConcurrentUpload`)."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._allowed = 0
        self._slots = asyncio.Semaphore(0)

    async def upload(
        self,
        session: Session,
        account_id: Id,
        data: BlobSource,
        *,
        type: str,
        progress: Progress | None,
    ) -> Blob:
        """Upload a blob; see `Client.upload`."""
        size = await _size(data)
        limit = session.core.max_size_upload
        if size is not None and size > limit:
            raise TooLarge(
                f"upload: {size} octets are more than the {limit} that the server takes "
                "(maxSizeUpload)"
            )
        template = _required(session.upload_url, "upload")
        url = uri_template.expand(template, {"accountId": account_id})
        async with self._slot(session.core.max_concurrent_upload), _opened(data) as source:
            body: bytes | AsyncIterator[bytes] = _counted(_chunks(source), size, limit, progress)
            if isinstance(source, bytes) and progress is None:
                body = source  # as they are, so that they can be sent twice
            response = await self._transport.upload(url, body, content_type=type, size=size)
        return _read_blob(response)

    def _slot(self, allowed: int) -> asyncio.Semaphore:
        if allowed != self._allowed:
            # The session changed; those that run keep the slots of before.
            self._allowed, self._slots = allowed, asyncio.Semaphore(max(1, allowed))
        return self._slots


def _required(url: str, what: str) -> str:
    if not url:
        raise LocalProtocolError(f"{what}: the server's session names no {what} URL")
    return url


async def _size(data: BlobSource) -> int | None:
    if isinstance(data, bytes):
        return len(data)
    if isinstance(data, os.PathLike):
        return (await asyncio.to_thread(os.stat, data)).st_size
    if not hasattr(data, "__aiter__"):
        raise LocalProtocolError(
            f"upload: the data is {type(data).__name__}: give bytes, a pathlib.Path to read, or an "
            "async iterable of bytes"
        )
    return None


@asynccontextmanager
async def _opened(data: BlobSource) -> AsyncGenerator[_Source, None]:
    """Open a file, which is closed whatever happens; everything else is ready to be read."""
    if not isinstance(data, os.PathLike):
        yield data
        return
    file = await _open(Path(data), "rb")
    try:
        yield file
    finally:
        await _in_thread(file.close)


async def _chunks(source: _Source) -> AsyncGenerator[bytes, None]:
    if isinstance(source, bytes):
        view = memoryview(source)
        for start in range(0, len(view), _CHUNK):
            yield bytes(view[start : start + _CHUNK])
    elif isinstance(source, AsyncIterable):
        async for chunk in source:
            yield chunk
    else:
        while chunk := await _in_thread(source.read, _CHUNK):
            yield chunk


async def _counted(
    chunks: AsyncIterator[bytes], size: int | None, limit: int, progress: Progress | None
) -> AsyncIterator[bytes]:
    done = 0
    async for chunk in chunks:
        done += len(chunk)
        if done > limit:
            raise TooLarge(f"upload: more than the {limit} octets that the server takes")
        yield chunk
        if progress is not None:
            progress(done, size)


def _read_blob(response: HTTPResponse) -> Blob:
    try:
        blob: Blob = decode_blob(orjson.loads(response.body))
    except (ValueError, Malformed) as error:
        raise RemoteProtocolError(
            f"the server's answer to an upload is no upload response: {error}",
            piece=response.body[:400].decode(errors="replace"),
        ) from error
    return blob


class Download:
    """A blob on its way: `async with client.download(...) as blob`.

    Iterate over it for the chunks as they come, or `read` or `save` it whole.
    """

    def __init__(
        self,
        transport: Transport,
        url: str,
        progress: Progress | None,
        *,
        check_open: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._url = url
        self._progress = progress
        self._check_open = check_open
        self._stack = AsyncExitStack()
        self._stream: DownloadStream | None = None

    async def __aenter__(self) -> Self:
        self._stream = await self._stack.enter_async_context(self._transport.download(self._url))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)
        self._stream = None

    @property
    def _open(self) -> DownloadStream:
        if self._stream is None:
            raise LocalProtocolError(
                "download: use `async with client.download(...) as blob`, and read inside of it"
            )
        return self._stream

    @property
    def size(self) -> int | None:
        """Octets to come in all; None where the server does not say."""
        return self._open.size

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stream, done = self._open, 0
        async for chunk in self._chunks(stream):
            done += len(chunk)
            yield chunk
            if self._progress is not None:
                self._progress(done, stream.size)

    async def _chunks(self, stream: DownloadStream) -> AsyncIterator[bytes]:
        try:
            async for chunk in stream.iter_chunks():
                yield chunk
        except Exception:
            self._check_open()  # closing the client has cut it off
            raise

    async def read(self) -> bytes:
        """Return the whole blob."""
        return b"".join([chunk async for chunk in self])

    async def save(self, path: str | os.PathLike[str]) -> None:
        """Write the blob to a file, which is replaced once the blob is complete."""
        target = Path(path)
        # Of its own, in the same folder: others may be saving to the same file.
        partial = target.with_name(f".{secrets.token_hex(8)}.part")
        try:
            file = await _open(partial, "xb")
            try:
                async for chunk in self:
                    await _in_thread(file.write, chunk)
            finally:
                await _in_thread(file.close)
            await _in_thread(partial.replace, target)
        finally:
            await _in_thread(lambda: partial.unlink(missing_ok=True))


async def _open(path: Path, mode: Literal["rb", "xb"]) -> BinaryIO:
    def opened() -> BinaryIO:
        return path.open(mode)

    def close(file: BinaryIO) -> None:
        file.close()

    return await _in_thread(opened, undo=close)


async def _in_thread(
    function: Callable[..., R], *args: object, undo: Callable[[R], object] | None = None
) -> R:
    """Run what blocks, as files do, in a thread, and always to its end; then be cancelled."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        if work.exception() is None and undo is not None:
            undo(work.result())
        raise


def download_url(
    session: Session, account_id: Id, blob_id: Id, *, name: str | None, type: str | None
) -> str:
    """Return where a blob is to be had (RFC 8620, 6.2)."""
    return uri_template.expand(
        _required(session.download_url, "download"),
        {
            "accountId": account_id,
            "blobId": blob_id,
            # Servers put it into the path, where an empty segment would change the route.
            "name": name or "blob",
            "type": type or "application/octet-stream",
        },
    )
