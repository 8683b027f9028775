"""Tests of the converter: types to JSON and back."""

import enum
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime
from types import MappingProxyType, SimpleNamespace
from typing import TypeVar, overload
from uuid import UUID

import attrs
import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.converter import decoder, encodable, encode
from jmap_async.protocol.fields import NO_REST, Malformed
from jmap_async.protocol.filters import Comparator
from jmap_async.protocol.references import CreationReference, ResultReference
from jmap_async.protocol.session import Account
from tests.protocol.codec.kinds import KINDS, Kind, wire
from tests.protocol.strategies import INTEGERS, JSON, TEXTS, utc

T = TypeVar("T")


@given(KINDS, st.data())
def test_values_of_any_type_survive(kind: Kind, data: st.DataObject) -> None:
    """What was encoded is decoded to an equal value, whatever classes it is made of."""
    value = data.draw(kind.values)
    assert value == decoder(kind.hint)(wire(value))


@given(KINDS, st.data())
def test_a_wrong_type_is_found_wherever_it_is(kind: Kind, data: st.DataObject) -> None:
    """One wrong value anywhere is refused, and the error has the path to it.

    In a list or a map of a record it costs itself alone.
    """
    wrong, path = data.draw(kind.wrong)
    found = [*path]
    try:
        decoded = decoder(kind.hint)(wrong)
    except Malformed as error:
        found = error.path
    else:
        assert any(isinstance(one, list | dict) for one in attrs.astuple(decoded, recurse=False))
    assert [*path] == found


ITEMS: list[tuple[object, object, object]] = [
    (list[str], ["a", 5, None, "b"], ["a", "b"]),
    (list[int], [1, 2.0, 2.5, "3"], [1, 2]),
    (list[datetime], ["2020-01-01T00:00:00Z", "soon"], [utc(2020, 1, 1)]),
    (list[list[str]], [["a", 5], "b"], [["a"]]),
    (dict[str, bool], {"a": True, "b": None, "c": 1}, {"a": True}),
    (dict[str, str | None], {"a": "x", "b": 5}, {"a": "x", "b": None}),
    (
        dict[str, dict[str, object]],
        {"a": {"x": 1}, "b": None, "c": []},
        {"a": {"x": 1}, "b": {}, "c": {}},
    ),
    (dict[str, str], [], {}),
]


@pytest.mark.parametrize(("hint", "sent", "rest"), ITEMS, ids=str)
def test_what_is_not_malformed_remains(hint: object, sent: object, rest: object) -> None:
    """A list goes without its malformed items; of a map the keys stay where a value can be told."""
    with pytest.raises(Malformed) as caught:
        decoder(hint)(sent)
    assert rest == caught.value.rest


@pytest.mark.parametrize(("hint", "sent"), [(list[str], "a"), (dict[str, str], ["a"]), (int, "1")])
def test_of_what_is_no_list_nothing_remains(hint: object, sent: object) -> None:
    """Nor of a map or of a single value."""
    with pytest.raises(Malformed) as caught:
        decoder(hint)(sent)
    assert NO_REST is caught.value.rest


@given(INTEGERS)
def test_a_number_without_fraction_is_an_integer(number: int) -> None:
    """To JSON 1 and 1.0 are the same; beyond what a float can tell apart they are not."""
    assert number == decoder(int)(float(number))
    assert int is type(decoder(int)(float(number)))
    for odd in (2.0**53, 1e300, float("inf"), float("nan"), 0.5):
        with pytest.raises(Malformed, match="expected an integer"):
            decoder(int)(odd)


@given(KINDS, JSON)
def test_no_json_raises_another_error(kind: Kind, value: object) -> None:
    """The server may send anything: it is a value of the type, or Malformed."""
    with suppress(Malformed):
        decoder(kind.hint)(wire(decoder(kind.hint)(value)))


@given(JSON)
def test_json_is_written_as_it_is(value: object) -> None:
    """Plain values need no conversion."""
    assert value == orjson.loads(encode(value))


def test_the_error_is_short_however_large_the_value() -> None:
    """Neither size nor depth of what the server sent gets into the message."""
    deep = orjson.loads(b"[" * 1_000 + b"]" * 1_000)
    for value in (deep, ["x" * 10_000] * 10_000, {"x" * 10_000: deep}, "x" * 10_000):
        with pytest.raises(Malformed) as caught:
            decoder(int)(value)
        assert len(str(caught.value)) < 250
        assert value is caught.value.value


AT = utc(2020, 1, 1)


# Writing


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a", "b"}, {"a": True, "b": True}),
        (frozenset({"a"}), {"a": True}),
        ({"a": 1}.keys(), {"a": True}),
        (set[str](), {}),
        (MappingProxyType({"a": {"b"}}), {"a": {"b": True}}),
        (("a", 1), ["a", 1]),
        (range(2), [0, 1]),
        (AT, "2020-01-01T00:00:00Z"),
        ([Comparator("size", is_ascending=False)], [{"property": "size", "isAscending": False}]),
        ("ü\x00", "ü\x00"),
        (2**53 - 1, 2**53 - 1),
        (None, None),
    ],
)
def test_t169_values_of_python_are_sent_as_json(value: object, expected: object) -> None:
    """Sets become maps of true, other collections arrays, datetimes UTCDates."""
    assert expected == wire(value)


class Unknown:
    """Nothing that JSON knows."""


class Number(enum.IntEnum):
    """A key that is no string."""

    ONE = 1


class Items(Sequence[object]):
    """A sequence of one's own."""

    def __init__(self, *items: object) -> None:
        self.items = items

    @overload
    def __getitem__(self, index: int) -> object: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[object]: ...
    def __getitem__(self, index: int | slice) -> object:
        return self.items[index]

    def __len__(self) -> int:
        return len(self.items)


LOOP: list[object] = []
LOOP.append(LOOP)


def texts() -> Iterator[str]:
    """Yield once."""
    yield "a"


UNSENDABLE: list[tuple[object, str]] = [
    (math.nan, "NaN and infinity"),
    (math.inf, "NaN and infinity"),
    (-math.inf, "NaN and infinity"),
    (2**53, "53-bit range"),
    (-(2**53), "53-bit range"),
    (10**30, "range|too big"),
    ("\ud800", "surrogates"),
    (datetime(2020, 1, 1), "has no time zone"),  # noqa: DTZ001 - that is the point
    (date(2020, 1, 1), "date is not JSON"),
    (b"abc", "bytes are not JSON: upload them"),
    (bytearray(b"abc"), "bytes are not JSON"),
    (memoryview(b"abc"), "bytes are not JSON"),
    (Unknown(), "Unknown is not JSON"),
    (texts(), "generator is not JSON"),
    (1j, "complex is not JSON"),
    ({1: "a"}, "key must be str"),
    ({None: "a"}, "key must be str"),
    ({Number.ONE: "a"}, "key must be str"),
    ({"\ud800": 1}, "surrogates"),
    ({1, 2}, "key must be str"),
    (LOOP, "limit"),
]


WRAPS: dict[str, Callable[[object], object]] = {
    "alone": lambda value: value,
    "list": lambda value: [1, value],
    "dicts": lambda value: {"a": {"b": value}},
    "tuple": lambda value: (None, value),
    "sequence": lambda value: Items(None, value),
    "mapping": lambda value: MappingProxyType({"a": value}),
    "record": lambda value: Account(extra={"y": [value]}),
}


@pytest.mark.parametrize(("value", "message"), UNSENDABLE)
@pytest.mark.parametrize("wrap", WRAPS)
def test_t27_what_json_cannot_hold_is_refused(value: object, message: str, wrap: str) -> None:
    """Wherever it stands, the error says what it is."""
    with pytest.raises(LocalProtocolError, match=message):
        encode(WRAPS[wrap](value))


@given(TEXTS, st.lists(TEXTS))
def test_null_is_not_taken_for_nan(text: str, others: list[str]) -> None:
    """A body may hold the word and the value null without a float in sight."""
    value = {"null": None, text: "null", "others": others, "n": 1.5}
    assert value == orjson.loads(encode(value))


def test_t53_a_reference_stands_for_a_whole_argument_only() -> None:
    """Inside of one the server would take it for an object; the error says what to do."""
    call = SimpleNamespace(method=SimpleNamespace(name="Mailbox/query"))
    reference: ResultReference[str] = ResultReference(call, "/ids/0")
    message = "/ids/0 of Mailbox/query.* await the call and pass its result"
    with pytest.raises(LocalProtocolError, match=message):
        encode({"filter": {"inMailbox": reference}})


def test_default_may_stand_in() -> None:
    """Whoever encodes can say what becomes of values that nobody else knows."""
    encoded = encode(
        [Unknown(), AT], default=lambda v: "#a" if type(v) is Unknown else encodable(v)
    )
    assert b'["#a","2020-01-01T00:00:00Z"]' == encoded


@attrs.define
class Note:
    """A class of a caller, whose annotations nobody can look up."""

    text: "Nowhere" = None  # type: ignore[name-defined]  # noqa: F821 - that is the point
    more: object = 0


def test_classes_of_callers_are_records() -> None:
    """They are looked into wherever they stand, whatever they say of their members."""
    assert b'[null,{"text":"a"},{"more":{"text":"b"}}]' == encode(
        [None, Note("a"), Note(more=Note("b"))]
    )
    with pytest.raises(LocalProtocolError, match="NaN"):
        encode([Note(more=math.nan)])


def test_a_creation_reference_is_left_to_whoever_encodes() -> None:
    """Beside a null, too, for which every value is looked at."""
    reference = CreationReference(None, "k")
    encoded = encode(
        {"a": None, "b": reference}, lambda v: "#k" if v is reference else encodable(v)
    )
    assert b'{"a":null,"b":"#k"}' == encoded


def test_vendor_values_stay_as_they_are() -> None:
    """Types with an obvious spelling are not refused."""
    assert b'"12345678-1234-5678-1234-567812345678"' == encode(UUID("12345678" * 4))


def test_nulls_among_values_are_left_alone() -> None:
    """Be they all of them, or some, where the type allows it."""
    nulls = {"a": None, "b": None}
    assert nulls == decoder(dict[str, Comparator | None])(nulls)
    mixed = {"a": None, "b": {"property": "size"}}
    assert {"a": None, "b": Comparator("size")} == decoder(dict[str, Comparator | None])(mixed)
    with pytest.raises(Malformed, match=r"^a: expected an object, got None"):
        decoder(dict[str, Comparator])(nulls)
