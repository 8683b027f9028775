"""Rows as servers may send them, and what comes of them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.capabilities.mail.body import EmailBodyPart
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.mailbox import Mailbox
from jmap_async.errors import PropertyNotFetched, RemoteProtocolError
from jmap_async.protocol.codec.objects import DataObject
from jmap_async.protocol.codec.shapes import Shape
from jmap_async.protocol.fields import Malformed
from tests.protocol.codec.kinds import SIMPLE, Kind, lists, maps
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
    "2014-10-30T06:12:00Z\0x",
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
        assert value is read()  # converted once
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
