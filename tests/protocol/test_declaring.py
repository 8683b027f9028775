"""The decorators that declare classes: as those of attrs, but for how long it takes."""

import copy
import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given, strategies as st

from jmap_async.protocol.declaring import arguments, declared, record


def listed(value: object) -> list[object]:
    """Convert what is given."""
    return [value]


@record(kw_only=True)
class Point:
    """A value; `secret` is shown by nobody, `note` makes no difference."""

    x: object
    y: list[object] = attrs.field(factory=list[object], converter=listed)
    secret: str = attrs.field(default="s", repr=lambda _: "***")
    note: str = attrs.field(default="", eq=False, repr=False)


@attrs.frozen(kw_only=True)
class AttrsPoint:
    """The same, by attrs."""

    x: object
    y: list[object] = attrs.field(factory=list[object], converter=listed)
    secret: str = attrs.field(default="s", repr=lambda _: "***")
    note: str = attrs.field(default="", eq=False, repr=False)


@arguments(kw_only=True)
class Find:
    """What a method is given."""

    name: str = attrs.field(kw_only=False, converter=str)
    limit: int | None = None


@arguments(kw_only=True)
class FindMore(Find):
    """And more of it."""

    more: bool = False


VALUES = st.fixed_dictionaries(
    {"x": st.integers(0, 1) | st.text(max_size=1)},
    optional={"y": st.integers(0, 1), "secret": st.just("t"), "note": st.just("n")},
)


@given(VALUES, VALUES)
def test_records_are_shown_and_compared_as_those_of_attrs(
    one: dict[str, Any], two: dict[str, Any]
) -> None:
    """What is equal, and how it is shown, is as attrs has it."""
    ours, theirs = (Point(**one), Point(**two)), (AttrsPoint(**one), AttrsPoint(**two))
    assert repr(theirs[0]) == "Attrs" + repr(ours[0])
    assert (theirs[0] == theirs[1]) == (ours[0] == ours[1])
    assert (theirs[0] != theirs[1]) == (ours[0] != ours[1])


def test_records_of_different_classes_differ() -> None:
    """Equal contents do not make different classes equal."""
    others: list[object] = [AttrsPoint(x=1), FindMore("1")]
    assert Point(x=1) not in others
    assert Find("1") not in others


def test_a_record_can_be_a_key() -> None:
    """Equal records have equal hashes, where what they hold has one."""

    @record()
    class Key:
        name: str

    assert {Key("a"), Key("b")} == {Key("a"), Key("b"), Key("a")}
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point(x=1))


def test_a_record_does_not_change() -> None:
    """Changed copies are made, by attrs.evolve() as well."""
    point = Point(x=1, note="here")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    assert Point(x=2, y=0) == attrs.evolve(point, x=2, y=0)
    assert point == copy.copy(point) == pickle.loads(pickle.dumps(point))  # noqa: S301 - ours


def test_methods_of_the_class_itself_stay() -> None:
    """A class may have its own methods instead of the shared ones."""

    @record()
    class Loud:
        name: str

        def __repr__(self) -> str:
            return self.name.upper()

    assert "HEY" == repr(Loud("hey"))
    assert Loud("hey") == Loud("hey")


def test_arguments() -> None:
    """Arguments are converted when they are given, compared and shown, but are no keys."""
    assert "FindMore(name='1', limit=None, more=True)" == repr(FindMore(1, more=True))
    assert FindMore("1", limit=2) == FindMore("1", limit=2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Find("1"))


def test_declared_properties() -> None:
    """Of what is declared for a data object there are the fields and their slots, nothing else."""

    @declared(kw_only=True)
    class Thing:
        name: str = "absent"
        size: int = attrs.field(default=0, metadata={"wire": "SIZE"})

    name, size = attrs.fields(Thing)
    assert ("name", str, False) == (name.name, name.type, name.init)
    assert ("SIZE", int, False) == (size.metadata["wire"], size.type, size.init)
    assert {"name", "size"} <= set(Thing.__slots__)  # type: ignore[attr-defined]
    assert {"__init__", "__repr__", "__eq__"}.isdisjoint(vars(Thing))
