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

attrs gives type checkers the constructor; the methods that know about absence come from
`data_object`. (The package's own classes are `declared` in place of `attrs.frozen`, which takes
less time to import.)
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
)

import attrs

from jmap_async.errors import PropertyLeftOut, PropertyNotFetched, RemoteProtocolError, shorten
from jmap_async.protocol import dates
from jmap_async.protocol.codec.asking import MADE, Asked
from jmap_async.protocol.codec.converter import converter
from jmap_async.protocol.codec.readers import Field
from jmap_async.protocol.codec.shapes import Shape, called, malformed
from jmap_async.protocol.declaring import change_later, declared, record
from jmap_async.protocol.fields import Malformed, Shaped, container_of
from jmap_async.protocol.types import ABSENT
from jmap_async.redaction import redact

C = TypeVar("C", bound="DataObject")

_SOURCE: Final = "_source"
"""Argument of the constructor under which attrs.evolve() passes the object to copy."""

_BRIEF: Final = 60
"""Characters of a malformed value that repr() shows."""

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@declared(kw_only=True)
class DataObject(Shaped):
    """Base of all data objects; `extra` holds the properties that the class does not model.

    Properties are attributes in snake_case. `obj["header:List-Id:asText"]` reads any property by
    its wire name, `"subject" in obj` tells whether it is there. Objects cannot be changed: make a
    changed copy with `attrs.evolve(obj, subject="Hi")`.
    """

    extra: Mapping[str, object] = ABSENT

    def __getitem__(self, wire: str) -> object:
        """Return a property by its wire name, in its wire form.

        Raises:
            PropertyNotFetched: it is absent; as PropertyLeftOut where that is the server's doing.
        """
        found = self.to_wire()
        if wire not in found:
            raise _not_there(self, wire)
        return _plain(found[wire])

    def __contains__(self, wire: object) -> bool:
        return wire in self.to_wire()

    def to_wire(self) -> dict[str, Any]:
        """Return the properties that are there, by wire name; nested ones may stay objects."""
        shape = _shape(type(self))
        found: dict[str, Any] = {**self.extra}
        for field in shape.fields:
            value = field.stored(self, ABSENT)
            if value is not ABSENT:
                found[field.wire] = dates.encode(value) if isinstance(value, datetime) else value
        for name, value in _odd(self).items():
            found[shape.by_name[name].wire] = value
        return found

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        try:
            return bool(_plain(self) == _plain(other))
        except RecursionError:
            raise _too_deep(self) from None

    __hash__ = None  # type: ignore[assignment]  # holds lists and maps

    def __repr__(self) -> str:
        wire = self.to_wire()
        shown = [
            f"{field.name}={_shown(self, field)}"
            for field in _shape(type(self)).fields
            if field.wire in wire
        ]
        if self.extra:
            shown.append(f"extra={_repr(dict(self.extra))}")
        return redact(f"{type(self).__name__}({', '.join(shown)})")

    def __copy__(self) -> Self:
        return attrs.evolve(self)

    def __deepcopy__(self, memo: object) -> Self:
        return _from_wire(type(self), _plain(self), self._asked)

    def __reduce__(self) -> tuple[object, ...]:
        return (_from_wire, (type(self), _plain(self), self._asked))

    if not TYPE_CHECKING:  # pragma: no branch
        # Hidden from type checkers, which would take any name for an attribute then. Called only
        # when the slot is empty.
        def __getattr__(self, name: str) -> object:
            return _missing(self, name)


def data_object(cls: type[C]) -> type[C]:
    """Make an attrs class able to leave properties absent; see the module's docstring."""
    for name in ("__init__", "__eq__", "__hash__", "__repr__", "__reduce__"):
        setattr(cls, name, _METHODS[name])
    change_later(cls, "__attrs_attrs__", _evolvable)
    return cls


def _evolvable(fields: tuple[Any, ...]) -> tuple[Any, ...]:
    """Have attrs.evolve() read a single field, which stands for the whole object.

    It reads all that are arguments of the constructor, and some are absent.
    """
    hidden = attrs.fields(_Evolution)[0]
    others = (field.evolve(init=False) if field.init else field for field in fields)
    return type(fields)((*others, hidden))


@record(eq=False)
class _Evolution:
    whole: DataObject = attrs.field(alias=_SOURCE)


def _construct(self: DataObject, **properties: Any) -> None:
    """Set what is given; see the class for the properties."""
    cls = type(self)
    shape = _shape(cls)
    odd: dict[str, Any] = {}
    values: dict[str, Any] = {}
    source, asked = properties.pop(_SOURCE, None), MADE
    if source is not None:
        asked = source._asked  # noqa: SLF001 - ours
        odd.update(_odd(source))
        values.update((field.name, field.stored(source, ABSENT)) for field in shape.fields)
        values["extra"] = source.extra
    extra = properties.pop("extra", ABSENT)
    if extra is not ABSENT:
        values["extra"] = _checked_extra(cls, extra)
    for name, value in properties.items():
        field = shape.by_name.get(name)
        if field is None:
            raise TypeError(f"{cls.__name__}() got an unexpected keyword argument {name!r}")
        odd.pop(name, None)
        given = field.convert(value) if field.convert and value is not ABSENT else value
        # JSON has only lists.
        values[name] = [*cast("Iterable[object]", given)] if isinstance(given, tuple) else given
    object.__setattr__(self, "_asked", asked)
    object.__setattr__(self, "_odd", odd or None)
    if extra := values.pop("extra", None):
        object.__setattr__(self, "extra", extra)
    for name, value in values.items():
        if value is not ABSENT:
            shape.by_name[name].store(self, value)


def _checked_extra(cls: type[DataObject], extra: Mapping[str, object]) -> dict[str, object]:
    by_wire = _shape(cls).by_wire
    for key in extra:
        if key in by_wire:
            raise TypeError(f"{cls.__name__}: set {by_wire[key].name}, not extra[{key!r}]")
    return dict(extra)


_METHODS: Final[Mapping[str, Any]] = {
    "__init__": _construct,
    **{
        name: DataObject.__dict__[name] for name in ("__eq__", "__hash__", "__repr__", "__reduce__")
    },
}


_shapes: dict[type, Shape[Any]] = {}


def _shape(cls: type[C]) -> Shape[C]:
    shape = _shapes.get(cls)
    if shape is None:
        bases = [_shape(one) for one in cls.__bases__ if issubclass(one, DataObject)]
        shape = _shapes[cls] = Shape(cls, *bases)
    return shape


def _odd(instance: DataObject) -> dict[str, Any]:
    return cast("Any", instance)._odd or {}  # noqa: SLF001 - ours


def _missing(instance: DataObject, name: str) -> object:
    """Say that a property is not there."""
    cls = type(instance)
    if name in {"_asked", "_odd"}:  # of an instance that never began
        return None
    if name == "extra":
        return _NOTHING
    if name == "whole":
        return instance
    field = _shape(cls).by_name.get(name)
    if field is None:
        raise AttributeError(f"{cls.__name__} has no property {name!r}")
    if name in (odd := _odd(instance)):
        try:
            return field.decode(odd[name])
        except Malformed as error:
            wrong = malformed(instance, field, error)
        raise wrong
    raise _not_there(instance, field.wire)


def _not_there(instance: DataObject, wire: str) -> PropertyNotFetched:
    """Make the error for a property that is absent; it says whose doing that is."""
    cls, asked = type(instance), cast("Asked | None", cast("Any", instance)._asked)  # noqa: SLF001
    if asked is not None and not asked.argument:
        return PropertyNotFetched(f"this {cls.__name__} was made without {wire!r}")
    if asked is None and (wire == "id" or _comes_whole(cls)):
        said = f"the server sent this {called(instance)} without {wire!r}"
        return PropertyLeftOut(said, piece=[*instance.to_wire()])
    if asked is not None and wire in asked and (asked.names or wire in _shape(cls).by_wire):
        said = f"the server left {wire!r} out of this {called(instance)}, though it was asked for"
        return PropertyLeftOut(said, piece=[*instance.to_wire()])
    argument = asked.argument if asked else "properties"
    return PropertyNotFetched(
        f"this {cls.__name__} was fetched without {wire!r}: "
        f"ask for it with {argument}=[..., {wire!r}]"
    )


def is_readable(instance: object, *names: str) -> bool:
    """Tell whether none of some properties is malformed; absent they may be."""
    try:
        check_readable([instance], *names)
    except RemoteProtocolError:
        return False
    return True


def check_readable(instances: Iterable[object], *names: str) -> None:
    """Tell what is malformed of some properties, so that it is not missed without a word.

    Raises:
        RemoteProtocolError: one of them is malformed.
    """
    for instance in instances:
        for name in names:
            getattr(instance, name, None)


def _comes_whole(cls: type[DataObject]) -> bool:
    """Tell whether objects of a class always come whole: nobody asks for their properties."""
    # RFC 8620, 5.1: what can be fetched has an id. Such as have none come in others, or they are
    # SearchSnippets (RFC 8621, 5).
    by_wire = _shape(cls).by_wire
    return bool(by_wire) and "id" not in by_wire


def _shown(self: DataObject, field: Field) -> str:
    if field.hidden:
        return "..."
    try:
        shown = _repr(getattr(self, field.name))
    except RemoteProtocolError as error:
        return f"<malformed {shorten(error.piece, _BRIEF)}>"
    return f"{shown} <partly malformed>" if field.name in _odd(self) else shown


def _repr(value: object) -> str:
    try:
        return repr(value)
    except RecursionError:
        return "<nested too deeply to be shown>"


def _plain(value: Any) -> Any:
    """Return nested data objects as dicts, so that equal contents compare equal.

    Raises:
        RemoteProtocolError: a server nested it deeper than Python can follow.
    """
    try:
        return _unwrapped(value)
    except RecursionError:
        raise _too_deep(value) from None


def _unwrapped(value: Any) -> Any:
    if isinstance(value, DataObject):
        value = value.to_wire()
    if isinstance(value, Mapping):
        items = cast("Mapping[str, Any]", value).items()
        return {key: _unwrapped(item) for key, item in items}
    if isinstance(value, list | tuple):
        return [_unwrapped(item) for item in cast("Iterable[Any]", value)]
    return dates.encode(value) if isinstance(value, datetime) else value


def _too_deep(value: object) -> RemoteProtocolError:
    name = type(value).__name__
    return RemoteProtocolError(f"the server sent a {name} that is nested too deeply to be handled")


def _from_wire(cls: type[C], wire: Mapping[str, Any], asked: Asked | None = None) -> C:
    instance = converter.structure(wire, cls)
    if asked is not None:
        asked.note([instance])
    return instance


def _is_data_object(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, DataObject)


def _is_list_of_data_objects(type_: Any) -> bool:
    return container_of(type_) is list and _is_data_object(*get_args(type_))


def _object_decoder(cls: type[C]) -> Callable[[Any, Any], C]:
    return _shape(cls).decode


def _list_decoder(type_: Any) -> Callable[[Any, Any], list[Any]]:
    return _shape(*get_args(type_)).decode_list


converter.register_structure_hook_factory(_is_data_object, _object_decoder)
converter.register_structure_hook_factory(_is_list_of_data_objects, _list_decoder)
converter.register_unstructure_hook_func(_is_data_object, DataObject.to_wire)

data_object(DataObject)
