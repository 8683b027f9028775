"""PatchObject: which properties of an object to change (RFC 8620, 5.3)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from itertools import chain
from typing import Any, Final, get_type_hints

from jmap_async.errors import LocalProtocolError
from jmap_async.protocol import pointer
from jmap_async.protocol.fields import (
    Shaped,
    container_of,
    many_or_one,
    wire_fields,
    wire_name,
    without_null,
)
from jmap_async.protocol.types import Wire

_WITHOUT_MEMBERS: Final[frozenset[object]] = frozenset({str, int, bool, datetime})


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


def check_all(changes: Iterable[Any], kind: type | None = None) -> None:
    """Refuse patches as `check` does; whole objects may be among them, which are left alone.

    They are patches of data objects of this `kind`, where that is known: then no path may lead
    into a property, or a value of a map, that has nothing inside.
    """
    patches: list[Wire] = [one for one in changes if isinstance(one, (dict, Mapping))]
    # The patches of many objects tend to have the same paths: one look at each will do.
    paths: Iterable[object] = patches[0] if len(patches) == 1 else {*chain.from_iterable(patches)}
    for path in paths:
        if not isinstance(path, str) or "~" in path or path[:1] == "/":
            _check_path(path)
        if kind is not None and isinstance(path, str) and "/" in path:
            _check_inside(kind, path)
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


@lru_cache(maxsize=1000)  # most patches have one of a few paths
def _check_inside(kind: type, path: str) -> None:
    """Refuse a path into what has nothing inside, or into an array (RFC 8620, 5.3)."""
    tokens = path.split("/")
    hint: object = kind
    for depth, token in enumerate(tokens[:-1]):
        container, value = many_or_one(_only(hint))
        in_map = container is dict
        hint = _only(value if in_map else _types(hint).get(token))
        if hint in _WITHOUT_MEMBERS or container_of(hint) is list:
            raise LocalProtocolError(_nothing_inside(path, tokens, depth, in_map=in_map))


def _only(hint: object) -> object:
    """Return the type that a value has unless it is null; None: there are several."""
    kinds = without_null(hint)
    return kinds[0] if len(kinds) == 1 else None


def _types(kind: object) -> Mapping[str, object]:
    """Return the types of the properties of a data object, by wire name; others have none."""
    return _properties(kind) if isinstance(kind, type) else {}


@cache
def _properties(kind: type[object]) -> Mapping[str, object]:
    if not issubclass(kind, Shaped):
        return {}
    hints = get_type_hints(kind)
    return {wire_name(one): hints[one.name] for one in wire_fields(kind) if one.name in hints}


def _nothing_inside(path: str, tokens: list[str], depth: int, *, in_map: bool) -> str:
    outer, key = tokens[:depth], "~1".join(tokens[depth:])
    said = f"{path!r} leads into {'/'.join(tokens[: depth + 1])!r}, which has nothing inside that"
    return f"{said} can be patched" + (
        f": a '/' in a key is written '~1', like {'/'.join([*outer, key])!r}"
        if in_map
        else ": patch the whole of it (a '/' in a key would be written '~1')"
    )
