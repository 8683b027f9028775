"""Shares: what each of those who share a merged read wants of it, and what of it has come."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import orjson

from jmap_async.planner.creations import is_array, is_object
from jmap_async.planner.entry import Answer, Entry
from jmap_async.planner.request import Request

_UNREAD: Final = object()


class Share:
    """What one entry wants of a merged read, and what of it has come."""

    __slots__ = ("entry", "first_in", "ids", "rows", "state", "unsettled")

    def __init__(self, entry: Entry, ids: Sequence[str]) -> None:
        self.entry = entry
        self.ids = [*ids] if len(ids) == 1 else list(dict.fromkeys(ids))
        self.unsettled = len(self.ids)
        # Which request carries, or carried, the first part of it (see Request.token).
        self.first_in: object = None
        # What was found, as it came.
        self.rows: list[dict[str, Any]] = []
        # Of the part answered first, so that /changes from there misses nothing (RFC 8620, 5.1).
        self.state: object = _UNREAD

    @property
    def answered(self) -> bool:
        """Tell whether a part of it has come back."""
        return self.state is not _UNREAD

    @property
    def taken(self) -> bool:
        """Tell whether a part of it was sent."""
        return self.answered or self.first_in is not None

    def untake(self) -> None:
        """Take note that a part has to be sent again."""
        if not self.answered:
            self.first_in = None

    def must_wait(self, request: Request) -> bool:
        """Tell whether the first part is still under way in another request.

        Two requests are carried out in any order: what is read before the state that is reported
        could have changed in between, and nobody would notice.
        """
        if self.first_in is None or self.first_in is request.token:
            return False
        if self.answered or request.pretend:
            return False
        return self.entry.answer is None and not self.entry.withdrawn

    def answer(self, members: Mapping[str, Any]) -> Answer:
        """Put the response together that this call would have got on its own."""
        ids, rows = self.ids, self.rows
        missing = [] if rows else ids
        if len(ids) > 1:
            found = {row["id"]: row for row in rows}
            rows = [found[one] for one in ids if one in found]
            missing = [one for one in ids if one not in found]
        response = {**members, "list": rows, "notFound": missing}
        if self.state is not None:
            response["state"] = self.state
        return Answer(response)


def own_copy(value: dict[str, Any]) -> dict[str, Any]:
    """Copy what several callers might change."""
    try:
        return cast("dict[str, Any]", orjson.loads(orjson.dumps(value)))
    except TypeError:
        # Deeper than orjson writes, though it has read it: servers are not trusted.
        return _deep_copy(value)


def _deep_copy(value: dict[str, Any]) -> dict[str, Any]:
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


Wanted = dict[str, list[Share]]
"""Who wants each id."""


def untake(part: Wanted) -> None:
    """Take note that a part has to be sent again, for all who want it."""
    for takers in part.values():
        for share in takers:
            share.untake()
