"""A download: chunks as they come, or the whole of it (RFC 8620, 6.2)."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from jmap_async.blobs.files import in_thread, opened
from jmap_async.blobs.upload import Progress
from jmap_async.errors import LocalProtocolError
from jmap_async.lifetime import Lifetime
from jmap_async.protocol import uri_template
from jmap_async.protocol.session import Session
from jmap_async.protocol.types import Id
from jmap_async.repeating import may_pass, repeated
from jmap_async.retry import Retry
from jmap_async.transport import DownloadStream, Transport


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
        retry: Retry,
        lifetime: Lifetime,
    ) -> None:
        self._transport = transport
        self._url = url
        self._progress = progress
        self._retry = retry
        self._lifetime = lifetime
        self._stack = AsyncExitStack()
        self._stream: DownloadStream | None = None

    async def __aenter__(self) -> Self:
        async with self._lifetime.within("download"):
            self._stream = await repeated(self._begin, passes=may_pass, retry=self._retry)
        return self

    async def _begin(self) -> DownloadStream:
        return await self._stack.enter_async_context(self._transport.download(self._url))

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
        chunks = stream.iter_chunks()
        while (chunk := await self._next(chunks)) is not None:
            done += len(chunk)
            yield chunk
            if self._progress is not None:
                self._progress(done, stream.size)

    async def _next(self, chunks: AsyncIterator[bytes]) -> bytes | None:
        # For each piece: what the caller does with it in between is not ours to end.
        async with self._lifetime.within("download"):
            return await anext(chunks, None)

    async def read(self) -> bytes:
        """Return the whole blob."""
        return b"".join([chunk async for chunk in self])

    async def save(self, path: str | os.PathLike[str]) -> None:
        """Write the blob to a file, which is replaced once the blob is complete."""
        target = Path(path)
        # Of its own, in the same folder: others may be saving to the same file.
        partial = target.with_name(f".{os.urandom(8).hex()}.part")
        try:
            async with opened(partial, "xb") as file:
                async for chunk in self:
                    await in_thread(file.write, chunk)
            await in_thread(partial.replace, target)
        finally:
            await in_thread(lambda: partial.unlink(missing_ok=True))


def download_url(
    session: Session, account_id: Id, blob_id: Id, *, name: str | None, type: str | None
) -> str:
    """Return where a blob is to be had (RFC 8620, 6.2)."""
    if not session.download_url:
        raise session.lacks("downloadUrl", "download")
    return uri_template.expand(
        session.download_url,
        {
            "accountId": account_id,
            "blobId": blob_id,
            # Servers put it into the path, where an empty segment would change the route.
            "name": name or "blob",
            "type": type or "application/octet-stream",
        },
    )
