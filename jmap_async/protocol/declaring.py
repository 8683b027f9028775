"""How classes of fields are declared: attrs classes that share what attrs would write for each.

attrs writes the source of up to four methods for a class and compiles it; for a hundred classes
that was most of the time that importing this package took. So `__repr__`, `__eq__` and `__hash__`
are here, once for all of them, and do what those of attrs do. `__init__` stays attrs': it is
called often.
"""

from collections.abc import Callable
from inspect import get_annotations
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import attrs

T = TypeVar("T")

__all__ = ["arguments", "declared", "record"]


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
    return f"{type(self).__name__}({', '.join(shown)})"


def _shown(field: "attrs.Attribute[Any]", value: object) -> str:
    return field.repr(value) if callable(field.repr) else repr(value)


_FROZEN: Final = {"__repr__": _repr, "__eq__": _eq, "__hash__": _hash}
_WRITABLE: Final = {"__repr__": _repr, "__eq__": _eq, "__hash__": None}


def _with(cls: type[T], methods: dict[str, Any]) -> type[T]:
    for name, method in methods.items():
        if name not in cls.__dict__:
            setattr(cls, name, method)
    return cls


_PLAIN: Final[Any] = attrs.field(init=False)


def _outside_of_init(_: type, fields: "list[attrs.Attribute[Any]]") -> "list[attrs.Attribute[Any]]":
    return [one.evolve(init=False, default=attrs.NOTHING) if one.init else one for one in fields]


if TYPE_CHECKING:
    # Type checkers know attrs by the names of its decorators.
    from attrs import define as arguments, frozen as declared, frozen as record
else:

    def record(**options: Any) -> Callable[[type[T]], type[T]]:
        """Declare a class whose instances are values and do not change, as attrs.frozen."""
        build = attrs.frozen(eq=False, repr=False, **options)
        return lambda cls: build(_with(cls, _FROZEN))

    def arguments(**options: Any) -> Callable[[type[T]], type[T]]:
        """Declare the arguments of a method, as attrs.define.

        Nobody changes them. They are not frozen because that doubles the price of making a call.
        """
        no_op = attrs.setters.NO_OP
        build = attrs.define(eq=False, repr=False, on_setattr=no_op, **options)
        return lambda cls: build(_with(cls, _WRITABLE))

    def declared(**options: Any) -> Callable[[type[T]], type[T]]:
        """Declare the properties of a data object, as attrs.frozen without any method.

        `data_object` has the methods. attrs makes an `__attrs_init__` all the same: an empty one
        takes the least time.
        """

        def build(cls: type[T]) -> type[T]:
            given = {
                name: cls.__dict__.get(name)
                for name, type_ in get_annotations(cls).items()
                if "ClassVar" not in str(type_)
            }
            fields = {
                name: one if type(one) is type(_PLAIN) else _PLAIN for name, one in given.items()
            }
            return attrs.frozen(
                these=fields,
                init=False,
                eq=False,
                repr=False,
                field_transformer=_outside_of_init,
                **options,
            )(cls)

        return build
