"""What to do about a request that got no proper answer: give up, repeat, divide, or plan anew.

The rules, in short. What was certainly not carried out may be sent again, whatever it is. What may
have been carried out is sent again only if that cannot apply it twice: reads, and writes with
`ifInState`. What a single call can be the cause of is divided, so that the culprit ends up alone
with its own error. And as long as nothing succeeds, a division ends early: then it is not a call
that is at fault but the server.
"""

import re
from collections.abc import Iterable
from enum import Enum, auto
from typing import Final

from jmap_async.errors import (
    HTTPError,
    LimitExceeded,
    RateLimited,
    RemoteProtocolError,
    RequestError,
    ResponseTooLarge,
    TransportError,
    UnknownCapability,
)
from jmap_async.planner.base.limits import LIMITS
from jmap_async.planner.base.replays import Again
from jmap_async.planner.base.request import Request
from jmap_async.planner.base.trials import Division
from jmap_async.protocol.declaring import record
from jmap_async.protocol.session import CORE


class Remedy(Enum):
    """What to do with the calls of a failed request."""

    FAIL = auto()
    """Give every call the error."""

    REPEAT = auto()
    """Send the same again after a while."""

    DIVIDE = auto()
    """Send parts, until whoever is at fault is alone."""

    REPLAN = auto()
    """A limit was learnt: pack the calls anew."""


@record()
class Verdict:
    """What to do with the calls of a failed request, and why they are sent again."""

    remedy: Remedy
    why: Again | None = None


_FAIL: Final = Verdict(Remedy.FAIL)


# Statuses that something in the body can cause; others concern everybody.
_ABOUT_THE_BODY: Final = frozenset({400, 403, 406, 409, 411, 413, 414, 415, 422, 431})


def judge(error: Exception, request: Request, *, attempts: int) -> Verdict:
    """Choose the remedy; `attempts` is how often a call may be sent again unchanged."""
    if isinstance(error, RateLimited) or _concurrency(error):
        return _repeat(request, attempts, Again.BUSY)
    if isinstance(error, LimitExceeded) and error.limit in LIMITS:
        return Verdict(Remedy.REPLAN, Again.LIMIT_LEARNT)
    if isinstance(error, RequestError):
        return divide(error, request)
    if isinstance(error, HTTPError) and error.status < 500:
        return divide(error, request) if error.status in _ABOUT_THE_BODY else _FAIL
    if isinstance(error, TransportError | RemoteProtocolError):
        return _after_silence(error, request, attempts)
    return _FAIL


def _repeat(request: Request, attempts: int, why: Again) -> Verdict:
    """Repeat as long as there is a call that may; the budget is each call's own."""
    may = any(entry.attempts < attempts for entry in request.entries)
    return Verdict(Remedy.REPEAT, why) if may else _FAIL


def divide(error: Exception, request: Request) -> Verdict:
    """Choose to tell the calls of a request apart, as long as there is hope to find a culprit."""
    by_capability = isinstance(error, UnknownCapability)
    counts = request.trial.counts if request.trial else Division()
    if by_capability and len({one.using for one in request.units}) == 1:
        return _FAIL
    if request.indivisible or request.closed or counts.hopeless:
        return _FAIL
    return Verdict(Remedy.DIVIDE, Again.CAPABILITY if by_capability else Again.HALVED)


def _after_silence(
    error: TransportError | RemoteProtocolError, request: Request, attempts: int
) -> Verdict:
    if isinstance(error, ResponseTooLarge):
        return divide(error, request)  # the same request would have the same answer
    repeat = _repeat(request, attempts, Again.CONNECTION_LOST)
    # Once more as it was: most failures pass. Then in parts: one call may bring the server down.
    unknown = error.outcome == "unknown"
    if repeat is _FAIL or not (unknown and request.attempts):
        return repeat
    if request.indivisible or request.closed:
        return repeat
    # Each of these attempts may have cost a time-out: give up sooner than after refusals.
    silent = request.trial is not None and request.trial.counts.silent
    return _FAIL if silent else divide(error, request)


def named(error: UnknownCapability, using: Iterable[str]) -> set[str]:
    """Return the one capability that an error is about; nothing, if it names none or several.

    A server that lists what it does offer must not bring that into discredit.
    """
    said = f"{error} {error.detail}"
    # One may begin like another: ...:mail and ...:mail:share.
    found = {
        uri
        for uri in using
        if uri != CORE and re.search(rf"(?<![\w:/.-]){re.escape(uri)}(?![\w:/-]|\.\w)", said)
    }
    return found if len(found) == 1 else set()


def _concurrency(error: Exception) -> bool:
    return isinstance(error, LimitExceeded) and error.limit == "maxConcurrentRequests"
