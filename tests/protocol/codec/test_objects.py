"""Tests of data objects."""

import copy
import gc
import itertools
import pickle
import weakref
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, NoReturn

import attrs
import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import LocalProtocolError, PropertyNotFetched, RemoteProtocolError
from jmap_async.protocol.call import Call, raw_method
from jmap_async.protocol.codec.converter import decoder, encode
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import declared
from jmap_async.protocol.fields import Malformed
from jmap_async.protocol.references import CreationReference
from jmap_async.protocol.types import ABSENT, Id
from tests.protocol.codec.kinds import NAMES, SIMPLE, WIRE_NAMES, Kind, members, object_class, wire
from tests.protocol.strategies import INTEGERS, JSON, MOMENTS, TEXTS, utc


@data_object
@attrs.frozen(kw_only=True)
class Part(DataObject):
    """A data object that is found in others, and in itself."""

    part_id: str | None = ABSENT
    size: int = ABSENT
    sub_parts: "list[Part] | None" = ABSENT


def as_id(value: "Thing | Id | None") -> Id | None:
    """Take an object for its id."""
    return value.id if isinstance(value, Thing) else value


@data_object
@attrs.frozen(kw_only=True)
class Thing(DataObject):
    """A data object with properties of all sorts."""

    id: Id = ABSENT
    name: str = ABSENT
    parent_id: Id | None = attrs.field(default=ABSENT, converter=as_id)
    sort_order: int = ABSENT
    is_open: bool = ABSENT
    received_at: datetime | None = ABSENT
    keywords: dict[str, bool] = ABSENT
    from_: list[Part] | None = ABSENT
    body_values: dict[str, Part] = ABSENT
    structure: Part = ABSENT
    secret: str | None = attrs.field(default=ABSENT, repr=False)


decode: Callable[[object], Thing] = decoder(Thing)

PARTS = st.recursive(
    st.fixed_dictionaries({}, optional={"partId": st.none() | TEXTS, "size": INTEGERS}),
    lambda inner: st.fixed_dictionaries(
        {"subParts": st.none() | st.lists(inner, max_size=3)}, optional={"size": INTEGERS}
    ),
    max_leaves=5,
)

PROPERTIES: dict[str, st.SearchStrategy[Any]] = {
    "id": TEXTS,
    "name": TEXTS,
    "parentId": st.none() | TEXTS,
    "sortOrder": INTEGERS,
    "isOpen": st.booleans(),
    "receivedAt": st.none() | MOMENTS.map(wire),
    "keywords": st.dictionaries(TEXTS, st.booleans(), max_size=3),
    "from": st.none() | st.lists(PARTS, max_size=3),
    "bodyValues": st.dictionaries(TEXTS, PARTS, max_size=3),
    "structure": PARTS,
    "secret": st.none() | TEXTS,
}

FIELDS = {
    "id": "id",
    "name": "name",
    "parent_id": "parentId",
    "sort_order": "sortOrder",
    "is_open": "isOpen",
    "received_at": "receivedAt",
    "keywords": "keywords",
    "from_": "from",
    "body_values": "bodyValues",
    "structure": "structure",
    "secret": "secret",
}

EXTRA = st.dictionaries(TEXTS.filter(lambda key: key not in PROPERTIES), JSON, max_size=3)


@st.composite
def wires(draw: st.DrawFn) -> dict[str, Any]:
    """Return objects as the server sends them, with some properties, known and unknown."""
    known: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=PROPERTIES))
    return known | draw(EXTRA)


@st.composite
def things(draw: st.DrawFn) -> Thing:
    """Return decoded objects of which some properties were read already."""
    thing = decode(draw(wires()))
    for name in draw(st.sets(st.sampled_from(list(FIELDS)))):
        getattr(thing, name, None)
    return thing


def test_the_tests_know_all_properties() -> None:
    """Their table is that of the class."""
    names = {field.name for field in attrs.fields(Thing)} - {"extra", "whole"}
    assert list(PROPERTIES) == list(FIELDS.values())
    assert names == set(FIELDS)


# Absent, null and set


@given(wires())
def test_t66_what_was_fetched_is_there_and_nothing_else(sent: dict[str, Any]) -> None:
    """Each property is absent, null or set, as it came."""
    thing = decode(sent)
    for name, wire_name in FIELDS.items():
        if wire_name not in sent:
            assert not hasattr(thing, name)
            assert ABSENT is getattr(thing, name, ABSENT)
        elif sent[wire_name] is None:
            assert getattr(thing, name) is None
        else:
            assert sent[wire_name] == wire(getattr(thing, name))
        assert (wire_name in sent) == (wire_name in thing)


@given(wires(), st.data())
def test_objects_survive_a_round_trip(sent: dict[str, Any], data: st.DataObject) -> None:
    """What was read is what would be sent, unknown properties and nulls included."""
    thing = decode(sent)
    for name in data.draw(st.lists(st.sampled_from(list(FIELDS)))):
        getattr(thing, name, None)
    assert sent == wire(thing)


def test_reading_what_was_not_fetched_says_what_to_do() -> None:
    """The error names class and property, and how to ask for it."""
    thing = decode({"id": "a"})
    expected = "this Thing was fetched without 'sortOrder': ask for it with properties=["
    with pytest.raises(PropertyNotFetched) as caught:
        _ = thing.sort_order
    assert str(caught.value).startswith(expected)
    assert "'sortOrder']" in str(caught.value)
    with pytest.raises(PropertyNotFetched, match="without 'sortOrder'"):
        _ = thing["sortOrder"]
    with pytest.raises(PropertyNotFetched, match="without 'header:X'"):
        _ = thing["header:X"]


def test_a_name_that_no_property_has_is_another_error() -> None:
    """It cannot be asked for."""
    thing = decode({"id": "a"})
    with pytest.raises(AttributeError, match="Thing has no property 'sortOrder'") as caught:
        _ = thing.sortOrder  # type: ignore[attr-defined]
    assert not isinstance(caught.value, PropertyNotFetched)
    assert not hasattr(thing, "__len__")


def test_nothing_is_hidden_by_the_tests_for_absence() -> None:
    """Objects cannot be changed or extended, nor hashed."""
    thing = decode({"id": "a"})
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        thing.id = "b"  # type: ignore[misc]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del thing.id  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        thing.other = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="unhashable"):
        hash(thing)
    assert not hasattr(thing, "__dict__")


# Making objects


@given(st.data())
def test_a_new_object_sends_what_was_set(data: st.DataObject) -> None:
    """One class for reading and for creating: what is not given is not sent."""
    values: dict[str, Any] = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "name": TEXTS,
                "parent_id": st.none() | TEXTS,
                "received_at": st.none() | MOMENTS,
                "from_": st.none() | st.lists(PARTS.map(decoder(Part)), max_size=2),
                "sort_order": st.just(ABSENT),
                "extra": EXTRA,
            },
        )
    )
    thing = Thing(**values)
    given_ = {name: value for name, value in values.items() if name not in {"extra", "sort_order"}}
    expected = {FIELDS[name]: wire(value) for name, value in given_.items()}
    assert expected | wire(values.get("extra", {})) == wire(thing)
    for name, value in given_.items():
        assert value == getattr(thing, name)
    assert not hasattr(thing, "sort_order")


def test_converters_are_applied_to_what_is_given() -> None:
    """Not to what the server sends, nor to ABSENT."""
    parent = Thing(id="p")
    assert "p" == Thing(parent_id=parent).parent_id
    assert not hasattr(Thing(parent_id=ABSENT), "parent_id")
    assert Thing(parent_id=None).parent_id is None


def test_what_is_given_as_a_tuple_is_read_as_a_list() -> None:
    """It is no value of a server that waits to be converted."""
    given = Thing(from_=(Part(size=1),))  # type: ignore[arg-type]
    assert [Part(size=1)] == given.from_
    assert {"from": [{"size": 1}]} == wire(given)


def test_unknown_arguments_are_refused() -> None:
    """As any constructor does; extra properties go into `extra`, and only those."""
    with pytest.raises(TypeError, match=r"Thing\(\) got an unexpected keyword argument 'nam'"):
        Thing(nam="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"Thing: set parent_id, not extra\['parentId'\]"):
        Thing(extra={"parentId": "x"})


def test_extra_is_the_object_s_own() -> None:
    """Later changes of what it was made from do not matter, and none is shared."""
    extra = {"a": 1}
    thing = Thing(extra=extra)
    extra["b"] = 2
    assert {"a": 1} == thing.extra
    with pytest.raises(TypeError):
        Thing().extra["x"] = 1  # type: ignore[index]
    assert {} == Thing().extra == decode({}).extra


# Nested objects


def test_nested_objects_are_converted_when_they_are_read() -> None:
    """Then they are kept: every access gives the same object."""
    thing = decode({"from": [{"size": 1}], "structure": {"subParts": [{"partId": "1"}]}})
    assert thing.from_ is not None
    assert [Part(size=1)] == thing.from_
    assert thing.from_ is thing.from_
    assert thing.structure.sub_parts is not None
    assert "1" == thing.structure.sub_parts[0].part_id


def test_what_was_sent_nested_stays_nested() -> None:
    """Objects in objects are sent, whether they were made, read or not read."""
    read, unread = (decode({"structure": {"size": 1, "x": 2}}) for _ in range(2))
    assert 1 == read.structure.size
    expected = {"structure": {"size": 1, "x": 2}}
    assert expected == wire(read) == wire(unread)
    assert expected == wire(Thing(structure=Part(size=1, extra={"x": 2})))


def test_t99_an_answer_can_be_merged_into_what_was_sent() -> None:
    """The sent object may have objects in it."""
    sent = Thing(
        name="x", structure=Part(size=1), from_=[Part(size=2)], received_at=utc(2020, 1, 1)
    )
    merged = decode({**sent.to_wire(), "id": "a", "structure": {"size": 1, "partId": "1"}})
    assert ("a", "x", utc(2020, 1, 1)) == (merged.id, merged.name, merged.received_at)
    assert [Part(size=2)] == merged.from_
    assert "1" == merged.structure.part_id


def test_wire_names_give_wire_forms() -> None:
    """`obj["name"]` does not depend on whether the attribute was read before."""
    thing = decode({"from": [{"size": 1}], "receivedAt": "2020-01-01T00:00:00Z", "x": {"y": 1}})
    for _ in range(2):
        assert [{"size": 1}] == thing["from"]
        assert "2020-01-01T00:00:00Z" == thing["receivedAt"]
        assert {"y": 1} == thing["x"]
        assert thing.from_ == [Part(size=1)]


# Malformed values

WRONG: list[tuple[str, object, str]] = [
    ("id", 5, "id: expected a string, got 5"),
    ("name", None, "name: expected a string, got None"),
    ("sortOrder", "1", "sortOrder: expected an integer, got '1'"),
    ("sortOrder", 1.5, "sortOrder: expected an integer, got 1.5"),
    ("sortOrder", True, "sortOrder: expected an integer, got True"),
    ("isOpen", 0, "isOpen: expected true or false, got 0"),
    ("receivedAt", "soon", "receivedAt: expected a date, got 'soon'"),
    ("keywords", ["a"], "keywords: expected an object, got ['a']"),
    ("from", {}, "from: expected an array, got {}"),
    ("structure", None, "structure: expected an object (Part), got None"),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG)
def test_a_malformed_property_is_told_when_it_is_read(
    name: str, value: object, message: str
) -> None:
    """The error names object, property and value; all other properties can be read."""
    thing = decode({"secret": "s", name: value, "x": 1})
    attribute = next(one for one, wire_name in FIELDS.items() if wire_name == name)
    for _ in range(2):
        with pytest.raises(RemoteProtocolError) as caught:
            getattr(thing, attribute)
        assert f"the server sent a malformed Thing: {message}" == str(caught.value)
    assert "s" == thing.secret
    assert {"x": 1} == thing.extra
    assert value == thing[name]
    assert name in thing
    assert "<malformed" in repr(thing)
    assert {"secret": "s", name: value, "x": 1} == wire(thing)


PARTLY_WRONG: list[tuple[str, str, object, object]] = [
    ("keywords", "keywords", {"a": 1, "b": True, "c": None}, {"b": True}),
    ("keywords", "keywords", [], {}),
    (
        "from_",
        "from",
        [{"size": 1}, 5, {"size": "x"}],
        [Part(size=1), decoder(Part)({"size": "x"})],
    ),
    ("from_", "from", [None, {"size": 1}], [Part(size=1)]),
    ("body_values", "bodyValues", {"1": None, "2": {"size": 1}}, {"1": Part(), "2": Part(size=1)}),
    ("body_values", "bodyValues", {"2": {"size": 1}, "1": 5}, {"2": Part(size=1), "1": Part()}),
]


@pytest.mark.parametrize(("name", "wire_name", "sent", "read"), PARTLY_WRONG)
def test_a_malformed_item_costs_itself_alone(
    name: str, wire_name: str, sent: object, read: object
) -> None:
    """The others are read; what came is there by wire name, and when the object is written."""
    thing = decode({wire_name: sent, "secret": "s"})
    before = copy.deepcopy(thing)
    for _ in range(2):
        assert read == getattr(thing, name)
        assert sent == thing[wire_name]
    assert {wire_name: sent, "secret": "s"} == wire(thing)
    assert f"{name}={read!r} <partly malformed>" in repr(thing)
    for make in COPIES:
        assert before == thing == make(thing)
        assert read == getattr(make(thing), name)
        assert repr(thing) == repr(make(thing))
    assert {wire_name: wire(read)} == wire(attrs.evolve(thing, **{name: read, "secret": ABSENT}))


def test_the_error_names_the_object() -> None:
    """By its id, where it has one; what is not to be shown is not."""
    thing = decode({"id": "a", "sortOrder": "1", "secret": ["s3cret"]})
    with pytest.raises(RemoteProtocolError, match="malformed Thing 'a': sortOrder") as caught:
        _ = thing.sort_order
    assert "1" == caught.value.piece
    with pytest.raises(
        RemoteProtocolError, match="secret: expected a string, got something else"
    ) as caught:
        _ = thing.secret
    assert "s3cret" not in f"{caught.value} {caught.value.piece}"


def test_repr_shows_of_a_malformed_value_only_the_beginning() -> None:
    """However much a server sent."""
    assert len(repr(decode({"sortOrder": "x" * 10_000}))) < 150


@given(st.dictionaries(st.sampled_from(sorted(PROPERTIES)) | TEXTS, JSON))
def test_any_object_can_be_decoded(sent: dict[str, Any]) -> None:
    """Each property is of its type, or malformed, or absent; nothing else can happen."""
    thing = decode(sent)
    for name in FIELDS:
        with suppress(PropertyNotFetched, RemoteProtocolError):
            getattr(thing, name)
    assert sent == wire(thing)
    assert thing == copy.copy(thing) == pickle.loads(pickle.dumps(thing))  # noqa: S301 - our own
    assert repr(thing).startswith("Thing(")


@pytest.mark.parametrize("value", [None, [], "x", 5, [{}]])
def test_what_is_no_object_is_refused(value: object) -> None:
    """An array of properties is not an object."""
    with pytest.raises(Malformed, match="expected an object"):
        decode(value)


def test_t170_an_unknown_value_of_an_enumeration_is_kept() -> None:
    """What is a string by type may be any string."""
    assert "brand-new" == decode({"name": "brand-new"}).name


@given(members(st.sampled_from(SIMPLE)), st.data())
def test_properties_of_any_type_survive(kinds: dict[str, Kind], data: st.DataObject) -> None:
    """Classes of any shape read what they wrote, and send what they read."""
    cls = object_class(kinds)
    values = {name: data.draw(kind.values) for name, kind in kinds.items()}
    sent = {WIRE_NAMES[name]: wire(value) for name, value in values.items()}

    thing = decoder(cls)(sent)

    assert cls(**values) == thing
    assert sent == wire(thing)
    for name in NAMES:
        assert (name in values) == hasattr(thing, name)
        assert values.get(name) == getattr(thing, name, None)


@given(members(st.sampled_from(SIMPLE)), st.data())
def test_a_wrong_type_never_gets_through(kinds: dict[str, Kind], data: st.DataObject) -> None:
    """It is told on reading, under the name of the property."""
    name = data.draw(st.sampled_from(list(kinds)))
    if kinds[name].hint is object:
        return
    wrong, _ = data.draw(kinds[name].wrong)
    thing = decoder(object_class(kinds))({WIRE_NAMES[name]: wrong})
    with pytest.raises(RemoteProtocolError, match=f"malformed Thing: {WIRE_NAMES[name]}: expected"):
        getattr(thing, name)


# Values


@given(wires(), st.data())
def test_equal_contents_are_equal(sent: dict[str, Any], data: st.DataObject) -> None:
    """Whatever was read, made or converted before."""
    one, other = decode(sent), decode(copy.deepcopy(sent))
    for name in data.draw(st.lists(st.sampled_from(list(FIELDS)))):
        getattr(one, name, None)
    assert one == other
    assert not one != other  # noqa: SIM202 - another method


@given(wires(), wires())
def test_different_contents_are_different(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Absent and null are, too."""
    assert (one == other) == (decode(one) == decode(other))


def test_equality_is_for_one_class() -> None:
    """An object is no other thing that looks alike."""
    assert Part() != Thing()
    assert Part(size=1) != {"size": 1}
    assert Thing(parent_id=None) != Thing()


COPIES: list[Callable[[Thing], Thing]] = [
    copy.copy,
    copy.deepcopy,
    attrs.evolve,
    lambda thing: pickle.loads(pickle.dumps(thing)),  # noqa: S301 - our own
]


@given(things(), st.lists(st.sampled_from(list(FIELDS))))
def test_copies_are_equal_and_independent(thing: Thing, names: list[str]) -> None:
    """A copy has the same properties, and reading one changes nothing in the other."""
    before = wire(thing)
    for make in COPIES:
        duplicate = make(thing)
        for name in names:
            getattr(duplicate, name, None)
        assert thing == duplicate
        assert thing is not duplicate
        assert before == wire(duplicate) == wire(thing)
        assert repr(thing) == repr(duplicate)


@given(things(), TEXTS, EXTRA)
def test_evolve_changes_what_it_is_told(thing: Thing, name: str, extra: dict[str, Any]) -> None:
    """Properties can be set, set to null and taken away; the others and the original stay."""
    before = wire(thing)
    changed = attrs.evolve(
        thing, name=name, parent_id=None, structure=Part(size=1), from_=ABSENT, extra=extra
    )
    expected = {key: value for key, value in before.items() if key in PROPERTIES}
    expected |= {"name": name, "parentId": None, "structure": {"size": 1}, **extra}
    expected.pop("from", None)
    assert expected == wire(changed)
    assert not hasattr(changed, "from_")
    assert before == wire(thing)


def test_evolve_knows_the_names() -> None:
    """A name that no property has is refused, also in `extra`."""
    with pytest.raises(TypeError, match="unexpected keyword argument 'nam'"):
        attrs.evolve(Thing(id="a"), nam="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="set name, not extra"):
        attrs.evolve(Thing(id="a"), extra={"name": "x"})


def test_copy_replace_is_evolve() -> None:
    """The standard library's own spelling, which came with Python 3.13."""
    replace = getattr(copy, "replace", attrs.evolve)
    replaced: Thing = replace(decode({"id": "a", "name": "x"}), name="y")
    assert {"id": "a", "name": "y"} == wire(replaced)


class Idle:
    """A sender for calls that nobody sends."""

    def result(self, call: object) -> NoReturn:
        """Fail."""
        raise NotImplementedError

    def root_of(self, call: object) -> object:
        """Return itself."""
        return self

    def begin(self, call: object) -> tuple[object, object]:
        """Return nobody."""
        return None, None

    def running_task(self) -> object:
        """Return nothing."""


def test_references_survive_a_copy() -> None:
    """What stands for the id of an object to come is no malformed id."""
    call: Call[Any] = Call(raw_method("Thing/set", capability="x"), {}, sender=Idle())
    reference = CreationReference(call, "k")
    thing = Thing(parent_id=reference, name="x")  # type: ignore[arg-type]
    for duplicate in (copy.copy(thing), attrs.evolve(thing, name="y")):
        assert reference is duplicate.parent_id  # type: ignore[comparison-overlap]


def test_repr_shows_what_is_there() -> None:
    """In the order of the class, with attribute names, so that it can be read as Python."""
    sent = {"x": [1], "secret": "s3cret", "from": [{"size": 1}], "id": "a", "parentId": None}
    expected = "Thing(id='a', parent_id=None, from_=[Part(size=1)], secret=..., extra={'x': [1]})"
    assert expected == repr(decode(sent))
    assert "Thing()" == repr(Thing())


def test_repr_does_not_give_away_secrets() -> None:
    """Neither as a value nor as a malformed one."""
    assert "s3cret" not in repr(decode({"secret": "s3cret"}))
    assert "s3cret" not in repr(decode({"secret": ["s3cret"]}))


def test_a_naive_datetime_is_refused_when_it_would_be_sent() -> None:
    """The error is that of all naive datetimes."""
    thing = Thing(received_at=datetime(2020, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(LocalProtocolError, match="has no time zone"):
        encode(thing)


def test_t127_absurd_dates_can_be_handled() -> None:
    """A date that UTC cannot hold spoils neither repr nor comparison nor copy."""
    sent = {"receivedAt": "0001-01-01T00:00:00+01:00"}
    thing = decode(sent)
    assert "datetime(1, 1, 1" in repr(thing)
    assert thing == copy.deepcopy(thing)
    assert sent == wire(thing)


def test_objects_are_freed() -> None:
    """They hold nothing that holds them, and can be referred to weakly."""
    gc.disable()
    try:
        thing = decode({"from": [{}], "id": 5})
        assert [Part()] == thing.from_
        reference = weakref.ref(thing)
        del thing
        assert reference() is None
    finally:
        gc.enable()


def test_classes_can_inherit_from_data_objects() -> None:
    """The properties of the base are those of the class as well."""

    @data_object
    @attrs.frozen(kw_only=True)
    class More(Part):
        color: str = ABSENT

    more = decoder(More)({"size": 1, "color": "red", "x": 2})
    assert (1, "red", {"x": 2}) == (more.size, more.color, more.extra)
    assert {"size": 2, "color": "red", "x": 2} == wire(attrs.evolve(more, size=2))
    assert "More(size=1, color='red', extra={'x': 2})" == repr(more)


def test_a_subclass_can_ask_its_base_for_a_property() -> None:
    """Rows are converted there, too, though nobody has used the base before."""

    @data_object
    @attrs.frozen(kw_only=True)
    class Base(DataObject):
        parts: list[Part] = ABSENT

    class Plain(Base):
        @property
        def first(self) -> Part:
            return super().parts[0]

    assert Part(size=1) == decoder(Plain)({"parts": [{"size": 1}]}).first


@pytest.mark.parametrize("declare", [declared, attrs.frozen])
@pytest.mark.parametrize("base_first", [True, False])
def test_classes_can_redeclare_what_they_inherit(
    declare: Callable[..., Callable[[type[Any]], type[Any]]], *, base_first: bool
) -> None:
    """Rows become what the class says, and those of the base what the base says."""

    @data_object
    @declare(kw_only=True)
    class Base(DataObject):
        parts: list[Part] = ABSENT
        part: Part = ABSENT
        log: dict[str, object] = ABSENT

    if base_first:
        assert [Part(size=1)] == decoder(Base)({"parts": [{"size": 1}]}).parts

    @data_object
    @declare(kw_only=True)
    class Narrow(Base):
        parts: list[Thing] | None = ABSENT  # type: ignore[assignment]
        part: dict[str, object] = ABSENT  # type: ignore[assignment]
        log: Part = ABSENT  # type: ignore[assignment]

    sent = {"parts": [{"name": "x"}], "part": {"size": 1}, "log": {"size": 1}}
    new: Callable[..., Narrow] = Narrow
    made = new(parts=[Thing(name="x")], part={"size": 1}, log=Part(size=1))
    for narrow in (decoder(Narrow)(sent), made, copy.copy(made)):
        assert [Thing(name="x")] == narrow.parts
        assert {"size": 1} == narrow.part
        assert Part(size=1) == narrow.log
        assert sent == wire(narrow)
    base = decoder(Base)({"parts": [{"size": 1}], "part": {"size": 1}, "log": {"size": 1}})
    assert ([Part(size=1)], Part(size=1), {"size": 1}) == (base.parts, base.part, base.log)


def test_every_subset_of_properties_can_be_fetched() -> None:
    """No combination of present and absent properties is special."""
    sent: dict[str, object] = {
        "id": "a",
        "parentId": None,
        "from": [],
        "receivedAt": "2020-01-01T00:00:00Z",
    }
    for count in range(len(sent) + 1):
        for names in itertools.combinations(sent, count):
            some = {name: sent[name] for name in names}
            assert some == wire(decode(some))


def test_dates_are_aware_and_utc() -> None:
    """A Date with an offset is the same moment."""
    thing = decode({"receivedAt": "2020-01-01T02:00:00+02:00"})
    assert utc(2020, 1, 1) == thing.received_at
    assert {"receivedAt": "2020-01-01T00:00:00Z"} == orjson.loads(encode(thing))
