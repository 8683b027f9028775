"""One HTTP request and its answer, by aiohttp: bounded in time and size, with our own errors."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

import aiohttp
import attrs
from multidict import CIMultiDict
from yarl import URL

from jmap_async.errors import ClientClosed, LocalProtocolError, RemoteProtocolError
from jmap_async.transport.body import RequestBody
from jmap_async.transport.download import DownloadStream
from jmap_async.transport.failure import FAILURES, failure
from jmap_async.transport.response import HTTPResponse
from jmap_async.transport.urls import host_of, is_loopback
from jmap_async.transport.wording import shown

_ERROR_BODY: Final = 1024 * 1024
"""Octets that are read of an answer that is an error anyway."""

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Request:
    """A request as it can be sent, and sent again if `repeatable`; `body` makes its body anew.

    `total` bounds the whole exchange, `read` the wait for each next piece of the answer; both in
    seconds, None for no bound.
    """

    method: str
    url: URL
    headers: Mapping[str, str]
    body: Callable[[], RequestBody] | None = None
    repeatable: bool = True
    total: float | None = None
    read: float | None = None

    def __str__(self) -> str:
        return f"{self.method} {shown(str(self.url))}"


class Wire:
    """An aiohttp session, shared or made at the first request, and what is asked of it."""

    def __init__(
        self,
        http: aiohttp.ClientSession | None,
        *,
        connect_timeout: float,
        max_response_size: int,
        user_agent: str,
    ) -> None:
        # aiohttp would refuse every request: two sources of one header.
        if http is not None and http.auth is not None:
            raise LocalProtocolError(
                "The ClientSession given as http= has credentials of its own (auth=). Share one "
                "that was made without."
            )
        self._http = http
        self._owned = http is None
        self._connect_timeout = connect_timeout
        self._max_response_size = max_response_size
        self._user_agent = user_agent
        self._closed = False

    async def exchange(self, request: Request, authorization: str) -> HTTPResponse:
        """Send a request and read the answer to its end."""
        body = None if request.body is None else request.body()

        async def send() -> HTTPResponse:
            async with asyncio.timeout(request.total):
                return await self._read(await self._start(request, authorization, body))

        return await _translated(send(), request, body)

    async def open(self, request: Request, authorization: str) -> HTTPResponse | DownloadStream:
        """Send a request; return a 2xx answer still to be read, and another one read."""

        async def send() -> HTTPResponse | DownloadStream:
            response = await self._start(request, authorization, None)
            if _is_success(response.status):
                return DownloadStream(response)
            return await self._read(response)

        return await _translated(send(), request)

    async def close(self) -> None:
        """Close the session if it is not shared; idempotent."""
        self._closed = True
        if self._http is not None and self._owned:
            await self._http.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None and not self._closed:
            self._http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        if self._http is None or self._closed or self._http.closed:
            raise ClientClosed("The client, or the ClientSession that it shares, is closed.")
        return self._http

    async def _start(
        self, request: Request, authorization: str, body: RequestBody | None
    ) -> aiohttp.ClientResponse:
        """Send a request and return the answer with its body still to be read."""
        session = self._session()
        return await session.request(
            request.method,
            request.url,
            data=body,
            headers=self._headers(request, authorization, session.headers),
            # RFC 8620, 2.2: aiohttp would drop the credential, and turn POST into GET.
            allow_redirects=False,
            # RFC 8620, 3.6: the body of an error says which error it is.
            raise_for_status=False,
            auto_decompress=True,
            timeout=aiohttp.ClientTimeout(
                sock_connect=self._connect_timeout, sock_read=request.read
            ),
        )

    def _headers(
        self, request: Request, authorization: str, defaults: Mapping[str, str]
    ) -> CIMultiDict[str]:
        """Return the headers to add to the session's; by itself aiohttp accepts what it decodes."""
        headers = CIMultiDict(request.headers)
        headers["Authorization"] = authorization
        if "User-Agent" not in defaults:
            headers["User-Agent"] = self._user_agent
        if is_loopback(host_of(request.url)):
            headers["Accept-Encoding"] = "identity"  # compressing costs more than it saves here
        return headers

    async def _read(self, response: aiohttp.ClientResponse) -> HTTPResponse:
        async with response:
            read = self._read_whole if _is_success(response.status) else _read_error
            return HTTPResponse(
                status=response.status,
                url=str(response.url),
                headers=response.headers,
                body=await read(response),
            )

    async def _read_whole(self, response: aiohttp.ClientResponse) -> bytes:
        pieces: list[bytes] = []
        left = self._max_response_size
        while piece := await response.content.readany():
            left -= len(piece)
            if left < 0:
                raise RemoteProtocolError(
                    f"{shown(str(response.url))}: the answer is larger than max_response_size, "
                    f"{self._max_response_size} octets."
                )
            pieces.append(piece)
        return b"".join(pieces)


async def _read_error(response: aiohttp.ClientResponse) -> bytes:
    """Read the start of an error's body, as far as it comes: the status says the rest."""
    pieces: list[bytes] = []
    left = _ERROR_BODY
    try:
        while left > 0 and (piece := await response.content.readany()):
            pieces.append(piece[:left])
            left -= len(piece)
    except aiohttp.ClientError:
        pass
    return b"".join(pieces)


def _is_success(status: int) -> bool:
    return 200 <= status < 300


async def _translated(work: Awaitable[T], request: Request, body: RequestBody | None = None) -> T:
    """Await `work`, raising our own errors in place of aiohttp's and the system's."""
    try:
        return await work
    except FAILURES as error:
        # A request without a body only reads: whether it was sent makes no difference.
        lost = failure(error, request=str(request), sent=None if body is None else body.sent)
    # Outside the `except`, so that aiohttp's error does not come along as the context.
    raise lost if body is None or body.error is None else body.error
