"""A download in progress: its headers, and its octets as they come (RFC 8620, 6.2)."""

from collections.abc import AsyncIterator, Mapping

import aiohttp

from jmap_async.transport.failure import FAILURES, failure
from jmap_async.transport.wording import shown


class DownloadStream:
    """The blob of one download, read once; made by `Transport.download`.

    The headers are the server's word: the Content-Type is what the URL asked for, and a name in
    Content-Disposition is not to be trusted as a path.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

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
        if "Content-Encoding" in self.headers:
            return None
        return self._response.content_length

    async def iter_chunks(self) -> AsyncIterator[bytes]:
        """Yield the blob's octets in pieces of the network's making.

        Raises TransportError if the blob does not come to its end.
        """
        while chunk := await self._next():
            yield chunk

    def close(self) -> None:
        """Give up what has not been read."""
        self._response.close()

    async def _next(self) -> bytes:
        """Return the next piece, empty at the end."""
        try:
            return await self._response.content.readany()
        except FAILURES as error:
            lost = failure(error, request=f"GET {shown(str(self._response.url))}", sent=None)
        raise lost
