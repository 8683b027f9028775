"""The HTTP side: routes, authentication, the limits that concern HTTP (RFC 8620, 2, 3, 6)."""

import asyncio
import base64
import binascii
import hmac
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol
from urllib.parse import quote

import orjson
from aiohttp import web

from jmap_async.testing.checks import is_object
from jmap_async.testing.engine import process
from jmap_async.testing.failures import RequestFailure
from jmap_async.testing.http.events import event_source
from jmap_async.testing.session import session_object
from jmap_async.testing.store import Account, World
from jmap_async.testing.types import JSONObject

OnRequest = Callable[[web.Request, JSONObject], Awaitable[web.StreamResponse | None]]
"""Called before an API request is processed; a response is sent instead of the server's own."""

OnResponse = Callable[[JSONObject], JSONObject]
"""Called with each Response; what it returns goes out."""

_CHALLENGE: Final = 'Bearer realm="jmap", Basic realm="jmap"'


class Host(Protocol):
    """What the handlers need of the server."""

    world: World
    token: str
    user: str
    password: str
    url: str
    relative_urls: bool
    latency: float
    requests: list[JSONObject]
    session_fetches: int
    peak_requests: int
    on_request: OnRequest | None
    on_response: OnResponse | None


class Handlers:
    """The request handlers of one server."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._requests = 0
        self._uploads = 0

    def application(self) -> web.Application:
        """Return the application with all routes."""
        app = web.Application(middlewares=[self._authenticate])
        app.add_routes(
            [
                web.get("/.well-known/jmap", self._well_known),
                web.get("/jmap/session", self._session),
                web.post("/jmap/api", self._api),
                web.post("/jmap/upload/{accountId}", self._upload),
                web.get("/jmap/download/{accountId}/{blobId}/{name}", self._download),
                web.get("/jmap/eventsource", self._events, allow_head=False),
            ]
        )
        return app

    @web.middleware
    async def _authenticate(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        if request.path != "/.well-known/jmap" and credential(self._host, request) is None:
            body = {"type": "about:blank", "status": 401, "detail": "Who are you?"}
            return _problem(body, headers={"WWW-Authenticate": _CHALLENGE})
        return await handler(request)

    async def _well_known(self, request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/jmap/session"})

    async def _session(self, request: web.Request) -> web.Response:
        self._host.session_fetches += 1
        origin = "" if self._host.relative_urls else self._host.url
        return _json(
            session_object(self._host.world, origin),
            headers={"Cache-Control": "no-cache, no-store, must-revalidate"},
        )

    async def _api(self, request: web.Request) -> web.StreamResponse:
        self._requests += 1
        self._host.peak_requests = max(self._host.peak_requests, self._requests)
        try:
            return await self._answer(request)
        except RequestFailure as failure:
            return _problem(failure.to_wire())
        finally:
            self._requests -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        host, limits = self._host, self._host.world.limits
        if self._requests > limits.max_concurrent_requests:
            raise RequestFailure("limit", "Too many at once.", limit="maxConcurrentRequests")
        raw = await _read(request, limits.max_size_request, "maxSizeRequest")
        if request.content_type != "application/json":
            raise RequestFailure("notJSON", "The content type is not application/json.")
        body = parse(raw)
        if is_object(body):
            host.requests.append(body)
            if host.on_request is not None:
                instead = await host.on_request(request, body)
                if instead is not None:
                    return instead
        response = process(host.world, body, credential=credential(host, request) or "")
        if host.on_response is not None:
            # The hook may alter what it is given, which must not alter the records.
            response = host.on_response(orjson.loads(orjson.dumps(response)))
        if host.latency:
            await asyncio.sleep(host.latency)
        return _json(response)

    async def _upload(self, request: web.Request) -> web.Response:
        account = self._account(request)
        limits = self._host.world.limits
        if account.is_read_only:
            raise web.HTTPForbidden
        if self._uploads >= limits.max_concurrent_upload:
            failure = RequestFailure("limit", "Too many at once.", limit="maxConcurrentUpload")
            return _problem(failure.to_wire())
        self._uploads += 1
        try:
            data = await _read(request, limits.max_size_upload, "maxSizeUpload")
        except RequestFailure as failure:
            return _problem(failure.to_wire())
        finally:
            self._uploads -= 1
        type = request.headers.get("Content-Type", "application/octet-stream")
        blob_id = account.put_blob(data, type)
        body = {"accountId": account.id, "blobId": blob_id, "type": type, "size": len(data)}
        return _json(body, status=201)

    async def _download(self, request: web.Request) -> web.StreamResponse:
        account = self._account(request)
        blob = account.blobs.get(request.match_info["blobId"])
        if blob is None:
            raise web.HTTPNotFound
        type = request.query.get("type") or "application/octet-stream"
        name = quote(request.match_info["name"], safe="")
        return web.Response(
            body=blob.data,
            headers={
                # RFC 8620, 6.2: the type is what the URL asks for, not what was uploaded.
                "Content-Type": type if type.isprintable() else "application/octet-stream",
                "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
                "Cache-Control": "private, immutable, max-age=31536000",
            },
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await event_source(self._host.world, request)

    def _account(self, request: web.Request) -> Account:
        account = self._host.world.accounts.get(request.match_info["accountId"])
        if account is None:
            raise web.HTTPNotFound
        return account


def credential(host: Host, request: web.Request) -> str | None:
    """Return the name of the credential that a request carries, or None if it is no good."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and _same(value.strip(), host.token):
        return "bearer"
    if scheme.lower() == "basic" and _same(_decoded(value), f"{host.user}:{host.password}"):
        return "basic"
    return None


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def _read(request: web.Request, most: int, limit: str) -> bytes:
    """Read the body, but not more than `most` octets of it."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.content.iter_chunked(2**16):
            size += len(chunk)
            if size > most:
                raise RequestFailure("limit", f"More than {most} octets.", limit=limit)
            chunks.append(chunk)
    except web.RequestPayloadError as error:
        # It is not encoded as its header says, or ends too early.
        raise web.HTTPBadRequest from error
    return b"".join(chunks)


def parse(raw: bytes) -> object:
    """Parse I-JSON, without duplicate keys (RFC 8620, 1.5).

    Raises:
        RequestFailure: "notJSON".
    """
    try:
        value: object = orjson.loads(raw)
        # Written back and equal, it cannot have lost a duplicate: no need to look closely.
        if orjson.dumps(value) != raw:
            json.loads(raw, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise RequestFailure("notJSON", f"The body is no I-JSON: {error}.") from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("an object has the same key twice")


def _json(
    body: JSONObject, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(body), status=status, content_type="application/json", headers=headers
    )


def _problem(body: JSONObject, *, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=orjson.dumps(body),
        status=body["status"],
        content_type="application/problem+json",
        headers=headers,
    )
