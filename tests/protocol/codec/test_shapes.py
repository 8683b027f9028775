"""Tests of how rows become objects, whichever way they take."""

import copy
from datetime import datetime
from typing import Any, Optional

import attrs
import pytest
from hypothesis import given, strategies as st

from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.capabilities.mail.body import EmailBodyPart
from jmap_async.capabilities.mail.email import Email
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.codec.shapes import Shape
from jmap_async.protocol.fields import Malformed
from jmap_async.protocol.types import ABSENT
from tests.protocol.codec.rows import CLASSES, rows_of, shape_of


@given(st.sampled_from(CLASSES), st.data(), st.integers(1, 30))
def test_a_list_is_decoded_row_by_row(
    cls: type[DataObject], data: st.DataObject, repeats: int
) -> None:
    """A list comes out as its rows do, however often such rows were seen; the error has a place."""
    shape = shape_of(cls)
    _, rows = data.draw(rows_of(cls))
    rows *= repeats
    good = [row for row in rows if isinstance(row, dict)]
    assert [shape.decode_carefully(row) for row in good] == shape.decode_list(good)
    if len(good) < len(rows):
        bad = next(place for place, row in enumerate(rows) if not isinstance(row, dict))
        with pytest.raises(Malformed, match=rf"^{bad}: expected an object"):
            shape.decode_list(rows)


def test_rows_of_different_names_find_their_functions() -> None:
    """Parts with parts in them and parts without come in one list."""
    decode = decoder(list[EmailBodyPart])
    leaf: dict[str, Any] = {"partId": "1", "size": 1}
    tree = {**leaf, "subParts": [leaf, {"size": 1, "partId": "1"}, {"partId": None}]}
    for count in range(1, 20):
        parts = decode([leaf, tree] * count)
        assert [leaf, tree] * count == [part.to_wire() for part in parts]
        assert tree["subParts"] == [part.to_wire() for part in parts[1].sub_parts or ()]


def test_a_function_is_made_for_names_that_come_often() -> None:
    """A few rows go the careful way: making the function costs more than it saves."""
    shape = Shape(EmailAddress)
    row = {"name": "Bob", "email": "bob@example.net"}
    for _ in range(63):
        shape.decode(row)
    assert not shape._readers
    assert EmailAddress(name="Bob", email="bob@example.net") == shape.decode(row)
    assert [("name", "email")] == list(shape._readers)


def test_what_names_make_us_remember_is_bounded() -> None:
    """A server that sends other names with each answer fills no memory."""
    shape = Shape(EmailAddress)
    for number in range(500):
        shape.decode_list([{"email": "bob@example.net", f"x{number}": 1}] * (1 + number % 100))
    assert len(shape._readers) <= 64
    assert len(shape._seen) <= 64
    for wide in ({f"y{number}": 1 for number in range(1_000)}, {"y" * 100_000: 1}):
        shape.decode_list([wide] * 100)
    assert max(map(len, [*shape._readers, *shape._seen])) < 1_000
    assert max(sum(map(len, names)) for names in (*shape._readers, *shape._seen)) < 5_000


def test_rows_may_differ_from_the_first() -> None:
    """The names of the first row are a guess for the others, no promise."""
    decode = decoder(list[Email])
    rows: list[object] = [{"id": "a", "subject": "x"}] * 20
    rows += [{"id": "b"}, {"id": "c", "subject": None, "size": 1}, {"subject": "y", "id": "d"}]
    *_, b, c, d = decode(rows)
    assert not hasattr(b, "subject")
    assert (None, 1) == (c.subject, c.size)
    assert ("d", "y") == (d.id, d.subject)


@data_object
@attrs.frozen(kw_only=True)
class Folder(DataObject):
    """Something whose types are known by name only when the class is made."""

    id: str = ABSENT
    parent: Optional["Folder"] = ABSENT
    children: list["Folder"] = ABSENT
    by_name: "dict[str, Folder]" = ABSENT
    log: "list[dict[str, datetime]]" = ABSENT
    anything: "dict[str, object]" = ABSENT


@pytest.mark.parametrize("careful", [True, False])
@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("parent", {"id": "p"}),
        ("children", [{"id": "c"}]),
        ("by_name", {"c": {"id": "c"}}),
        ("log", [{"made": "2014-10-30T06:12:00Z"}]),
        ("anything", {"x": {"y": 1}}),
    ],
)
def test_types_may_be_given_by_name(name: str, wire: object, *, careful: bool) -> None:
    """What they are is known when the first object comes; each is converted once."""
    shape = shape_of(Folder)
    row = {shape.by_name[name].wire: wire}
    thing = shape.decode_carefully(row) if careful else shape.reader(tuple(row)).one(row)
    first, shown = getattr(thing, name), repr(thing)
    assert first is getattr(thing, name)
    assert shown == repr(thing)
    assert row == {key: thing[key] for key in row}


def test_what_is_nested_waits_however_its_type_is_given() -> None:
    """A server that nests without end spoils just what is in there, and only when it is read."""
    row: dict[str, Any] = {}
    for _ in range(5_000):
        row = {"parent": row}
    thing = shape_of(Folder).decode({"id": "a", **row})
    assert "a" == thing.id
    assert thing.parent.parent is not None


def test_the_base_of_all_is_a_data_object_too() -> None:
    """For types that nobody has declared."""
    [thing] = decoder(list[DataObject])([{"id": "1", "x": 2}])
    assert {"id": "1", "x": 2} == thing.extra == copy.copy(thing).extra
    assert thing == copy.copy(thing) == DataObject(extra={"id": "1", "x": 2})
    assert DataObject(extra={"x": 3}) == attrs.evolve(thing, extra={"x": 3})
