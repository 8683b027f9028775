"""Creation ids: found, made unique, and replaced by real ids (RFC 8620, 3.3 and 5.3).

All creations of a request share one map, whoever made them. So each creation gets a name that is
unique in its request, and references to it are rewritten wherever an id can stand: in members named
like `id`, `emailId` or `mailboxIds`, in keys and items below those, in the paths of patches that
lead there, in the keys of `update`, and in the arguments `destroy` and `onSuccess...`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from jmap_async.protocol.json import JSONObject, Members, is_array, is_object
from jmap_async.protocol.references import CreationReference

# Header fields may end in "Id" too; what they hold is text.
_ID_MEMBER: Final = re.compile(r"(?!header:)(?:ids?|.*(?:Id|Ids)|destroy|onSuccess.*|update)")

_HASH: Final = ord("#")

# The argument that holds what a method creates; "create" for all others.
_CREATING: Final = {"Email/import": "emails", "MDN/send": "send"}

# RFC 8620, 1.2 and 5.3: no other characters are in a creation id.
_REFERENCE: Final = re.compile(r"#([\w-]+)")

# Members of responses that may say creation ids.
_CREATED: Final = frozenset({"created", "notCreated", "sent", "notSent"})
_MAPS: Final = frozenset({*_CREATED, "updated", "notUpdated", "notDestroyed"})
_LISTS: Final = frozenset({"destroyed", "notFound"})

Names = Mapping[str, str]
"""A creation id as its caller knows it, to what stands for it in a request; or the way back."""


def may_mention(encoded: bytes) -> bool:
    """Tell quickly whether JSON can hold a creation reference at all."""
    if _HASH not in encoded:  # as good as always; as bytes it would take many times as long
        return False
    return b'"#' in encoded or b"/#" in encoded


def exact_name(reference: CreationReference) -> str:
    """Return a name of a creation that only references to that call have."""
    # "@" is no character of a creation id, so that no name of a user can be equal.
    return f"{reference.key}@{id(reference.call):x}"


def original_name(mentioned: str) -> str:
    """Return the creation id as its creator knows it."""
    return mentioned.partition("@")[0]


def created(method: str, arguments: Members) -> tuple[str, ...]:
    """Return the creation ids that a call introduces."""
    objects = arguments.get(_CREATING.get(method, "create"))
    if objects is None:
        return ()
    return tuple(cast("Members", objects)) if isinstance(objects, Mapping) else ()


def created_id(response: Members, name: str) -> str | None:
    """Return the id of what was created under a name; None: the response has none."""
    made = response.get("created")
    one = made.get(name) if is_object(made) else None
    found = one.get("id") if is_object(one) else None
    return found if isinstance(found, str) else None


def mentioned(arguments: Members) -> set[str]:
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


def rename(method: str, arguments: Members, own: Names, others: Names) -> JSONObject:
    """Return plain arguments with new creation ids, and all references to fit.

    `own` maps the call's creation ids to those of the request; `others` maps what it mentions of
    other calls to what shall stand there: a real id, or "#" and a creation id.
    """

    def replace(name: str) -> str:
        if name in own:
            return f"#{own[name]}"
        return others.get(name, f"#{name}")

    renamed: JSONObject = _rewrite(arguments, replace)
    member = _CREATING.get(method, "create")
    if isinstance(renamed.get(member), dict):
        renamed[member] = {own.get(key, key): value for key, value in renamed[member].items()}
    return renamed


def restore(response: JSONObject, back: Names) -> JSONObject:
    """Return a response under the creation ids that the caller knows.

    `back` maps creation ids of the request to the caller's own.
    """
    if not back:
        return response
    spell = _speller(back)
    return {member: _restored(member, value, back, spell) for member, value in response.items()}


def restored_error(error: Any, back: Names) -> Any:
    """Return a SetError that speaks of creation ids as the caller knows them."""
    return _error(error, _speller(back)) if back else error


def _speller(back: Names) -> Callable[[str], str]:
    """Return what replaces references to the creation ids of a request in a text."""
    return lambda text: _REFERENCE.sub(lambda found: f"#{back.get(found[1], found[1])}", text)


def _restored(member: str, value: Any, back: Names, spell: Callable[[str], str]) -> Any:
    if is_array(value) and member in _LISTS:
        return [spell(one) if isinstance(one, str) else one for one in value]
    if not is_object(value) or member not in _MAPS:
        return value
    refused = member.startswith("not")
    return {
        # One is named after what creates it, the other by a reference to that.
        (back.get(key, key) if member in _CREATED else spell(key)): (
            _error(one, spell) if refused else one
        )
        for key, one in value.items()
    }


def _error(error: Any, spell: Callable[[str], str]) -> Any:
    """Return a SetError under other names (RFC 8620, 5.3): of its members, and of lists in it."""
    if not is_object(error):
        return error
    return {name: _spelt(value, spell) for name, value in error.items()}


def _spelt(value: Any, spell: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return spell(value)
    if is_array(value):
        return [spell(one) if isinstance(one, str) else one for one in value]
    return value


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
