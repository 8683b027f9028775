"""The queue: units in the order in which their calls came, and the rule of who may go when.

Within an account reads and writes alternate in *epochs*: a run of reads, a run of writes, and so
on. Calls are merged within an epoch only. Reads of one epoch may be under way in several requests
at once. A write goes when everything before it in its account is done, or stands before it in the
same request; and so does a read after a write. A server carries the calls of one request out in
order (RFC 8620, 3.10), so a single request may hold many epochs.
"""

import contextlib
import heapq
from collections import deque
from collections.abc import Callable, Generator, Sequence
from itertools import takewhile
from typing import Final

from jmap_async.planner.batch_unit import BatchUnit
from jmap_async.planner.entry import Entry
from jmap_async.planner.get_unit import GetUnit
from jmap_async.planner.recovery import Counts, Trial
from jmap_async.planner.request import Request
from jmap_async.planner.set_unit import SetUnit
from jmap_async.planner.units import Offer, Unit

# Units that are passed over for the sake of others behind them, which could still go along.
_LOOK_AHEAD: Final = 32


class Epoch:
    """A run of reads, or a run of writes, of one account."""

    __slots__ = ("flying", "joinable", "reads", "units")

    def __init__(self, *, reads: bool) -> None:
        self.reads = reads
        self.units: deque[Unit] = deque()
        self.joinable: dict[object, Unit] = {}
        self.flying = 0
        """Invocations that are under way."""


class Queue:
    """Units that wait to be sent."""

    def __init__(self, settled: Callable[[Entry], None], left: Callable[[Entry], None]) -> None:
        self.settled = settled
        self.left = left
        self.refused: set[str] = set()
        """Capabilities that the server lists but refused: what needs them goes apart."""
        self._apart = Trial(Counts())
        self._lanes: dict[str | None, deque[Epoch]] = {}
        self._seq = 0

    # Coming in

    def add(self, entry: Entry) -> None:
        """Append a call, or put it into a unit that waits already."""
        kind, needs, reads = _kind(entry), entry.needs, entry.method.reads
        if needs and kind is not SetUnit:  # which can build on a merged call
            for other in needs:
                self._set_apart(other)
        key = kind.key(entry) if len(entry.accounts) == 1 else None
        if key is not None:
            waiting = self._epoch(entry.accounts[0], reads=reads).joinable.get(key)
            if waiting is not None and not waiting.exhausted and waiting.join(entry):
                entry.unit = waiting
                return
        for other in needs:
            _lengthen(other)
        unit = kind(entry, self)
        self._enqueue(unit, [self._epoch(one, reads=reads) for one in entry.accounts])
        if key is not None:
            unit.joinable_as = key
            unit.epochs[0].joinable[key] = unit

    def add_batch(self, entries: list[Entry]) -> None:
        """Append calls that go together."""
        unit = BatchUnit(entries, self)
        own = set(entries)
        for entry in entries:
            for other in entry.needs:
                if other not in own:
                    self._set_apart(other)
        self._enqueue(unit, [self._epoch(one, reads=unit.reads) for one in unit.accounts])

    def _epoch(self, account: str | None, *, reads: bool) -> Epoch:
        lane = self._lanes.get(account)
        if lane is None:
            lane = self._lanes[account] = deque()
        if not lane or lane[-1].reads != reads:
            lane.append(Epoch(reads=reads))
        return lane[-1]

    def _enqueue(self, unit: Unit, epochs: Sequence[Epoch]) -> Unit:
        self._seq += 1
        unit.seq = self._seq
        unit.epochs = epochs
        for epoch in epochs:
            epoch.units.append(unit)
        if not unit.reads:
            # It may touch what a later /set touches: that must not join one that stands before it.
            for epoch in epochs:
                unit.close_off(epoch.joinable)
        for entry in unit.entries:
            entry.unit = unit
        return unit

    def _set_apart(self, entry: Entry) -> None:
        """Give a call that is referred to a unit of its own: its answer has to be its alone."""
        unit = entry.unit
        if unit is not None and not unit.exhausted and unit.leave(entry):
            apart = entry.unit = type(unit)(entry, self)
            apart.seq, apart.epochs = unit.seq, unit.epochs
            for epoch in unit.epochs:
                epoch.units.insert(epoch.units.index(unit) + 1, apart)

    @property
    def empty(self) -> bool:
        """Tell whether nothing waits."""
        for lane in self._lanes.values():
            for epoch in lane:
                if epoch.units:
                    return False
        return True

    # Going out

    def fill(self, request: Request) -> None:
        """Put into a request what may go now and fits, in order."""
        turns: dict[Unit, int] = {}
        lanes = [self._ready(lane, request) for lane in self._lanes.values()]
        in_order = lanes[0] if len(lanes) == 1 else heapq.merge(*lanes, key=lambda one: one.seq)
        try:
            for unit in in_order:
                # A call that touches two accounts goes when its turn has come in both.
                if len(unit.epochs) > 1:
                    turns[unit] = turns.get(unit, 0) + 1
                    if turns[unit] < len(unit.epochs):
                        continue
                if not self._offer(unit, request):
                    return
        finally:
            for lane in lanes:
                lane.close()

    def _ready(self, lane: deque[Epoch], request: Request) -> Generator[Unit, None, None]:
        """Yield the units of an account whose turn has come, and keep those that stay."""
        unsure = False
        for epoch in tuple(lane):
            if not epoch.reads and (unsure or epoch.flying > request.epochs.get(epoch, 0)):
                return
            staying: list[Unit] = []
            try:
                while epoch.units:
                    unit = epoch.units.popleft()
                    if unit.exhausted:
                        continue
                    staying.append(unit)
                    yield unit
                    if _is_spent(unit):
                        staying.pop()
                    elif not epoch.reads:
                        break
            finally:
                if staying:
                    epoch.units.extendleft(one for one in reversed(staying) if not one.exhausted)
            unsure |= epoch in request.unsure
            if epoch.units or epoch.flying > request.epochs.get(epoch, 0):
                return

    def _offer(self, unit: Unit, request: Request) -> bool:
        """Put in what fits of a unit; False: the request is complete."""
        trial = unit.trial or (None if self.refused.isdisjoint(unit.using) else self._apart)
        if request.invocations:
            if trial is not request.trial or request.would_split(unit.chain):
                request.passed_over += 1
                return request.passed_over < _LOOK_AHEAD
        else:
            request.trial = trial
        while not unit.exhausted:
            before = len(request.invocations)
            offer = unit.offer(request)
            taken = len(request.invocations) - before
            for epoch in unit.epochs if taken else ():
                epoch.flying += taken
                request.epochs[epoch] = request.epochs.get(epoch, 0) + taken
            request.dropped |= offer is Offer.DROPPED
            if _is_spent(unit):
                _forget(unit)
            if offer is Offer.FULL:
                return False
            if offer is Offer.BLOCKED:
                break
        return not request.full

    # Coming back

    def put_back(self, unit: Unit, units: Sequence[Unit]) -> None:
        """Put units in the place of `unit`: in front of all that came after it."""
        for one in units:
            one.seq, one.epochs = unit.seq, unit.epochs
            for entry in one.entries:
                entry.unit = one
        for epoch in unit.epochs:
            # One that was taken in part is still there.
            with contextlib.suppress(ValueError):
                epoch.units.remove(unit)
            rest = () if unit in units or unit.exhausted else (unit,)
            before = list(takewhile(lambda one: one.seq < unit.seq, epoch.units))
            for _ in before:
                epoch.units.popleft()
            epoch.units.extendleft(reversed((*before, *units, *rest)))

    def done(self, request: Request) -> None:
        """Take note that a request is not under way any more."""
        request.close()
        for epoch, count in request.epochs.items():
            epoch.flying -= count
        for account, lane in tuple(self._lanes.items()):
            while lane and not lane[0].units and not lane[0].flying:
                lane.popleft()
            if not lane:
                del self._lanes[account]


def _kind(entry: Entry) -> type[Unit]:
    """Return what a call becomes on its way into a request."""
    if GetUnit.suits(entry):
        return GetUnit
    return SetUnit if SetUnit.suits(entry) else Unit


def _is_spent(unit: Unit) -> bool:
    # A function, because what was known of the unit before may have changed meanwhile.
    return unit.exhausted


def _forget(unit: Unit) -> None:
    """Let nobody join a unit any more that has gone: an epoch may last for days."""
    for epoch in unit.epochs:
        if epoch.joinable.get(unit.joinable_as) is unit:
            del epoch.joinable[unit.joinable_as]


def _lengthen(entry: Entry) -> None:
    """Count a follower for the units of an entry and of all that it needs itself."""
    if entry.answer is None and entry.unit is not None:
        entry.unit.chain += 1
        for other in entry.needs:
            _lengthen(other)
