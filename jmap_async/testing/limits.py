"""The limits that a MemoryServer announces and enforces (RFC 8620, 2)."""

import attrs

from jmap_async.testing.types import JSONObject


@attrs.define(kw_only=True)
class Limits:
    """Limits of the core capability; the defaults are the minima that RFC 8620 suggests.

    Sizes are in octets. Every field may be changed while the server runs; the session's `state`
    changes with it.
    """

    max_size_upload: int = 50_000_000
    max_concurrent_upload: int = 4
    max_size_request: int = 10_000_000
    max_concurrent_requests: int = 4
    max_calls_in_request: int = 16
    max_objects_in_get: int = 500
    max_objects_in_set: int = 500
    max_query_limit: int | None = None

    def to_wire(self) -> JSONObject:
        """Return the limits by their wire names."""
        return {
            "maxSizeUpload": self.max_size_upload,
            "maxConcurrentUpload": self.max_concurrent_upload,
            "maxSizeRequest": self.max_size_request,
            "maxConcurrentRequests": self.max_concurrent_requests,
            "maxCallsInRequest": self.max_calls_in_request,
            "maxObjectsInGet": self.max_objects_in_get,
            "maxObjectsInSet": self.max_objects_in_set,
        }
