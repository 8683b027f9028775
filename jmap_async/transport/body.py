"""A request body that can tell whether any of it has left, for writes that must not be repeated."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator
from contextlib import aclosing
from typing import Final

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from jmap_async.errors import LocalProtocolError

_PIECE: Final = 32 * 1024
"""Octets handed over at once: below aiohttp's mark for draining, so that the first write fails
only where it wrote nothing."""


class RequestBody(aiohttp.Payload):
    """Bytes or a stream to send; `sent` becomes true with the first octets.

    `size` is the number of octets of a stream, if known. `on_sent` is called once, when `sent`
    becomes true. `stall` is how many seconds the server may let us wait to send more. `error` is
    what the stream itself raised, to be told from what the connection raised.
    """

    def __init__(
        self,
        data: bytes | AsyncIterable[bytes],
        *,
        content_type: str,
        size: int | None = None,
        stall: float | None = None,
        on_sent: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(data, content_type=content_type)
        self._data = data
        self._length = len(data) if isinstance(data, bytes) else size
        self._stall = stall
        self._on_sent = on_sent
        self.sent = False
        self.error: Exception | None = None

    @property
    def size(self) -> int | None:
        """Number of octets, None if it is not known: the body then goes in chunks."""
        return self._length

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the body as text; a stream has none (part of aiohttp's interface)."""
        if not isinstance(self._data, bytes):
            raise TypeError("A streamed body cannot be read ahead.")
        return self._data.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write everything; aiohttp calls this once it has a connection."""
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                async with asyncio.timeout(self._stall):
                    await self._write(writer, piece)
        self._mark_sent()  # of an empty body only the headers go

    async def _write(self, writer: AbstractStreamWriter, piece: memoryview) -> None:
        try:
            await writer.write(piece)
        except aiohttp.ClientConnectionResetError:
            # The connection was gone before the first octet: a pooled one that the server closed.
            raise
        except BaseException:
            self._mark_sent()
            raise
        self._mark_sent()

    def _mark_sent(self) -> None:
        if not self.sent:
            self.sent = True
            if self._on_sent is not None:
                self._on_sent()

    async def _pieces(self) -> AsyncGenerator[memoryview, None]:
        if isinstance(self._data, bytes):
            for piece in _split(self._data):
                yield piece
            return
        try:
            async for chunk in self._checked(self._data):
                for piece in _split(chunk):
                    yield piece
        except Exception as error:
            self.error = error
            raise

    async def _checked(self, data: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        """Yield the chunks of a stream as long as it keeps to its size."""
        if self.sent:
            raise LocalProtocolError("A streamed upload cannot be sent a second time.")
        total = 0
        async for chunk in data:
            total += len(chunk)
            if self._length is not None and total > self._length:
                break
            yield chunk
        if self._length is not None and total != self._length:
            raise LocalProtocolError(
                f"The upload's size was given as {self._length} octets, but its data has "
                f"{'more' if total > self._length else f'only {total}'}."
            )


def _split(data: bytes) -> Iterator[memoryview]:
    view = memoryview(data)
    for start in range(0, len(view), _PIECE):
        yield view[start : start + _PIECE]
