"""From an HTTP answer that is a refusal to the error that it stands for (RFC 8620, 3.6.1)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import orjson

from jmap_async.errors import (
    REQUEST_ERROR_PREFIX,
    REQUEST_ERRORS,
    HTTPError,
    JMAPError,
    LimitExceeded,
    RateLimited,
    RequestError,
)
from jmap_async.protocol.json import is_object
from jmap_async.transport.response import HTTPResponse
from jmap_async.transport.wording import one_line, shown

_LONGEST_WAIT: Final = 3600.0
"""Seconds: a server that names a longer wait is asked again after an hour all the same."""

_SECONDS: Final = r"[0-9]{1,12}(\.[0-9]{1,12})?"


def problem(
    response: HTTPResponse,
    *,
    now: datetime,
    size_limit: Literal["maxSizeRequest", "maxSizeUpload"] = "maxSizeRequest",
) -> JMAPError:
    """Return the error that an answer other than 2xx stands for.

    Problem details of JMAP become the RequestError of their type, 429 and 503 RateLimited, 413
    LimitExceeded for `size_limit`, and all else HTTPError. `now`, aware, turns a Retry-After that
    is a date into seconds. Never fails, whatever the body is.
    """
    details = _details(response.body)
    type_ = _text(details, "type") or "about:blank"
    limit = _text(details, "limit")
    wait = retry_after(response.headers.get("Retry-After"), now=now)
    message = _message(response, details)
    detail = _text(details, "detail")
    status = response.status  # the one in the body is only advisory (RFC 7807, 3.1)
    if status == 413:
        limit = limit or size_limit
    refusal = _refusal(type_, status, limit)
    if refusal is RateLimited:
        return RateLimited(
            message, type=type_, status=status, detail=detail, limit=limit, retry_after=wait
        )
    if refusal is not None:
        return refusal(message, type=type_, status=status, detail=detail, limit=limit)
    return HTTPError(
        message,
        status=status,
        body=response.body.decode(errors="replace"),
        # A 4xx was refused before anything was done; a 5xx may have come half-way.
        outcome="not_sent" if 400 <= status < 500 else "unknown",
    )


def _refusal(type_: str, status: int, limit: str | None) -> type[RequestError] | None:
    """Return the class for a refusal that JMAP or HTTP defines."""
    named = None
    if type_.startswith(REQUEST_ERROR_PREFIX):
        named = REQUEST_ERRORS.get(type_.removeprefix(REQUEST_ERROR_PREFIX), RequestError)
    # A request that is too large stays so; one that came too early does not.
    if status in {429, 503} and (named is None or (named is LimitExceeded and not _lasts(limit))):
        return RateLimited
    if named is None and status == 413:
        return LimitExceeded
    return named


def _lasts(limit: str | None) -> bool:
    """Tell whether a limit will refuse the same request later too."""
    return limit is not None and not limit.startswith("maxConcurrent")


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, from 0 to an hour.

    None if there is no such header, or it is neither seconds nor a date (RFC 9110, 10.2.3).
    """
    if value is None:
        return None
    if re.fullmatch(_SECONDS, value.strip()):
        return min(float(value), _LONGEST_WAIT)
    try:
        date = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), _LONGEST_WAIT)


def _details(body: bytes) -> Mapping[str, object]:
    """Return problem details, empty if the body is something else.

    The Content-Type is not asked: some servers send them as text, others send text as JSON.
    """
    try:
        parsed: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return parsed if is_object(parsed) else {}


def _text(details: Mapping[str, object], name: str) -> str | None:
    value = details.get(name)
    return value if isinstance(value, str) else None


def _message(response: HTTPResponse, details: Mapping[str, object]) -> str:
    said = [_text(details, "type"), _text(details, "title"), _text(details, "detail")]
    words = ": ".join(part for part in said if part) or response.body.decode(errors="replace")
    return (
        f"{shown(response.url)} answered HTTP {response.status}: "
        f"{one_line(words) or 'the body is empty'}"
    )
