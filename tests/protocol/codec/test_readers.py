"""Tests of the functions that are made: the quick way gives what the careful way gives."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.protocol.codec.objects import DataObject
from jmap_async.protocol.codec.shapes import Shape
from tests.protocol.codec.kinds import Kind, nullable, object_class
from tests.protocol.codec.rows import (
    CLASSES,
    DATES,
    KINDS,
    SAMPLES,
    outcomes,
    rows_of,
    shape_of,
)


@given(st.sampled_from(CLASSES), st.data())
def test_the_quick_way_gives_what_the_careful_way_gives(
    cls: type[DataObject], data: st.DataObject
) -> None:
    """Whatever the server sends: the same values, the same errors, the same way back."""
    shape = shape_of(cls)
    names, rows = data.draw(rows_of(cls))
    reader = shape.reader(names)
    for row in rows:
        careful = outcomes(shape, lambda row=row: shape.decode_carefully(row))  # type: ignore[misc]
        assert careful == outcomes(shape, lambda row=row: reader.one(row))  # type: ignore[misc]
        assert careful == outcomes(shape, lambda row=row: reader.many([row])[0])  # type: ignore[misc]


@pytest.mark.parametrize("kind", [*KINDS, *map(nullable, KINDS)], ids=lambda kind: str(kind.hint))
def test_properties_of_every_type_take_both_ways(kind: Kind) -> None:
    """Values that fit and values that do not, of all types, nullable or not."""
    shape = shape_of(object_class({"name": kind}))
    reader = shape.reader(("name",))
    for value in (*SAMPLES, *DATES):
        row = {"name": value}
        careful = outcomes(shape, lambda row=row: shape.decode_carefully(row))  # type: ignore[misc]
        assert careful == outcomes(shape, lambda row=row: reader.one(row))  # type: ignore[misc]
        assert careful == outcomes(shape, lambda row=row: reader.many([row])[0])  # type: ignore[misc]


@pytest.mark.parametrize("name", ["'", '"]', "\n", "}; raise SystemExit", "row", "self.id", ""])
def test_names_of_the_server_are_never_part_of_the_function(name: str) -> None:
    """However odd the name of a property that nobody models, it is kept as it is."""
    reader = Shape(EmailAddress).reader(("email", name))
    row = {"email": "bob@example.net", name: [1]}
    thing = reader.one(row)
    assert [thing] == reader.many([row])
    assert {name: [1]} == dict(thing.extra)
    assert [1] == thing[name]
