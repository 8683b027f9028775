"""Shapes: the properties of a class of data objects, and how rows of an answer become instances.

Strings, numbers, booleans and dates, the leaves, are stored at once. Everything else stays as it
came until it is read: in its slot, as the only item of a tuple.

`decode_carefully` defines what comes out. But a server sends the objects of an answer with the same
properties; so for names that come often a function is made that loops over the rows: exact
subscripts, one test of all types, plain stores. What does not fit (the server sent less, or more,
or another type) goes the careful way.
"""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from types import UnionType
from typing import Any, Final, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs

from jmap_async.protocol import dates
from jmap_async.protocol.converter import decoder, locate
from jmap_async.protocol.fields import Decoder, Malformed, wire_name, writable_twin

C = TypeVar("C")

Rows = list[Any]
Names = tuple[str, ...]

_TESTS: Final = {
    str: "type({0}) is str",
    int: "type({0}) is int",
    bool: "type({0}) is bool",
    datetime: "True",  # told by the conversion
}
"""What is true of a value that may be stored at once, by the type that it shall have."""

# A function is made for names that came this often, and no more than so many functions are kept:
# the server chooses the names.
_OFTEN: Final = 16
_MANY: Final = 64


@attrs.frozen
class Field:
    """How one property is stored, read and written."""

    name: str
    wire: str
    decode: Decoder
    member: Any
    """The slot, which is written to past the object's being frozen."""
    convert: Callable[[Any], Any] | None
    hidden: bool
    leaf: type | None
    """The type of what is stored at once; None: it stays as it came until it is read."""
    nullable: bool

    def stored(self, instance: object, default: object) -> Any:
        """Return what is in the slot; `default` when that is empty."""
        try:
            return self.member.__get__(instance)
        except AttributeError:
            return default

    def store(self, instance: object, value: object) -> None:
        """Put a value into the slot."""
        self.member.__set__(instance, value)


class Shape(Generic[C]):
    """The properties of a class, looked up once."""

    def __init__(self, cls: type[C]) -> None:
        self.cls = cls
        fields = attrs.fields(cast("Any", cls))
        self._attributes = [one for one in fields if one.name not in {"extra", "whole"}]
        members = {one.name: _member(cls, one.name) for one in self._attributes}
        self.writable = writable_twin(cls, **members)
        self._loops: dict[Names, Callable[[Rows], list[C]]] = {}
        self._seen: dict[Names, int] = {}

    # On first use, when classes that refer to each other are all there.

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The properties, in the order of their declaration."""
        hints = get_type_hints(self.cls)
        return tuple(_field(self.cls, one, hints[one.name]) for one in self._attributes)

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The properties by their names in Python."""
        return {field.name: field for field in self.fields}

    @cached_property
    def by_wire(self) -> dict[str, Field]:
        """The properties by their names on the wire."""
        return {field.wire: field for field in self.fields}

    def decode_list(self, value: Any, _: object = None) -> list[C]:
        """Turn the rows of an answer into objects.

        Raises:
            Malformed: it is no array, or one of its items is no object.
        """
        if value.__class__ is not list:
            raise Malformed("an array", value)
        if not value:
            return []
        if value[0].__class__ is self.cls and {self.cls}.issuperset(map(type, value)):
            return cast("list[C]", value)  # decoded before, slice by slice
        loop = self._loop(value[0], len(value))
        try:
            return loop(value) if loop else [self.decode(row) for row in value]
        except Malformed:
            raise locate(enumerate(cast("list[object]", value)), self.decode) from None

    def decode(self, value: Any, _: object = None) -> C:
        """Turn one row into an object.

        Raises:
            Malformed: it is no object.
        """
        loop = self._loop(value, 1)
        return loop([value])[0] if loop else self.decode_carefully(value)

    def decode_carefully(self, value: Any) -> C:
        """Turn one row into an object, whatever is in it.

        Raises:
            Malformed: it is no object.
        """
        if isinstance(value, self.cls):  # of a sent object, put together with what came back
            return value
        if value.__class__ is not dict:
            raise Malformed(f"an object ({self.cls.__name__})", value)
        odd: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        instance = object.__new__(self.writable)
        for wire, item in value.items():
            field = self.by_wire.get(wire)
            if field is None:
                extra[wire] = item
            elif field.leaf is None:
                field.store(instance, (item,))
            elif not _store_leaf(instance, field, item):
                # Told when it is read: one odd value does not spoil the others.
                odd[field.name] = item
        instance._odd = odd or None
        if extra:
            instance.extra = extra
        instance.__class__ = self.cls
        return cast("C", instance)

    def _loop(self, first: Any, count: int) -> Callable[[Rows], list[C]] | None:
        """Return the function for rows that are like the first one; None: there is none as yet."""
        if first.__class__ is not dict:
            return None
        names = tuple(cast("dict[str, object]", first))
        if names in self._loops:
            return self._loops[names]
        seen = self._seen.pop(names, 0) + count
        if seen < _OFTEN:
            _make_room(self._seen)
            self._seen[names] = seen
            return None
        _make_room(self._loops)
        loop = self._loops[names] = make_loop(self, names)
        return loop


def leaf_of(annotation: Any) -> tuple[type | None, bool]:
    """Return the type of a leaf, None for what is none, and whether it can be null."""
    kinds = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
    others = [kind for kind in kinds if kind is not type(None)]
    leaf = others[0] if len(others) == 1 and others[0] in _TESTS else None
    return leaf, len(others) < len(kinds)


def _field(cls: type, attribute: "attrs.Attribute[Any]", hint: Any) -> Field:
    leaf, nullable = leaf_of(attribute.type)
    return Field(
        name=attribute.name,
        wire=wire_name(attribute),
        decode=decoder(hint),
        member=_member(cls, attribute.name),
        convert=cast("Any", attribute).converter,
        hidden=attribute.repr is False,
        leaf=leaf,
        nullable=nullable,
    )


def _member(cls: type, name: str) -> Any:
    """Return the slot of a property, which may be behind one that converts."""
    found = getattr(cls, name)
    return cast("Any", found.fget).member if isinstance(found, property) else found


def _store_leaf(instance: object, field: Field, value: Any) -> bool:
    try:
        field.store(instance, field.decode(value))
    except Malformed:
        return False
    return True


def _make_room(known: dict[Names, Any]) -> None:
    while len(known) >= _MANY:
        del known[next(iter(known))]


def make_loop(shape: Shape[C], names: Names) -> Callable[[Rows], list[C]]:
    """Make the function that decodes rows which have just these names, in any order."""
    known = [shape.by_wire[name] for name in names if name in shape.by_wire]
    extra = [name for name in names if name not in shape.by_wire]
    namespace = {
        "cls": shape.cls,
        "new": object.__new__,
        "writable": shape.writable,
        "careful": shape.decode_carefully,
        "date": dates.decode,
        "fast": datetime.fromisoformat,
        # Never in the text: the server chose them.
        **{f"extra{number}": name for number, name in enumerate(extra)},
    }
    text = "\n".join(_loop_lines(known, len(names), len(extra)))
    exec(compile(text, f"<rows of {shape.cls.__name__}>", "exec"), namespace)  # noqa: S102 - ours
    return cast("Callable[[Rows], list[C]]", namespace["loop"])


def _loop_lines(fields: list[Field], count: int, extra: int) -> list[str]:
    leaves = [(f"v{number}", one) for number, one in enumerate(fields) if one.leaf]
    others = [one for one in fields if one.leaf is None]
    more = ", ".join(f"extra{number}: row[extra{number}]" for number in range(extra))
    wrong = [
        f"row.__class__ is not dict or len(row) != {count}",
        *(f"not ({_test(name, one)})" for name, one in leaves),
    ]
    return [
        "def loop(rows):",
        "    found = []",
        "    append = found.append",
        "    for row in rows:",
        "        try:",
        *(f"            {name} = row[{one.wire!r}]" for name, one in leaves),
        f"            if {' or '.join(wrong)}:",
        "                raise ValueError",
        "            self = new(writable)",
        *(f"            self.{one.name} = {_value(name, one)}" for name, one in leaves),
        *(f"            self.{one.name} = (row[{one.wire!r}],)" for one in others),
        "            self._odd = None",
        *([f"            self.extra = {{{more}}}"] if more else []),
        "            self.__class__ = cls",
        "        except (KeyError, TypeError, ValueError):",
        "            self = careful(row)",
        "        append(self)",
        "    return found",
    ]


def _test(name: str, field: Field) -> str:
    test = _TESTS[cast("type", field.leaf)].format(name)
    return f"{test} or {name} is None" if field.nullable else test


def _value(name: str, field: Field) -> str:
    if field.leaf is not datetime:
        return name
    # The marks of "2014-10-30T06:12:00Z"; fromisoformat() looks at the digits.
    value = f"fast({name}) if {name}[4::3] == '--T::Z' else date({name})"
    return f"None if {name} is None else {value}" if field.nullable else value
