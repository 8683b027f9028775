"""Types that the converter handles, with values that fit and values that do not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Optional

import attrs
import orjson
from hypothesis import strategies as st

from jmap_async.protocol.codec.converter import encode
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.types import ABSENT
from tests.protocol.strategies import INTEGERS, JSON, MOMENTS, TEXTS

Wrong = tuple[object, tuple[str, ...]]
"""A JSON value with something wrong in it, and the path to that."""


@attrs.frozen
class Kind:
    """A type, its values, and JSON that is none of it."""

    hint: Any
    values: st.SearchStrategy[Any]
    wrong: st.SearchStrategy[Wrong]
    nullable: bool = False

    @property
    def wires(self) -> st.SearchStrategy[Any]:
        """Return values as the server sends them."""
        return self.values.map(wire)


def wire(value: object) -> Any:  # noqa: ANN401 - JSON
    """Return a value as it looks on the other side."""
    return orjson.loads(encode(value))


def _is_broken(number: float) -> bool:
    return not number.is_integer()


def but(*types: type) -> st.SearchStrategy[Wrong]:
    """Return JSON values of all but some types."""
    # 1.0 is an integer, too.
    others = st.floats(allow_nan=False, allow_infinity=False).filter(_is_broken) | JSON
    return others.filter(lambda value: type(value) not in types).map(lambda value: (value, ()))


NOT_DATES = but(str) | TEXTS.filter(lambda text: "T" not in text).map(lambda text: (text, ()))

SIMPLE = [
    Kind(str, TEXTS, but(str)),
    Kind(bool, st.booleans(), but(bool)),
    Kind(int, INTEGERS, but(int)),
    Kind(float, st.floats(allow_nan=False, allow_infinity=False), but(int, float)),
    Kind(datetime, MOMENTS, NOT_DATES),
    Kind(object, JSON, st.nothing(), nullable=True),
]


def lists(inner: Kind, origin: Any) -> Kind:  # noqa: ANN401 - list or Sequence
    """Return the kind of the lists of a kind."""

    def place(parts: tuple[list[object], Wrong, list[object]]) -> Wrong:
        before, (value, path), after = parts
        return [*before, value, *after], (str(len(before)), *path)

    some = st.lists(inner.wires, max_size=2)
    return Kind(
        origin[inner.hint],
        st.lists(inner.values, max_size=3),
        but(list) | st.tuples(some, inner.wrong, some).map(place),
    )


def maps(inner: Kind, origin: Any) -> Kind:  # noqa: ANN401 - dict or Mapping
    """Return the kind of the objects by any key of a kind."""

    def place(parts: tuple[dict[str, object], str, Wrong]) -> Wrong:
        others, key, (value, path) = parts
        return {**others, key: value}, (key, *path)

    some = st.dictionaries(TEXTS, inner.wires, max_size=2)
    return Kind(
        origin[str, inner.hint],
        st.dictionaries(TEXTS, inner.values, max_size=3),
        but(dict) | st.tuples(some, TEXTS, inner.wrong).map(place),
    )


def nullable(inner: Kind) -> Kind:
    """Return the kind of what is of a kind, or null."""
    return Kind(
        Optional[inner.hint],  # noqa: UP045 - made of a value
        st.none() | inner.values,
        inner.wrong.filter(lambda wrong: wrong[0] is not None),
        nullable=True,
    )


WIRE_NAMES = {"name": "name", "sort_order": "sortOrder", "from_": "from", "is_1": "is1"}
NAMES = list(WIRE_NAMES)


def record(members: dict[str, Kind]) -> Kind:
    """Return the kind of a new attrs class, whose first member is required."""
    first, *others = members
    fields: dict[str, Any] = {name: attrs.field(default=None) for name in others}
    hints = {name: kind.hint for name, kind in members.items()}
    hints |= {name: Optional[hints[name]] for name in others}  # noqa: UP045 - made of a value
    cls = attrs.frozen(kw_only=True)(type("Record", (), {**fields, "__annotations__": hints}))
    whole = st.fixed_dictionaries(
        {first: members[first].values},
        optional={name: members[name].values for name in others},
    )
    return Kind(
        cls,
        whole.map(lambda values: cls(**values)),
        but(dict) | st.one_of(*(inside(members, name) for name in members)),
    )


def inside(members: dict[str, Kind], name: str) -> st.SearchStrategy[Wrong]:
    """Return objects of which one member is wrong."""
    fine = {WIRE_NAMES[other]: kind.wires for other, kind in members.items() if other != name}
    # Null counts as missing, and that may be right.
    wrong = members[name].wrong.filter(lambda one: one[0] is not None)
    wire_name = WIRE_NAMES[name]
    return st.tuples(st.fixed_dictionaries(fine), wrong).map(
        lambda parts: ({**parts[0], wire_name: parts[1][0]}, (wire_name, *parts[1][1]))
    )


def members(kinds: st.SearchStrategy[Kind]) -> st.SearchStrategy[dict[str, Kind]]:
    """Return the members of a class."""
    return st.dictionaries(st.sampled_from(NAMES), kinds, min_size=1)


def compound(kinds: st.SearchStrategy[Kind]) -> st.SearchStrategy[Kind]:
    """Return kinds that are made of other kinds."""
    return st.one_of(
        st.builds(lists, kinds, st.sampled_from([list, Sequence])),
        st.builds(maps, kinds, st.sampled_from([dict, Mapping])),
        st.builds(nullable, kinds.filter(lambda kind: not kind.nullable)),
        st.builds(record, members(kinds)),
    )


KINDS = st.recursive(st.sampled_from(SIMPLE), compound, max_leaves=6)


def object_class(members: dict[str, Kind]) -> type[DataObject]:
    """Return a new class of data objects."""
    hints = {name: kind.hint for name, kind in members.items()}
    defaults = dict.fromkeys(members, ABSENT)
    cls = type("Thing", (DataObject,), {**defaults, "__annotations__": hints})
    return data_object(attrs.frozen(kw_only=True)(cls))
