"""Shares: what each of those who share a merged read wants of it, and what of it has come."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import attrs

from jmap_async.planner.base.entry import Answer, Entry
from jmap_async.planner.base.request import Request
from jmap_async.planner.copies import own_copy
from jmap_async.protocol.declaring import state
from jmap_async.protocol.json import JSONObject

UNREAD: Final = object()


class Share:
    """What one entry wants of a merged read, and what of it has come."""

    __slots__ = ("entry", "first_in", "ids", "left_out", "rows", "state", "unsettled")

    def __init__(self, entry: Entry, ids: Sequence[str]) -> None:
        self.entry = entry
        self.ids = ids if len(ids) == 1 else list(dict.fromkeys(ids))
        self.unsettled = len(self.ids)
        # Which request carries, or carried, the first part of it (see Request.token).
        self.first_in: object = None
        # What was found, as it came.
        self.rows: list[JSONObject] = []
        # What the server has not said anything of.
        self.left_out: tuple[str, ...] = ()
        # Of the part answered first, so that /changes from there misses nothing (RFC 8620, 5.1).
        self.state: object = UNREAD

    @property
    def answered(self) -> bool:
        """Tell whether a part of it has come back."""
        return self.state is not UNREAD

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
        if self.answered or request.dry_run:
            return False
        return self.entry.answer is None and not self.entry.withdrawn

    def answer(self, members: JSONObject) -> Answer:
        """Return what this call would have got on its own; `members` are those that all share."""
        rows = self.rows
        if len(self.ids) > 1:
            found = {row["id"]: row for row in rows}
            rows = [found[one] for one in self.ids if one in found]
        return Excerpt(members, ids=self.ids, rows=rows, state=self.state)


@state(kw_only=True, eq=False)
class Excerpt(Answer):
    """A caller's part of an answer that several share; it is put together when it is looked at.

    The arguments are those that all share.
    """

    _ids: Sequence[str] = attrs.field(alias="ids")
    _rows: list[Any] = attrs.field(alias="rows")
    _state: object = attrs.field(alias="state")

    @property
    def arguments(self) -> JSONObject:
        rows = self._rows
        missing: list[str] = []
        if len(rows) < len(self._ids):
            there = {row["id"] for row in rows}
            missing = [one for one in self._ids if one not in there]
        response = {**self._arguments, "list": rows, "notFound": missing}
        if self._state is not None:
            response["state"] = self._state
        return response

    @property
    def rows(self) -> object:
        return self._rows


Takers = tuple[Share] | list[Share]
"""Who wants an id: one, in a tuple that all ids of that caller have in common, or several."""

Wanted = dict[str, Takers]


def add(wanted: Wanted, share: Share) -> None:
    """Note what one more caller wants."""
    alone = (share,)
    for one in share.ids:
        takers = wanted.setdefault(one, alone)
        if takers is alone:
            continue
        if isinstance(takers, list):
            takers.append(share)
        else:
            wanted[one] = [*takers, share]


def add_to(wanted: Wanted, one: str, share: Share) -> None:
    """Note that somebody wants an id again."""
    wanted[one] = [*wanted.get(one, ()), share]


def without(takers: Sequence[Share], share: Share) -> list[Share]:
    """Return the others who want an id."""
    return [one for one in takers if one is not share]


def untake(part: Wanted) -> None:
    """Take note that a part has to be sent again, for all who want it."""
    for takers in part.values():
        for share in takers:
            share.untake()


Rows = dict[str, JSONObject]
"""Objects as they came, by id."""


def handed_out(part: Wanted, rows: Rows, not_found: Collection[str], state: object) -> list[Share]:
    """Give everybody objects of their own; return those who have everything now."""
    complete: list[Share] = []
    for one, takers in part.items():
        row = rows.get(one)
        forgotten = row is None and one not in not_found
        for share in takers:
            if row is not None:
                share.rows.append(row if share is takers[0] else own_copy(row))
            elif forgotten:
                share.left_out += (one,)
            if share.state is UNREAD:
                share.state = state
            share.unsettled -= 1
            if not share.unsettled:
                complete.append(share)
    return complete


def handed_to_one(
    part: Wanted, rows: Rows, not_found: Collection[str], state: object
) -> list[Share]:
    """Do the same for the only caller: for large reads, without a look at each object.

    `test_one_caller_gets_what_many_would_get` keeps them equal; `benchmarks.round_trips pages` has
    such reads.
    """
    [share] = next(iter(part.values()))
    found = [rows[one] for one in part if one in rows]
    share.rows += found
    if len(found) < len(part):
        share.left_out += tuple(one for one in part if one not in rows and one not in not_found)
    if share.state is UNREAD:
        share.state = state
    share.unsettled -= len(part)
    return [] if share.unsettled else [share]
