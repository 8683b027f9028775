"""Copies: what several callers might change is each one's own."""

from collections.abc import Iterator
from typing import Any, Final, cast

import orjson

from jmap_async.protocol.json import JSONObject, is_array, is_object

# What may be shared, since it cannot be changed.
_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def own_copy(value: JSONObject) -> JSONObject:
    """Copy what several callers might change."""
    try:
        return cast("JSONObject", orjson.loads(orjson.dumps(value)))
    except TypeError:
        # Deeper than orjson writes, though it has read it: servers are not trusted.
        return _deep_copy(value)


def own_copies(members: JSONObject) -> Iterator[JSONObject]:
    """Yield members of a response for each of those who share it: nobody could change another's."""
    yield members
    shareable = _PLAIN.issuperset(map(type, members.values()))
    while True:
        yield members if shareable else own_copy(members)


def _deep_copy(value: JSONObject) -> JSONObject:
    """Copy without recursion, at three times the price."""
    copied = {**value}
    containers: list[Any] = [copied]
    while containers:
        container: Any = containers.pop()
        keys: list[Any] = [*container] if is_object(container) else [*range(len(container))]
        for key in keys:
            if is_object(container[key]) or is_array(container[key]):
                container[key] = container[key].copy()
                containers.append(container[key])
    return copied
