"""Records: attrs classes whose missing members have defaults, such as arguments and responses.

`decoder` and `converter` come from converter.py, which asks for these functions class by class.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import attrs
import cattrs
from cattrs.fns import identity
from cattrs.gen import (
    make_dict_unstructure_fn_from_attrs,  # pyright: ignore[reportUnknownVariableType]
    override,
)

from jmap_async.protocol.fields import (
    LEAVES,
    Decoder,
    Malformed,
    is_anything,
    is_optional,
    wire_fields,
    wire_name,
    writable_twin,
)

T = TypeVar("T")

MakeDecoder = Callable[[object], Decoder]

# Reading


def record_decoder(cls: type[T], decoder: MakeDecoder) -> Callable[[Any, Any], T]:
    """Return the structure hook of a record: missing members get their defaults.

    A null where the type does not allow it counts as missing: a server may leave out what has its
    default, and null is the usual default (RFC 8620, 3.5). Members that no field names go to the
    field `extra` where the record has one. No record contains itself; data objects may.
    """
    quick, careful = _quick_record(cls, decoder), _careful_record(cls, decoder)

    def structure(value: Any, _: object = None) -> T:
        try:
            return quick(value) if quick else careful(value)
        except (AttributeError, KeyError, Malformed):
            return careful(value)  # says what is wrong

    return structure


def _quick_record(cls: type[T], decoder: MakeDecoder) -> Callable[[Any], T] | None:
    """Make the function for records in which nothing is wrong; None: these need more care.

    A frozen instance is filled as one of a twin that may be written to: a third of the price.
    """
    bare = cast("Any", get_origin(cls) or cls)
    fields = attrs.fields(bare)
    if hasattr(bare, "__attrs_post_init__") or any(
        one.name == "extra" or one.converter or one.validator for one in fields
    ):
        return None
    hints = _hints(cls)
    namespace = {"new": object.__new__, "writable": writable_twin(bare), "cls": bare}
    lines = ["def quick(value):", "  get = value.get", "  self = new(writable)"]
    for number, one in enumerate(fields):
        hint = hints.get(one.name)
        namespace[f"read{number}"] = _member_reader(one, hint, decoder(hint) if hint else None)
        lines.append(f"  item = get({wire_name(one)!r}, self)" if hint else "  item = self")
        leaf = f"item if type(item) is {hint.__name__} else " if hint in LEAVES else ""
        lines.append(f"  self.{one.name} = {leaf}read{number}(item, self)")
    lines += ["  self.__class__ = cls", "  return self"]
    exec(compile("\n".join(lines), f"<{bare.__name__}>", "exec"), namespace)  # noqa: S102 - ours
    return cast("Callable[[Any], T]", namespace["quick"])


def _member_reader(
    attribute: "attrs.Attribute[Any]", hint: object, decode: Decoder | None
) -> Callable[[object, object], object]:
    """Return what reads a member; it is given `missing` when it is not there."""
    nullable = hint is None or is_optional(hint) or is_anything(hint)
    default = attribute.default
    make = getattr(default, "factory", None)

    def read(item: object, missing: object) -> object:
        if decode and item is not missing and (nullable or item is not None):
            return decode(item)
        if default is attrs.NOTHING:
            raise KeyError(attribute.name)
        return make() if make else default

    return read


def _careful_record(cls: type[T], decoder: MakeDecoder) -> Callable[[Any], T]:
    bare = get_origin(cls) or cls
    known, required = _known(cls, decoder)
    keeps_extra = "extra" in get_type_hints(bare)

    def structure(value: Any) -> T:
        if value.__class__ is not dict:
            raise Malformed("an object", value)
        members: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for wire, item in value.items():
            if wire not in known:
                extra[wire] = item
                continue
            name, decode, nullable = known[wire]
            if item is None and not nullable:
                continue
            try:
                members[name] = decode(item)
            except Malformed as error:
                raise error.inside(wire) from None
        for wire, name in required:
            if name not in members:
                raise Malformed(f"a member {wire!r}", value)
        if keeps_extra:
            members["extra"] = extra
        return bare(**members)

    return structure


_Known = dict[str, tuple[str, Decoder, bool]]
"""Wire name to: argument of the constructor, its decoder, whether null is a value of its own."""


def _known(cls: Any, decoder: MakeDecoder) -> tuple[_Known, list[tuple[str, str]]]:
    """Return the members of a record, and the wire names and arguments of those that it needs."""
    hints = _hints(cls)
    known: _Known = {}
    required: list[tuple[str, str]] = []
    for attribute in wire_fields(cls):
        wire, name = wire_name(attribute), attribute.alias or attribute.name
        hint = hints[attribute.name]
        known[wire] = name, decoder(hint), is_optional(hint) or is_anything(hint)
        if attribute.default is attrs.NOTHING:
            required.append((wire, name))
    return known, required


def _hints(cls: Any) -> dict[str, Any]:
    """Return the types of a record's members."""
    bound, hints = _bound(cls), get_type_hints(get_origin(cls) or cls)
    return {one.name: _substitute(hints[one.name], bound) for one in wire_fields(cls)}


def _bound(cls: Any) -> dict[Any, Any]:
    """Return what the type variables of a record, and of those it inherits from, stand for."""
    bare = get_origin(cls) or cls
    bound: dict[Any, Any] = dict(
        zip(getattr(bare, "__parameters__", ()), get_args(cls), strict=False)
    )
    for base in getattr(bare, "__orig_bases__", ()):
        inherited = _bound(base).items()
        bound |= {name: _substitute(hint, bound) for name, hint in inherited if name not in bound}
    return bound


def _substitute(hint: Any, bound: Mapping[Any, Any]) -> Any:
    """Replace the type variables of a generic record by what they stand for."""
    if hint in bound:
        return bound[hint]
    if not getattr(hint, "__parameters__", ()):
        return hint
    return hint[tuple(bound.get(parameter, parameter) for parameter in hint.__parameters__)]


# Writing


def record_encoder(cls: type, converter: cattrs.Converter) -> Callable[[Any], dict[str, Any]]:
    """Return the unstructure hook of a record: members that have their default are left out."""
    fields = wire_fields(cls)
    # What is inside of a member is encoded when its turn comes.
    overrides: dict[str, Any] = {
        one.name: override(rename=wire_name(one), unstruct_hook=identity) for one in fields
    }
    write: Callable[[Any], dict[str, Any]] = make_dict_unstructure_fn_from_attrs(
        fields, cls, converter, _cattrs_omit_if_default=True, **overrides
    )
    if all(one.name != "extra" for one in attrs.fields(cls)):
        return write
    return lambda value: {**(value.extra or {}), **write(value)}
