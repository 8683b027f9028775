"""Batches: exactly these calls, in this order, in one request of their own."""

from typing import TYPE_CHECKING

from jmap_async.errors import JMAPError, LocalProtocolError, TooLarge
from jmap_async.planner.entry import Entry
from jmap_async.planner.request import Draft, Request
from jmap_async.planner.units import Offer, Unit

if TYPE_CHECKING:
    from jmap_async.planner.queue import Queue


class BatchUnit(Unit):
    """Calls that go together or not at all; nothing is merged, nothing comes in between."""

    def __init__(self, entries: list[Entry], queue: "Queue") -> None:
        super().__init__(entries[0], queue)
        self.entries = entries
        self.reads = all(entry.method.reads for entry in entries)
        self.accounts = tuple(dict.fromkeys(one for entry in entries for one in entry.accounts))
        self._parts = [Unit(entry, queue) for entry in entries]
        for part in self._parts:
            part.whole = self

    def offer(self, request: Request) -> Offer:
        if all(map(self._left, self.entries)):
            self.exhausted = True
            return Offer.DROPPED
        if any(one.answer is None for one in self._outside()):
            return Offer.BLOCKED
        if request.invocations:
            return Offer.FULL
        # It cannot be made smaller, so what was learnt about packing does not matter.
        request.limits = request.told
        # First for trial: whether all of it fits shows only at the end.
        if not self._put_into(Draft(request.limits)):
            self.fail(self._reason())
            return Offer.DROPPED
        for part in self._parts:
            part.exhausted = False
        self._put_into(request)
        self.exhausted = True
        request.closed = True
        return Offer.TAKEN

    def _outside(self) -> list[Entry]:
        own = set(self.entries)
        return [other for entry in self.entries for other in entry.needs if other not in own]

    def _put_into(self, request: Request) -> bool:
        return all(part.offer(request) is Offer.TAKEN for part in self._parts)

    def _reason(self) -> JMAPError:
        error = next(
            (one.answer for one in self.entries if isinstance(one.answer, JMAPError)), None
        )
        if isinstance(error, TooLarge) or error is None:
            return TooLarge(
                f"the batch of {len(self.entries)} calls does not fit into one request: make "
                "several smaller ones"
            )
        return LocalProtocolError(
            f"the batch was not sent, because one of its calls failed: {error}"
        )
