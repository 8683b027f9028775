"""Creation ids: found, made unique, and replaced by real ids (RFC 8620, 3.3 and 5.3).

All creations of a request share one map, whoever made them. So each creation gets a name that is
unique in its request, and references to it are rewritten wherever an id can stand: in members named
like `id`, `emailId` or `mailboxIds`, in keys and items below those, in the paths of patches that
lead there, in the keys of `update`, and in the arguments `destroy` and `onSuccess...`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeGuard, cast

# Header fields may end in "Id" too; what they hold is text.
_ID_MEMBER: Final = re.compile(r"(?!header:)(?:ids?|.*(?:Id|Ids)|destroy|onSuccess.*|update)")

# The argument that holds what a method creates; "create" for all others.
_CREATING: Final = {"Email/import": "emails", "MDN/send": "send"}

Names = Mapping[str, str]
"""A creation id as its caller knows it, to what stands for it in a request."""


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether JSON is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Tell whether JSON is an array."""
    return isinstance(value, list)


def may_mention(encoded: bytes) -> bool:
    """Tell quickly whether JSON can hold a creation reference at all."""
    if encoded.find(b"#") < 0:  # as good as always; `in` takes three times as long with bytes
        return False
    return b'"#' in encoded or b"/#" in encoded


def created(method: str, arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the creation ids that a call introduces."""
    objects = arguments.get(_CREATING.get(method, "create"))
    if objects is None:
        return ()
    return tuple(cast("Mapping[str, Any]", objects)) if isinstance(objects, Mapping) else ()


def mentioned(arguments: Mapping[str, Any]) -> set[str]:
    """Return the names that are referred to, without "#"."""
    found: set[str] = set()

    def collect(name: str) -> str:
        found.add(name)
        return f"#{name}"

    _rewrite(arguments, collect)
    return found


def unique(names: Iterable[str], taken: set[str]) -> dict[str, str]:
    """Choose a name for each creation that no other creation of the request has."""
    chosen: dict[str, str] = {}
    for name in names:
        wire, attempt = name, 1
        while wire in taken:
            attempt += 1
            wire = f"{name[:200]}-{attempt}"
        taken.add(wire)
        chosen[name] = wire
    return chosen


def rename(method: str, arguments: Mapping[str, Any], own: Names, others: Names) -> dict[str, Any]:
    """Return plain arguments with new creation ids, and all references to fit.

    `own` maps the call's creation ids to those of the request; `others` maps what it mentions of
    other calls to what shall stand there: a real id, or "#" and a creation id.
    """

    def replace(name: str) -> str:
        if name in own:
            return f"#{own[name]}"
        return others.get(name, f"#{name}")

    renamed: dict[str, Any] = _rewrite(arguments, replace)
    member = _CREATING.get(method, "create")
    if isinstance(renamed.get(member), dict):
        renamed[member] = {own.get(key, key): value for key, value in renamed[member].items()}
    return renamed


def restore(response: dict[str, Any], own: Names) -> dict[str, Any]:
    """Return a response under the creation ids that the caller knows."""
    back = {wire: name for name, wire in own.items() if wire != name}
    if not back:
        return response
    return {
        member: {back.get(key, key): item for key, item in value.items()}
        if member in {"created", "notCreated", "sent", "notSent"} and is_object(value)
        else value
        for member, value in response.items()
    }


def _rewrite(value: Any, replace: Callable[[str], str]) -> Any:
    if is_object(value):
        return {
            _path(key, replace): (
                _ids(item, replace) if _ID_MEMBER.fullmatch(key) else _rewrite(item, replace)
            )
            for key, item in value.items()
        }
    if is_array(value):
        return [_rewrite(item, replace) for item in value]
    return value


def _ids(value: Any, replace: Callable[[str], str]) -> Any:
    """Rewrite what is an id, a list of ids, or a map by ids."""
    if isinstance(value, str):
        return replace(value[1:]) if value.startswith("#") else value
    if is_array(value):
        return [_ids(item, replace) for item in value]
    if is_object(value):
        return {_ids(key, replace): _rewrite(item, replace) for key, item in value.items()}
    return value


def _path(key: str, replace: Callable[[str], str]) -> str:
    """Rewrite the path of a patch, such as "mailboxIds/#inbox"."""
    if "/#" not in key:
        return key
    return "/".join(_ids(token, replace) for token in key.split("/"))
