"""The queue: units in the order in which their calls came.

Whoever may go now goes as soon as there is room in a request; whose turn has not come (see
order.py) stays, and holds nobody else up. Calls of all owners are merged; a unit in which some have
to wait goes in parts.
"""

import contextlib
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Final

from jmap_async.planner.base.entry import Entry
from jmap_async.planner.base.replays import Again, Replay, replay
from jmap_async.planner.base.request import Request
from jmap_async.planner.base.trials import Division, Trial
from jmap_async.planner.base.unit import Offer, Unit
from jmap_async.planner.batch_unit import BatchUnit
from jmap_async.planner.plain_unit import PlainUnit
from jmap_async.planner.reads.get_unit import GetUnit
from jmap_async.planner.writes.merging import touched
from jmap_async.planner.writes.set_unit import SetUnit

_seq: Final = attrgetter("seq")

# Units that are passed over for the sake of others behind them, which could still go along.
_LOOK_AHEAD: Final = 32


class Queue:
    """Units that wait to be sent."""

    def __init__(
        self,
        settled: Callable[[Entry], None],
        abandoned: Callable[[Entry], None],
        *,
        replays: list[Replay],
    ) -> None:
        self.settled = settled
        self.abandoned = abandoned
        self.replays = replays
        self.refused: set[str] = set()
        """Capabilities that the server lists but refused: what needs them goes apart."""
        self._apart = Trial(Division())
        self._units: deque[Unit] = deque()
        # Units that others may join, by what they have in common; those that write once more.
        self._joinable: dict[object, Unit] = {}
        self._writes: dict[object, SetUnit] = {}
        # How many units have to come first in a request (see `_offer_all`).
        self._guarded = 0
        self._seq = 0

    # Coming in

    def add(self, entry: Entry) -> None:
        """Append a call, or put it into a unit that waits already."""
        kind: type[PlainUnit | SetUnit] = PlainUnit
        if GetUnit.suits(entry):
            kind = GetUnit
        elif SetUnit.suits(entry):
            kind = SetUnit
        needs = entry.needs
        if needs and kind is not SetUnit:  # which can build on a merged call
            for other in needs:
                self._set_apart(other)
        key = kind.key(entry) if len(entry.accounts) == 1 else None
        unit = self._joinable.get(key) if key is not None else None
        if unit is not None and not unit.exhausted and unit.join(entry):
            entry.unit = unit
        else:
            for other in needs:
                _lengthen(other)
            unit = kind(entry, self)
            self._enqueue(unit)
            if key is not None:
                unit.joinable_as = key
                self._joinable[key] = unit
                if isinstance(unit, SetUnit):
                    self._writes[key] = unit
        if not unit.reads and (len(self._writes) > 1 or unit not in self._writes.values()):
            self._close_off(unit, entry)

    def _close_off(self, unit: Unit, entry: Entry) -> None:
        """Let nothing join what stands before a write if both change the same objects."""
        objects = touched(entry)
        for other in self._writes.values():
            if other.seq < unit.seq and other.accounts == unit.accounts:
                other.touched.update(objects)

    def add_batch(self, entries: list[Entry]) -> None:
        """Append calls that go together."""
        own = set(entries)
        for entry in entries:
            for other in entry.needs:
                if other not in own:
                    self._set_apart(other)
        unit = BatchUnit(entries, self)
        self._enqueue(unit)
        for entry in entries:
            if not entry.method.reads:
                self._close_off(unit, entry)

    def _enqueue(self, unit: Unit) -> None:
        self._seq += 1
        unit.seq = self._seq
        self._guarded += unit.guarded
        self._units.append(unit)
        for entry in unit.entries:
            entry.unit = unit

    def _set_apart(self, entry: Entry) -> None:
        """Give a call that is referred to a unit of its own: its answer has to be its alone."""
        unit = entry.unit
        if unit is not None and not unit.exhausted and unit.split_off(entry):
            self.put_behind(unit, type(unit)(entry, self))

    def put_behind(self, unit: Unit, apart: Unit) -> None:
        """Put a unit of some of its callers behind one."""
        apart.trial = unit.trial
        self._take_over([apart], unit)
        self._insert([apart], bisect_right(self._units, unit.seq, key=_seq))

    def _take_over(self, units: Iterable[Unit], unit: Unit) -> None:
        """Let units stand where `unit` stood."""
        for one in units:
            one.seq = unit.seq
            for entry in one.entries:
                entry.unit = one

    def _insert(self, units: Sequence[Unit], place: int) -> None:
        self._units.rotate(-place)
        self._units.extendleft(reversed(units))
        self._units.rotate(place)

    @property
    def empty(self) -> bool:
        """Tell whether nothing waits."""
        return not self._units

    # Going out

    def fill(self, request: Request) -> None:
        """Put into a request what may go now and fits, in order."""
        # What is only done in a certain state comes first: neighbours must not make it fail.
        if self._guarded and not self._offer_all(request, guarded=True):
            return
        while self._offer_all(request):
            pass

    def _offer_all(self, request: Request, *, guarded: bool = False) -> bool:
        """Offer each unit; tell whether one that had to wait may be able to go now."""
        staying: list[Unit] = []
        waited = taken = False
        request.held.clear()
        try:
            while self._units:
                unit = self._units.popleft()
                if unit.exhausted:
                    self._forget(unit)
                    continue
                staying.append(unit)
                if guarded and not unit.guarded:
                    continue
                before = len(request.invocations)
                complete = not self._offer(unit, request)
                taken |= waited and len(request.invocations) > before
                if _is_spent(unit):
                    staying.pop()
                    self._forget(unit)
                else:
                    waited = True
                if complete:
                    return False
        finally:
            if staying:
                self._units.extendleft(one for one in reversed(staying) if not one.exhausted)
        return taken or guarded

    def _offer(self, unit: Unit, request: Request) -> bool:
        """Put in what fits of a unit; False: the request is complete."""
        trial = unit.trial or (None if self.refused.isdisjoint(unit.using) else self._apart)
        if request.invocations:
            if trial is not request.trial or request.would_split(unit.chain):
                request.passed_over += 1
                return request.passed_over < _LOOK_AHEAD
        else:
            request.trial = trial
        before = len(request.invocations)
        while not unit.exhausted:
            offer = unit.offer(request)
            request.dropped |= offer is Offer.DROPPED
            if offer is Offer.FULL:
                if len(request.invocations) > before:
                    self._close(unit)  # else those behind it might never have their turn
                return False
            if offer is Offer.BLOCKED:
                break
        return not request.full

    def _forget(self, unit: Unit) -> None:
        """Take note that a unit has gone."""
        self._guarded -= unit.guarded
        self._close(unit)

    def _close(self, unit: Unit) -> None:
        """Let nobody join a unit any more."""
        key = unit.joinable_as
        if key is not None and self._joinable.get(key) is unit:
            del self._joinable[key]
            self._writes.pop(key, None)

    # Coming back

    def put_back(self, unit: Unit, units: Sequence[Unit], why: Again | None = None) -> None:
        """Put units in the place of `unit`: in front of all that came after it.

        `why` they go again, unless that is noted for all of a request.
        """
        if why is not None:
            callers = sum(1 for one in units for entry in one.entries if entry.answer is None)
            self.replays.append(replay(why, (one.name for one in units), callers))
        self._take_over(units, unit)
        # One that was taken in part is still there.
        with contextlib.suppress(ValueError):
            self._units.remove(unit)
            self._guarded -= unit.guarded
        if unit.exhausted:
            self._close(unit)
        rest = () if unit in units or unit.exhausted else (unit,)
        back = (*units, *rest)
        self._guarded += sum(one.guarded for one in back)
        self._insert(back, bisect_left(self._units, unit.seq, key=_seq))


def _is_spent(unit: Unit) -> bool:
    # A function, because what was known of the unit before may have changed meanwhile.
    return unit.exhausted


def _lengthen(entry: Entry) -> None:
    """Count a follower for the units of an entry and of all that it needs itself."""
    if entry.answer is None and entry.unit is not None:
        entry.unit.chain += 1
        for other in entry.needs:
            _lengthen(other)
