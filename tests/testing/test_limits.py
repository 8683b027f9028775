"""Tests of the limits."""

from jmap_async.testing import Limits


def test_the_defaults_are_the_minima_of_the_rfc() -> None:
    """Without arguments a server has the limits that RFC 8620 suggests at least."""
    assert {
        "maxSizeUpload": 50_000_000,
        "maxConcurrentUpload": 4,
        "maxSizeRequest": 10_000_000,
        "maxConcurrentRequests": 4,
        "maxCallsInRequest": 16,
        "maxObjectsInGet": 500,
        "maxObjectsInSet": 500,
    } == Limits().to_wire()
