"""PatchObject: which properties of an object to change (RFC 8620, 5.3)."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from jmap_async.errors import LocalProtocolError
from jmap_async.protocol import pointer
from jmap_async.protocol.types import Wire


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
    check_all([patch])


def check_all(changes: Iterable[Any]) -> None:
    """Refuse patches as `check` does; whole objects may be among them, which are left alone."""
    patches: list[Wire] = [one for one in changes if isinstance(one, (dict, Mapping))]
    # The patches of many objects tend to have the same paths: one look at each will do.
    paths: Iterable[object] = patches[0] if len(patches) == 1 else {*chain.from_iterable(patches)}
    for path in paths:
        if not isinstance(path, str) or "~" in path or path[:1] == "/":
            _check_path(path)
    for patch in patches:
        if len(patch) > 1:
            for path in patch:
                _check_whole(path, patch)


def _check_whole(path: str, patch: Mapping[str, object]) -> None:
    """Refuse a patch of a whole that a path leads into.

    Each token is escaped in one way only, so paths can be compared as they are.
    """
    end = path.find("/")
    while end >= 0:
        if (whole := path[:end]) in patch:
            raise LocalProtocolError(
                f"a patch may not hold both {whole!r} and {path!r}: the first contains the "
                "second. Patch either the whole property or its parts"
            )
        end = path.find("/", end + 1)


def _check_path(path: object) -> None:
    if not isinstance(path, str):
        raise LocalProtocolError(f"{path!r:.80} is no patch path: it has to be a string")
    if path.startswith("/"):
        raise LocalProtocolError(f"a patch path has no leading '/': write {path[1:]!r}")
    try:
        pointer.parse(f"/{path}")
    except pointer.PointerError as error:
        raise LocalProtocolError(f"{path!r} is no patch path: {error}") from error
