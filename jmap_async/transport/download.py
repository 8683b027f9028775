"""A download in progress: its headers, and its octets as they come (RFC 8620, 6.2)."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping

import aiohttp

from jmap_async.errors import RemoteProtocolError, TransportError
from jmap_async.transport.coding import CodingError, Decoder, decoder_for
from jmap_async.transport.failure import FAILURES, failure
from jmap_async.transport.wording import shown


class DownloadStream:
    """The blob of one download, read once; made by `Transport.download`.

    The headers are the server's word: the Content-Type is what the URL asked for, and a name in
    Content-Disposition is not to be trusted as a path.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self._request = f"GET {shown(str(response.url))}"
        self._decoder = self._undoing()

    @property
    def status(self) -> int:
        """The status of the answer, 2xx."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer; their names ignore case."""
        return self._response.headers

    @property
    def size(self) -> int | None:
        """Octets to come in all, None if the server did not say or compresses them."""
        return None if self._decoder else self._response.content_length

    async def iter_chunks(self) -> AsyncIterator[bytes]:
        """Yield the blob's octets in pieces of the network's making.

        Raises TransportError if the blob does not come to its end.
        """
        while chunk := await self._next():
            for piece in self._plain(chunk):
                yield piece
                if self._decoder is not None:
                    await asyncio.sleep(0)  # a little may stand for a lot
        if self._decoder is not None and not self._decoder.complete:
            raise TransportError(f"{self._request}: the answer was cut short, or broke off.")

    def close(self) -> None:
        """Give up what has not been read."""
        self._response.close()

    async def _next(self) -> bytes:
        """Return the next piece, empty at the end."""
        try:
            return await self._response.content.readany()
        except FAILURES as error:
            lost = failure(error, request=self._request, sent=None)
        raise lost

    def _undoing(self) -> Decoder | None:
        """Return what undoes the coding; aiohttp does not tell a cut stream from a whole one."""
        try:
            decoder = decoder_for(coding_of(self._response))
        except CodingError as error:
            reason = str(error)
        else:
            if self.status != 206:
                return decoder
            reason = "a part of what was asked for (HTTP 206)"
        raise RemoteProtocolError(f"{self._request}: the answer is {reason}.")

    def _plain(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a piece of the answer stands for."""
        if self._decoder is None:
            yield chunk
            return
        try:
            yield from self._decoder.decode(chunk)
        except CodingError as error:
            reason = str(error)
        else:
            return
        raise TransportError(f"{self._request}: the answer is {reason}.")


def coding_of(response: aiohttp.ClientResponse) -> str:
    """Return what an answer says of its coding, empty if nothing."""
    return ", ".join(response.headers.getall("Content-Encoding", []))
