"""Limits of the server: what they are called and count, and those below what the session says."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import attrs

from jmap_async.errors import (
    LimitExceeded,
)
from jmap_async.protocol.declaring import record
from jmap_async.protocol.json import JSONObject
from jmap_async.protocol.session import CoreCapability

if TYPE_CHECKING:
    from jmap_async.planner.base.request import Request


@record()
class Limit:
    """A limit that says how to pack (RFC 8620, 2): its name on the wire, and that in `core`.

    Of what methods with this `verb` name in these `arguments` it bounds the number.
    """

    wire: str
    attribute: str
    verb: str = ""
    arguments: tuple[str, ...] = ()

    def of(self, core: CoreCapability) -> int:
        """Return what it is."""
        value: int = getattr(core, self.attribute)
        return value

    def lowered(self, core: CoreCapability, value: int) -> CoreCapability:
        """Return limits of which this one has another value."""
        changes: JSONObject = {self.attribute: value}
        return attrs.evolve(core, **changes)


CALLS: Final = Limit("maxCallsInRequest", "max_calls_in_request")
SIZE: Final = Limit("maxSizeRequest", "max_size_request")

LIMITS: Final[Mapping[str, Limit]] = {
    one.wire: one
    for one in (
        CALLS,
        SIZE,
        Limit("maxObjectsInGet", "max_objects_in_get", "get", ("ids",)),
        Limit("maxObjectsInSet", "max_objects_in_set", "set", ("create", "update", "destroy")),
    )
}
"""All, by their names on the wire."""

COUNTED: Final[Mapping[str, Limit]] = {one.verb: one for one in LIMITS.values() if one.verb}
"""Those of objects, by the verb."""


class LearntLimits:
    """Limits that the server enforces below those of its session."""

    def __init__(self) -> None:
        self._announced: CoreCapability | None = None
        self._limits = CoreCapability()

    def of(self, announced: CoreCapability) -> CoreCapability:
        """Return the limits to plan by; what the session says anew counts anew."""
        if announced is not self._announced:
            self._announced, self._limits = announced, _sane(announced)
        return self._limits

    def learn(self, error: LimitExceeded, request: "Request") -> bool:
        """Lower the limit that a request exceeded; False: that would not make it smaller."""
        limit = LIMITS.get(error.limit or "")
        if limit is None:
            return True  # a limit that we do not know: nothing to learn
        used = request.used(limit)
        # What went beyond the limit that it was planned by cannot be made smaller.
        if request.closed or not 1 < used <= limit.of(request.limits):
            return False
        lower = min(limit.of(self._limits), used // 2)
        self._limits = limit.lowered(self._limits, lower)
        return True

    def learn_concurrency(self, running: int) -> None:
        """Lower the number of concurrent requests."""
        allowed = max(1, min(self._limits.max_concurrent_requests, running) - 1)
        self._limits = attrs.evolve(self._limits, max_concurrent_requests=allowed)


def _sane(announced: CoreCapability) -> CoreCapability:
    """Return limits that allow at least one call with one object at a time."""
    return attrs.evolve(
        announced,
        max_calls_in_request=max(1, announced.max_calls_in_request),
        max_objects_in_get=max(1, announced.max_objects_in_get),
        max_objects_in_set=max(1, announced.max_objects_in_set),
        max_concurrent_requests=max(1, announced.max_concurrent_requests),
    )
