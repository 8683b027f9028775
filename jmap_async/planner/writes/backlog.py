"""What of a merged write has still to go, and in which order.

What goes again goes in parts, each by itself; behind them stands what has not gone yet.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain

from jmap_async.planner.base.entry import Entry
from jmap_async.planner.writes.changes import Change, Writer, changes_of
from jmap_async.planner.writes.patches import Patches

Piece = Change | Patches
"""What invocations are put together from."""


class Backlog:
    """Pieces that wait; `writers` are the callers whose changes were looked at one by one."""

    def __init__(self) -> None:
        self.writers: dict[Entry, Writer] = {}
        self._parts: list[deque[Piece]] = []
        self._rest: deque[Piece] = deque()
        self._positions = 0
        self.ordered = False
        """Whether some of the calls stand behind others of their owner."""

    def __bool__(self) -> bool:
        return any(self._parts) or bool(self._rest)

    @property
    def parts(self) -> Iterator[deque[Piece]]:
        """What goes into an invocation together, as far as it may go and fits."""
        yield from (part for part in (*self._parts, self._rest) if part)

    def holds(self, entry: Entry) -> bool:
        """Tell whether something of a call is still in here."""
        return any(entry in piece.entries for part in self.parts for piece in part)

    def add(self, entry: Entry) -> None:
        """Append what a call changes."""
        self._positions += 1
        if entry.after:
            self.ordered = True
        if entry.patched is None:
            changes = self._changes_of(entry, self._positions)
            self._positions = changes[-1].position
            self._rest += changes
            return
        last = self._rest[-1] if self._rest else None
        if isinstance(last, Patches):
            last.entries.append(entry)
        else:
            self._rest.append(Patches([entry], self._positions))

    def split_off(self, entry: Entry) -> None:
        """Take out the call that came last, of which nothing was sent."""
        while self._rest and self._rest[-1].entries[-1] is entry:
            last = self._rest[-1]
            if isinstance(last, Patches) and len(last.entries) > 1:
                last.entries.pop()
            else:
                self._rest.pop()

    def keep(self, *parts: Iterable[Piece]) -> None:
        """Have parts sent again, in the order in which their callers came."""
        waiting = [part for part in (*self._parts, *map(deque, parts)) if part]
        self._parts = sorted(waiting, key=lambda part: (part[0].position, part[0].place))

    def drop_parts(self) -> list[Change]:
        """Give up what was to be sent again."""
        dropped = self.in_detail(chain(*self._parts))
        self._parts = []
        return dropped

    @property
    def callers(self) -> list[Entry]:
        """Those whose changes wait, each once."""
        pieces = chain(*self._parts, self._rest)
        return list(dict.fromkeys(chain.from_iterable(one.entries for one in pieces)))

    def divided(self, *groups: list[Entry]) -> "list[Backlog]":
        """Take everything out, and return what waits for each group of callers."""
        changes = [*self.drop_parts(), *self.in_detail(self._rest)]
        self._rest.clear()
        return [self._of(set(one), changes) for one in groups]

    def _of(self, callers: set[Entry], changes: list[Change]) -> "Backlog":
        backlog = Backlog()
        # Other parts of the same calls may have been carried out before.
        backlog.writers, backlog.ordered = self.writers, self.ordered
        backlog._rest += [one for one in changes if one.writer.entry in callers]
        return backlog

    def in_detail(self, pieces: Iterable[Piece]) -> list[Change]:
        """Return what pieces change, one by one."""
        changes: list[Change] = []
        for one in pieces:
            if isinstance(one, Patches):
                for position, entry in enumerate(one.entries, one.position):
                    changes += self._changes_of(entry, position)
            else:
                changes.append(one)
        return changes

    def _changes_of(self, entry: Entry, position: int) -> list[Change]:
        writer = self.writers[entry] = Writer(entry)
        changes = changes_of(writer)
        for change in changes:
            change.position = position
            position += 1
            writer.unsettled += len(change.keys)
        writer.wanted = changes
        return changes
