"""Shapes: the properties of a class of data objects, and how rows of an answer become instances.

Values are checked and stored at once, except those of properties that are data objects, or lists
or maps of these: a row, or a list or map that begins with one, is put into its slot as it came, and
becomes instances when it is read first.

`decode_carefully` defines what comes out. But a server sends the objects of an answer with the same
properties; so for names that come often functions are made that read just these (readers.py). What
does not fit (the server sent less, or more, or another type) goes the careful way.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any, Final, Generic, TypeVar, cast, get_type_hints

import attrs

from jmap_async.errors import RemoteProtocolError
from jmap_async.protocol.codec.converter import decoder, salvaged
from jmap_async.protocol.codec.leaves import leaf_of
from jmap_async.protocol.codec.oddities import tell
from jmap_async.protocol.codec.readers import Field, Names, Reader, begins_with_row
from jmap_async.protocol.fields import (
    NO_REST,
    Decoder,
    Malformed,
    Shaped,
    container_of,
    is_optional,
    many_or_one,
    wire_name,
    without_null,
    writable_twin,
)
from jmap_async.protocol.json import JSONObject

C = TypeVar("C")

_set_odd: Final = cast("Any", Shaped)._odd.__set__  # noqa: SLF001 - ours

# Fewer rows are read as those before: to look for the function of their names would take longer.
_FEW: Final = 8

# Functions are made for names that came this often, if these are not too many and too long, and a
# bounded number of them is kept: the server chooses the names.
_OFTEN: Final = 64
_WIDE: Final = 64
_LONG: Final = 4096
_MANY: Final = 64


class Shape(Generic[C]):
    """The properties of a class, looked up once."""

    def __init__(self, cls: type[C], *bases: "Shape[Any]") -> None:
        self.cls = cls
        self._bases = bases
        fields = attrs.fields(cast("Any", cls))
        self._attributes = [one for one in fields if one.name not in {"extra", "whole"}]
        members = {one.name: _member(cls, one.name) for one in self._attributes}
        self.writable = writable_twin(cls, **members)
        self._readers: dict[Names, Reader[C]] = {}
        self._seen: dict[Names, int] = {}
        # That of the names that came last; rows with others it gives to `read_other`.
        self._reader: Reader[C] | _NoReader[C] = _NoReader(self.read_other)

    # On first use, when classes that refer to each other are all there.

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The properties, in the order of their declaration.

        No value is stored before they are known; from then on the class converts what waits, and
        not as a base does it, whose properties may be of other types. Bases do so for `super()`.
        """
        for base in self._bases:
            _ = base.fields
        hints = get_type_hints(self.cls)
        fields = tuple(_field(self.cls, one, hints[one.name]) for one in self._attributes)
        for one in fields:
            rows = one.decode_rows
            found = _converted_on_reading(one, rows) if rows else one.member
            setattr(self.cls, one.name, found)
        return fields

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
        reader = self._reader
        try:
            if len(value) == 1:  # as half of all lists; a loop takes longer than this row
                return [reader.one(value[0])]
            return self._decode_many(value) if len(value) > _FEW else reader.many(value)
        except Malformed:
            raise salvaged(cast("list[object]", value), self.decode) from None

    def _decode_many(self, rows: list[Any]) -> list[C]:
        first = rows[0]
        if first.__class__ is self.cls and {self.cls}.issuperset(map(type, rows)):
            return cast("list[C]", rows)  # decoded before, slice by slice
        reader = self._readers.get(tuple(first)) if first.__class__ is dict else None
        return (reader or self._reader).many(rows)

    def decode(self, value: Any, _: object = None) -> C:
        """Turn one row into an object.

        Raises:
            Malformed: it is no object.
        """
        return self._reader.one(value)

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
        extra: JSONObject = {}
        instance = self.writable()
        for wire, item in value.items():
            field = self.by_wire.get(wire)
            if field is None:
                extra[wire] = item
            elif field.decode_rows and is_raw(item, in_map=field.container is dict):
                field.store(instance, item)
            elif not _store_decoded(instance, field, item):
                # Told when it is read: one odd value does not spoil the others.
                odd[field.name] = item
        instance._asked, instance._odd = None, odd or None  # noqa: SLF001 - ours
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
        self._reader = reader
        return reader.one(value)

    def _learn(self, names: Names) -> Reader[C] | None:
        """Make the functions for names that came often; None: these did not, or are too many."""
        if len(names) > _WIDE or sum(map(len, names)) > _LONG:
            return None
        seen = self._seen.pop(names, 0) + 1
        if seen < _OFTEN:
            _make_room(self._seen)
            self._seen[names] = seen
            return None
        _make_room(self._readers)
        reader = self._readers[names] = self.reader(names)
        return reader

    def reader(self, names: Names) -> Reader[C]:
        """Make the functions for names."""
        return Reader(
            self.cls,
            {name: self.by_wire.get(name) for name in names},
            writable=self.writable,
            careful=self.decode_carefully,
            other=self.read_other,
        )


def _waits(type_: Any) -> bool:
    """Tell whether values of a type are data objects, or lists or maps of these."""
    [kind, *others] = without_null(type_)
    _, inner = many_or_one(kind)
    return not others and isinstance(inner, type) and issubclass(inner, Shaped)


def is_raw(value: Any, *, in_map: bool) -> bool:
    """Tell whether a value of a property that waits is one of the server's, not read yet."""
    first = value[0] if value.__class__ is list and value else value
    return first.__class__ is dict and (not in_map or begins_with_row(first))


class _NoReader(Generic[C]):
    """What reads rows before any names came often."""

    def __init__(self, one: Callable[[Any], C]) -> None:
        self.one = one

    def many(self, rows: list[Any]) -> list[C]:
        return [self.one(row) for row in rows]


def _field(cls: type, attribute: "attrs.Attribute[Any]", hint: Any) -> Field:
    kind = without_null(hint)[0]
    return Field(
        name=attribute.name,
        wire=wire_name(attribute),
        decode=decoder(hint),
        member=_member(cls, attribute.name),
        convert=cast("Any", attribute).converter,
        hidden=attribute.repr is False,
        leaf=leaf_of(hint),
        nullable=is_optional(hint),
        decode_rows=decoder(kind) if _waits(hint) else None,
        container=container_of(kind),
    )


def _converted_on_reading(field: Field, decode: Decoder) -> property:
    """Return the property for data objects, and lists and maps of these.

    Until it is read first, the server's value waits in the slot. So what is never read is never
    converted, and reading needs no exception to find that out, as it would by __getattr__.
    """
    stored, store = field.member.__get__, field.member.__set__
    is_map = field.container is dict

    def read(self: Any) -> Any:
        value = stored(self)
        # As `is_raw`, without a call.
        first = value[0] if value.__class__ is list and value else value
        if first.__class__ is dict and (not is_map or begins_with_row(first)):
            wrong = None
            try:
                value = decode(value)
            except Malformed as error:
                value = _salvaged(self, field, value, error)
                if value is NO_REST:
                    wrong = malformed(self, field, error)
            if wrong is not None:
                # Not as its context: that would hold what the server has sent.
                raise wrong
            asked = self._asked
            if asked is not None and field.wire in asked.nested:
                asked.pass_on(field.wire, value)
            store(self, value)
        return value

    read.member = field.member  # type: ignore[attr-defined]  # for other shapes
    return property(read)


def _salvaged(instance: Any, field: Field, value: object, error: Malformed) -> object:
    """Return what can be read of the value of a property, or NO_REST; note what came."""
    if error.rest is NO_REST:
        return NO_REST
    _set_odd(instance, {**(instance._odd or {}), field.name: value})  # noqa: SLF001 - ours
    tell(type(instance).__name__, error.inside(field.wire))
    return error.rest


def malformed(instance: Any, field: Field, error: Malformed) -> RemoteProtocolError:
    """Return the error that a caller gets who reads a malformed property."""
    fault, piece = str(error.inside(field.wire)), error.value
    if field.hidden:
        piece = type(piece).__name__
        fault = f"{field.wire}: expected {error.expected}, got something else ({piece})"
    return RemoteProtocolError(
        f"the server sent a malformed {called(instance)}: {fault}", piece=piece
    )


def called(instance: object) -> str:
    """Name an object in a message: by its class and, where it has one, its id."""
    for name in ("id", "email_id"):
        # Past what tells that one is malformed.
        with suppress(AttributeError):
            found = object.__getattribute__(instance, name)
            if type(found) is str:
                return f"{type(instance).__name__} {found!r:.80}"
    return type(instance).__name__


def _member(cls: type, name: str) -> Any:
    """Return the slot of a property, which may be behind one that converts."""
    found = getattr(cls, name)
    return cast("Any", found.fget).member if isinstance(found, property) else found


def _store_decoded(instance: object, field: Field, value: Any) -> bool:
    try:
        field.store(instance, field.decode(value))
    except Malformed as error:
        if error.rest is not NO_REST:
            field.store(instance, error.rest)
            tell(type(instance).__name__, error.inside(field.wire))
        return False
    return True


def _make_room(known: dict[Names, Any]) -> None:
    while len(known) >= _MANY:
        del known[next(iter(known))]
