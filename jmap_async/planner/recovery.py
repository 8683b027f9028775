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

import attrs

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
from jmap_async.planner.entry import Entry
from jmap_async.planner.replays import Again
from jmap_async.planner.request import Request
from jmap_async.protocol.declaring import record, state
from jmap_async.protocol.session import CORE, CoreCapability


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


@state(eq=False)
class Trial:
    """Units that are replayed apart from all others; parts of one division share the counts."""

    counts: "Counts"


@state(eq=False)
class Counts:
    """How the parts of a division have fared; `alone` are those failures with one caller only."""

    failures: int = 0
    alone: int = 0
    successes: int = 0

    @property
    def hopeless(self) -> bool:
        """Tell whether so many calls failed alone, and nothing worked, that no call is to blame."""
        return self.alone >= _HOPELESS and not self.successes

    @property
    def silent(self) -> bool:
        """Tell whether so many parts failed, and nothing worked, that the server is to blame."""
        return self.failures >= _SILENT and not self.successes


# More than anybody has reason to get wrong in a row.
_HOPELESS: Final = 20

# Deep enough to find a culprit among hundreds of calls before any part has succeeded.
_SILENT: Final = 10

# Statuses that something in the body can cause; others concern everybody.
_ABOUT_THE_BODY: Final = frozenset({400, 403, 406, 409, 411, 413, 414, 415, 422, 431})


def judge(error: Exception, request: Request, *, attempts: int) -> Verdict:
    """Choose the remedy; `attempts` is how often a call may be sent again unchanged."""
    if isinstance(error, RateLimited) or _concurrency(error):
        return _repeat(request, attempts, Again.BUSY)
    if isinstance(error, LimitExceeded) and error.limit in _LEARNABLE:
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
    counts = request.trial.counts if request.trial else Counts()
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


def repeatable(entry: Entry, error: Exception) -> bool:
    """Tell whether a call may be sent again after this error (see the top of this file)."""
    if entry.method.reads or entry.arguments.get("ifInState") is not None:
        return True
    return not_carried_out(error)


def not_carried_out(error: Exception) -> bool:
    """Tell whether nothing of a request that ended in this error can have been carried out."""
    if isinstance(error, RequestError):
        return True
    return isinstance(error, TransportError) and error.outcome == "not_sent"


# Limits that tell how to pack; the name on the wire, and ours.
_LEARNABLE: Final = {
    "maxCallsInRequest": "max_calls_in_request",
    "maxSizeRequest": "max_size_request",
    "maxObjectsInGet": "max_objects_in_get",
    "maxObjectsInSet": "max_objects_in_set",
}


class LearntLimits:
    """Limits that the server enforces below those of its session."""

    def __init__(self) -> None:
        self._told: CoreCapability | None = None
        self._limits = CoreCapability()

    def of(self, told: CoreCapability) -> CoreCapability:
        """Return the limits to plan by; what the session says anew counts anew."""
        if told is not self._told:
            self._told, self._limits = told, _sane(told)
        return self._limits

    def learn(self, error: LimitExceeded, request: Request) -> bool:
        """Lower the limit that a request exceeded; False: that would not make it smaller."""
        name = _LEARNABLE.get(error.limit or "")
        if name is None:
            return True  # a limit that we do not know: nothing to learn
        used = request.used(name)
        # What went beyond the limit that it was planned by cannot be made smaller.
        if request.closed or not 1 < used <= getattr(request.limits, name):
            return False
        lower = min(getattr(self._limits, name), used // 2)
        self._limits = attrs.evolve(self._limits, **{name: lower})
        return True

    def learn_concurrency(self, running: int) -> None:
        """Lower the number of concurrent requests."""
        allowed = max(1, min(self._limits.max_concurrent_requests, running) - 1)
        self._limits = attrs.evolve(self._limits, max_concurrent_requests=allowed)


def _sane(told: CoreCapability) -> CoreCapability:
    """Return limits that allow at least one call with one object at a time."""
    return attrs.evolve(
        told,
        max_calls_in_request=max(1, told.max_calls_in_request),
        max_objects_in_get=max(1, told.max_objects_in_get),
        max_objects_in_set=max(1, told.max_objects_in_set),
        max_concurrent_requests=max(1, told.max_concurrent_requests),
    )
