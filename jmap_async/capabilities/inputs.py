"""The forms in which callers may give ids, set-like maps, message ids, keywords and objects."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

import attrs

from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.converter import unstructure
from jmap_async.protocol.ids import IdLike, IdsLike, as_id, as_ids, ids_argument
from jmap_async.protocol.json import are_strings
from jmap_async.protocol.references import CreationReference, ResultReference
from jmap_async.protocol.standard import IdList
from jmap_async.protocol.types import Id

NewIdLike = IdLike | CreationReference
"""An id, an object for its id, or a reference to an object that is being created."""

# RFC 8621, 4.1.1: visible ASCII, less what an IMAP atom may not hold.
_KEYWORD: Final = re.compile(r"[!#$&'+-\[^-z|}~]{1,255}")

_NOT_IN_MESSAGE_IDS: Final = re.compile(r"[<>\s]")


def as_new_id(value: NewIdLike) -> Id:
    """Return the id; a reference stays what it is until it is sent."""
    return cast("Id", value) if isinstance(value, CreationReference) else as_id(value)


def as_nullable_id(value: NewIdLike | None) -> Id | None:
    """Return the id, or None."""
    return None if value is None else as_new_id(value)


def as_id_list(
    value: IdsLike | ResultReference[list[str]] | CreationReference,
) -> IdList | ResultReference[list[str]]:
    """Return ids that have to be given: one, many, or a reference to them."""
    ids = ids_argument(value)
    return [] if ids is None else ids


def as_id_map(value: IdsLike | Mapping[str, bool]) -> dict[Id, bool]:
    """Return a set-like map of ids, of one id or object, or of many."""
    if isinstance(value, Mapping):
        return _checked(cast("Mapping[str, bool]", value))
    return dict.fromkeys(as_ids(value), True)


def as_message_ids(value: str | Iterable[str] | None) -> list[str] | None:
    """Return message ids, one or many, as `as_message_id` does; None stays None."""
    if value is None:
        return None
    return [as_message_id(one) for one in ([value] if isinstance(value, str) else value)]


def as_message_id(value: str) -> str:
    """Return a message id without the brackets that it has in a message (RFC 8621, 4.1.2.5).

    Raises:
        LocalProtocolError: it is empty, or holds spaces or further brackets.
    """
    bare = value.strip() if are_strings([value]) else ""
    if bare.startswith("<") and bare.endswith(">"):
        bare = bare[1:-1]
    if not bare or _NOT_IN_MESSAGE_IDS.search(bare):
        raise LocalProtocolError(
            f"{value!r:.200} is no message id: write 'id@example.org', and give several as a list"
        )
    return bare


def as_keywords(value: str | Iterable[str] | Mapping[str, bool]) -> dict[str, bool]:
    """Return a set-like map of keywords, in lower case (RFC 8621, 4.1.1)."""
    if isinstance(value, Mapping):
        value = _checked(cast("Mapping[str, bool]", value))
    return dict.fromkeys(map(as_keyword, [value] if isinstance(value, str) else value), True)


def as_keyword(value: str) -> str:
    """Return a keyword in lower case, in which it is compared (RFC 8621, 4.1.1).

    Raises:
        LocalProtocolError: it holds characters that no keyword may have.
    """
    check_keyword(value)
    return value.lower()


def check_keyword(value: object) -> None:
    """Refuse what cannot be a keyword (RFC 8621, 4.1.1).

    Raises:
        LocalProtocolError: says what a keyword may hold.
    """
    if not isinstance(value, str) or _KEYWORD.fullmatch(value) is None:
        raise LocalProtocolError(
            f"{value!r:.80} is no keyword: it has 1 to 255 visible ASCII characters, "
            'none of ( ) { ] % * " \\'
        )


def _checked(value: Mapping[str, bool]) -> dict[str, bool]:
    # RFC 8621, 4.1.1: what is not in the set is not in the map.
    wrong = [key for key, present in value.items() if present is not True]
    if wrong:
        raise LocalProtocolError(
            f"{wrong[0]!r} is not true: leave out what does not belong to the set"
        )
    return dict(value)


# Values that may be objects or in wire form


def members(value: object) -> Mapping[str, object]:
    """Return an object's members by wire name; what is no object has none."""
    if isinstance(value, dict):  # as good as always; the other questions are slow
        return cast("dict[str, object]", value)
    if value is None:
        return {}
    if attrs.has(type(value)):
        return cast("Mapping[str, object]", unstructure(value))
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def items(value: object) -> Sequence[object]:
    """Return the items of a collection; what is none, such as a string or None, has none."""
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):  # as good as always; the general question is slow
        return cast("Sequence[object]", value)
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return ()
    return list(cast("Iterable[object]", value))
