"""PatchObjects: changes to parts of an object (RFC 8620, 5.3)."""

from collections.abc import Mapping
from itertools import pairwise

from jmap_async.protocol import pointer
from jmap_async.testing.checks import is_list, is_object
from jmap_async.testing.failures import SetFailure
from jmap_async.testing.types import JSONObject


def apply(target: JSONObject, patch: JSONObject, *, defaults: Mapping[str, object]) -> JSONObject:
    """Return a copy of `target` with the patch applied; `target` stays as it is.

    Null sets a top-level property to its default if it has one, and removes anything else.

    Raises:
        SetFailure: "invalidPatch", because the patch breaks one of the rules for paths.
    """
    paths = {key: _tokens(key) for key in patch}
    _refuse_prefixes(list(paths.values()))
    result = dict(target)
    for key, value in patch.items():
        tokens = paths[key]
        parent = _parent(result, tokens, key)
        if value is not None:
            parent[tokens[-1]] = value
        elif len(tokens) == 1 and tokens[0] in defaults:
            parent[tokens[0]] = defaults[tokens[0]]
        else:
            parent.pop(tokens[-1], None)
    return result


def top_level(key: str) -> str:
    """Return the property that a key of a patch is about."""
    return _tokens(key)[0]


def _tokens(key: str) -> list[str]:
    try:
        return pointer.parse("/" + key)
    except pointer.PointerError as error:
        raise SetFailure("invalidPatch", str(error)) from error


def _refuse_prefixes(paths: list[list[str]]) -> None:
    ordered = sorted(paths)
    # A prefix sorts right before the first path that it is a prefix of.
    for shorter, longer in pairwise(ordered):
        if longer[: len(shorter)] == shorter:
            raise SetFailure("invalidPatch", f"{'/'.join(shorter)!r} is a prefix of another path.")


def _parent(result: JSONObject, tokens: list[str], key: str) -> JSONObject:
    """Walk to the object that holds the last token, copying every object on the way."""
    parent = result
    for token in tokens[:-1]:
        child: object = parent.get(token)
        if is_list(child):
            raise SetFailure("invalidPatch", f"{key!r} points into an array.")
        if not is_object(child):
            raise SetFailure("invalidPatch", f"{key!r}: there is no object at {token!r}.")
        copied = dict(child)
        parent[token] = copied
        parent = copied
    return parent
