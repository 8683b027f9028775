"""Tests of records: members, defaults, type variables."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, TypeVar

import attrs
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import SetError
from jmap_async.protocol.codec import records
from jmap_async.protocol.codec.converter import decoder, unstructure
from jmap_async.protocol.fields import LOCAL, Malformed, named
from tests.protocol.codec.kinds import wire
from tests.protocol.strategies import utc

T = TypeVar("T")


@attrs.frozen(kw_only=True)
class Inner:
    """A record in a record."""

    size: int
    text: str = ""


@attrs.frozen(kw_only=True)
class Outer:
    """A record with all that a record can have."""

    at: datetime
    name: str = "x"
    count: int | None = None
    many: list[Inner] = attrs.field(factory=list[Inner])
    first_html: str = named("firstHTML", default="")
    here: int = attrs.field(default=0, metadata=LOCAL)
    extra: Mapping[str, object] = attrs.field(factory=dict[str, object])


AT = utc(2020, 1, 1)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "the value: expected an object, got None"),
        ({"name": "a"}, "the value: expected a member 'at', got {'name': 'a'}"),
        ({"at": None}, "the value: expected a member 'at', got {'at': None}"),
        ({"at": 5}, "at: expected a date, got 5"),
        ({"at": "now"}, "at: expected a date, got 'now'"),
        ({"at": "2020-01-01T00:00:00Z", "name": 1}, "name: expected a string, got 1"),
        ({"at": "2020-01-01T00:00:00Z", "count": True}, "count: expected an integer, got True"),
        ({"at": "2020-01-01T00:00:00Z", "many": {}}, "many: expected an array, got {}"),
        (
            {"at": "2020-01-01T00:00:00Z", "many": [{"size": 1}, {"size": "2"}]},
            "many.1.size: expected an integer, got '2'",
        ),
        (
            {"at": "2020-01-01T00:00:00Z", "many": [{"size": 1}, {"text": "x"}]},
            "many.1: expected a member 'size', got {'text': 'x'}",
        ),
    ],
)
def test_the_error_says_what_is_wrong_where(value: object, message: str) -> None:
    """It has the path by wire names, what was expected, and what there was."""
    with pytest.raises(Malformed) as caught:
        decoder(Outer)(value)
    assert message == str(caught.value)


@attrs.frozen(kw_only=True)
class Plain:
    """A record of which nothing is kept but its fields, as nearly all are."""

    at: datetime
    name: str = "x"
    count: int | None = None
    many: list[Inner] = attrs.field(factory=list[Inner])
    first_html: str = named("firstHTML", default="")
    here: int = attrs.field(default=0, metadata=LOCAL)


members = st.fixed_dictionaries(
    {},
    optional={
        "at": st.sampled_from(["2020-01-01T00:00:00Z", "now", 5, None]),
        "name": st.sampled_from(["x", "", 1, None]),
        "count": st.sampled_from([0, 1, True, "1", None]),
        "many": st.lists(st.sampled_from([{"size": 1}, {"size": "2"}, {}, None]), max_size=2)
        | st.none(),
        "firstHTML": st.sampled_from(["a", 1, None]),
        "here": st.just(1),
        "other": st.just([1]),
    },
)


def outcome(decode: Callable[[Any], object], value: object) -> object:
    """Return what becomes of a value, be it an error."""
    try:
        return decode(value)
    except Exception as error:  # noqa: BLE001 - whatever it is
        return type(error), str(error)


@given(members | st.none() | st.lists(st.none(), max_size=1))
def test_records_come_out_the_same_quickly_and_with_care(value: object) -> None:
    """Whatever is in them, and whatever is missing."""
    careful = records._careful_record(Plain, decoder)
    quick = records._quick_record(Plain, decoder, careful)
    assert quick is not None
    assert outcome(careful, value) == outcome(lambda one: quick(one, None), value)


def test_t61_null_and_missing_members_get_the_default() -> None:
    """Where the type does not allow null, the server may send it for the default."""
    expected = Outer(at=AT)
    sent = {"at": "2020-01-01T00:00:00Z"}
    assert expected == decoder(Outer)(sent)
    nulls = {"name": None, "count": None, "many": None, "firstHTML": None}
    assert expected == decoder(Outer)({**sent, **nulls})


def test_t61_a_default_that_is_a_list_is_each_record_s_own() -> None:
    """Also where nothing is wrong with a record, and it is read quickly."""
    sent: dict[str, object] = {"items": []}
    first, second = decoder(Shelf[Inner])(sent), decoder(Shelf[Inner])({**sent, "byId": None})
    assert first == second
    assert {} == first.by_id
    assert first.by_id is not second.by_id


@pytest.mark.parametrize("value", [None, [], "items", 5, {}, {"items": None}])
def test_what_is_no_record_is_refused(value: object) -> None:
    """So is one that lacks what has no default."""
    with pytest.raises(Malformed):
        decoder(Shelf[Inner])(value)


def test_t13_unknown_members_are_kept_or_ignored() -> None:
    """A record with `extra` keeps them, another one does without."""
    sent = {"at": "2020-01-01T00:00:00Z", "vendor": {"a": 1}, "many": [{"size": 1, "vendor": 2}]}
    decoded = decoder(Outer)(sent)
    assert Outer(at=AT, many=[Inner(size=1)], extra={"vendor": {"a": 1}}) == decoded
    assert {**sent, "many": [{"size": 1}]} == wire(decoded)


def test_a_local_field_is_not_on_the_wire() -> None:
    """It is neither sent nor read, and its name is free for others."""
    assert {"at": "2020-01-01T00:00:00Z"} == wire(Outer(at=AT, here=5))
    decoded = decoder(Outer)({"at": "2020-01-01T00:00:00Z", "here": 5})
    assert (0, {"here": 5}) == (decoded.here, decoded.extra)


def test_t62_what_has_its_default_is_not_sent() -> None:
    """All else is, null where it is no default included."""
    assert {"at": "2020-01-01T00:00:00Z", "firstHTML": "a"} == wire(
        Outer(at=AT, name="x", first_html="a", many=[])
    )
    assert {"at": "2020-01-01T00:00:00Z", "name": None} == wire(
        Outer(at=AT, name=None)  # type: ignore[arg-type]
    )


def test_unstructure_goes_one_level_deep() -> None:
    """What is nested is encoded when its turn comes."""
    inner = Inner(size=1)
    assert {"at": AT, "many": [inner]} == unstructure(Outer(at=AT, many=[inner]))


@attrs.frozen(kw_only=True)
class Box(Generic[T]):
    """A record of something."""

    content: T


@attrs.frozen(kw_only=True)
class Shelf(Generic[T]):
    """A record of such records."""

    items: list[T]
    by_id: dict[str, T | None] = attrs.field(factory=dict[str, Any])
    box: Box[T] | None = None


@attrs.frozen(kw_only=True)
class Bound(Shelf[Inner]):
    """A record of inner ones."""

    more: int = 0


@pytest.mark.parametrize("cls", [Shelf[Inner], Bound])
def test_generic_records_know_what_they_hold(cls: object) -> None:
    """Type variables are replaced, also those that a base was given and those further in."""
    sent = {"items": [{"size": 1}], "byId": {"a": {"size": 2}, "b": None}}

    decoded = decoder(cls)({**sent, "box": {"content": {"size": 3}}})

    assert [Inner(size=1)] == decoded.items
    assert {"a": Inner(size=2), "b": None} == decoded.by_id
    assert Box(content=Inner(size=3)) == decoded.box
    for wrong, path in (
        ({"items": [1]}, ["items", "0"]),
        ({**sent, "box": {"content": {}}}, ["box", "content"]),
    ):
        with pytest.raises(Malformed) as caught:
            decoder(cls)(wrong)
        assert path == caught.value.path
    partly = decoder(cls)({**sent, "byId": {"a": {"size": 2}, "b": {"size": "x"}}})
    assert {"a": Inner(size=2), "b": None} == partly.by_id


def test_t108_a_set_error_keeps_its_members() -> None:
    """Those of the RFCs have names, others are in `extra`."""
    sent = {
        "type": "alreadyExists",
        "existingId": "M1",
        "vendor": 1,
        "maxSize": 3,
        "notFound": ["a"],
    }
    expected = SetError(
        type="alreadyExists", existing_id="M1", max_size=3, not_found=["a"], extra={"vendor": 1}
    )
    assert expected == decoder(SetError)(sent)
    assert sent == wire(expected)
