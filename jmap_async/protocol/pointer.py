"""JSON Pointer with the `*` of JMAP (RFC 6901; RFC 8620, 3.7)."""

from collections.abc import Sequence
from typing import Final, cast


class PointerError(ValueError):
    """The pointer is malformed, or it does not lead anywhere in the document."""


_DIGITS: Final = frozenset("0123456789")


def parse(pointer: str) -> list[str]:
    """Split a pointer into its unescaped tokens; the empty pointer is the whole document.

    Raises:
        PointerError: it neither is empty nor starts with "/", or has a stray "~".
    """
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise PointerError(f"a JSON Pointer starts with '/', not like {pointer!r}")
    return [unescape(token) for token in pointer[1:].split("/")]


def unescape(token: str) -> str:
    """Turn "~1" into "/" and "~0" into "~" (RFC 6901, 4)."""
    if "~" not in token:
        return token
    if "~" in token.replace("~0", "").replace("~1", ""):
        raise PointerError(f"'~' is followed by 0 or 1 in a JSON Pointer, not like {token!r}")
    # The order matters: "~01" stands for "~1", not for "/".
    return token.replace("~1", "/").replace("~0", "~")


def escape(token: str) -> str:
    """Turn "~" into "~0" and "/" into "~1", so that any key can be a token (RFC 6901, 3)."""
    return token.replace("~", "~0").replace("/", "~1")


def resolve(document: object, pointer: str) -> object:
    """Evaluate a result reference path on the arguments of a response (RFC 8620, 3.7).

    On an array, `*` applies the rest of the pointer to every item and joins the results; results
    that are arrays themselves are flattened by one level.

    Raises:
        PointerError: the pointer is malformed or does not resolve.
    """
    return _walk(document, parse(pointer), pointer)


def _walk(value: object, tokens: Sequence[str], pointer: str) -> object:
    for position, step in enumerate(tokens):
        if isinstance(value, dict):
            members = cast("dict[str, object]", value)
            if step not in members:
                raise PointerError(f"{pointer!r} does not resolve: no member {step!r}")
            value = members[step]
        elif isinstance(value, list):
            items = cast("list[object]", value)
            if step == "*":
                return _map(items, tokens[position + 1 :], pointer)
            value = items[_index(step, len(items), pointer)]
        else:
            raise PointerError(f"{pointer!r} does not resolve: nothing is inside a {_kind(value)}")
    return value


def _map(items: list[object], tokens: Sequence[str], pointer: str) -> list[object]:
    joined: list[object] = []
    for item in items:
        result = _walk(item, tokens, pointer)
        if isinstance(result, list):
            joined.extend(cast("list[object]", result))
        else:
            joined.append(result)
    return joined


def _index(token: str, length: int, pointer: str) -> int:
    # RFC 6901, 4: no leading zeros, and "-" (the item after the last) never exists here.
    if not token or not _DIGITS.issuperset(token) or (token[0] == "0" and len(token) > 1):
        raise PointerError(f"{pointer!r} does not resolve: {token!r} is no array index")
    # More digits than the length has cannot be inside, and int() of a huge string is slow.
    if len(token) > len(str(length)) or int(token) >= length:
        raise PointerError(f"{pointer!r} does not resolve: the array has {length} items")
    return int(token)


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__
