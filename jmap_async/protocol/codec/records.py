"""Records: attrs classes whose missing members have defaults, such as arguments and responses.

`decoder` and `converter` come from converter.py, which asks for these functions class by class.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

import attrs
import cattrs
from cattrs.fns import identity
from cattrs.gen import (
    make_dict_unstructure_fn_from_attrs,  # pyright: ignore[reportUnknownVariableType]
    override,
)

from jmap_async.protocol.codec.leaves import NAMES, check, indented, leaf_of
from jmap_async.protocol.codec.oddities import tell
from jmap_async.protocol.fields import (
    NO_REST,
    Decoder,
    Malformed,
    Shaped,
    is_anything,
    is_forgiving,
    is_optional,
    wire_fields,
    wire_name,
    writable_twin,
)
from jmap_async.protocol.json import JSONObject

T = TypeVar("T")

MakeDecoder = Callable[[object], Decoder]

# Half the price of a call.
_EMPTY: Final[Mapping[object, str]] = {dict: "{}", list: "[]"}

# Reading


def record_decoder(cls: type[T], decoder: MakeDecoder) -> Callable[[Any, Any], T]:
    """Return the structure hook of a record: missing members get their defaults.

    A null where the type does not allow it counts as missing: a server may leave out what has its
    default, and null is the usual default (RFC 8620, 3.5). Of a list or a map what is not malformed
    remains; what else is malformed counts as missing where the field is `forgiving`. Members that
    no field names go to the field `extra` where the record has one, and the names of malformed ones
    to `malformed`. No record contains itself; data objects may.
    """
    careful = _careful_record(cls, decoder)
    return _quick_record(cls, decoder, careful) or careful


def _quick_record(
    cls: type[T], decoder: MakeDecoder, careful: Callable[[Any], T]
) -> Callable[[Any, Any], T] | None:
    """Make the function for records in which nothing is wrong; None: these need more care.

    `test_records_come_out_the_same_quickly_and_with_care` keeps it equal to the careful one;
    without it the guard's `alone` and `plan` would rise.

    A frozen instance is filled as one of a twin that may be written to: a third of the price.
    """
    bare = cast("Any", get_origin(cls) or cls)
    fields = attrs.fields(bare)
    if hasattr(bare, "__attrs_post_init__") or any(
        one.name == "extra" or one.converter or one.validator for one in fields
    ):
        return None
    hints = _hints(cls)
    namespace: dict[str, Any] = {
        **NAMES,
        "cls": bare,
        "writable": writable_twin(bare),
        "careful": careful,
        "missing": object(),
    }
    lines = ["get = value.get"]
    for number, one in enumerate(fields):
        hint = hints.get(one.name)
        make = _required if one.default is attrs.NOTHING else getattr(one.default, "factory", None)
        namespace[f"default{number}"] = make or one.default
        namespace[f"decode{number}"] = decoder(hint) if hint else None
        called = f"default{number}()" if make else f"default{number}"
        default = f"v{number} = {_EMPTY.get(make) or called}"
        lines += _member_lines(number, wire_name(one), hint, default) if hint else [default]
    text = [
        "def quick(value, _=None):",
        "    try:",
        *indented(indented(lines)),
        "    except (AttributeError, KeyError, ValueError):",
        "        return careful(value)",  # says what is wrong
        "    self = writable()",
        *(f"    self.{one.name} = v{number}" for number, one in enumerate(fields)),
        "    self.__class__ = cls",
        "    return self",
    ]
    code = compile("\n".join(text), f"<{bare.__name__}>", "exec")
    exec(code, namespace)  # noqa: S102 - ours
    return cast("Callable[[Any, Any], T]", namespace["quick"])


def _member_lines(number: int, wire: str, hint: object, default: str) -> list[str]:
    """Return the lines that read a member."""
    name, leaf = f"v{number}", leaf_of(hint)
    absent = "missing" if is_optional(hint) or is_anything(hint) else "None"
    decode = check(name, leaf) if leaf else [f"{name} = decode{number}({name})"]
    return [
        f"{name} = get({wire!r}, {absent})",
        f"if {name} is {absent}:",
        f"    {default}",
        "else:",
        *indented(decode),
    ]


def _required() -> None:
    raise KeyError


def is_record(type_: Any) -> bool:
    """Tell whether a type is a record."""
    bare = get_origin(type_) or type_
    return attrs.has(bare) and not issubclass(bare, Shaped)


def _careful_record(cls: type[T], decoder: MakeDecoder) -> Callable[..., T]:
    bare = get_origin(cls) or cls
    known, required = _known(cls, decoder)
    fields = {one.name for one in attrs.fields(cast("Any", bare))}
    keeps_extra, tells_malformed = "extra" in fields, "malformed" in fields

    def structure(value: Any, _: object = None) -> T:
        if value.__class__ is not dict:
            raise Malformed("an object", value)
        extra: JSONObject = {wire: item for wire, item in value.items() if wire not in known}
        members, faults = _members(value, known)
        for wire, name in required:
            if name not in members:
                raise Malformed(f"a member {wire!r}", value)
        for fault in faults:
            tell(bare.__name__, fault)
        if keeps_extra:
            members["extra"] = extra
        if tells_malformed:
            members["malformed"] = tuple(fault.path[0] for fault in faults)
        return bare(**members)

    return structure


def _members(value: Mapping[str, Any], known: "_Known") -> tuple[dict[str, Any], list[Malformed]]:
    """Return what can be read of the known members, and what is wrong with the others."""
    members: dict[str, Any] = {}
    faults: list[Malformed] = []
    for wire, item in value.items():
        if wire not in known:
            continue
        name, decode, nullable, may_be_malformed = known[wire]
        if item is None and not nullable:
            continue
        try:
            members[name] = decode(item)
        except Malformed as error:
            fault = error.inside(wire)
            if fault.rest is not NO_REST:
                members[name] = fault.rest
            elif not may_be_malformed:
                raise fault from None
            faults.append(fault)
    return members, faults


_Known = dict[str, tuple[str, Decoder, bool, bool]]
"""Wire name to: argument of the constructor, its decoder, whether null is a value of its own, and
whether it may be malformed."""


def _known(cls: Any, decoder: MakeDecoder) -> tuple[_Known, list[tuple[str, str]]]:
    """Return the members of a record, and the wire names and arguments of those that it needs."""
    hints = _hints(cls)
    known: _Known = {}
    required: list[tuple[str, str]] = []
    for attribute in wire_fields(cls):
        wire, name = wire_name(attribute), attribute.alias or attribute.name
        hint = hints[attribute.name]
        nullable = is_optional(hint) or is_anything(hint)
        known[wire] = name, decoder(hint), nullable, is_forgiving(attribute)
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


def record_encoder(cls: type, converter: cattrs.Converter) -> Callable[[Any], JSONObject]:
    """Return the unstructure hook of a record: members that have their default are left out."""
    fields = wire_fields(cls)
    # What is inside of a member is encoded when its turn comes.
    overrides: dict[str, Any] = {
        one.name: override(rename=wire_name(one), unstruct_hook=identity) for one in fields
    }
    write: Callable[[Any], JSONObject] = make_dict_unstructure_fn_from_attrs(
        fields, cls, converter, _cattrs_omit_if_default=True, **overrides
    )
    if all(one.name != "extra" for one in attrs.fields(cls)):
        return write
    return lambda value: {**(value.extra or {}), **write(value)}
