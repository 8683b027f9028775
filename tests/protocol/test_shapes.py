"""Tests of how rows become objects: the quick way gives what the careful way gives."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from jmap_async.capabilities.address import EmailAddress
from jmap_async.capabilities.body import EmailBodyPart
from jmap_async.capabilities.email import Email
from jmap_async.capabilities.mailbox import Mailbox
from jmap_async.errors import PropertyNotFetched, RemoteProtocolError
from jmap_async.protocol.converter import decoder
from jmap_async.protocol.fields import Malformed
from jmap_async.protocol.objects import DataObject
from jmap_async.protocol.shapes import Shape, make_reader
from tests.protocol.kinds import SIMPLE, Kind, lists, maps, nullable, object_class
from tests.protocol.strategies import JSON, TEXTS

DATES = [
    "2014-10-30T06:12:00Z",
    "2014-10-30T14:12:00+08:00",
    "2014-10-30t06:12:00z",
    "2016-12-31T23:59:60Z",
    "0001-01-01T00:00:00+05:00",
    "9999-12-31T23:59:59-05:00",
    "2014-W44-4T06:12:00Z",
    "2014-10-30T06:12:00.5Z",
    "2014-10-30T06:12:00ZZ",
    "2014-10-30T06:12:00",
    "----T::Z",
]
SAMPLES: list[object] = [None, True, False, 0, 1, 1.5, "", "x"]
SAMPLES += [[], ["x"], ["x", 5], [True], [1], [{}, 5], [5, {}], [{"email": "x"}], [{"email": 5}]]
SAMPLES += [{}, {"x": True}, {"x": True, "y": 1}, {"x": "y"}, {"x": {}}, {"x": {"email": 5}}]
SAMPLES += [{"email": "x"}, {"email": 5}]
VALUES = JSON | st.sampled_from(DATES) | st.sampled_from(SAMPLES)
ADDRESS = Kind(EmailAddress, st.nothing(), st.nothing())
KINDS = [
    *SIMPLE,
    ADDRESS,
    *(lists(kind, origin) for kind in (*SIMPLE, ADDRESS) for origin in (list, Sequence)),
    *(maps(kind, origin) for kind in (*SIMPLE, ADDRESS) for origin in (dict, Mapping)),
]
CLASSES: list[type[DataObject]] = [Email, EmailAddress, EmailBodyPart, Mailbox]


def outcome(read: Callable[[], object]) -> object:
    """Return what reading gives: a value and its type, or an error and its words."""
    try:
        value = read()
    except (PropertyNotFetched, RemoteProtocolError, Malformed) as error:
        return type(error), str(error)
    zone = value.tzinfo if isinstance(value, datetime) else None
    return type(value), value, zone


def outcomes(shape: Shape[Any], decode: Callable[[], Any]) -> object:
    """Return what comes of decoding, and of reading every property after that."""
    try:
        thing = decode()
    except Malformed as error:
        return str(error)
    before = thing.to_wire()
    read = {name: outcome(lambda name=name: getattr(thing, name)) for name in shape.by_name}  # type: ignore[misc]
    return type(thing), before, read, thing.extra, thing.to_wire()


def shape_of(cls: type[DataObject]) -> Shape[Any]:
    """Return a shape that has seen nothing yet."""
    return Shape(cls)


@st.composite
def rows_of(draw: st.DrawFn, cls: type[DataObject]) -> tuple[tuple[str, ...], list[object]]:
    """Return names, and rows that have just these, or others, or are no rows at all."""
    known = st.sampled_from(list(shape_of(cls).by_wire))
    names = draw(st.lists(known | TEXTS, unique=True, max_size=6))
    fitting = st.fixed_dictionaries(dict.fromkeys(names, VALUES))
    others = st.dictionaries(known | TEXTS, VALUES, max_size=4)
    return tuple(names), draw(st.lists(fitting | others | JSON, min_size=1, max_size=4))


@given(st.sampled_from(CLASSES), st.data())
def test_the_quick_way_gives_what_the_careful_way_gives(
    cls: type[DataObject], data: st.DataObject
) -> None:
    """Whatever the server sends: the same values, the same errors, the same way back."""
    shape = shape_of(cls)
    names, rows = data.draw(rows_of(cls))
    reader = make_reader(shape, names)
    for row in rows:
        careful = outcomes(shape, lambda row=row: shape.decode_carefully(row))  # type: ignore[misc]
        assert careful == outcomes(shape, lambda row=row: reader.one(row))  # type: ignore[misc]
        assert careful == outcomes(shape, lambda row=row: reader.many([row])[0])  # type: ignore[misc]


@pytest.mark.parametrize("kind", [*KINDS, *map(nullable, KINDS)], ids=lambda kind: str(kind.hint))
def test_properties_of_every_type_take_both_ways(kind: Kind) -> None:
    """Values that fit and values that do not, of all types, nullable or not."""
    shape = shape_of(object_class({"name": kind}))
    reader = make_reader(shape, ("name",))
    for value in (*SAMPLES, *DATES):
        row = {"name": value}
        careful = outcomes(shape, lambda row=row: shape.decode_carefully(row))  # type: ignore[misc]
        assert careful == outcomes(shape, lambda row=row: reader.one(row))  # type: ignore[misc]
        assert careful == outcomes(shape, lambda row=row: reader.many([row])[0])  # type: ignore[misc]


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
    for _ in range(15):
        shape.decode(row)
    assert not shape._readers
    assert EmailAddress(name="Bob", email="bob@example.net") == shape.decode(row)
    assert [("name", "email")] == list(shape._readers)


def test_what_names_make_us_remember_is_bounded() -> None:
    """A server that sends other names with each answer fills no memory."""
    shape = Shape(EmailAddress)
    for number in range(500):
        shape.decode_list([{"email": "bob@example.net", f"x{number}": 1}] * (1 + number % 40))
    assert len(shape._readers) <= 64
    assert len(shape._seen) <= 64
    shape.decode_list([{f"y{number}": 1 for number in range(1_000)}] * 20)
    assert max(map(len, [*shape._readers, *shape._seen])) < 1_000


@pytest.mark.parametrize("name", ["'", '"]', "\n", "}; raise SystemExit", "row", "self.id", ""])
def test_names_of_the_server_are_never_part_of_the_function(name: str) -> None:
    """However odd the name of a property that nobody models, it is kept as it is."""
    reader = make_reader(Shape(EmailAddress), ("email", name))
    row = {"email": "bob@example.net", name: [1]}
    thing = reader.one(row)
    assert [thing] == reader.many([row])
    assert {name: [1]} == dict(thing.extra)
    assert [1] == thing[name]


def test_rows_may_differ_from_the_first() -> None:
    """The names of the first row are a guess for the others, no promise."""
    decode = decoder(list[Email])
    rows: list[object] = [{"id": "a", "subject": "x"}] * 20
    rows += [{"id": "b"}, {"id": "c", "subject": None, "size": 1}, {"subject": "y", "id": "d"}]
    *_, b, c, d = decode(rows)
    assert not hasattr(b, "subject")
    assert (None, 1) == (c.subject, c.size)
    assert ("d", "y") == (d.id, d.subject)
