"""Ids as arguments: what may be given for one, and what may be sent (RFC 8620, 1.2)."""

import re
from collections.abc import Iterable
from typing import Final, Protocol

from jmap_async.errors import LocalProtocolError
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
_SENDABLE: Final = re.compile(r"[\x21-\x7e]{1,255}")
_CREATION_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")


def as_id(value: IdLike) -> str:
    """Return the id itself."""
    return value if isinstance(value, str) else value.id


def as_ids(value: IdsLike) -> list[str]:
    """Return a list of ids, whatever way they were given."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Iterable):
        return [as_id(one) for one in value]
    return [value.id]


def ids_argument(
    value: IdsLike
    | Iterable[IdLike | CreationReference]
    | ResultReference[list[str]]
    | CreationReference
    | None,
) -> list[str | CreationReference] | ResultReference[list[str]] | None:
    """Convert the `ids` of a call: one, many, or a reference to them."""
    if value is None or isinstance(value, ResultReference):
        return value
    if isinstance(value, str | CreationReference):
        return [value]
    if isinstance(value, Iterable):
        return [one if isinstance(one, CreationReference) else as_id(one) for one in value]
    return [value.id]


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


def check_creation_id(value: object) -> None:
    """Refuse what cannot be a creation id (RFC 8620, 5.3).

    Raises:
        LocalProtocolError: it is not made of A-Z a-z 0-9 - _.
    """
    if not isinstance(value, str) or _CREATION_ID.fullmatch(value) is None:
        raise LocalProtocolError(
            f"{value!r:.80} is no creation id: use 1 to 255 of A-Z a-z 0-9 - _ (without '#')"
        )
