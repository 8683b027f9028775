"""One HTTP request and its answer, by aiohttp: bounded in time and size, with our own errors."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Final

import aiohttp
import attrs
from multidict import CIMultiDict
from yarl import URL

from jmap_async.errors import ClientClosed, LocalProtocolError, ResponseTooLarge
from jmap_async.protocol.declaring import state
from jmap_async.redaction import Authorization
from jmap_async.transport.body import RequestBody
from jmap_async.transport.coding import undone
from jmap_async.transport.download import DownloadStream, coding_of
from jmap_async.transport.failure import FAILURES, failure, is_stale
from jmap_async.transport.headers import sent_headers
from jmap_async.transport.limit import Limit
from jmap_async.transport.proxies import environments_proxy
from jmap_async.transport.response import HTTPResponse
from jmap_async.transport.sharing import (
    asks_environment,
    middlewares_with,
    own_session,
    session_beside,
)
from jmap_async.transport.urls import is_local
from jmap_async.transport.wording import shown

_ACCEPTED: Final = ", ".join(
    coding
    for coding in ("zstd", "br", "gzip")  # from the one that is cheapest to decode
    if coding in aiohttp.ClientRequest.DEFAULT_HEADERS[aiohttp.hdrs.ACCEPT_ENCODING]
)
"""The codings that aiohttp can decode here, for which packages may have to be installed."""

_ERROR_BODY: Final = 1024 * 1024
"""Octets that are read of an answer that is an error anyway."""


@state(kw_only=True, eq=False)
class HTTPRequest:
    """A request as it can be sent, and sent again if `repeatable`; `body` makes its body anew.

    It has its `headers` whatever else is said; `accept` counts where nobody says anything.
    `total` bounds the whole exchange, in seconds. If the request `streams`, that is what comes
    before and after the blob: of an upload's body or a download's answer each next piece may take
    `read` seconds. `on_refused` is called when the credential was refused, before it is refreshed.
    """

    method: str
    url: URL = attrs.field(repr=lambda url: shown(str(url)))
    accept: str | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    body: Callable[[], RequestBody] | None = None
    repeatable: bool = True
    total: float | None
    read: float | None = None
    streams: bool = False
    on_refused: Callable[[], None] | None = None

    def __str__(self) -> str:
        return f"{self.method} {shown(str(self.url))}"


class Wire:
    """An aiohttp session, made at the first request, and what is asked of it.

    With `http` it uses the connections and the proxy of that, see `session_beside`.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession | None,
        *,
        connect_timeout: float,
        max_response_size: int,
        user_agent: str,
        headers: Mapping[str, str],
        trust_env: bool,
    ) -> None:
        if max_response_size < 1:
            raise LocalProtocolError("max_response_size is a number of octets, from 1.")
        self._shared = http
        self._http: aiohttp.ClientSession | None = None
        # What was said to the client wins over what a session carries, and that over ours.
        carried: Mapping[str, str] = {} if http is None else http.headers
        left_out = () if http is None else http.skip_auto_headers
        self._headers = sent_headers(headers, carried, user_agent, left_out)
        self._trust_env = trust_env or asks_environment(http)
        self._proxies: dict[URL, URL | None] = {}
        self._connect_timeout = connect_timeout
        self._max_response_size = max_response_size
        self._closed = False

    async def exchange(
        self, request: HTTPRequest, authorization: Authorization, *, again: bool = True
    ) -> HTTPResponse:
        """Send a request and read the answer to its end.

        A pooled connection that turns out to be closed already is replaced once (`again`).
        """
        body = None if request.body is None else request.body()
        try:
            if self._trust_env:
                await self._find_proxy(request.url)
            if not request.streams:
                return await self._read(request, await self._start(request, authorization, body))
            async with Limit(request.total) as limit:
                if body is not None:
                    body.limit = limit
                response = await self._start(request, authorization, body)
                limit.begin()
                return await self._read(request, response)
        except FAILURES as error:
            lost = _lost(error, request, body)
            stale = body is not None and not (body.sent or body.begun) and is_stale(error)
        if stale and again:
            return await self.exchange(request, authorization, again=False)
        # Outside the `except`, so that aiohttp's error does not come along as the context.
        raise lost

    async def open(
        self, request: HTTPRequest, authorization: Authorization
    ) -> HTTPResponse | DownloadStream:
        """Send a request; return a 2xx answer still to be read, and another one read."""
        try:
            async with asyncio.timeout(request.total):
                if self._trust_env:
                    await self._find_proxy(request.url)
                response = await self._start(request, authorization, None, decode=False)
            if not _is_success(response.status):
                answer = await self._read(request, response)
                body = undone(answer.body, coding_of(response), _ERROR_BODY)
                return attrs.evolve(answer, body=body)
        except FAILURES as error:
            lost = _lost(error, request)
        else:
            return _opened(response)
        raise lost

    async def close(self) -> None:
        """Close the connections if they are not shared; idempotent."""
        self._closed = True
        if self._http is not None:
            await self._http.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None and not self._closed:
            self._http = own_session() if self._shared is None else session_beside(self._shared)
        if self._http is None or _is_closed(self._http) or _is_closed(self._shared):
            raise ClientClosed("The client, or the ClientSession that it shares, is closed.")
        return self._http

    async def _find_proxy(self, url: URL) -> None:
        if url.origin() not in self._proxies:
            found = await asyncio.to_thread(environments_proxy, url)
            self._proxies[url.origin()] = found

    def _start(
        self,
        request: HTTPRequest,
        authorization: Authorization,
        body: RequestBody | None,
        *,
        decode: bool = True,
    ) -> Awaitable[aiohttp.ClientResponse]:
        """Send a request, when awaited, and return the answer with its body still to be read."""
        session = self._session()
        return session.request(
            request.method,
            request.url,
            data=body,
            headers=self._headers_of(request, authorization),
            proxy=self._proxies[request.url.origin()] if self._trust_env else None,
            middlewares=middlewares_with(session, authorization),
            # RFC 8620, 2.2: aiohttp would drop the credential, and turn POST into GET.
            allow_redirects=False,
            # RFC 8620, 3.6: the body of an error says which error it is.
            raise_for_status=False,
            auto_decompress=decode,
            timeout=_timeout(request, self._connect_timeout),
        )

    def _headers_of(self, request: HTTPRequest, authorization: Authorization) -> CIMultiDict[str]:
        headers = self._headers.copy()
        if request.accept is not None:
            headers.setdefault("Accept", request.accept)
        # On one machine compressing costs more than it saves.
        headers.setdefault("Accept-Encoding", "identity" if _facts(request.url)[1] else _ACCEPTED)
        if request.headers:
            headers.update(request.headers)
        headers["Authorization"] = authorization.value
        return headers

    async def _read(self, request: HTTPRequest, response: aiohttp.ClientResponse) -> HTTPResponse:
        async with response:
            if not _is_success(response.status):
                most = min(_ERROR_BODY, self._max_response_size)
                body = await _read_error(response, most, request.total)
            else:
                body = await self._read_whole(request, response)
            return HTTPResponse(
                status=response.status,
                url=_facts(request.url)[0],
                headers=response.headers,
                body=body,
            )

    async def _read_whole(self, request: HTTPRequest, response: aiohttp.ClientResponse) -> bytes:
        pieces: list[bytes] = []
        left = self._max_response_size
        while piece := await response.content.readany():
            left -= len(piece)
            if left < 0:
                raise ResponseTooLarge(
                    f"{request}: the answer has more than {self._max_response_size} octets: ask "
                    "for less, or raise connect(max_response_size=...)."
                )
            pieces.append(piece)
        return b"".join(pieces)  # a lone piece as it is


async def _read_error(response: aiohttp.ClientResponse, left: int, total: float | None) -> bytes:
    """Read the start of an error's body, as far as it comes in time: the status says the rest."""
    pieces: list[bytes] = []
    with suppress(aiohttp.ClientError, TimeoutError):
        # Earlier than all would be given up, the status included.
        async with asyncio.timeout(None if total is None else total / 2):
            while left > 0 and (piece := await response.content.readany()):
                pieces.append(piece[:left])
                left -= len(piece)
    return b"".join(pieces)


def _opened(response: aiohttp.ClientResponse) -> DownloadStream:
    try:
        return DownloadStream(response)
    except BaseException:
        response.close()
        raise


def _is_closed(session: aiohttp.ClientSession | None) -> bool:
    return session is not None and session.closed


def _is_success(status: int) -> bool:
    return 200 <= status < 300


@lru_cache(maxsize=64)  # a tenth of what a lone call costs, and it is mostly the same URL
def _facts(url: URL) -> tuple[str, bool]:
    """Return a URL as text, and whether it leads to this machine."""
    return str(url), is_local(url)


def _timeout(request: HTTPRequest, connect: float) -> aiohttp.ClientTimeout:
    # Else aiohttp would count the blob in, too.
    total = None if request.streams else request.total
    return _timeouts(total, connect, request.read if request.body is None else None)


@lru_cache(maxsize=64)  # a few kinds of requests, each with its own
def _timeouts(total: float | None, connect: float, read: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total, sock_connect=connect, sock_read=read)


def _lost(error: Exception, request: HTTPRequest, body: RequestBody | None = None) -> Exception:
    """Return our own error in place of aiohttp's and the system's."""
    if body is not None and body.error is not None:
        return body.error
    # A request without a body only reads: whether it was sent makes no difference.
    return failure(error, request=str(request), sent=None if body is None else body.sent)
