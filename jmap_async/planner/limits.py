"""Limits that the server enforces below those of its session: learnt from its refusals."""

from typing import Final

import attrs

from jmap_async.errors import (
    LimitExceeded,
)
from jmap_async.planner.request import Request
from jmap_async.protocol.session import CoreCapability

# Limits that tell how to pack; the name on the wire, and ours.
LEARNABLE: Final = {
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
        name = LEARNABLE.get(error.limit or "")
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
