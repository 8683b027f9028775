"""Units: what stands in the queue and goes into requests, and what becomes of its callers."""

from collections.abc import Iterable, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from jmap_async.errors import (
    AccountNotFound,
    AccountNotSupportedByMethod,
    AccountReadOnly,
    JMAPError,
    MethodError,
    TooLarge,
    TransportError,
    UnknownMethod,
)
from jmap_async.planner.base.entry import Answer, Entry
from jmap_async.planner.base.replays import Again
from jmap_async.planner.base.request import Invocation, Request
from jmap_async.protocol.json import JSONObject, Members
from jmap_async.protocol.messages import MethodResponse

if TYPE_CHECKING:
    from jmap_async.planner.base.trials import Trial


class Line(Protocol):
    """What units need of the queue in which they stand."""

    def settled(self, entry: Entry, /) -> None:
        """Take note that a call has an answer or an error."""
        ...

    def abandoned(self, entry: Entry, /) -> None:
        """Take note that a call was dropped, because nobody waits for it."""
        ...

    def put_back(self, unit: "Unit", units: Sequence["Unit"], why: Again | None = None, /) -> None:
        """Put units in the place of `unit`, to be sent again."""
        ...

    def put_behind(self, unit: "Unit", apart: "Unit", /) -> None:
        """Put a unit of some of its callers behind one."""
        ...


class Offer(Enum):
    """What became of offering a unit to a request."""

    TAKEN = auto()
    """It is in, as a whole or in part."""

    FULL = auto()
    """No more of it fits into this request."""

    BLOCKED = auto()
    """It waits for the answer of a call in another request."""

    DROPPED = auto()
    """Nobody wants it any more, or it failed before it was sent."""


class Unit:
    """A call, or several that share one invocation and its answer, or that go together."""

    def __init__(self, entry: Entry, queue: Line) -> None:
        self.name = entry.method.name
        self.using = entry.using
        self.reads = entry.method.reads
        self.accounts = entry.accounts
        self.entries = [entry]
        self.exhausted = False
        self.guarded = not self.reads and _is_guarded(entry)
        # Whether some of its callers may have made calls before that are not done.
        self.ordered: bool = bool(entry.after)
        # Whether it is a read that refers to other calls: what goes again with them (see order.py).
        self.refers = False
        # Its place in the queue, and how many calls have to stand in one request with it.
        self.seq = 0
        self.joinable_as: object = None
        self.chain = 1
        # With whom alone it may be sent (see recovery.py).
        self.trial: Trial | None = None
        self._queue = queue

    @property
    def whole(self) -> "Unit":
        """What is sent again when it failed: a batch, of its parts."""
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} for {len(self.entries)}>"

    def join(self, entry: Entry) -> bool:
        """Take a further call in, if that changes nothing for anybody."""
        self.entries.append(entry)
        if entry.after:
            self.ordered = True
        return True

    def split_off(self, entry: Entry) -> bool:
        """Let an entry go that somebody refers to, so that it has an answer of its own."""
        return False

    def holds(self, entry: Entry) -> bool:
        """Tell whether something of a call is still to be sent."""
        return not self.exhausted

    # On the way out

    def offer(self, request: Request) -> Offer:
        """Put as much as fits into the request."""
        staying = self._staying()
        if not staying:
            self.exhausted = True
            return Offer.DROPPED
        self.entries = staying
        try:
            return self._put_into(request)
        except JMAPError as error:
            self.fail(error)
            return Offer.DROPPED

    def _put_into(self, request: Request) -> Offer:
        """Put as much as fits into the request; there is somebody who waits for it."""
        raise NotImplementedError

    def _unwanted(self, entry: Entry) -> bool:
        """Tell whether nobody waits for an entry: then nothing more of it is sent."""
        if entry.claims and entry.answer is None:
            return False
        if entry.answer is None and not entry.abandoned:
            if entry.sent and not entry.method.reads:
                # Whoever awaits it again must learn that a part of it may have been carried out.
                self._fail(entry, _withdrawn(entry))
            else:
                entry.abandoned = True
                self._queue.abandoned(entry)
        return True

    def _staying(self) -> list[Entry]:
        """Return the entries that somebody waits for."""
        # Nearly everybody stays: that is told without a call.
        return [
            one
            for one in self.entries
            if (one.claims and one.answer is None) or not self._unwanted(one)
        ]

    def fail(self, error: Exception) -> None:
        """Give up what was not sent yet: every entry gets the error."""
        self.exhausted = True
        for entry in self.entries:
            self._fail(entry, error)

    def _too_large(self, size: int, limit: int) -> TooLarge:
        return TooLarge(
            f"{self.name}: {size} octets of arguments do not fit into a request of at most {limit} "
            "(maxSizeRequest): send less at once, or upload large data as a blob"
        )

    # On the way back

    def answered(
        self, invocation: Invocation, arguments: JSONObject, implicit: MethodResponse | None
    ) -> None:
        """Hand the answer of the server out."""
        raise NotImplementedError

    def refused(self, invocation: Invocation, error: MethodError) -> bool:
        """Take note that the server refused the call (RFC 8620, 3.6.2).

        Returns whether it will be sent again in another way; else its entries were told.
        """
        raise NotImplementedError

    def take_out(self, invocation: Invocation, entries: Sequence[Entry], why: Again) -> None:
        """Have some reads of an invocation sent once more; the others get its answer."""
        raise NotImplementedError

    def result_of(self, entry: Entry) -> Members:
        """Return what has come of a call so far."""
        return {}

    def restore(self, invocation: Invocation) -> None:
        """Take back what an invocation carried: it is to be sent again."""
        self.exhausted = False

    def divide(self) -> "list[Unit]":
        """Return units for parts of the callers; itself if there is nobody to tell apart."""
        # All callers asked the same: what one of them did wrong, all did.
        return [self]

    def again(self, invocation: Invocation, why: Again) -> None:
        """Have an invocation sent once more, before everything that waits behind it."""
        self.restore(invocation)
        self._queue.put_back(self, [self], why)

    def failed(self, invocation: Invocation, error: Exception) -> None:
        """Tell the entries that there is no answer."""
        self.give_up(invocation.entries, error)

    def give_up(self, entries: Iterable[Entry], error: Exception) -> None:
        """Give some of the callers an error; nothing more of them is sent."""
        for entry in entries:
            self._fail(entry, error)

    def _settle(self, entry: Entry, answer: Answer) -> None:
        if entry.answer is None:
            entry.answer, entry.unit = answer, None
            self._queue.settled(entry)

    def _fail(self, entry: Entry, error: Exception) -> None:
        if entry.answer is None:
            entry.fail(error)
            entry.unit = None
            self._queue.settled(entry)


def _is_guarded(entry: Entry) -> bool:
    """Tell whether a write is only done in a certain state."""
    return entry.patched is None and entry.arguments.get("ifInState") is not None


def _withdrawn(entry: Entry) -> TransportError:
    return TransportError(
        f"{entry.method.name}: whoever awaited it was cancelled after it had been sent; whether it "
        "was carried out, or a part of it, is unknown",
        outcome="unknown",
    )


def concerns_all(error: MethodError) -> bool:
    """Tell whether any other call of this method on this account would get the same error."""
    return isinstance(
        error,
        UnknownMethod | AccountNotFound | AccountNotSupportedByMethod | AccountReadOnly,
    )
