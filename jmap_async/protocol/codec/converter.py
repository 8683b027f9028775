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
from collections.abc import Callable, Iterable, Mapping, Sequence, Set as AbstractSet
from contextlib import suppress
from datetime import datetime
from functools import cache, partial
from typing import Any, Final, TypeVar, Union, cast, get_args

import attrs
import cattrs
import orjson

from jmap_async.errors import LocalProtocolError, SetError
from jmap_async.protocol import dates
from jmap_async.protocol.codec.records import is_record, record_decoder, record_encoder
from jmap_async.protocol.codec.refusals import set_error_decoder
from jmap_async.protocol.fields import (
    LEAVES,
    NO_REST,
    Decoder,
    Malformed,
    container_of,
    is_anything,
    is_optional,
)
from jmap_async.protocol.json import JSONObject
from jmap_async.protocol.references import ResultReference

T = TypeVar("T")

_L: Final = ord("l")
# Up to here a float holds every integer (RFC 8620, 1.3).
_EXACT: Final = 2**53 - 1
_BINARY: Final = (bytes, bytearray, memoryview)
_WITHOUT_NAN: Final = frozenset({str, int, bool, type(None)})
_OPTIONS: Final = orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_DATETIME


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


def _integer(value: Any, _: object = None) -> int:
    if type(value) is int:
        return value
    # 500.0 is the same number to JSON, and some languages write it so (RFC 8259, 6).
    if type(value) is float and value.is_integer() and abs(value) <= _EXACT:
        return int(value)
    raise Malformed("an integer", value)


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


def _anything(value: Any, _: object = None) -> Any:
    return value


def _optional(type_: Any) -> Callable[[Any, Any], Any]:
    inner = decoder(Union[tuple(arg for arg in get_args(type_) if arg is not type(None))])  # noqa: UP007 - built from a tuple

    def structure(value: Any, _: object = None) -> Any:
        return None if value is None else inner(value)

    return structure


def _is_list(type_: Any) -> bool:
    return container_of(type_) is list


def _list(type_: Any) -> Callable[[Any, Any], Any]:
    [item_type] = get_args(type_)
    inner, is_leaf, only = decoder(item_type), item_type in LEAVES, {item_type}
    keep = _whole if is_record(item_type) else salvaged

    def structure(value: Any, _: object = None) -> list[Any]:
        if value.__class__ is not list:
            raise Malformed("an array", value)
        if is_leaf and only.issuperset(map(type, value)):
            return value  # it is what it shall be already
        try:
            return [inner(item) for item in value]
        except Malformed:
            raise keep(value, inner) from None

    return structure


def _is_mapping(type_: Any) -> bool:
    return container_of(type_) is dict


def _mapping(type_: Any) -> Callable[[Any, Any], Any]:
    item_type = get_args(type_)[1]
    inner, is_leaf, only = decoder(item_type), item_type in LEAVES, {item_type}
    nullable = is_optional(item_type)
    known = not nullable and not is_record(item_type)

    def structure(value: Any, _: object = None) -> dict[str, Any]:
        if value.__class__ is not dict:
            # PHP writes an empty object like this.
            raise Malformed("an object", value, rest=NO_REST if value != [] else {})
        if is_leaf and only.issuperset(map(type, value.values())):
            return cast("dict[str, Any]", value)
        if nullable and [*value.values()].count(None) == len(value):
            return cast("dict[str, Any]", value)  # as good as always, where nothing was added
        try:
            return {key: inner(item) for key, item in value.items()}
        except Malformed:
            stand_in = (lambda: None) if nullable else (lambda: inner({})) if known else None
            raise _salvaged_map(value, inner, stand_in) from None

    return structure


# Only on failure: the loops above stay free of bookkeeping.


def _whole(items: list[object], inner: Decoder) -> Malformed:
    """Return the error of the first item that is malformed: nothing remains without it.

    What a list of records says depends on each of them, such as where ids were added.
    """
    return salvaged(items, inner).around(NO_REST)


def salvaged(items: list[object], inner: Decoder) -> Malformed:
    """Return the error of the first item that is malformed; the rest is the list without such."""
    first, found = _tried(enumerate(items), inner, None)
    return first.around([*found.values()])


def _salvaged_map(
    items: dict[str, object], inner: Decoder, stand_in: Callable[[], object] | None
) -> Malformed:
    """Do the same for a map. That a key is there says something by itself, so it stays there.

    Its value is null where the type allows that, an object of which nothing is known where it is
    one of objects, and only else it goes.
    """
    first, found = _tried(items.items(), inner, stand_in)
    return first.around(found)


def _tried(
    items: Iterable[tuple[object, object]], inner: Decoder, stand_in: Callable[[], object] | None
) -> tuple[Malformed, dict[object, object]]:
    faults: list[Malformed] = []
    found: dict[object, object] = {}
    for key, item in items:
        try:
            found[key] = inner(item)
        except Malformed as error:
            with suppress(Malformed):
                if error.rest is not NO_REST:
                    found[key] = error.rest
                elif stand_in is not None:
                    found[key] = stand_in()
            faults.append(error.inside(str(key)))
    return faults[0], found


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
    # A single octet is found at once (as a number: as bytes it takes longer than all the rest), and
    # patches of keywords have none. `rfind` takes half as long as `find` here, and that less than
    # `in`.
    if _L in body and body.rfind(b"null") >= 0 and _has_nan(value):
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


def _record_decoder(cls: type[T]) -> Callable[[Any, Any], T]:
    make = set_error_decoder if cls is SetError else partial(record_decoder, cls)
    return cast("Callable[[Any, Any], T]", make(decoder))


def _record_encoder(cls: type) -> Callable[[Any], JSONObject]:
    return record_encoder(cls, converter)


def _build() -> cattrs.Converter:
    built = cattrs.Converter(detailed_validation=False)
    # Later registrations win: from the general to the particular.
    built.register_structure_hook_factory(attrs.has, _record_decoder)
    built.register_unstructure_hook_factory(attrs.has, _record_encoder)
    built.register_structure_hook_factory(_is_mapping, _mapping)
    built.register_structure_hook_factory(_is_list, _list)
    built.register_structure_hook_factory(is_optional, _optional)
    built.register_structure_hook(str, _exactly(str, "a string"))
    built.register_structure_hook(bool, _exactly(bool, "true or false"))
    built.register_structure_hook(int, _integer)
    built.register_structure_hook(float, _number)
    built.register_structure_hook(datetime, _date)
    built.register_structure_hook_func(is_anything, _anything)
    return built


converter: Final = _build()
