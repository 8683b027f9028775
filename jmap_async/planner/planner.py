"""The planner: which calls go into which request, and whose answer is whose.

It decides and does nothing: no event loop, no clock, no I/O. Whoever uses it submits calls, asks
for the next request that may leave, sends it, and gives the answer back:

    entry = planner.submit(call, session)
    while (request := planner.next_request(session.core)) is not None:
        planner.settle(request, parse_response(post(request.encode())))
    entry.answer
"""

import weakref
from collections.abc import Callable, Sequence
from typing import Final

from jmap_async.errors import UnknownCapability
from jmap_async.planner.base.entry import Entry
from jmap_async.planner.base.order import Owners
from jmap_async.planner.base.replays import Again, Replay, replay
from jmap_async.planner.base.request import Request
from jmap_async.planner.base.trials import Division, Trial
from jmap_async.planner.base.unit import Unit
from jmap_async.planner.last_writes import Writes
from jmap_async.planner.prepare.careful import prepare
from jmap_async.planner.prepare.requeue import is_lost, renewed
from jmap_async.planner.prepare.usual import prepare_usual
from jmap_async.planner.queue import Queue
from jmap_async.planner.recovery import Remedy, Verdict, named
from jmap_async.planner.repeatable import not_carried_out, repeatable
from jmap_async.planner.settling import settle
from jmap_async.protocol.call import AnyCall
from jmap_async.protocol.messages import Response
from jmap_async.protocol.session import CoreCapability, Session

# Creation ids that a task may still refer to after that many newer ones.
_REMEMBERED: Final = 1000


class Planner:
    """Calls that wait and calls that are under way; `submitted` is told of each new one."""

    def __init__(self, *, submitted: Callable[[Entry], None] = lambda _: None) -> None:
        self._submitted = submitted
        self.replays: list[Replay] = []
        """What is sent again, and why, since this was looked at last."""
        self._queue = Queue(self._settled, self._abandoned, replays=self.replays)
        self._owners = Owners()
        self.writes = Writes()
        """What is written, and so out of date where it was looked up."""
        self.waiting = 0
        """Calls that were submitted and are not sent yet."""
        self._session: Session | None = None
        self._finished: list[Entry] = []
        self._creators: weakref.WeakKeyDictionary[object, dict[str, Entry]] = (
            weakref.WeakKeyDictionary()
        )
        self._nobody = _Scope()

    def submit(self, call: AnyCall, session: Session) -> Entry:
        """Queue a call, after all calls that it refers to; a call is queued once.

        Raises:
            LocalProtocolError: it cannot be sent; nothing of it was queued.
        """
        if session is not self._session:
            self._session = session
            self._queue.refused.clear()
        entry = self.entry_of(call)
        if entry is not None:
            if is_lost(entry):
                entry = self._queued_again(entry)
                self.keep(call, entry)
            return entry
        entry = prepare_usual(call, session)
        if entry is None:
            entry = prepare(
                call,
                session,
                entry_of=lambda other: self.submit(other, session),
                creator_of=self._live_creator_of,
            )
        self._owners.join(entry)
        self._queue.add(entry)
        if entry.creates:
            self._remember(call.scope, entry)
        self._take_in(entry)
        self.keep(call, entry)
        return entry

    def entry_of(self, call: AnyCall) -> Entry | None:
        """Return what a call became when it was submitted."""
        entry: Entry | None = call.submitted
        return entry and entry.latest

    def keep(self, call: AnyCall, entry: Entry) -> None:
        """Note what a call became: with the call, so that it is gone when the call is."""
        call.submitted = entry

    def knows(self, call: AnyCall) -> bool:
        """Tell whether a call was submitted, so that submitting it again adds nothing."""
        entry = self.entry_of(call)
        return entry is not None and not is_lost(entry)

    def _queued_again(self, entry: Entry) -> Entry:
        """Return what stands for an entry, behind all that it needs: whoever left may come back.

        One that was dropped is queued anew, and so is what waits for it: it stands before that now.
        """
        entry = entry.latest
        if is_lost(entry):
            entry = renewed(entry, {one: self._queued_again(one) for one in entry.needs})
            self._owners.join(entry)
            self._queue.add(entry)
            self._take_in(entry)
        return entry

    def _take_in(self, entry: Entry) -> None:
        self.waiting += 1
        if not entry.method.reads:
            self.writes.begun[entry.method.name] += 1
        self._submitted(entry)

    def _abandoned(self, entry: Entry) -> None:
        self._owners.leave((entry,))
        self.waiting -= not entry.sent
        self.writes.drop(entry)

    def submit_batch(self, calls: Sequence[AnyCall], session: Session) -> list[Entry]:
        """Queue calls that go together in one request of their own.

        Raises:
            LocalProtocolError: one of them cannot be sent; nothing was queued.
        """
        entries: dict[AnyCall, Entry] = {}
        for call in calls:
            entries[call] = prepare(
                call,
                session,
                entry_of=lambda other: entries.get(other) or self.submit(other, session),
                creator_of=self._live_creator_of,
            )
            if entries[call].creates:
                self._remember(call.scope, entries[call])
        for entry in entries.values():
            self._owners.join(entry)
        self._queue.add_batch(list(entries.values()))
        for call, entry in entries.items():
            self._take_in(entry)
            self.keep(call, entry)
        return list(entries.values())

    def next_request(self, limits: CoreCapability, *, dry_run: bool = False) -> Request | None:
        """Return the next request that may leave now; None: nothing can, or nothing waits.

        `dry_run`: it is only for show (see explain.py).
        """
        if self._queue.empty:
            return None
        announced = self._session.core if self._session else None
        request = Request(limits, announced=announced, dry_run=dry_run)
        self._queue.fill(request)
        while request.dropped and not request.full:
            # What was in the way of others is gone: no answer will come to look for them again.
            request.dropped = False
            self._queue.fill(request)
        if not request.invocations and self._owners.early:
            self._owners.tidy()  # for the same reason
        self.waiting -= request.fresh
        return request if request.invocations else None

    def settle(self, request: Request, response: Response) -> list[str]:
        """Give the calls of a request their answers; return what was odd about these."""
        request.over = True
        if request.trial:
            request.trial.counts.successes += 1
        remarks = settle(request, response)
        self._done(request)
        return remarks

    def _done(self, request: Request) -> None:
        request.close()
        if self._owners.early:
            self._owners.tidy()

    def give_up(self, request: Request, error: Exception, *, attempts: int | None = None) -> None:
        """Fail those calls of a request that must not be sent again after this error.

        `attempts` is how often each may be sent again unchanged; None: that is not the question.
        """
        request.over = True
        if not_carried_out(error):
            request.sent = False
        safe = {
            invocation: all(repeatable(entry, error) for entry in invocation.entries)
            for invocation in request.invocations
        }
        for invocation in tuple(request.invocations):
            if attempts is not None:
                spent = [entry for entry in invocation.entries if entry.attempts >= attempts]
                invocation.unit.give_up(spent, error)
            if not safe[invocation] or (request.closed and not all(safe.values())):
                invocation.unit.failed(invocation, error)
            if all(entry.answer for entry in invocation.entries):
                request.drop(invocation)

    def recover(self, request: Request, error: Exception, verdict: Verdict) -> None:
        """Put the calls of a failed request back into the queue, as the remedy demands."""
        units, remedy = request.units, verdict.remedy
        if verdict.why is not None and units:
            self.replays.append(replay(verdict.why, request.methods, len(request.entries)))
        if not_carried_out(error):
            self.waiting += request.take_back()
        for invocation in reversed(request.invocations):
            invocation.unit.restore(invocation)
            invocation.unit.whole.exhausted = False
        counts = request.trial.counts if request.trial else Division()
        counts.failures += 1
        parts = {unit: [unit] for unit in units}
        if remedy is Remedy.DIVIDE:
            parts = self._divided(units, error, counts)
        else:
            for entry in request.entries:
                entry.attempts += remedy is Remedy.REPEAT
            for unit in units:
                unit.trial = request.trial
        for unit in reversed(units):
            self._queue.put_back(unit, parts[unit])
        self._done(request)

    def _divided(
        self, units: tuple[Unit, ...], error: Exception, counts: Division
    ) -> dict[Unit, list[Unit]]:
        """Set the parts of a request apart from each other."""
        if isinstance(error, UnknownCapability):
            return self._by_capability(units, error, counts)
        if len(units) == 1:
            parts = {units[0]: units[0].divide()}
            for part in parts[units[0]]:
                part.trial = Trial(counts)
            return parts
        halves = Trial(counts), Trial(counts)
        for position, unit in enumerate(units):
            unit.trial = halves[2 * position >= len(units)]
        return {unit: [unit] for unit in units}

    def _by_capability(
        self, units: tuple[Unit, ...], error: UnknownCapability, counts: Division
    ) -> dict[Unit, list[Unit]]:
        """Tell the calls apart by what they need; what the error names is at fault."""
        refused = named(error, {uri for unit in units for uri in unit.using})
        # Not to be tried together with others again, as long as this session lasts.
        self._queue.refused |= refused
        trials: dict[frozenset[str], Trial] = {}
        for unit in units:
            if unit.using & refused:
                unit.fail(error)
            else:
                unit.trial = trials.setdefault(unit.using, Trial(counts)) if not refused else None
        return {unit: [unit] for unit in units}

    def fail(self, request: Request, error: Exception) -> None:
        """Give the calls of a request an error each, for want of an answer."""
        request.over = True
        if request.trial:
            request.trial.counts.failed_alone += request.indivisible
        for invocation in request.invocations:
            invocation.unit.failed(invocation, error)
        self._done(request)

    def abandon(self, request: Request, error: Exception) -> None:
        """Take note that a request was cancelled because nobody waited for it any more.

        Its reads go back into the queue, for somebody may have come for one of them meanwhile; it
        drops those that nobody wants. For writes the error stays.
        """
        self.give_up(request, error)
        self.recover(request, error, Verdict(Remedy.REPLAN, Again.DESERTED))

    def refuse(self, entry: Entry, error: Exception) -> None:
        """Give a call an error, wherever it is; nothing more of it is sent."""
        if entry.answer is None:
            entry.fail(error)
            self._settled(entry)

    def finished(self) -> Sequence[Entry]:
        """Return the calls that were answered, or failed, since the last time."""
        finished, self._finished = self._finished, []
        if finished:
            self._owners.leave(finished)
            if self.writes.begun:
                self.writes.end(finished)
        return finished

    def _settled(self, entry: Entry) -> None:
        self.waiting -= not (entry.carried or entry.abandoned)
        self._finished.append(entry)

    # Creation ids, by who chose them

    def creator_of(self, scope: object, name: str) -> Entry | None:
        """Return the call that created something under this name, in this scope."""
        entry = self._creators.get(self._nobody if scope is None else scope, {}).get(name)
        return entry and entry.latest

    def _live_creator_of(self, scope: object, name: str) -> Entry | None:
        """Return what creates something under this name, and is queued if nobody had waited."""
        entry = self.creator_of(scope, name)
        return entry and self._queued_again(entry)

    def _remember(self, scope: object, entry: Entry) -> None:
        known = self._creators.setdefault(self._nobody if scope is None else scope, {})
        for name in entry.creates:
            known.pop(name, None)
            known[name] = entry
        while len(known) > _REMEMBERED:
            del known[next(iter(known))]


class _Scope:
    """The scope of calls that were made outside of any task."""

    __slots__ = ("__weakref__",)
