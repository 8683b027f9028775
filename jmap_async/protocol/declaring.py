"""How classes of fields are declared: as those of attrs, which comes to a class when it is used.

attrs looks at all fields of a class, writes the source of its methods and compiles it. For a
hundred classes, most of which a program never uses, that was half of the time that importing this
package took. So a class begins with what takes no time: slots for its fields, and methods that are
here once for all classes and do what those of attrs do. The rest comes when it is asked for, above
all `__init__`, and is that of attrs from then on.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from inspect import get_annotations
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import attrs

from jmap_async.redaction import redact

T = TypeVar("T")

__all__ = ["arguments", "change_later", "declared", "record", "state"]

# What all classes share


def _fields(instance: object) -> "tuple[attrs.Attribute[Any], ...]":
    return cast("tuple[attrs.Attribute[Any], ...]", attrs.fields(cast("Any", type(instance))))


def _values(instance: object) -> tuple[object, ...]:
    return tuple(getattr(instance, one.name) for one in _fields(instance) if one.eq)


def _eq(self: object, other: object) -> bool:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: object) -> int:
    return hash((type(self), _values(self)))


def _repr(self: object) -> str:
    fields = [one for one in _fields(self) if one.repr]
    shown = [f"{one.name}={_shown(one, getattr(self, one.name))}" for one in fields]
    # A server may say a credential back anywhere, and debuggers show what they find.
    return redact(f"{type(self).__name__}({', '.join(shown)})")


def _shown(field: "attrs.Attribute[Any]", value: object) -> str:
    return field.repr(value) if callable(field.repr) else repr(value)


def _getstate(self: object) -> dict[str, object]:
    return {one.name: getattr(self, one.name) for one in _fields(self)}


def _setstate(self: object, state: Mapping[str, object]) -> None:
    for name, value in state.items():
        object.__setattr__(self, name, value)


@attrs.frozen(eq=False, repr=False)
class _Frozen:
    """attrs knows by these two methods that a class is frozen."""


_COPIED: Final = {"__getstate__": _getstate, "__setstate__": _setstate, "__replace__": attrs.evolve}
_FROZEN: Final = {
    "__setattr__": _Frozen.__setattr__,
    "__delattr__": _Frozen.__delattr__,
    **_COPIED,
}
_VALUE: Final = {"__repr__": _repr, "__eq__": _eq, "__hash__": _hash}
_UNHASHABLE: Final = {"__repr__": _repr, "__eq__": _eq, "__hash__": None}

# What comes later

_FIELDS: Final = "__attrs_attrs__"
_WRITTEN: Final = ("__init__", _FIELDS, "__match_args__")
_OF_ITS_OWN: Final = frozenset({"__dict__", "__weakref__"})


class _Later:
    """Stands for what attrs writes, one attribute of a class, until that is asked for.

    Often it is the fields alone, as of the class that another inherits from: then no `__init__` is
    written, which takes as long as all the rest.
    """

    cls: type
    name: str

    def __init__(self, write: Callable[..., type]) -> None:
        self.write = write
        self.change: Callable[[Any], Any] = lambda made: made

    def __set_name__(self, cls: type, name: str) -> None:
        self.cls = cls
        self.name = name

    def __get__(self, instance: object, owner: type) -> Any:
        init = self.name != _FIELDS
        written = self.write(init=init)
        for name in _WRITTEN if init else (_FIELDS,):
            later = vars(self.cls)[name]
            if isinstance(later, _Later):
                setattr(self.cls, name, later.change(getattr(written, name)))
        made = vars(self.cls)[self.name]
        bind = getattr(made, "__get__", None)
        return bind(instance, owner) if bind else made


def change_later(cls: type, name: str, change: Callable[[Any], Any]) -> None:
    """Change what attrs wrote, or have it changed when it comes."""
    found = vars(cls).get(name)
    if isinstance(found, _Later):
        found.change = change
    else:
        setattr(cls, name, change(getattr(cls, name)))


def _slotted(cls: type[T], methods: Mapping[str, Any], build: Callable[..., type]) -> type[T]:
    """Return a class like this one with slots for what it annotates; `build` makes the rest."""
    whole = {name: one for name, one in vars(cls).items() if name not in _OF_ITS_OWN}
    annotated = get_annotations(cls).items()
    fields = [name for name, type_ in annotated if "ClassVar" not in str(type_)]
    own = {name: one for name, one in whole.items() if name not in fields}

    def write(*, init: bool) -> type:
        return build(_like(slotted, whole), init=init)

    written = {name: _Later(write) for name in _WRITTEN}
    slotted = _like(cls, {**written, **methods, **own, "__slots__": _slots(cls, fields)})
    _rebind(own, cls, slotted)
    return slotted


def _like(cls: type[T], body: Mapping[str, Any]) -> type[T]:
    namespace = {**body, "__qualname__": cls.__qualname__}
    return cast("Any", type(cls))(cls.__name__, cls.__bases__, namespace)  # type: ignore[no-any-return]


def _slots(cls: type, fields: Iterable[str]) -> tuple[str, ...]:
    bases = cls.__mro__[1:]
    inherited = {name for base in bases for name in vars(base).get("__slots__", ())}
    weak = () if any("__weakref__" in vars(base) for base in bases) else ("__weakref__",)
    return (*(name for name in fields if name not in inherited), *weak)


def _rebind(own: Mapping[str, Any], cls: type, slotted: type) -> None:
    """Have `super()` in the methods of a class mean the slotted one."""
    for one in own.values():
        function = getattr(one, "fget", None) or getattr(one, "__func__", one)
        for cell in getattr(function, "__closure__", None) or ():
            if cell.cell_contents is cls:
                cell.cell_contents = slotted


if TYPE_CHECKING:
    # Type checkers know attrs by the names of its decorators.
    from attrs import (
        define as arguments,
        define as state,
        frozen as declared,
        frozen as record,
    )
else:

    def record(*, eq: bool = True, **options: Any) -> Callable[[type[T]], type[T]]:
        """Declare a class whose instances are values and do not change, as attrs.frozen.

        Without `eq` an instance equals itself alone, and is shown as any object.
        """
        build = partial(attrs.frozen, eq=False, repr=False, **options)
        methods = {**_FROZEN, **(_VALUE if eq else {})}
        return lambda cls: _slotted(cls, methods, build)

    def state(*, eq: bool = True, **options: Any) -> Callable[[type[T]], type[T]]:
        """Declare a class whose instances change, as attrs.define; `eq` as above."""
        no_op = attrs.setters.NO_OP
        build = partial(attrs.define, eq=False, repr=False, on_setattr=no_op, **options)
        methods = {**_COPIED, **(_UNHASHABLE if eq else {})}
        return lambda cls: _slotted(cls, methods, build)

    arguments = state
    """Declares the arguments of a method. Nobody changes them, but to be frozen doubles the price
    of making a call."""

    def declared(**options: Any) -> Callable[[type[T]], type[T]]:
        """Declare the properties of a data object; `data_object` has its methods."""
        return record(eq=False, **options)
