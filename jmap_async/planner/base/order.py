"""Order: the calls of one owner keep the order in which they were first awaited.

An owner is whoever has made the calls: a task, or whatever else runs outside of any. Within an
account its reads follow its earlier writes, and its writes follow all that it asked for earlier.
Calls of different owners have no order, as if each had a client of its own.

What a call stands behind is known when it comes (`Entry.after`). It may go when all of that is
done, or stands before it in the same request: a server carries the calls of a request out in order
(RFC 8620, 3.10). What is sent again for the sake of another caller comes to its turn late. So a
write waits for the answer of what may be sent again, and a read that stands behind it goes again.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from jmap_async.planner.base.entry import Entry

if TYPE_CHECKING:
    from jmap_async.planner.base.request import Request


class Owners:
    """The calls that are not done, by owner."""

    def __init__(self) -> None:
        # Nearly all have one at a time: nothing needs to be known of it but that it is there.
        self._only: dict[object, Entry] = {}
        self._lines: dict[object, dict[str | None, _Line]] = {}
        # Calls that have come to their end before what they stand behind, or while a part of them
        # was under way.
        self.early: set[Entry] = set()

    def __len__(self) -> int:
        """Tell how many owners have calls that are not done."""
        return len(self._only) + len(self._lines)

    def join(self, entry: Entry) -> None:
        """Take a call in, behind those that its owner has made before."""
        owner = entry.owner
        if owner not in self._lines:
            first = self._only.setdefault(owner, entry)
            if first is entry:
                return
            del self._only[owner]
            self._lines[owner] = {}
            self._stand(first)
        entry.after = self._stand(entry)

    def _stand(self, entry: Entry) -> tuple[Entry, ...]:
        lines = self._lines[entry.owner]
        before: dict[Entry, None] = {}
        for account in entry.accounts:
            before.update(lines.setdefault(account, _Line()).join(entry))
        return tuple(before)

    def leave(self, entries: Iterable[Entry]) -> None:
        """Take out calls that have an answer, or never get one."""
        only = self._only
        for entry in entries:
            owner = entry.owner
            if (entry.requests or entry.after) and not is_done(entry):
                self.early.add(entry)
            elif only.get(owner) is entry:
                del only[owner]
            elif owner in self._lines:
                self._leave_lines(entry)

    def tidy(self) -> None:
        """Take out what is done only now."""
        early, self.early = self.early, set()
        self.leave(early)

    def _leave_lines(self, entry: Entry) -> None:
        lines = self._lines[entry.owner]
        for account in entry.accounts:
            if account in lines and lines[account].leave(entry):
                del lines[account]
        if not lines:
            del self._lines[entry.owner]


class _Line:
    """The calls of one owner in one account: the last write, and the reads since then."""

    __slots__ = ("reads", "write")

    def __init__(self) -> None:
        self.write: Entry | None = None
        self.reads: dict[Entry, None] = {}

    def join(self, entry: Entry) -> dict[Entry, None]:
        """Append a call; return what it directly stands behind."""
        last = {self.write: None} if self.write is not None else {}
        if entry.method.reads:
            self.reads[entry] = None
            return last
        before = self.reads or last
        self.write, self.reads = entry, {}
        return before

    def leave(self, entry: Entry) -> bool:
        """Take out what is done; tell whether there is nothing left."""
        if entry is self.write:
            self.write = None
        self.reads.pop(entry, None)
        return self.write is None and not self.reads


def is_done(entry: Entry) -> bool:
    """Tell whether a call has come to its end, and so has all that it stands behind."""
    return entry.ended and not pending(entry)


def pending(entry: Entry) -> tuple[Entry, ...]:
    """Return what a call stands behind that has not come to its end."""
    while any(one.ended for one in entry.after):
        # What failed before its turn came leaves its place to what it stood behind itself.
        entry.after = tuple(
            dict.fromkeys(
                other for one in entry.after for other in (one.after if one.ended else (one,))
            )
        )
    return entry.after


def may_go(entry: Entry, request: "Request") -> bool:
    """Tell whether a request may carry a call now, given what it stands behind."""
    return not entry.after or all(
        stands_before(one, request, reads=entry.method.reads) for one in pending(entry)
    )


def stands_before(entry: Entry, request: "Request", *, reads: bool) -> bool:
    """Tell whether a request carries all of a call, so that another one may stand behind it.

    One that only `reads` can be sent again when that call is.
    """
    if entry.unit is None or entry.unit.holds(entry):
        return False
    if request.dry_run and entry.sent and request not in entry.requests:
        return True  # as if the other one had been answered
    return entry.requests == (request,) and (reads or entry in request.firm)


def is_firm(entry: Entry, request: "Request") -> bool:
    """Tell whether nothing that a call stands behind may have to be sent again."""
    return all(one in request.firm for one in pending(entry))


def note_firm(entry: Entry, request: "Request") -> None:
    """Note that a call will not be sent again, unless something that it stands behind may be."""
    if not entry.after or is_firm(entry, request):
        request.firm.add(entry)


def goes_again(entry: Entry) -> bool:
    """Tell whether a call has seen what it must not see, given what was answered of its request."""
    return bool(pending(entry)) or any(one.answer is None for one in entry.needs)


def is_built_on_provisional(entry: Entry, request: "Request") -> bool:
    """Tell whether something that a call refers to may have to be sent again for its owner's sake.

    Of what stands in the same request: else there is an answer to refer to.
    """
    return any(
        one.answer is None and (not is_firm(one, request) or is_built_on_provisional(one, request))
        for one in entry.needs
    )
