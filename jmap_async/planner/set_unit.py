"""Writes of one type: the /set calls of many callers in as few invocations as fit.

Merging must not change what anybody sees. So a call joins only when the order in which the server
works (creates, then updates, then destroys; RFC 8620, 5.3) keeps it behind those that came before,
when it touches no object that one of them touches, and when objects of the type do not constrain
each other (see changes.py). What the server refuses is sent again in parts, until whoever is at
fault is alone; and what could not be made because of that goes with it.
"""

from collections import deque
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast

from jmap_async.errors import MethodError, ServerPartialFail
from jmap_async.planner import submissions
from jmap_async.planner.changes import (
    Change,
    changes_of,
    divided,
    email_id,
    first_phase,
    is_independent,
    is_separable,
    touched,
)
from jmap_async.planner.creations import is_list_of_ids
from jmap_async.planner.entry import Answer, Entry
from jmap_async.planner.load import Load, octets
from jmap_async.planner.outcomes import (
    CREATE,
    PHASES,
    Writer,
    complete,
    note,
    outcomes,
    tell,
    with_rest,
)
from jmap_async.planner.recovery import Counts
from jmap_async.planner.request import Invocation, Request
from jmap_async.planner.units import Offer, Unit, concerns_all
from jmap_async.protocol.messages import MethodResponse

if TYPE_CHECKING:
    from jmap_async.planner.queue import Queue


# Arguments that speak of single objects.
_PLAIN: Final = frozenset({"accountId", *PHASES})


class SetUnit(Unit):
    """A /set for all callers whose changes can be made together."""

    def __init__(self, entry: Entry, queue: "Queue", *, empty: bool = False) -> None:
        # What it sends is put together from changes: to look at all arguments would take long.
        super().__init__(entry, queue, {})
        self._writers: dict[Entry, Writer] = {}
        # What waits: parts that go again, each on its own, and then whatever has not gone yet.
        self._parts: list[deque[Change]] = []
        self._changes: deque[Change] = deque()
        self._positions = 0
        self.touched: set[object] = set()
        self._last = CREATE
        self._refers = False
        self._under_way = False
        # Submissions that stand behind this, and that a further call may pass.
        self.behind: list[SetUnit] = []
        # Whether the fault is somebody's or everybody's.
        self._division = Counts()
        if not empty:
            self._add(entry, touched(entry))

    @staticmethod
    def suits(entry: Entry) -> bool:
        """Tell whether an entry is a /set that may be merged or cut up."""
        if entry.patched is not None:
            return entry.mergeable
        arguments = entry.arguments
        if not entry.method.name.endswith("/set") or not entry.mergeable or entry.references:
            return False
        if entry.accounts == (None,) and "accountId" in arguments:
            return False  # for the server to refuse
        if not arguments.keys() <= _PLAIN and not submissions.is_separable(entry):
            return False
        get = arguments.get
        create, update, destroy = get("create"), get("update"), get("destroy")
        return (
            bool(update or create or destroy)
            # What is malformed goes as it is, for the server to refuse.
            and (not create or isinstance(create, dict))
            and (not update or isinstance(update, dict))
            and (not destroy or is_list_of_ids(destroy))
            and (not (entry.creates or entry.makers or entry.strangers) or is_separable(entry))
        )

    @staticmethod
    def key(entry: Entry) -> object:
        """Return what writes have in common that can be merged; None: leave this one alone."""
        if not is_independent(entry):
            return None
        return (entry.method.name, entry.using, entry.accounts)

    def join(self, entry: Entry) -> bool:
        objects = touched(entry)
        if first_phase(entry) < self._last or not objects.isdisjoint(self.touched):
            return False
        if self.behind and not self._may_pass(objects):
            return False
        if entry.makers and self._stands_before(entry):
            return False
        self.entries.append(entry)
        self._add(entry, objects)
        return True

    def _may_pass(self, objects: set[object]) -> bool:
        """Tell whether a later write may go before the submissions that stand behind this."""
        # Not without end: who waits for what is under way already is next.
        return not self._under_way and all(one.may_be_passed(objects) for one in self.behind)

    def _stands_before(self, entry: Entry) -> bool:
        """Tell whether this goes too early for a call, because of what that mentions."""
        late = (self, *self.behind)
        return any(
            maker.answer is None and (maker.unit in late or maker.accounts != entry.accounts)
            for maker in entry.makers.values()
        )

    def may_be_passed(self, objects: set[object]) -> bool:
        """Tell whether a later write of Emails may go before these submissions."""
        if self._last > CREATE:
            return False
        # Of what refers to a draft we do not know the Email.
        return not objects or (not self._refers and objects.isdisjoint(self.touched))

    def close_off(self, joinable: dict[object, Unit]) -> None:
        passed = {
            key: unit
            for key, unit in joinable.items()
            # Tasks that send messages alternate between the two.
            if self.name == submissions.METHOD and unit.name == "Email/set"
        }
        joinable.clear()
        joinable.update(passed)
        for unit in passed.values():
            if isinstance(unit, SetUnit):
                unit.behind.append(self)

    def leave(self, entry: Entry) -> bool:
        # Only the last one: the order of the others stays as it is.
        if len(self.entries) == 1 or entry is not self.entries[-1] or self._under_way:
            return False
        self.entries.pop()
        while self._changes and self._changes[-1].writer.entry is entry:
            self._changes.pop()
        return True

    def _add(self, entry: Entry, objects: set[object]) -> None:
        writer = self._writers[entry] = Writer(entry)
        self.touched |= objects
        self._refers |= bool(entry.makers)
        changes = changes_of(writer)
        for change in changes:
            self._positions += 1
            change.position = self._positions
            writer.unsettled += len(change.keys)
        writer.wanted = changes
        # They are in the order in which the server works, and behind all others.
        self._last = changes[-1].phase
        self._changes += changes

    # On the way out

    def _staying(self) -> list[Entry]:
        # Who left is found out when their changes are taken.
        return self.entries if self._next() else super()._staying()

    def _may_meet(self, other: Unit) -> bool:
        return (
            other is not self
            and isinstance(other, SetUnit)
            and super()._may_meet(other)
            and not self.touched.isdisjoint(other.touched)
        )

    def _with_names(self, request: Request) -> dict[str, Any]:
        # Each change gets its names when it is taken.
        return self._arguments

    def _next(self) -> deque[Change]:
        """Return what goes into an invocation together, as far as it fits."""
        return next((part for part in self._parts if part), self._changes)

    def _take(self, request: Request, wire: dict[str, Any]) -> Offer:
        if request.full:
            return Offer.FULL
        room = request.room(self.name, self.using)
        load = Load(request, room=room, account=self.accounts[0])
        offer = Offer.TAKEN
        while offer is Offer.TAKEN and not load.changes and not self.exhausted:
            offer = self._fill(load, request)
            self.exhausted = not self._next()
        if load.changes:
            self._append(load, request)
            return Offer.TAKEN
        # Those who wanted the rest may have left, or been refused.
        return Offer.DROPPED if self.exhausted else offer

    def _fill(self, load: Load, request: Request) -> Offer:
        """Put into an invocation what fits."""
        changes = self._next()
        while changes:
            if self._left(changes[0].writer.entry):
                changes.popleft()
                continue
            if load.count == load.most:
                return Offer.FULL
            pieces = changes[0].bind(request, load.names)
            if pieces is None:
                return Offer.BLOCKED
            slack = 0 if load.changes else request.slack
            if load.add(changes[0], pieces, slack=slack):
                changes.popleft()
            elif len(changes[0].keys) > 1:
                changes.extendleft(reversed([*changes.popleft().apart()]))
            elif load.changes or request.invocations:
                return Offer.FULL
            else:
                size = load.overhead + octets(pieces)
                self._refuse(changes.popleft(), size, request.told.max_size_request)
        return Offer.TAKEN

    def _append(self, load: Load, request: Request) -> None:
        """Put the invocation into the request, and say who may build on it."""
        part = load.changes
        entries = tuple(dict.fromkeys(one.writer.entry for one in part))
        first = part[0].writer
        created: list[str] = []
        names: dict[Entry, dict[str, str]] = {}
        for one in part:
            if one.name is not None:
                entry = one.writer.entry
                names.setdefault(entry, {**entry.wire_names})[one.keys[0]] = one.name
                created.append(one.keys[0])
        for entry, own in names.items():
            entry.wire_names = own
        again = len(entries) > 1 or any(one.shared for one in part)
        invocation = request.add(
            self,
            load.arguments(),
            entries,
            creates=() if again else created,
            objects=load.count,
            payload=part,
        )
        invocation.repeatable = again
        self._under_way = True
        if again:
            request.unsure.update(self.epochs)
            request.shared.update((one.writer.entry, one.keys[0]) for one in part if one.name)
        elif first.unsettled == load.count and not first.result:
            request.alone[first.entry] = invocation

    def _refuse(self, change: Change, size: int, limit: int) -> None:
        """Note that a change fits into no request; the others are made."""
        error = self._too_large(size, limit)
        note(change, {"type": "tooLarge", "description": str(error)})
        change.writer.refusal = error
        self._progress(change)

    # On the way back

    def answered(
        self, invocation: Invocation, arguments: dict[str, Any], implicit: MethodResponse | None
    ) -> None:
        self._division.successes += 1
        found = outcomes(arguments)
        settled: list[Change] = []
        again: deque[Change] = deque()
        for change in _payload(invocation):
            done, refused = found[change.phase]
            if change.builds_on_sand and (change.name or change.keys[0]) in refused:
                # Nothing was done of it, for want of what is sent again.
                again.append(change)
            else:
                tell(change, done, refused)
                settled.append(change)
        complete([one.writer for one in settled], arguments)
        if implicit is not None:
            self._share(implicit, settled, len(invocation.entries))
        for change in settled:
            self._progress(change)
        if again:
            self._keep(again)
            self._queue.put_back(self, [self])

    def _share(self, implicit: MethodResponse, settled: list[Change], callers: int) -> None:
        """Give each caller its part of what followed upon success."""
        sent: dict[Writer, list[str]] = {}
        for one in settled:
            if one.on_success and one.keys[0] in one.writer.result.get("created", ()):
                sent.setdefault(one.writer, []).append(email_id(one) or "")
        for writer, emails in sent.items():
            part = submissions.own_part(implicit, emails) if callers > 1 else implicit
            if part is not None:
                writer.implicit = submissions.joined(writer.implicit, part)

    def result_of(self, entry: Entry) -> Mapping[str, Any]:
        return self._writers[entry].result

    def restore(self, invocation: Invocation) -> None:
        super().restore(invocation)
        self._keep(deque(_payload(invocation)))

    def _keep(self, *parts: deque[Change]) -> None:
        """Have parts sent again, each by itself, in the order in which their callers came."""
        self.exhausted = False
        self.entries = [one for one in self.entries if one.answer is None]
        waiting = [part for part in (*self._parts, *parts) if part]
        self._parts = sorted(waiting, key=lambda part: part[0].position)

    def refused(self, invocation: Invocation, error: MethodError) -> bool:
        part, alone = _payload(invocation), len(invocation.entries) == 1
        # Nothing was changed (RFC 8620, 3.6.2), unless the server says so: whoever is not at
        # fault gets another try.
        unchanged = not isinstance(error, ServerPartialFail)
        if unchanged and any(one.builds_on_sand for one in part):
            self.again(invocation)
            return True
        self._division.alone += alone
        if unchanged and not (alone or concerns_all(error) or self._division.hopeless):
            self._keep(*divided(part, error))
            self._queue.put_back(self, [self])
            return True
        if self._division.hopeless:
            # What is left of the division would fail in the same way.
            part, self._parts = [*part, *chain(*self._parts)], []
            self.exhausted = not self._changes
        for change in part:
            note(change, {"type": error.type, "description": error.description})
            change.writer.refusal = error
        for change in part:
            self._progress(change)
        return False

    def divide(self) -> list[Unit]:
        changes = [*chain(*self._parts, self._changes)]
        callers = list(dict.fromkeys(one.writer.entry for one in changes))
        if len(callers) == 1:
            return [self]
        half = len(callers) // 2
        parts: list[Unit] = [self._of(some, changes) for some in (callers[:half], callers[half:])]
        self.exhausted, self._parts, self._changes = True, [], deque()
        return parts

    def _of(self, entries: list[Entry], changes: list[Change]) -> "SetUnit":
        """Make a unit of what some of the callers want, in the order in which they came."""
        unit, some = SetUnit(entries[0], self._queue, empty=True), set(entries)
        unit.entries = entries
        unit._changes = deque(one for one in changes if one.writer.entry in some)
        # Other parts of the same calls may have been carried out before.
        unit._writers, unit.touched = self._writers, self.touched
        unit._division, unit.attempts = self._division, self.attempts
        return unit

    def _fail(self, entry: Entry, error: Exception) -> None:
        """Tell a caller that there is no answer, but never hide that a part was carried out."""
        writer = self._writers.get(entry)
        if writer is None or "newState" not in writer.result or entry.answer is not None:
            super()._fail(entry, error)
        else:
            self._settle(entry, Answer(with_rest(writer, error), writer.implicit))

    def _progress(self, change: Change) -> None:
        """Take note that it is known what became of a change; of the last one, tell the caller."""
        writer = change.writer
        writer.unsettled -= len(change.keys)
        if writer.unsettled:
            return
        # A call that was refused as a whole fails; one of which a part was made reports both.
        if writer.refusal is not None and "newState" not in writer.result:
            self._fail(writer.entry, writer.refusal)
        else:
            self._settle(writer.entry, Answer(writer.result, writer.implicit))


def _payload(invocation: Invocation) -> list[Change]:
    part = invocation.payload
    return cast("list[Change]", part) if isinstance(part, list) else []
