"""A request body that can tell whether any of it has left, for writes that must not be repeated."""

import asyncio
import select
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import aclosing
from typing import Final

import aiohttp
from aiohttp.abc import AbstractStreamWriter

from jmap_async.errors import LocalProtocolError
from jmap_async.transport.limit import Limit

_FIRST: Final = 32 * 1024
"""Octets that are handed over first: below aiohttp's mark for draining, so that this write fails
only where it wrote nothing."""

_PIECE: Final = 256 * 1024
"""Octets that are handed over after that, before it is asked whether there is room for more."""

_HANG_UP: Final = getattr(select, "POLLRDHUP", 0) | getattr(select, "POLLHUP", 0)


class RequestBody(aiohttp.Payload):
    """Bytes or a stream to send; `sent` becomes true with the first octets.

    `size` is the number of octets of a stream, if known. `on_sent` is called once, when `sent`
    becomes true. `stall` is how many seconds the server may let us wait to send more, while `limit`
    stands still. `begun` tells whether a stream was asked for its first chunk. `error` is what the
    stream itself raised, to be told from what the connection raised.
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
        self.begun = False
        self.error: Exception | None = None
        self.limit: Limit | None = None

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
        if _hung_up(writer):
            raise aiohttp.ClientConnectionResetError("The server has closed the connection")
        if self.limit is not None:
            self.limit.halt()
        await self._write(writer)
        self._mark_sent()  # of an empty stream only the headers go
        if self.limit is not None:
            self.limit.begin()

    async def _write(self, writer: AbstractStreamWriter) -> None:
        if isinstance(self._data, bytes):
            await self._put(writer, self._data)
        else:
            async with aclosing(self._chunks(self._data)) as chunks:
                async for chunk in chunks:
                    if chunk:
                        await self._put(writer, chunk)

    async def _put(self, writer: AbstractStreamWriter, data: bytes) -> None:
        if self.sent:
            rest = memoryview(data)
        elif len(data) <= _FIRST:
            # No view of what is small: a lone call is one of these.
            return await self._put_first(writer, data)
        else:
            rest = memoryview(data)
            await self._put_first(writer, rest[:_FIRST])
            rest = rest[_FIRST:]
        for start in range(0, len(rest), _PIECE):
            async with asyncio.timeout(self._stall):
                await writer.write(rest[start : start + _PIECE])
        return None

    async def _put_first(self, writer: AbstractStreamWriter, piece: bytes | memoryview) -> None:
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

    async def _chunks(self, data: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        """Yield what a stream has, and keep its error."""
        if self.begun:
            raise LocalProtocolError("A streamed upload cannot be sent a second time.")
        self.begun = True
        try:
            async with aclosing(self._checked(data)) as checked:
                async for chunk in checked:
                    yield chunk
        except Exception as error:
            self.error = error
            raise

    async def _checked(self, data: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
        """Yield the chunks of a stream as long as it keeps to its size."""
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


def _hung_up(writer: AbstractStreamWriter) -> bool:
    """Tell whether the server has closed the connection, which the event loop may not know yet.

    A server closes what was idle for too long. What is written after that is lost, and nobody
    could tell from the outside whether it was carried out; so the system is asked before. Where it
    cannot be asked (Windows), or the news is still on its way, that uncertainty stays.
    """
    transport = writer.transport
    found = None if transport is None else transport.get_extra_info("socket")
    if transport is None or found is None:
        return False
    if transport.is_closing() or not _HANG_UP:
        return transport.is_closing()
    poll = select.poll()
    poll.register(found.fileno(), _HANG_UP)
    return bool(poll.poll(0))
