"""Uploads: what is sent, in how many places at once, and when it is sent again (RFC 8620, 6.1)."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final

import attrs
import orjson

from jmap_async.blobs.files import in_thread, opened
from jmap_async.blobs.slots import Slots
from jmap_async.errors import JMAPError, LocalProtocolError, RemoteProtocolError, TooLarge, brief
from jmap_async.protocol import uri_template
from jmap_async.protocol.blob import Blob, BlobSource, decode_blob
from jmap_async.protocol.fields import Malformed
from jmap_async.protocol.session import Session
from jmap_async.protocol.types import Id
from jmap_async.redaction import beginning
from jmap_async.repeating import is_busy, may_pass, repeated
from jmap_async.retry import Retry
from jmap_async.transport import HTTPResponse, Transport

Progress = Callable[[int, int | None], None]
"""Told how many octets have gone, and of how many, where that is known."""

_CHUNK: Final = 256 * 1024


class Uploader:
    """Uploads blobs, at most as many at once as the server allows (`maxConcurrentUpload`)."""

    def __init__(self, transport: Transport, retry: Retry) -> None:
        self._transport = transport
        self._retry = retry
        self._slots = Slots()

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
                "(maxSizeUpload): split the data, or ask for a higher limit"
            )
        if not session.upload_url:
            raise session.lacks("uploadUrl", "upload")
        url = uri_template.expand(session.upload_url, {"accountId": account_id})
        self._transport.check_named("uploadUrl", url, session.url)
        self._slots.keep_to(session.core)
        async with self._slots, _source(data, size, limit, progress) as source:
            blob = _read_blob(await self._send(url, source, type), account_id, source.sent)
            return blob if blob.type else attrs.evolve(blob, type=type)

    async def _send(self, url: str, source: "_Source", type: str) -> HTTPResponse:
        async def attempt() -> HTTPResponse:
            return await self._transport.upload(
                url,
                source.body,
                content_type=type,
                size=source.size,
                repeatable=source.repeatable,
            )

        def passes(error: JMAPError) -> bool:
            if is_busy(error):
                self._slots.learn()
            return may_pass(error) and (source.repeatable or not source.begun)

        return await repeated(attempt, passes=passes, retry=self._retry)


class _Source:
    """What is uploaded; iterating over it again begins anew, if it is `repeatable`."""

    def __init__(
        self,
        data: bytes | BinaryIO | AsyncIterable[bytes],
        size: int | None,
        limit: int,
        progress: Progress | None,
    ) -> None:
        self._data = data
        self.size = size
        self._limit = limit
        self._progress = progress
        # Of an iterable nobody can know: some give their data only once.
        self.repeatable = not isinstance(data, AsyncIterable)
        self.begun = False
        self.sent = size or 0
        """How many octets have been taken from it, when it has come to its end."""

    @property
    def body(self) -> bytes | AsyncIterable[bytes]:
        """What the transport shall send: bytes as they are, unless somebody wants to watch."""
        return self._data if isinstance(self._data, bytes) and self._progress is None else self

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.begun = True
        done = 0
        async for chunk in self._chunks():
            done += len(chunk)
            self.sent = done
            if done > self._limit:
                raise TooLarge(
                    f"upload: more than the {self._limit} octets that the server takes "
                    "(maxSizeUpload)"
                )
            yield chunk
            if self._progress is not None:
                self._progress(done, self.size)

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        if isinstance(self._data, bytes):
            for start in range(0, len(self._data), _CHUNK):
                yield self._data[start : start + _CHUNK]
        elif isinstance(self._data, AsyncIterable):
            async for chunk in self._data:
                yield chunk
        else:
            await in_thread(self._data.seek, 0)
            while chunk := await in_thread(self._data.read, _CHUNK):
                yield chunk


@asynccontextmanager
async def _source(
    data: BlobSource, size: int | None, limit: int, progress: Progress | None
) -> AsyncGenerator[_Source, None]:
    """Open a file, which is closed whatever happens; everything else is ready to be read."""
    if not isinstance(data, os.PathLike):
        yield _Source(data, size, limit, progress)
        return
    async with opened(Path(data), "rb") as file:
        yield _Source(file, size, limit, progress)


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


def _read_blob(response: HTTPResponse, account_id: Id, sent: int) -> Blob:
    """Return the blob that an answer is about, if that is the one that was sent."""
    try:
        blob = decode_blob(orjson.loads(response.body))
    except (ValueError, Malformed) as error:
        reason = f"is no upload response: {error}"
    else:
        problem = _misfit(blob, account_id, sent)
        if problem is None:
            return blob
        reason = f"cannot be believed: {problem}. It breaks RFC 8620, 6.1: report it to whoever "
        reason += "runs the server"
    # Not with what the server has sent as its cause.
    raise RemoteProtocolError(
        f"the server's answer to an upload {reason}", piece=beginning(response.body)
    )


def _misfit(blob: Blob, account_id: Id, sent: int) -> str | None:
    """Return why an answer is about another blob than the one that was sent."""
    if blob.account_id not in {"", account_id}:
        return f"it is for the account {brief(blob.account_id, 80)}, not {account_id!r}"
    if blob.size != sent:
        return f"it says {blob.size} octets, but {sent} were sent"
    return None if blob.blob_id else "its blobId is empty"
