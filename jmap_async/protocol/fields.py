"""What the classes of the wire say of their fields, and how a value is told not to fit one."""

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Union, cast, get_args, get_origin

import attrs

from jmap_async.errors import brief

Decoder = Callable[[Any], Any]
"""Turns decoded JSON into what it stands for, or raises Malformed."""

LEAVES: Final = frozenset({str, int, bool})
"""What JSON gives in its final form."""


NO_REST: Final = object()


class Malformed(ValueError):
    """A value is not of the type that the RFC gives it; `path` leads to it.

    `rest` is what remains of a list or a map without the items that are malformed.
    """

    def __init__(self, expected: str, value: object, *, rest: object = NO_REST) -> None:
        super().__init__(expected)
        self.expected = expected
        self.value = value
        self.path: list[str] = []
        self.rest = rest

    def around(self, rest: object) -> "Malformed":
        """Return this error, found in an item of something of which the rest remains."""
        self.rest = rest
        return self

    def inside(self, step: str) -> "Malformed":
        """Return this error as seen from one level further out."""
        self.path.insert(0, step)
        return self

    def __str__(self) -> str:
        where = ".".join(self.path) or "the value"
        return f"{where}: expected {self.expected}, got {brief(self.value, 120)}"


class Shaped:
    """Base of the classes that have a shape (see shapes.py): the data objects.

    `_odd` has what came for properties that are malformed, all or in part, by their names; None:
    there are none. `_asked` tells what was asked for (see asking.py); None: that is not known.
    """

    __slots__ = ("_asked", "_odd")

    _asked: Any
    _odd: dict[str, Any] | None


def wire_name(attribute: "attrs.Attribute[Any]") -> str:
    """Return the RFC's spelling: given as metadata, else snake_case turned into camelCase."""
    explicit = attribute.metadata.get("wire")
    if isinstance(explicit, str):
        return explicit
    head, *tail = attribute.name.rstrip("_").split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in tail)


LOCAL: Final[Mapping[str, Any]] = {"wire": None}
"""Metadata of a field that is not on the wire."""

_FORGIVING: Final[Mapping[str, Any]] = {"forgiving": True}


def wire_fields(cls: type) -> "list[attrs.Attribute[Any]]":
    """Return the fields of a record that have a wire name."""
    fields = cast("tuple[attrs.Attribute[Any], ...]", attrs.fields(get_origin(cls) or cls))
    return [
        one for one in fields if one.name != "extra" and one.metadata.get("wire", "") is not None
    ]


def named(wire: str, **options: Any) -> Any:
    """Declare a field whose wire name does not follow from its Python name."""
    return attrs.field(metadata={"wire": wire}, **options)


def forgiving(**options: Any) -> Any:
    """Declare a field of a record that has its default where it is malformed.

    Only where nobody draws a wrong conclusion from that.
    """
    return attrs.field(metadata=_FORGIVING, **options)


def is_forgiving(attribute: "attrs.Attribute[Any]") -> bool:
    """Tell whether a field was declared so."""
    return "forgiving" in attribute.metadata


def is_anything(type_: Any) -> bool:
    """Tell whether a type leaves it open what a value is."""
    return type_ is object or type_ is Any


def is_optional(type_: Any) -> bool:
    """Tell whether null is a value of a type."""
    return type(None) in _united(type_)


def without_null(type_: Any) -> list[Any]:
    """Return the types of which a value may be, but for that of null."""
    return [kind for kind in _united(type_) if kind is not type(None)]


_CONTAINERS: Final[Mapping[object, type]] = {list: list, Sequence: list, dict: dict, Mapping: dict}


def container_of(type_: Any) -> type | None:
    """Return what JSON has for a type of many values, list or dict; None for other types."""
    return _CONTAINERS.get(get_origin(type_))


def many_or_one(type_: Any) -> tuple[type | None, Any]:
    """Return a type's container and the type of what is in there; None, and the type itself."""
    container = container_of(type_)
    return container, get_args(type_)[-1] if container else type_


def _united(type_: Any) -> tuple[Any, ...]:
    return get_args(type_) if get_origin(type_) in {Union, types.UnionType} else (type_,)


def writable_twin(cls: type, **members: object) -> type[Any]:
    """Return a class like a frozen one, of the same layout, whose instances can be written to.

    An instance is filled as one of the twin and then made one of the class: a frozen one is written
    to at ten times the price. Both methods are replaced: they share a slot of the type. The twin is
    called without arguments, which takes two thirds of `object.__new__`. `members` are further
    attributes of it.
    """
    writing = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    members = {"__init__": object.__init__, **members}
    return type(cls.__name__, (cls,), {"__slots__": (), **writing, **members})
