"""Redirects of a POST: followed where that cannot lose its body or show the credential."""

from typing import Final

import attrs
from yarl import URL

from jmap_async.errors import HTTPError, LocalProtocolError, Outcome
from jmap_async.transport.response import HTTPResponse
from jmap_async.transport.urls import REDIRECTS, checked_url, host_of, redirected
from jmap_async.transport.wire import HTTPRequest
from jmap_async.transport.wording import shown

MOST_REDIRECTS: Final = 5

_KEEP_THE_METHOD: Final = frozenset({307, 308})
"""The others become a GET in nearly all clients, and servers rely on that (RFC 9110, 15.4)."""

_SEE_OTHER: Final = 303


def redirected_post(request: HTTPRequest, response: HTTPResponse) -> HTTPRequest | None:
    """Return what to send in place of `request`; None if the answer is no redirect.

    Raises HTTPError for a redirect that is not followed: only within one origin, and only with a
    body that can be had again.
    """
    location = response.headers.get("Location")
    if response.status not in REDIRECTS or location is None:
        return None
    named = redirected(response.url, location)
    target = _parsed(named)
    if target is None or _origin(target) != _origin(request.url) or not _keeps(response):
        remedy = (
            "Only 307 and 308 keep a POST, and only within one origin is it followed: fetch the "
            "session again, or correct the target."
        )
    elif not request.repeatable:
        remedy = "The data was a stream that cannot be sent twice: upload again."
    else:
        return attrs.evolve(request, url=target)
    raise HTTPError(
        f"{request} was redirected to {shown(named)} (HTTP {response.status}). {remedy}",
        status=response.status,
        body=response.body.decode(errors="replace"),
        outcome=_outcome(response.status),
    )


def in_circles(request: HTTPRequest, status: int) -> HTTPError:
    """Return the error for redirects without an end."""
    return HTTPError(
        f"{request}: this is where more than {MOST_REDIRECTS} redirects led; the server seems to "
        "send its clients in circles.",
        status=status,
        outcome=_outcome(status),
    )


def _outcome(status: int) -> Outcome:
    # RFC 9110, 15.4.4: "see other" is an answer to what was done; the others say to ask elsewhere.
    return "unknown" if status == _SEE_OTHER else "not_sent"


def _keeps(response: HTTPResponse) -> bool:
    return response.status in _KEEP_THE_METHOD


def _parsed(url: str) -> URL | None:
    try:
        return checked_url(url, allow_insecure_http=True)
    except LocalProtocolError:
        return None


def _origin(url: URL) -> tuple[str, str, int | None]:
    return url.scheme.lower(), host_of(url), url.port
