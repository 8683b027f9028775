"""Inputs that several tests draw from."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

# No lone surrogates: UTF-8 and JSON have none.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)

# The integers of I-JSON.
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)

LEAVES = st.none() | st.booleans() | INTEGERS | TEXTS

JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)

OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)

OFFSETS = st.integers(-24 * 60 + 1, 24 * 60 - 1).map(lambda n: timezone(timedelta(minutes=n)))

MOMENTS = st.datetimes(timezones=st.just(UTC))


def utc(*parts: int) -> datetime:
    """Return a moment from year, month, day and so on."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]
