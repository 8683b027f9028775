"""Shapes: the properties of a class of data objects, and how rows of an answer become instances.

Values are checked and stored at once, except those of properties that are data objects, or lists
or maps of these: a row, or a list or map that begins with one, is put into its slot as it came, and
becomes instances when it is read first.

`decode_carefully` defines what comes out. But a server sends the objects of an answer with the same
properties; so for names that come often a function is made that reads just these: exact subscripts,
tests of types, plain stores. What does not fit (the server sent less, or more, or another type)
goes the careful way.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final, Generic, TypeVar, cast, get_type_hints

import attrs

from jmap_async.protocol.converter import decoder, locate
from jmap_async.protocol.fields import (
    Decoder,
    Malformed,
    is_map,
    is_optional,
    wire_name,
    writable_twin,
)
from jmap_async.protocol.leaves import NAMES, Leaf, check, indented, leaf_of

C = TypeVar("C")

Names = tuple[str, ...]

# Fewer rows are read one by one: to look for the function that reads many would take longer.
_FEW: Final = 8

# A function is made for names that came this often, if they are not too many, and no more than so
# many functions are kept: the server chooses the names.
_OFTEN: Final = 16
_WIDE: Final = 256
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
    leaf: Leaf | None
    nullable: bool
    waits: bool
    """Whether rows stay as they came until they are read."""
    is_map: bool

    def stored(self, instance: object, default: object) -> Any:
        """Return what is in the slot; `default` when that is empty."""
        try:
            return self.member.__get__(instance)
        except AttributeError:
            return default

    def store(self, instance: object, value: object) -> None:
        """Put a value into the slot."""
        self.member.__set__(instance, value)


@attrs.frozen
class Reader(Generic[C]):
    """The functions that read rows with certain names."""

    one: Callable[[Any], C]
    many: Callable[[list[Any]], list[C]]


class Shape(Generic[C]):
    """The properties of a class, looked up once."""

    def __init__(self, cls: type[C]) -> None:
        self.cls = cls
        fields = attrs.fields(cast("Any", cls))
        self._attributes = [one for one in fields if one.name not in {"extra", "whole"}]
        members = {one.name: _member(cls, one.name) for one in self._attributes}
        self.writable = writable_twin(cls, **members)
        self._readers: dict[Names, Reader[C]] = {}
        self._seen: dict[Names, int] = {}
        # The function for the names that came last; rows with others it gives to `read_other`.
        self._read: Callable[[Any], C] = self.read_other

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
        read = self._read
        try:
            if len(value) == 1:  # as half of all lists; a loop takes longer than this row
                return [read(value[0])]
            return self._decode_many(value) if len(value) > _FEW else [read(row) for row in value]
        except Malformed:
            raise locate(enumerate(cast("list[object]", value)), self.decode) from None

    def _decode_many(self, rows: list[Any]) -> list[C]:
        first = rows[0]
        if first.__class__ is self.cls and {self.cls}.issuperset(map(type, rows)):
            return cast("list[C]", rows)  # decoded before, slice by slice
        reader = self._readers.get(tuple(first)) if first.__class__ is dict else None
        return reader.many(rows) if reader else [self._read(row) for row in rows]

    def decode(self, value: Any, _: object = None) -> C:
        """Turn one row into an object.

        Raises:
            Malformed: it is no object.
        """
        return self._read(value)

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
        instance = self.writable()
        for wire, item in value.items():
            field = self.by_wire.get(wire)
            if field is None:
                extra[wire] = item
            elif field.waits and is_raw(item, in_map=field.is_map):
                field.store(instance, item)
            elif not _store_decoded(instance, field, item):
                # Told when it is read: one odd value does not spoil the others.
                odd[field.name] = item
        instance._odd = odd or None  # noqa: SLF001 - ours
        if extra:
            instance.extra = extra
        instance.__class__ = self.cls
        return cast("C", instance)

    def read_other(self, value: Any) -> C:
        """Turn a row into an object whose names are not those of the row before.

        Raises:
            Malformed: it is no object.
        """
        if value.__class__ is not dict:
            return self.decode_carefully(value)
        names = tuple(cast("dict[str, object]", value))
        reader = self._readers.get(names) or self._learn(names)
        if reader is None:
            return self.decode_carefully(value)
        self._read = reader.one
        return reader.one(value)

    def _learn(self, names: Names) -> Reader[C] | None:
        """Make the functions for names that came often; None: these did not, or are too many."""
        if len(names) > _WIDE:
            return None
        seen = self._seen.pop(names, 0) + 1
        if seen < _OFTEN:
            _make_room(self._seen)
            self._seen[names] = seen
            return None
        _make_room(self._readers)
        reader = self._readers[names] = make_reader(self, names)
        return reader


def is_raw(value: Any, *, in_map: bool) -> bool:
    """Tell whether a value of a property that waits is one of the server's, not read yet."""
    first = value[0] if value.__class__ is list and value else value
    return first.__class__ is dict and (not in_map or begins_with_row(first))


def begins_with_row(value: dict[str, Any]) -> bool:
    """Tell whether the first value of a map is one of the server's objects."""
    return next(iter(value.values()), None).__class__ is dict


def _field(cls: type, attribute: "attrs.Attribute[Any]", hint: Any) -> Field:
    return Field(
        name=attribute.name,
        wire=wire_name(attribute),
        decode=decoder(hint),
        member=_member(cls, attribute.name),
        convert=cast("Any", attribute).converter,
        hidden=attribute.repr is False,
        leaf=leaf_of(hint),
        nullable=is_optional(hint),
        waits=isinstance(getattr(cls, attribute.name), property),
        is_map=is_map(hint),
    )


def _member(cls: type, name: str) -> Any:
    """Return the slot of a property, which may be behind one that converts."""
    found = getattr(cls, name)
    return cast("Any", found.fget).member if isinstance(found, property) else found


def _store_decoded(instance: object, field: Field, value: Any) -> bool:
    try:
        field.store(instance, field.decode(value))
    except Malformed:
        return False
    return True


def _make_room(known: dict[Names, Any]) -> None:
    while len(known) >= _MANY:
        del known[next(iter(known))]


def make_reader(shape: Shape[C], names: Names) -> Reader[C]:
    """Make the functions that decode rows which have just these names, in any order."""
    fields = [shape.by_wire.get(name) for name in names]
    # The names are never in the text: the server chose them. And orjson's own strings for its keys
    # are found in half the time.
    keys = {f"key{number}": name for number, name in enumerate(names)}
    namespace = {
        **NAMES,
        **keys,
        "keys": names,
        "cls": shape.cls,
        "writable": shape.writable,
        "careful": shape.decode_carefully,
        "begins_with_row": begins_with_row,
        "other": shape.read_other,
        **{f"decode{number}": one.decode for number, one in enumerate(fields) if one},
    }
    text = [
        "def one(row):",
        *indented(_lines(fields, "return {}")),
        # The same again, in a loop and with names of its own: a sixth of the time less.
        "def many(rows):",
        *([f"    {', '.join(keys)}, = keys"] if keys else []),
        "    found = []",
        "    append = found.append",
        "    for row in rows:",
        *indented(indented(_lines(fields, "append({}); continue"))),
        "    return found",
    ]
    code = compile("\n".join(text), f"<rows of {shape.cls.__name__}>", "exec")
    exec(code, namespace)  # noqa: S102 - ours
    return Reader(cast("Any", namespace["one"]), cast("Any", namespace["many"]))


def _lines(fields: Sequence[Field | None], give: str) -> list[str]:
    """Return the lines that read a row; None stands for a name that no field has."""
    known = [(f"v{number}", one) for number, one in enumerate(fields) if one]
    checks = [line for number, one in enumerate(fields) if one for line in _checks(number, one)]
    others = [number for number, one in enumerate(fields) if not one]
    extra = ", ".join(f"key{number}: v{number}" for number in others)
    return [
        f"if type(row) is not dict or len(row) != {len(fields)}:",
        f"    {give.format('other(row)')}",
        "try:",
        "    pass",
        *(f"    v{number} = row[key{number}]" for number in range(len(fields))),
        "except KeyError:",
        f"    {give.format('other(row)')}",
        "try:",
        "    pass",
        *indented(checks),
        "except ValueError:",
        f"    {give.format('careful(row)')}",
        "self = writable()",
        *(f"self.{one.name} = {name}" for name, one in known),
        "self._odd = None",
        *([f"self.extra = {{{extra}}}"] if extra else []),
        "self.__class__ = cls",
        give.format("self"),
    ]


def _checks(number: int, field: Field) -> list[str]:
    """Return the lines that raise ValueError for what does not fit, and convert what must be."""
    name = f"v{number}"
    if field.leaf:
        return check(name, field.leaf)
    decode = f"{name} = decode{number}({name})"
    if not field.waits:
        return [decode]
    # As `is_raw`, without a call.
    first = f"({name}[0] if type({name}) is list and {name} else {name})"
    test = f"type({first}) is dict"
    if field.is_map:
        test = f"{test} and begins_with_row({first})"
    if field.nullable:
        test = f"{name} is None or {test}"
    return [f"if not ({test}):", f"    {decode}"]
