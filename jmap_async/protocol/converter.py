"""The one place where types become functions: JSON of the server to typed values and back.

Reading. `decoder(type)` gives the function that turns a decoded JSON value into the type, or raises
`Malformed` with the path to the offending piece; a wrong type never gets through. Two families of
attrs classes take part: *records* (responses, the session, set errors), whose missing members get
their defaults, and *data objects* (see objects.py), whose missing members stay absent.

Writing. `encode(value)` gives bytes. orjson walks plain containers by itself and calls `encodable`
only for what it does not know: our attrs classes, datetimes, sets. So nothing is copied before it
is serialised.

cattrs does the dispatch: by type, by predicate, through generics.
"""

import math
import types
from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import attrs
import cattrs
import orjson
from cattrs.fns import identity
from cattrs.gen import (
    make_dict_unstructure_fn_from_attrs,  # pyright: ignore[reportUnknownVariableType]
    override,
)

from jmap_async.errors import LocalProtocolError, brief
from jmap_async.protocol import dates
from jmap_async.protocol.references import ResultReference

T = TypeVar("T")

Decoder = Callable[[Any], Any]

_LEAVES: Final = frozenset({str, int, bool})
"""What JSON gives in its final form."""

_BINARY: Final = (bytes, bytearray, memoryview)
_WITHOUT_NAN: Final = frozenset({str, int, bool, type(None)})
_OPTIONS: Final = orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_DATETIME


class Malformed(ValueError):
    """A value is not of the type that the RFC gives it; `path` leads to it."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(expected)
        self.expected = expected
        self.value = value
        self.path: list[str] = []

    def inside(self, step: str) -> "Malformed":
        """Return this error as seen from one level further out."""
        self.path.insert(0, step)
        return self

    def __str__(self) -> str:
        where = ".".join(self.path) or "the value"
        return f"{where}: expected {self.expected}, got {brief(self.value, 120)}"


# Names


def wire_name(attribute: "attrs.Attribute[Any]") -> str:
    """Return the RFC's spelling: given as metadata, else snake_case turned into camelCase."""
    explicit = attribute.metadata.get("wire")
    if isinstance(explicit, str):
        return explicit
    head, *tail = attribute.name.rstrip("_").split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in tail)


LOCAL: Final[Mapping[str, Any]] = {"wire": None}
"""Metadata of a field that is not on the wire."""


def wire_fields(cls: type) -> "list[attrs.Attribute[Any]]":
    """Return the fields of a record that have a wire name."""
    fields = cast("tuple[attrs.Attribute[Any], ...]", attrs.fields(get_origin(cls) or cls))
    return [
        one for one in fields if one.name != "extra" and one.metadata.get("wire", "") is not None
    ]


def named(wire: str, **options: Any) -> Any:
    """Declare a field whose wire name does not follow from its Python name."""
    return attrs.field(metadata={"wire": wire}, **options)


# Reading


def decoder(type_: object) -> Decoder:
    """Return the function that turns decoded JSON into `type_` or raises Malformed."""
    hook = cast("Any", converter.get_structure_hook(cast("type[Any]", type_)))
    # Ours know their type and need not be told.
    return cast("Decoder", hook) if hook.__defaults__ else _told(hook, type_)


def _told(hook: Callable[[Any, Any], Any], type_: object) -> Decoder:
    return lambda value: hook(value, type_)


def _exactly(type_: type, expected: str) -> Callable[[Any, Any], Any]:
    def check(value: Any, _: object = None) -> Any:
        # Not isinstance: True is no UnsignedInt.
        if type(value) is type_:
            return value
        raise Malformed(expected, value)

    return check


def _date(value: Any, _: object = None) -> datetime:
    if type(value) is not str:
        raise Malformed("a date", value)
    try:
        return dates.decode(value)
    except ValueError:
        raise Malformed("a date", value) from None


def _number(value: Any, _: object = None) -> float:
    if type(value) in {float, int}:
        return cast("float", value)
    raise Malformed("a number", value)


def _is_anything(type_: Any) -> bool:
    return type_ is object or type_ is Any


def _anything(value: Any, _: object = None) -> Any:
    return value


def _is_optional(type_: Any) -> bool:
    return get_origin(type_) in {Union, types.UnionType} and type(None) in get_args(type_)


def _optional(type_: Any) -> Callable[[Any, Any], Any]:
    inner = decoder(Union[tuple(arg for arg in get_args(type_) if arg is not type(None))])  # noqa: UP007 - built from a tuple

    def structure(value: Any, _: object = None) -> Any:
        return None if value is None else inner(value)

    return structure


def _is_list(type_: Any) -> bool:
    return get_origin(type_) in {list, Sequence}


def _list(type_: Any) -> Callable[[Any, Any], Any]:
    [item_type] = get_args(type_)
    inner, is_leaf, only = decoder(item_type), item_type in _LEAVES, {item_type}

    def structure(value: Any, _: object = None) -> list[Any]:
        if value.__class__ is not list:
            raise Malformed("an array", value)
        if is_leaf and only.issuperset(map(type, value)):
            return value  # it is what it shall be already
        try:
            return [inner(item) for item in value]
        except Malformed:
            raise locate(enumerate(cast("list[object]", value)), inner) from None

    return structure


def _is_mapping(type_: Any) -> bool:
    return get_origin(type_) in {dict, Mapping}


def _mapping(type_: Any) -> Callable[[Any, Any], Any]:
    item_type = get_args(type_)[1]
    inner, is_leaf, only = decoder(item_type), item_type in _LEAVES, {item_type}

    def structure(value: Any, _: object = None) -> dict[str, Any]:
        if value.__class__ is not dict:
            raise Malformed("an object", value)
        if is_leaf and only.issuperset(map(type, value.values())):
            return cast("dict[str, Any]", value)
        try:
            return {key: inner(item) for key, item in value.items()}
        except Malformed:
            raise locate(value.items(), inner) from None

    return structure


def locate(items: Iterable[tuple[object, object]], inner: Decoder) -> Malformed:
    """Return the error of the first item that is malformed, with its place.

    Only on failure: the loops themselves stay free of bookkeeping.
    """
    faults = ((key, _fault(item, inner)) for key, item in items)
    return next(fault.inside(str(key)) for key, fault in faults if fault is not None)


def _fault(value: object, decode: Decoder) -> Malformed | None:
    try:
        decode(value)
    except Malformed as error:
        return error
    return None


def record_decoder(cls: type[T]) -> Callable[[Any, Any], T]:
    """Return the structure hook of a record: missing members get their defaults.

    A null where the type does not allow it counts as missing: a server may leave out what has its
    default, and null is the usual default (RFC 8620, 3.5). Members that no field names go to the
    field `extra` where the record has one. No record contains itself; data objects may.
    """
    quick, careful = _quick_record(cls), _careful_record(cls)

    def structure(value: Any, _: object = None) -> T:
        try:
            return quick(value) if quick else careful(value)
        except (AttributeError, KeyError, Malformed):
            return careful(value)  # says what is wrong

    return structure


def _quick_record(cls: type[T]) -> Callable[[Any], T] | None:
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
        namespace[f"read{number}"] = _member_reader(one, hint)
        lines.append(f"  item = get({wire_name(one)!r}, self)" if hint else "  item = self")
        leaf = f"item if type(item) is {hint.__name__} else " if hint in _LEAVES else ""
        lines.append(f"  self.{one.name} = {leaf}read{number}(item, self)")
    lines += ["  self.__class__ = cls", "  return self"]
    exec(compile("\n".join(lines), f"<{bare.__name__}>", "exec"), namespace)  # noqa: S102 - ours
    return cast("Callable[[Any], T]", namespace["quick"])


def _member_reader(
    attribute: "attrs.Attribute[Any]", hint: object
) -> Callable[[object, object], object]:
    """Return what reads a member; it is given `missing` when it is not there."""
    nullable = hint is None or _is_optional(hint) or _is_anything(hint)
    decode = decoder(hint) if hint else None
    default = attribute.default
    make = getattr(default, "factory", None)

    def read(item: object, missing: object) -> object:
        if decode and item is not missing and (nullable or item is not None):
            return decode(item)
        if default is attrs.NOTHING:
            raise KeyError(attribute.name)
        return make() if make else default

    return read


def writable_twin(cls: type, **members: object) -> type[Any]:
    """Return a class like a frozen one, of the same layout, whose instances can be written to.

    `members` are further attributes of the class.

    An instance is filled as one of the twin and then made one of the class: a frozen one is written
    to at ten times the price. Both methods are replaced: they share a slot of the type.
    """
    writing = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}
    return type(cls.__name__, (cls,), {"__slots__": (), **writing, **members})


def _careful_record(cls: type[T]) -> Callable[[Any], T]:
    bare = get_origin(cls) or cls
    known, required = _known(cls)
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


def _known(cls: Any) -> tuple[_Known, list[tuple[str, str]]]:
    """Return the members of a record, and the wire names and arguments of those that it needs."""
    hints = _hints(cls)
    known: _Known = {}
    required: list[tuple[str, str]] = []
    for attribute in wire_fields(cls):
        wire, name = wire_name(attribute), attribute.alias or attribute.name
        hint = hints[attribute.name]
        known[wire] = name, decoder(hint), _is_optional(hint) or _is_anything(hint)
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


def encode(value: object, default: Callable[[Any], Any] | None = None) -> bytes:
    """Serialise to I-JSON (RFC 8620, 1.5).

    `default` may replace `encodable` for values that JSON does not know.

    Raises:
        LocalProtocolError: the value holds what JSON cannot (says what).
    """
    try:
        body = orjson.dumps(value, default or encodable, _OPTIONS)
    except (TypeError, orjson.JSONEncodeError) as error:
        if isinstance(error.__cause__, LocalProtocolError):
            raise error.__cause__ from None
        raise LocalProtocolError(f"cannot be sent as JSON: {error.__cause__ or error}") from error
    # orjson writes NaN and infinity as null; JSON has neither, and silence would change the data.
    # `rfind` takes half as long as `find` here, and that less than `in`.
    if body.rfind(b"null") >= 0 and _has_nan(value):
        raise LocalProtocolError("cannot be sent as JSON: NaN and infinity are not numbers in JSON")
    return body


def _has_nan(value: Any) -> bool:
    pending = [value]
    for one in pending:  # it grows meanwhile: a third of the price of recursion
        kind = one.__class__
        if kind in _WITHOUT_NAN:
            continue
        if kind is dict:
            pending += one.values()
        elif isinstance(one, float):
            if not math.isfinite(one):
                return True
        else:
            pending += _contents(one)
    return False


def _contents(value: Any) -> Iterable[Any]:
    """Return what is inside of a value."""
    inside: object = unstructure(value) if attrs.has(value.__class__) else value
    if isinstance(inside, Mapping):
        return cast("Mapping[str, Any]", inside).values()
    if isinstance(inside, Sequence) and not isinstance(inside, str):
        return cast("Iterable[Any]", inside)
    return ()


def encodable(value: Any) -> Any:
    """Turn what orjson does not know into what it does."""
    return _writer(value.__class__)(value)


@cache
def _writer(cls: type) -> Callable[[Any], Any]:
    """Return the function that turns values of a class into what orjson knows."""
    if attrs.has(cls) and not issubclass(cls, ResultReference):
        return converter.get_unstructure_hook(cls)
    return next(write for base, write in _WRITERS if issubclass(cls, base))


def _refuse_reference(value: object) -> object:
    # RFC 8620, 3.7: only a whole argument can be one.
    raise LocalProtocolError(
        f"{value!r} stands inside of an argument: await the call and pass its result"
    )


def _refuse(value: object) -> object:
    if isinstance(value, _BINARY):
        raise TypeError("bytes are not JSON: upload them, or give their text")
    raise TypeError(f"{type(value).__name__} is not JSON")


def _all_true(value: AbstractSet[str]) -> dict[str, bool]:
    # Set-like maps have only true values (RFC 8621, 4.1.1).
    return dict.fromkeys(value, True)


_WRITERS: Final[Sequence[tuple[Any, Callable[[Any], Any]]]] = (
    (datetime, dates.encode),
    (ResultReference, _refuse_reference),
    (AbstractSet, _all_true),
    (Mapping, dict),
    (_BINARY, _refuse),
    (Sequence, list),
    (object, _refuse),
)
"""What to do with values that orjson does not know, by the first class that fits."""


def unstructure(value: Any) -> Any:
    """Return one of our attrs objects as a dict by wire names, one level deep."""
    return _writer(value.__class__)(value)


def record_encoder(cls: type) -> Callable[[Any], dict[str, Any]]:
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


def _build() -> cattrs.Converter:
    built = cattrs.Converter(detailed_validation=False)
    # Later registrations win: from the general to the particular.
    built.register_structure_hook_factory(attrs.has, record_decoder)
    built.register_unstructure_hook_factory(attrs.has, record_encoder)
    built.register_structure_hook_factory(_is_mapping, _mapping)
    built.register_structure_hook_factory(_is_list, _list)
    built.register_structure_hook_factory(_is_optional, _optional)
    built.register_structure_hook(str, _exactly(str, "a string"))
    built.register_structure_hook(bool, _exactly(bool, "true or false"))
    built.register_structure_hook(int, _exactly(int, "an integer"))
    built.register_structure_hook(float, _number)
    built.register_structure_hook(datetime, _date)
    built.register_structure_hook_func(_is_anything, _anything)
    return built


converter: Final = _build()
