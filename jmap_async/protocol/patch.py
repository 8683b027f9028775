"""PatchObject: which properties of an object to change (RFC 8620, 5.3)."""

from collections.abc import Mapping
from itertools import pairwise

from jmap_async.errors import LocalProtocolError
from jmap_async.protocol import pointer


def path(*tokens: str) -> str:
    """Join property names and keys into the path of a patch, escaped as needed.

    >>> path("keywords", "a/b")
    'keywords/a~1b'
    """
    return "/".join(pointer.escape(token) for token in tokens)


def check(patch: Mapping[str, object]) -> None:
    """Refuse what no server may accept (RFC 8620, 5.3).

    Raises:
        LocalProtocolError: a path is malformed, or one path is the beginning of another.
    """
    split = sorted((_tokens(key), key) for key in patch)
    for (shorter, one), (longer, other) in pairwise(split):
        if longer[: len(shorter)] == shorter:
            raise LocalProtocolError(
                f"a patch may not hold both {one!r} and {other!r}: the first contains the "
                "second. Patch either the whole property or its parts"
            )


def _tokens(key: object) -> list[str]:
    if not isinstance(key, str):
        raise LocalProtocolError(f"{key!r:.80} is no patch path: it has to be a string")
    if key.startswith("/"):
        raise LocalProtocolError(f"a patch path has no leading '/': write {key[1:]!r}")
    try:
        return pointer.parse(f"/{key}")
    except pointer.PointerError as error:
        raise LocalProtocolError(f"{key!r} is no patch path: {error}") from error
