"""What a client takes from an aiohttp session that it shares: its connections and its proxy.

A session of one's own on its connector: what belongs to one user stays out, above all cookies and
credentials, which aiohttp would send with everybody's requests.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, Protocol, cast

import aiohttp
from yarl import URL

from jmap_async.errors import ClientClosed, LocalProtocolError
from jmap_async.redaction import Authorization

# aiohttp offers no other way to these settings: by their names there, and as parameters.
_CARRIED: Final = {
    "_middlewares": "middlewares",
    "_read_bufsize": "read_bufsize",
    "_max_line_size": "max_line_size",
    "_max_field_size": "max_field_size",
    "_max_headers": "max_headers",
}


class _UserAndPassword(Protocol):
    login: str
    password: str


def own_session() -> aiohttp.ClientSession:
    """Make a session that nobody shares."""
    return aiohttp.ClientSession(
        # Whoever sends has a limit already; a POST must not wait for downloads to end.
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def session_beside(shared: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """Make a session that uses the connections of `shared`, and leaves them to it in the end.

    Raises LocalProtocolError if that belongs to another event loop, ClientClosed if it is closed.
    """
    if shared.closed:
        raise ClientClosed("The ClientSession given as http= is closed.")
    if _private(shared, "_loop") is not asyncio.get_running_loop():
        raise LocalProtocolError(
            "The ClientSession given as http= belongs to another event loop: make it in the one "
            "in which the client is made."
        )
    carried: dict[str, Any] = {
        parameter: _private(shared, name)
        for name, parameter in _CARRIED.items()
        if _private(shared, name) is not None
    }
    return aiohttp.ClientSession(
        connector=shared.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        proxy=_proxy(shared),
        trace_configs=shared.trace_configs,
        **carried,
    )


def asks_environment(shared: aiohttp.ClientSession | None) -> bool:
    """Tell whether a session has its proxy from the environment: it has been given none."""
    return shared is not None and shared.trust_env and _proxy(shared) is None


def middlewares_with(
    session: aiohttp.ClientSession, authorization: Authorization
) -> tuple[aiohttp.ClientMiddlewareType, ...] | None:
    """Return the middlewares of a session, and one that keeps them from changing the credential.

    None if there are none, which is nearly always.
    """
    theirs = cast("Sequence[aiohttp.ClientMiddlewareType]", _private(session, "_middlewares") or ())

    async def keep(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        request.headers["Authorization"] = authorization.value
        return await handler(request)

    return (*theirs, keep) if theirs else None


def _proxy(shared: aiohttp.ClientSession) -> URL | None:
    """Return the proxy of a session; its credential belongs into its URL."""
    proxy = cast("str | URL | None", _private(shared, "_default_proxy"))
    auth = cast("_UserAndPassword | None", _private(shared, "_default_proxy_auth"))
    if proxy is None or auth is None:
        return None if proxy is None else URL(proxy)
    return URL(proxy).with_user(auth.login).with_password(auth.password)


def _private(session: aiohttp.ClientSession, name: str) -> object:
    return getattr(session, name, None)
