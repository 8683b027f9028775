"""Looking into values that a caller may have given as objects or in wire form."""

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

import attrs

from jmap_async.protocol.codec.converter import unstructure


def members(value: object) -> Mapping[str, object]:
    """Return an object's members by wire name; what is no object has none."""
    if isinstance(value, dict):  # as good as always; the other questions are slow
        return cast("dict[str, object]", value)
    if value is None:
        return {}
    if attrs.has(type(value)):
        return cast("Mapping[str, object]", unstructure(value))
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}


def items(value: object) -> Sequence[object]:
    """Return the items of a collection; what is none, such as a string or None, has none."""
    if value is None:
        return ()
    if isinstance(value, (list, tuple)):  # as good as always; the general question is slow
        return cast("Sequence[object]", value)
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return ()
    return list(cast("Iterable[object]", value))
