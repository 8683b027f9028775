"""Tests of references to results that are not here yet."""

import pytest

from jmap_async.protocol.references import CreationReference, ResultReference
from tests.protocol.sender import call


def test_references_say_what_they_refer_to() -> None:
    """In words that can be found in the program."""
    query = call("Email/query")
    assert "<ResultReference /list/*/threadId of Email/query>" == repr(
        query.ref("/list/*/threadId")
    )
    assert "<CreationReference #k of Email/query>" == repr(CreationReference(query, "k"))


def test_a_reference_is_equal_to_itself_only() -> None:
    """Two calls that look alike have results of their own."""
    query = call("Email/query")
    one, other = query.ref("/ids"), query.ref("/ids")
    assert one == one  # noqa: PLR0124 - equality is what is tested
    assert one != other
    assert 2 == len({one, other, one})
    assert CreationReference(query, "k") != CreationReference(query, "k")


def test_a_reference_cannot_be_changed() -> None:
    """It may be given to many calls."""
    reference: ResultReference[list[str]] = call("Email/query").ref("/ids")
    with pytest.raises(AttributeError):
        reference.path = "/list"  # type: ignore[misc]
