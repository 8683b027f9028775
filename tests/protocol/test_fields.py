"""Tests of what classes say of their fields, and of their twins."""

from collections.abc import Mapping, Sequence
from typing import Optional

import attrs
import pytest

from jmap_async.protocol.fields import (
    LOCAL,
    Malformed,
    container_of,
    is_anything,
    is_optional,
    many_or_one,
    named,
    wire_fields,
    wire_name,
    writable_twin,
)


@attrs.frozen(kw_only=True)
class Record:
    """A class with fields of all sorts."""

    at: str
    first_html: str = named("firstHTML", default="")
    here: int = attrs.field(default=0, metadata=LOCAL)
    extra: object = None


def test_t174_wire_names() -> None:
    """They are the RFC's: camelCase by rule, or as given; `extra` has none."""
    assert ["at", "firstHTML"] == [wire_name(field) for field in wire_fields(Record)]
    fields = attrs.fields(attrs.make_class("C", ["from_", "reply_to", "is_1", "x"]))
    assert ["from", "replyTo", "is1", "x"] == [wire_name(field) for field in fields]


def test_what_may_be_null() -> None:
    """Whatever the type says so, and what may be anything."""
    hints = [str, Optional[str], str | None, str | int, object]  # noqa: UP045 - both spellings
    assert [False, True, True, False, False] == [is_optional(hint) for hint in hints]
    assert [False, False, False, False, True] == [is_anything(hint) for hint in hints]


@pytest.mark.parametrize(
    ("type_", "container", "inner"),
    [
        *((list[str], list, str), (Sequence[Record], list, Record)),
        *((dict[str, int], dict, int), (Mapping[str, list[int]], dict, list[int])),
        *((str, None, str), (Record, None, Record), (list, None, list), (set[str], None, set[str])),
        (list[str] | None, None, list[str] | None),
    ],
    ids=repr,
)
def test_what_is_in_lists_and_maps(type_: object, container: type | None, inner: object) -> None:
    """However their type is spelled; all others stand for themselves."""
    assert container is container_of(type_)
    assert (container, inner) == many_or_one(type_)


def test_an_instance_is_filled_as_one_of_the_twin() -> None:
    """And frozen afterwards, with nothing left of the twin."""
    record = writable_twin(Record, further=1)()
    record.at, record.first_html, record.here, record.extra = "b", "", 0, None
    assert 1 == record.further
    record.__class__ = Record
    assert Record(at="b") == record
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        record.at = "c"


def test_malformed_tells_where() -> None:
    """From the outside to the inside."""
    error = Malformed("a string", 5)
    assert "the value: expected a string, got 5" == str(error)
    assert "list.0: expected a string, got 5" == str(error.inside("0").inside("list"))
