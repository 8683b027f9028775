"""JSON read strictly: slow, but it sees what orjson does not (RFC 7493, 2.3)."""

import json
from typing import TypeVar

import orjson

V = TypeVar("V")


def load_unique(body: bytes) -> object:
    """Parse I-JSON, refusing duplicate keys.

    Raises:
        ValueError: it is not I-JSON; says why.
        RecursionError: it is nested too deeply.
    """
    # orjson refuses the rest: NaN, infinity, lone surrogates, what is not UTF-8.
    orjson.loads(body)
    document: object = json.loads(body, object_pairs_hook=_unique)
    return document


def load_last(body: bytes) -> tuple[object, set[str]]:
    """Parse I-JSON; of equal keys the last one counts, as with most parsers.

    Return the document and, where it is an object, which keys of its own have several values:
    nobody can know which one is meant.

    Raises:
        ValueError: it is not JSON; says why.
        RecursionError: it is nested too deeply.
    """
    doubled: set[str] = set()

    def members_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
        nonlocal doubled
        members = dict(pairs)
        # The outermost object is the last one to be complete.
        doubled = {key for key, value in pairs if value != members[key]}
        return members

    orjson.loads(body)
    document: object = json.loads(body, object_pairs_hook=members_of)
    return document, doubled if isinstance(document, dict) else set()


def _unique(pairs: list[tuple[str, V]]) -> dict[str, V]:
    members = dict(pairs)
    if len(members) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice!r:.80} is there twice")
    return members
