"""Batches: exactly these calls, in this order, in one request of their own."""

from jmap_async.errors import JMAPError, LocalProtocolError, TooLarge
from jmap_async.planner.base.entry import Entry
from jmap_async.planner.base.order import pending
from jmap_async.planner.base.request import Draft, Request
from jmap_async.planner.base.unit import Line, Offer, Unit
from jmap_async.planner.plain_unit import PlainUnit


class _Part(PlainUnit):
    """One call of a batch."""

    def __init__(self, entry: Entry, queue: Line, batch: "BatchUnit") -> None:
        super().__init__(entry, queue)
        self._batch = batch

    @property
    def whole(self) -> Unit:
        return self._batch

    def _has_its_turn(self, request: Request) -> bool:
        return True  # that of the batch, which keeps its own order


class BatchUnit(Unit):
    """Calls that go together or not at all; nothing is merged, nothing comes in between."""

    def __init__(self, entries: list[Entry], queue: Line) -> None:
        super().__init__(entries[0], queue)
        self.entries = entries
        self.reads = all(entry.method.reads for entry in entries)
        self.accounts = tuple(dict.fromkeys(one for entry in entries for one in entry.accounts))

    def offer(self, request: Request) -> Offer:
        if all(map(self._unwanted, self.entries)):
            self.exhausted = True
            return Offer.DROPPED
        if any(one.answer is None for one in self._outside()):
            return Offer.BLOCKED
        if request.invocations:
            return Offer.FULL
        # It cannot be made smaller, so what was learnt about packing does not matter.
        request.limits = request.announced
        # First for trial: whether all of it fits shows only at the end.
        draft = Draft(request.limits)
        if not self._fill(draft):
            self.fail(self._reason(draft))
            return Offer.DROPPED
        self._fill(request)
        self.exhausted = True
        request.closed = True
        return Offer.TAKEN

    def _outside(self) -> list[Entry]:
        own = set(self.entries)
        return [
            other
            for entry in self.entries
            for other in (*entry.needs, *pending(entry))
            if other not in own
        ]

    def _fill(self, request: Request) -> bool:
        parts = (_Part(entry, self._queue, self) for entry in self.entries)
        return all(part.offer(request) is Offer.TAKEN for part in parts)

    def _reason(self, draft: Request) -> JMAPError:
        """Return why the batch cannot be sent; `draft` has what did fit."""
        error = next(
            (one.answer for one in self.entries if isinstance(one.answer, JMAPError)), None
        )
        if isinstance(error, TooLarge):
            return TooLarge(f"the batch was not sent: one of its calls is too large: {error}")
        if error is not None:
            return LocalProtocolError(
                f"the batch was not sent, because one of its calls failed: {error}"
            )
        return TooLarge(f"{self._excess(draft)}: make several smaller batches")

    def _excess(self, draft: Request) -> str:
        limits, count = draft.limits, len(self.entries)
        if count > limits.max_calls_in_request:
            return (
                f"the batch has {count} calls, more than the {limits.max_calls_in_request} that "
                "the server takes in one request (maxCallsInRequest)"
            )
        return (
            f"the batch does not fit into the {limits.max_size_request} octets that the server "
            f"takes in one request (maxSizeRequest), only {len(draft.invocations)} of its {count} "
            "calls do"
        )
