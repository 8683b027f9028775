"""Writes of one type: the /set calls of many callers in as few invocations as fit.

Merging must not change what anybody sees. So a call joins only when it touches no object that one
of them touches, and when objects of the type do not constrain each other (see merging.py). What its
owner asked for before stands in front of it (see order.py). What the server refuses is sent again
in parts, until whoever is at fault is alone; and what could not be made because of that goes with
it.
"""

from collections.abc import Collection, Iterable
from typing import cast

from jmap_async.errors import MethodError, ServerPartialFail
from jmap_async.planner.base.entry import Answer, Entry
from jmap_async.planner.base.replays import Again
from jmap_async.planner.base.request import Invocation, Request
from jmap_async.planner.base.trials import Division
from jmap_async.planner.base.unit import Line, Offer, Unit, concerns_all
from jmap_async.planner.writes import merging, submissions
from jmap_async.planner.writes.backlog import Backlog, Piece
from jmap_async.planner.writes.changes import Change, Writer, email_id
from jmap_async.planner.writes.culprits import divided
from jmap_async.planner.writes.merging import touched
from jmap_async.planner.writes.outcomes import complete, note, outcomes, tell, with_rest
from jmap_async.planner.writes.patches import Patches
from jmap_async.planner.writes.set_builder import SetBuilder
from jmap_async.protocol.json import JSONObject, Members
from jmap_async.protocol.messages import MethodResponse


class SetUnit(Unit):
    """A /set for all callers whose changes can be made together."""

    def __init__(self, entry: Entry, queue: Line, *, backlog: Backlog | None = None) -> None:
        super().__init__(entry, queue)
        # What no other call may change that joins: it is in here, or in something behind this.
        self.touched: set[object] = set()
        # Whether the fault is somebody's or everybody's.
        self._division = Division()
        self._backlog = backlog or Backlog()
        if backlog is None:
            # As a set they are taken over in half the room that they need one by one.
            self._add(entry, {*touched(entry)})

    suits = staticmethod(merging.suits)
    key = staticmethod(merging.key)

    # Who joins

    def join(self, entry: Entry) -> bool:
        objects = touched(entry)
        if not self.touched.isdisjoint(objects):
            return False
        self.entries.append(entry)
        if entry.after:
            self.ordered = True
        self._add(entry, objects)
        return True

    def _add(self, entry: Entry, objects: Collection[object]) -> None:
        self.touched.update(objects)
        self._backlog.add(entry)

    def split_off(self, entry: Entry) -> bool:
        # Only the last one: the order of the others stays as it is.
        if len(self.entries) == 1 or entry is not self.entries[-1] or entry.requests:
            return False
        self.entries.pop()
        self._backlog.split_off(entry)
        return True

    def holds(self, entry: Entry) -> bool:
        return self._backlog.holds(entry)

    # On the way out

    def _staying(self) -> list[Entry]:
        # Who left is found out when their changes are taken.
        return self.entries if self._backlog else super()._staying()

    def _put_into(self, request: Request) -> Offer:
        if request.full:
            return Offer.FULL
        room = request.room(self.name, self.using)
        builder = SetBuilder(request, room=room, account=self.accounts[0])
        offer = Offer.TAKEN
        for pieces in self._backlog.parts:
            offer = builder.fill(
                pieces, self._backlog, unwanted=self._unwanted, refuse=self._refuse
            )
            if builder.pieces or offer is Offer.FULL:
                break
        self.exhausted = not self._backlog
        if builder.pieces:
            builder.send(self)
            return Offer.TAKEN
        # Those who wanted the rest may have left, or been refused.
        return Offer.DROPPED if self.exhausted else offer

    def _refuse(self, change: Change, size: int, most: int) -> None:
        """Note that a change fits into no request; the others are made."""
        error = self._too_large(size, most)
        note(change, {"type": "tooLarge", "description": str(error)})
        change.writer.refusal = error
        self._progress(change)

    # On the way back

    def answered(
        self, invocation: Invocation, arguments: JSONObject, implicit: MethodResponse | None
    ) -> None:
        self._division.successes += 1
        pieces = _payload(invocation)
        first = pieces[0]
        answers = first.answers(arguments) if isinstance(first, Patches) else None
        if answers is None or len(pieces) > 1:
            self._tell(self._backlog.in_detail(pieces), invocation, arguments, implicit)
            return
        for entry, answer in zip(first.entries, answers, strict=True):
            self._settle(entry, answer)

    def _tell(
        self,
        part: list[Change],
        invocation: Invocation,
        arguments: JSONObject,
        implicit: MethodResponse | None,
    ) -> None:
        """Tell each caller what became of its changes."""
        found = outcomes(arguments)
        settled: list[Change] = []
        again: list[Change] = []
        for change in part:
            done, refused = found[change.phase]
            if change.builds_on_provisional and (change.name or change.keys[0]) in refused:
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
            self._queue.put_back(self, [self], Again.BUILT_ON_REPLAY)

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

    def result_of(self, entry: Entry) -> Members:
        return self._backlog.writers[entry].result

    def restore(self, invocation: Invocation) -> None:
        super().restore(invocation)
        self._keep(_payload(invocation))

    def _keep(self, *parts: Iterable[Piece]) -> None:
        """Have parts sent again, each by itself, in the order in which their callers came."""
        self.exhausted = False
        self.entries = [one for one in self.entries if one.answer is None]
        self._backlog.keep(*parts)

    def refused(self, invocation: Invocation, error: MethodError) -> bool:
        part = self._backlog.in_detail(_payload(invocation))
        alone = len(invocation.entries) == 1
        # Nothing was changed (RFC 8620, 3.6.2), unless the server says so: whoever is not at
        # fault gets another try.
        unchanged = not isinstance(error, ServerPartialFail)
        if unchanged and any(one.builds_on_provisional for one in part):
            self.again(invocation, Again.BUILT_ON_REPLAY)
            return True
        self._division.failed_alone += alone
        if unchanged and not (alone or concerns_all(error) or self._division.hopeless):
            self._keep(*divided(part, error))
            self._queue.put_back(self, [self], Again.REFUSED_IN_PARTS)
            return True
        if self._division.hopeless:
            # What is left of the division would fail in the same way.
            part += self._backlog.drop_parts()
            self.exhausted = not self._backlog
        for change in part:
            note(change, {"type": error.type, "description": error.description})
            change.writer.refusal = error
        for change in part:
            self._progress(change)
        return False

    def divide(self) -> list[Unit]:
        callers = self._backlog.callers
        if len(callers) == 1:
            return [self]
        half = len(callers) // 2
        groups = callers[:half], callers[half:]
        self.exhausted = True
        backlogs = self._backlog.divided(*groups)
        return [self._of(*part) for part in zip(groups, backlogs, strict=True)]

    def _of(self, entries: list[Entry], backlog: Backlog) -> Unit:
        """Make a unit of what some of the callers want."""
        unit = SetUnit(entries[0], self._queue, backlog=backlog)
        unit.entries = entries
        unit.touched = self.touched
        unit._division, unit.ordered = self._division, self.ordered
        return unit

    def _fail(self, entry: Entry, error: Exception) -> None:
        """Tell a caller that there is no answer, but never hide that a part was carried out."""
        writer = self._backlog.writers.get(entry)
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


def _payload(invocation: Invocation) -> list[Piece]:
    return cast("list[Piece]", invocation.payload)
