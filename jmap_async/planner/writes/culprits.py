"""Culprits: a merged write that was refused is cut up, and whoever the error names is alone."""

import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

import orjson

from jmap_async.errors import MethodError
from jmap_async.planner.writes.changes import CREATE, DESTROY, Change, Writer
from jmap_async.protocol.json import is_object

_WORD: Final = re.compile(r"[\w$-]+")


# Into how many parts a refused write is divided: as many as any request may hold (RFC 8620, 2).
_PARTS: Final = 16


def _culprits(part: Iterable[Change], error: MethodError) -> set[Writer]:
    """Return the callers that an error names: by something that only one of them has said."""
    said = set(_WORD.findall(orjson.dumps(error.arguments).decode()))
    users: dict[str, set[Writer]] = {}
    for change in part:
        for word in said & words(change):
            users.setdefault(word, set()).add(change.writer)
    return {one for writers in users.values() if len(writers) == 1 for one in writers}


def divided(part: list[Change], error: MethodError) -> Iterator[deque[Change]]:
    """Cut a refused write up by callers; whoever the error names is alone."""
    callers = len({one.writer for one in part})
    named = _culprits(part, error)
    if len(named) > _PARTS:
        named.clear()
    size = callers if named else -(-callers // _PARTS)
    changes: deque[Change] = deque()
    writers: set[Writer] = set()
    for one in part:
        apart = one.writer in named or not writers.isdisjoint(named) or len(writers) == size
        if writers and apart and one.writer not in writers:
            yield changes
            changes, writers = deque(), set()
        writers.add(one.writer)
        changes.append(one)
    yield changes


def words(change: Change) -> set[str]:
    """Return what an error may name a change by: ids, creation ids, and the parts of paths."""
    said = [change.name] if change.name else change.keys
    if change.phase != DESTROY:
        text = b"[%b]" if change.phase == CREATE else b"{%b}"
        loaded = orjson.loads(text % change.body)
        for value in loaded if change.phase == CREATE else loaded.values():
            said = [*said, *value] if is_object(value) else said
    return set(_WORD.findall(" ".join(said)))
