"""Ids as arguments: what may be given for one, and what may be sent (RFC 8620, 1.2)."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, Protocol, TypeGuard, cast

from jmap_async.errors import LocalProtocolError, PropertyNotFetched
from jmap_async.protocol.json import are_strings
from jmap_async.protocol.references import CreationReference, ResultReference


class HasId(Protocol):
    """An object of the server, such as an Email: it may stand where its id is expected."""

    @property
    def id(self) -> str:
        """Its id."""
        ...


IdLike = str | HasId
IdsLike = IdLike | Iterable[IdLike]
"""One id or many; an object may be given for its id."""

# Ids of deployed servers hold more than RFC 8620 allows ("gina@other.org"), so only what can be
# no id at all is refused.
_LONGEST: Final = 255
_SENDABLE: Final = re.compile(r"[\x21-\x7e]{1,255}")
_SENDABLE_LINES: Final = re.compile(r"[\x21-\x7e]{1,255}(?:\n[\x21-\x7e]{1,255})*+")
_CREATION_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")


def as_id(value: IdLike) -> str:
    """Return the id itself.

    Raises:
        LocalProtocolError: it has none.
    """
    if isinstance(value, str):
        return value
    try:
        return value.id
    except PropertyNotFetched:
        raise
    except AttributeError:
        raise LocalProtocolError(
            f"{value!r:.80} is no id: use one that the server gave, or an object that it sent"
        ) from None


def as_ids(value: IdsLike) -> list[str]:
    """Return a list of ids, whatever way they were given."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Iterable):
        return [as_id(one) for one in value]
    return [as_id(value)]


def ids_argument(
    value: IdsLike
    | Iterable[IdLike | CreationReference]
    | ResultReference[list[str]]
    | CreationReference
    | None,
) -> list[str | CreationReference] | ResultReference[list[str]] | None:
    """Convert the `ids` of a call: one, many, or a reference to them."""
    if isinstance(value, list) and are_strings(value):
        copied: list[Any] = [*value]
        return copied
    if value is None or isinstance(value, ResultReference):
        return value
    if isinstance(value, (str, CreationReference)):
        return [value]
    if isinstance(value, Iterable):
        return [one if isinstance(one, CreationReference) else as_id(one) for one in value]
    return [as_id(value)]


def check_id(value: object, what: str = "id") -> None:
    """Refuse what cannot be an id.

    Raises:
        LocalProtocolError: it is empty, too long, or holds spaces or non-ASCII characters.
    """
    if not isinstance(value, str) or _SENDABLE.fullmatch(value) is None:
        raise LocalProtocolError(
            f"{value!r:.80} is no {what}: an id has 1 to 255 visible ASCII characters. "
            "Use an id that the server gave"
        )


def check_ids(values: Collection[object]) -> None:
    """Refuse ids if one of them cannot be one; references to creations may be among them.

    Raises:
        LocalProtocolError: as `check_id`.
    """
    if len(values) > 1 and _are_lines_of_ids(values):
        return
    for one in values:
        if isinstance(one, str) and _SENDABLE.fullmatch(one) is not None:
            continue  # as good as always
        if not isinstance(one, CreationReference):
            check_id(one)


def _are_lines_of_ids(values: Collection[object]) -> bool:
    """Tell whether all are ids by one match: a seventh of the price of a match for each."""
    try:
        lines = "\n".join(cast("Collection[str]", values))
    except TypeError:
        return False
    return lines.count("\n") < len(values) and _SENDABLE_LINES.fullmatch(lines) is not None


def are_plain_ids(values: Sequence[Any]) -> TypeGuard[list[str]]:
    """Tell whether there are ids, all can be sent, and none of them can name a creation.

    For every read: without patterns, which take three times as long.
    """
    try:
        joined = "".join(values)
    except TypeError:
        return False
    # Visible ASCII; "#" begins the names of creations.
    if not joined.isascii() or not joined.isprintable() or " " in joined or "#" in joined:
        return False
    if len(joined) > _LONGEST and max(map(len, values)) > _LONGEST:
        return False
    return bool(joined) and "" not in values


def check_creation_id(value: object) -> None:
    """Refuse what cannot be a creation id (RFC 8620, 5.3).

    Raises:
        LocalProtocolError: it is not made of A-Z a-z 0-9 - _.
    """
    if not isinstance(value, str) or _CREATION_ID.fullmatch(value) is None:
        raise LocalProtocolError(
            f"{value!r:.80} is no creation id: use 1 to 255 of A-Z a-z 0-9 - _ (without '#')"
        )
