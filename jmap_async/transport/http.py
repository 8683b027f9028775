"""What is sent over HTTP: session, API calls, uploads and downloads (RFC 8620, 2, 3 and 6)."""

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Collection,
    Mapping,
)
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final, Literal, TypeVar

import aiohttp
from yarl import URL

from jmap_async._version import __version__
from jmap_async.auth import Auth, Credential
from jmap_async.errors import AuthenticationError, HTTPError
from jmap_async.redaction import Authorization
from jmap_async.transport.body import RequestBody
from jmap_async.transport.download import DownloadStream
from jmap_async.transport.failure import is_lost
from jmap_async.transport.problem import problem
from jmap_async.transport.redirects import MOST_REDIRECTS, in_circles, redirected_post
from jmap_async.transport.response import HTTPResponse, Timeouts
from jmap_async.transport.urls import (
    REDIRECTS,
    canonical_host,
    canonical_hosts,
    check_named,
    checked_url,
    host_of,
    may_receive_credentials,
    redirected,
)
from jmap_async.transport.wire import HTTPRequest, Wire
from jmap_async.transport.wording import shown

MAX_RESPONSE_SIZE: Final = 256 * 1024 * 1024
"""Octets of an answer, decompressed, that are read unless the user says otherwise."""

_MOST_DOWNLOADS: Final = 100
"""Downloads that are open at the same time, each with a connection of its own; more wait."""


AnswerT = TypeVar("AnswerT", bound=HTTPResponse | DownloadStream)


class Transport:
    """Sends requests with the credential, to places that may see it, and bounds what comes back.

    `http` is a session to share: it is neither changed nor closed. Without it one is made at the
    first request. `headers`, made by `checked_headers`, go with each request. `trust_env` asks the
    environment for a proxy. `trusted_hosts` are hosts, beyond the one asked for, to which a
    redirect may lead. `max_response_size` is in octets, decompressed.

    Every method raises AuthenticationError if the server refuses the credential, also once
    refreshed, or redirects to a host that may not see it; TransportError if there is no usable
    answer; LocalProtocolError if the URL may not be used; and ClientClosed after `close`.
    """

    def __init__(
        self,
        auth: Auth,
        *,
        http: aiohttp.ClientSession | None = None,
        timeouts: Timeouts | None = None,
        allow_insecure_http: bool = False,
        trusted_hosts: Collection[str] = (),
        max_response_size: int = MAX_RESPONSE_SIZE,
        user_agent: str = f"jmap_async/{__version__}",
        headers: Mapping[str, str] | None = None,
        trust_env: bool = False,
    ) -> None:
        self._timeouts = timeouts or Timeouts()
        self._credential = Credential(auth, patience=self._timeouts.total, is_lost=is_lost)
        self._allow_insecure_http = allow_insecure_http
        self._trusted_hosts = canonical_hosts(trusted_hosts)
        self._downloads = asyncio.Semaphore(_MOST_DOWNLOADS)
        self._wire = Wire(
            http,
            connect_timeout=self._timeouts.connect,
            max_response_size=max_response_size,
            user_agent=user_agent,
            headers=headers or {},
            trust_env=trust_env,
        )

    async def fetch_session(self, url: str, *, asked: str | None = None) -> HTTPResponse:
        """Fetch the Session resource, following redirects (RFC 8620, 2 and 2.2).

        `asked` is the host or domain that the user named, if that is not the URL's own. The
        answer is 2xx; relative URLs in it are relative to its `url`. For any other status it
        raises what `problem` makes of it.
        """
        asked_host = host_of(self._checked(url)) if asked is None else canonical_host(asked)
        return _successful(await self._follow(url, asked_host, self._get_session))

    async def exchange(
        self,
        url: str,
        body: bytes,
        *,
        timeout: float | None = None,
        on_sent: Callable[[], None] | None = None,
        on_refused: Callable[[], None] | None = None,
    ) -> HTTPResponse:
        """Post a Request object and return the answer, whatever its status (RFC 8620, 3.1).

        A status other than 2xx is for `problem` to explain. `timeout` bounds the whole answer, in
        seconds. `on_sent` is called when the first octets have left: a failure before that has
        the outcome "not_sent". Repeating with a fresh credential calls it again, as does a
        redirect. `on_refused` is called when the server has refused the credential, and so has
        carried nothing out. Raises HTTPError for one that is not followed; see `redirected_post`.
        """
        request = HTTPRequest(
            method="POST",
            url=self._checked(url),
            accept="application/json",
            body=partial(RequestBody, body, content_type="application/json", on_sent=on_sent),
            total=self._timeouts.total if timeout is None else timeout,
            on_refused=on_refused,
        )
        return await self._posted(request)

    async def upload(
        self,
        url: str,
        data: bytes | AsyncIterable[bytes],
        *,
        content_type: str,
        size: int | None = None,
        repeatable: bool = False,
    ) -> HTTPResponse:
        """Upload a blob and return the answer, which is 2xx (RFC 8620, 6.1).

        A stream is sent as it comes; give its `size` in octets if it is known, and tell whether it
        begins anew when it is iterated over again (`repeatable`). If it does not, refreshing the
        credential helps only the next call. Raises HTTPError for a redirect that is not followed,
        and for any other status what `problem` makes of it.
        """
        request = HTTPRequest(
            method="POST",
            url=self._checked(url),
            accept="application/json",
            body=partial(
                RequestBody, data, content_type=content_type, size=size, stall=self._timeouts.read
            ),
            repeatable=repeatable or isinstance(data, bytes),
            total=self._timeouts.total,
            streams=True,
        )
        return _successful(await self._posted(request), "maxSizeUpload")

    @asynccontextmanager
    async def download(self, url: str) -> AsyncGenerator[DownloadStream, None]:
        """Open a download, to be read by the stream's `iter_chunks` (RFC 8620, 6.2).

        Redirects are followed where the credential may go. For a status other than 2xx it raises
        what `problem` makes of it.
        """
        asked_host = host_of(self._checked(url))
        async with self._downloads:
            answer = await self._follow(url, asked_host, self._open_download)
            if isinstance(answer, HTTPResponse):
                raise problem(answer, now=datetime.now(UTC))
            try:
                yield answer
            finally:
                answer.close()

    async def close(self) -> None:
        """Close the connections, unless they belong to a shared session; idempotent."""
        await self._wire.close()
        await self._credential.close()

    def check_named(self, name: str, url: str, session_url: str) -> None:
        """Check a URL that the session from `session_url` gives as `name`.

        Raises:
            RemoteProtocolError: it may not be used.
        """
        check_named(name, url, session_url, allow_insecure_http=self._allow_insecure_http)

    def _checked(self, url: str) -> URL:
        return checked_url(url, allow_insecure_http=self._allow_insecure_http)

    async def _get_session(self, url: str) -> HTTPResponse:
        # RFC 8620, 2: a session must not come out of an HTTP cache.
        request = HTTPRequest(
            method="GET",
            url=self._checked(url),
            accept="application/json",
            headers={"Cache-Control": "no-cache"},
            total=self._timeouts.total,
        )
        return await self._authorized(request, self._wire.exchange)

    async def _open_download(self, url: str) -> HTTPResponse | DownloadStream:
        # Compressed blobs gain little, and uncompressed ones come with their true size.
        headers = {"Accept-Encoding": "identity"}
        request = HTTPRequest(
            method="GET",
            url=self._checked(url),
            headers=headers,
            total=self._timeouts.total,
            read=self._timeouts.read,
            streams=True,
        )
        return await self._authorized(request, self._wire.open)

    async def _posted(self, request: HTTPRequest) -> HTTPResponse:
        """Send a POST, past redirects that keep it."""
        followed = 0
        while True:
            response = await self._authorized(request, self._wire.exchange)
            further = redirected_post(request, response)
            if further is None:
                return response
            if followed == MOST_REDIRECTS:
                raise in_circles(request, response.status)
            request, followed = further, followed + 1

    async def _authorized(
        self, request: HTTPRequest, send: Callable[[HTTPRequest, Authorization], Awaitable[AnswerT]]
    ) -> AnswerT:
        """Send a request; if the credential is refused, refresh it and send once more."""
        authorization = await self._credential.authorization()
        answer = await send(request, authorization)
        if answer.status != 401:
            return answer
        if request.on_refused is not None:
            request.on_refused()
        refreshed = await self._credential.refresh(authorization.value)
        if refreshed and request.repeatable:
            answer = await send(request, await self._credential.authorization())
            if answer.status != 401:
                return answer
        raise AuthenticationError(_refused(request, repeat=refreshed and not request.repeatable))

    async def _follow(
        self, url: str, asked_host: str, get: Callable[[str], Awaitable[AnswerT]]
    ) -> AnswerT:
        """Get `url`, following redirects by hand as far as the credential may go."""
        came_from: str | None = None
        for _ in range(MOST_REDIRECTS + 1):
            if not may_receive_credentials(
                url, asked_host, self._trusted_hosts, came_from=came_from
            ):
                raise AuthenticationError(_stray(url, came_from, asked_host))
            answer = await get(url)
            location = answer.headers.get("Location")
            if answer.status not in REDIRECTS or location is None:
                return answer
            came_from, url = url, redirected(url, location)
        raise HTTPError(
            f"{shown(url)}: this is where more than {MOST_REDIRECTS} redirects led; the server "
            "seems to send its clients in circles."
        )


def _refused(request: HTTPRequest, *, repeat: bool) -> str:
    remedy = (
        "It has been refreshed, but the data was a stream that cannot be sent twice: upload again."
        if repeat
        else "Check the token, or the user name and password."
    )
    return f"{request}: the server refused the credential (HTTP 401). {remedy}"


def _stray(url: str, came_from: str | None, asked_host: str) -> str:
    origin = f"{shown(came_from)} redirects to" if came_from else "The credential would go to"
    return (
        f"{origin} {shown(url)}, which is not {asked_host} over https, on the same port or the "
        "default one. If that is right, pass the latter URL as the target, or its host in "
        "trusted_hosts=[...], with its port unless that is the default one."
    )


def _successful(
    response: HTTPResponse,
    size_limit: Literal["maxSizeRequest", "maxSizeUpload"] = "maxSizeRequest",
) -> HTTPResponse:
    if not response.ok:
        raise problem(response, now=datetime.now(UTC), size_limit=size_limit)
    return response
