"""JSON read strictly: slow, but it sees what orjson does not (RFC 7493, 2.3)."""

import json
from typing import Any


def load_unique(body: bytes) -> Any:
    """Parse I-JSON, refusing duplicate keys, NaN and infinities.

    Raises:
        ValueError: it is not I-JSON; says why.
        RecursionError: it is nested too deeply.
    """
    return json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
