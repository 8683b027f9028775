"""Tests of the names for JSON."""

from jmap_async.testing.types import or_empty


def test_null_becomes_an_empty_object() -> None:
    """An object stays what it is."""
    given = {"a": 1}
    assert {} == or_empty(None)
    assert given is or_empty(given)
