"""Data objects: what /get returns and /set creates, complete or in part.

A property of a data object is in one of three states: absent (not fetched, not set), null, or set.
Absent ones leave their slot empty, so that reading costs nothing and forgetting to ask for a
property is an error that says so.

A class is declared once, for reading and for creating:

    @data_object
    @attrs.frozen(kw_only=True)
    class Mailbox(DataObject):
        name: str = ABSENT
        parent_id: str | None = ABSENT

attrs gives type checkers the constructor; `data_object` replaces what attrs generates by methods
that know about absence.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Self,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import attrs

from jmap_async.errors import PropertyNotFetched, RemoteProtocolError
from jmap_async.protocol import dates
from jmap_async.protocol.converter import Decoder, Malformed, converter, decoder, wire_name
from jmap_async.protocol.types import ABSENT

C = TypeVar("C", bound="DataObject")

_SOURCE: Final = "_source"
"""Argument of the constructor under which attrs.evolve() passes the object to copy."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class _Undecoded:
    """Room for the values that were fetched but not converted yet, by wire name."""

    __slots__ = ("_raw",)

    _raw: dict[str, Any]


@attrs.frozen(kw_only=True)
class DataObject(_Undecoded):
    """Base of all data objects; `extra` holds the properties that the class does not model.

    Properties are attributes in snake_case. `obj["header:List-Id:asText"]` reads any property by
    its wire name, `"subject" in obj` tells whether it is there. Objects cannot be changed: make a
    changed copy with `attrs.evolve(obj, subject="Hi")`.
    """

    extra: Mapping[str, object] = ABSENT

    def __getitem__(self, wire: str) -> object:
        """Return a property by its wire name, in its wire form.

        Raises:
            PropertyNotFetched: it is absent.
        """
        found = self.to_wire()
        if wire not in found:
            raise _not_fetched(type(self), wire)
        return _plain(found[wire])

    def __contains__(self, wire: object) -> bool:
        return wire in self.to_wire()

    def to_wire(self) -> dict[str, Any]:
        """Return the properties that are there, by wire name; nested ones may stay objects."""
        found: dict[str, Any] = {**self._raw, **_slot(self, "extra", _NOTHING)}
        for field in _shape(type(self)).fields:
            value = _slot(self, field.name, ABSENT)
            if value is not ABSENT:
                found[field.wire] = dates.encode(value) if isinstance(value, datetime) else value
        return found

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return bool(_plain(self) == _plain(other))

    __hash__ = None  # type: ignore[assignment]  # holds lists and maps

    def __repr__(self) -> str:
        wire = self.to_wire()
        shown = [
            f"{field.name}={_shown(self, field)}"
            for field in _shape(type(self)).fields
            if field.wire in wire
        ]
        if self.extra:
            shown.append(f"extra={dict(self.extra)!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def __copy__(self) -> Self:
        return attrs.evolve(self)

    def __reduce__(self) -> tuple[object, ...]:
        return (_from_wire, (type(self), _plain(self)))

    if not TYPE_CHECKING:  # pragma: no branch
        # Hidden from type checkers, which would take any name for an attribute then. Called only
        # when the slot is empty.
        def __getattr__(self, name: str) -> object:
            return _missing(self, name)


def data_object(cls: type[C]) -> type[C]:
    """Make an attrs class able to leave properties absent; see the module's docstring."""
    for name in ("__init__", "__eq__", "__hash__", "__repr__", "__reduce__"):
        setattr(cls, name, _METHODS[name])
    generated = attrs.fields(cls)
    # attrs.evolve() reads every field that is an argument of the constructor: let it read one,
    # which stands for the whole object.
    hidden = attrs.fields(_Evolution)[0]
    evolvable = (*(field.evolve(init=False) for field in generated), hidden)
    cast("Any", cls).__attrs_attrs__ = type(generated)(evolvable)
    return cls


@attrs.frozen
class _Evolution:
    whole: DataObject = attrs.field(alias=_SOURCE)


def _construct(self: DataObject, **properties: Any) -> None:
    """Set what is given; see the class for the properties."""
    cls = type(self)
    shape = _shape(cls)
    raw: dict[str, Any] = {}
    values: dict[str, Any] = {}
    source = properties.pop(_SOURCE, None)
    if source is not None:
        raw.update(source._raw)  # noqa: SLF001 - ours
        slots = ((name, _slot(source, name, ABSENT)) for name in (*shape.by_name, "extra"))
        values.update((name, value) for name, value in slots if value is not ABSENT)
    extra = properties.pop("extra", ABSENT)
    if extra is not ABSENT:
        values["extra"] = _checked_extra(cls, extra)
    for name, value in properties.items():
        field = shape.by_name.get(name)
        if field is None:
            raise TypeError(f"{cls.__name__}() got an unexpected keyword argument {name!r}")
        raw.pop(field.wire, None)
        values[name] = field.convert(value) if field.convert and value is not ABSENT else value
    object.__setattr__(self, "_raw", raw)
    for name, value in values.items():
        if value is not ABSENT:
            object.__setattr__(self, name, value)


def _checked_extra(cls: type[DataObject], extra: Mapping[str, object]) -> dict[str, object]:
    by_wire = _shape(cls).by_wire
    for key in extra:
        if key in by_wire:
            raise TypeError(f"{cls.__name__}: set {by_wire[key].name}, not extra[{key!r}]")
    return dict(extra)


def _fill(self: DataObject, shape: "_Shape", wire: Mapping[str, Any]) -> None:
    """Store the properties of the wire; nested ones, and what is malformed, as they came."""
    cls = type(self)
    raw: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    writable = cast("Any", self)
    object.__setattr__(self, "__class__", shape.writable)
    writable._raw = raw  # noqa: SLF001 - ours
    by_wire = shape.by_wire
    for name, value in wire.items():
        field = by_wire.get(name)
        if field is None:
            extra[name] = value
        elif field.lazy:
            raw[name] = value
        else:
            try:
                setattr(writable, field.name, field.decode(value))
            except Malformed:
                # Told when it is read: one odd value does not spoil the others.
                raw[name] = value
    if extra:
        writable.extra = extra
    writable.__class__ = cls


def _decode_with(cls: type[C]) -> Callable[[Any, Any], C]:
    """Return the structure hook of a data object."""

    def structure(value: Any, _: Any) -> C:
        if isinstance(value, cls):  # of a sent object, put together with what came back
            return value
        if value.__class__ is not dict:
            raise Malformed(f"an object ({cls.__name__})", value)
        self = cls.__new__(cls)
        _fill(self, _shape(cls), value)
        return self

    return structure


_METHODS: Final[Mapping[str, Any]] = {
    "__init__": _construct,
    **{
        name: DataObject.__dict__[name] for name in ("__eq__", "__hash__", "__repr__", "__reduce__")
    },
}


@attrs.frozen
class _Field:
    """How one property is stored, read and written."""

    name: str
    wire: str
    decode: Decoder
    convert: Callable[[Any], Any] | None
    lazy: bool
    hidden: bool


class _Shape:
    """The properties of a class, looked up once."""

    __slots__ = ("by_name", "by_wire", "fields", "writable")

    def __init__(self, cls: type[DataObject]) -> None:
        hints = get_type_hints(cls)
        self.fields = tuple(
            _Field(
                name=attribute.name,
                wire=wire_name(attribute),
                decode=decoder(hints[attribute.name]),
                convert=cast("Callable[[Any], Any] | None", attribute.converter),
                lazy=_has_objects(hints[attribute.name]),
                hidden=attribute.repr is False,
            )
            for attribute in attrs.fields(cls)
            if attribute.name not in {"extra", "whole"}
        )
        self.by_name = {field.name: field for field in self.fields}
        self.by_wire = {field.wire: field for field in self.fields}
        # Filled as an instance of a twin that may be written to, then made one of the class: a
        # fifth of the price of going round the frozen __setattr__ for each property.
        self.writable = type(
            cls.__name__, (cls,), {"__slots__": (), "__setattr__": object.__setattr__}
        )


_shapes: dict[type, _Shape] = {}


def _shape(cls: type[DataObject]) -> _Shape:
    # Built on first use, when forward references between classes can be resolved.
    shape = _shapes.get(cls)
    if shape is None:
        shape = _shapes[cls] = _Shape(cls)
    return shape


def _has_objects(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, DataObject):
        return True
    return get_origin(hint) is not None and any(_has_objects(arg) for arg in get_args(hint))


def _slot(instance: DataObject, name: str, default: Any) -> Any:
    # The slot itself: getattr would end in __getattr__ when it is empty.
    try:
        return object.__getattribute__(instance, name)
    except AttributeError:
        return default


def _missing(instance: DataObject, name: str) -> object:
    """Convert a nested value on first access, or say that the property is not there."""
    cls = type(instance)
    if name == "extra":
        return _NOTHING
    if name == "whole":
        return instance
    field = _shape(cls).by_name.get(name)
    if field is None:
        raise AttributeError(f"{cls.__name__} has no property {name!r}")
    raw = cast("dict[str, Any]", _slot(instance, "_raw", _NOTHING))
    if field.wire not in raw:
        raise _not_fetched(cls, field.wire)
    try:
        value = field.decode(raw[field.wire])
    except Malformed as error:
        raise RemoteProtocolError(
            f"the server sent a malformed {cls.__name__}: {error.inside(field.wire)}",
            piece=error.value,
        ) from error
    object.__setattr__(instance, name, value)
    del raw[field.wire]
    return value


def _not_fetched(cls: type[DataObject], wire: str) -> PropertyNotFetched:
    return PropertyNotFetched(
        f"this {cls.__name__} was fetched without {wire!r}: "
        f"ask for it with properties=[..., {wire!r}]"
    )


def _shown(self: DataObject, field: "_Field") -> str:
    if field.hidden:
        return "..."
    try:
        return repr(getattr(self, field.name))
    except RemoteProtocolError as error:
        return f"<malformed {error.piece}>"


def _plain(value: Any) -> Any:
    """Return nested data objects as dicts, so that equal contents compare equal."""
    if isinstance(value, DataObject):
        value = value.to_wire()
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: _plain(item) for key, item in items}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("Iterable[Any]", value)]
    return dates.encode(value) if isinstance(value, datetime) else value


def _from_wire(cls: type[C], wire: Mapping[str, Any]) -> C:
    return converter.structure(wire, cls)


def _is_data_object(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, DataObject)


converter.register_structure_hook_factory(_is_data_object, _decode_with)
converter.register_unstructure_hook_func(_is_data_object, DataObject.to_wire)
