"""Units: what becomes an invocation. Calls that can share one are put into the same unit.

A unit is offered to requests, in order, until it is exhausted; what comes back it hands out to its
entries. This file has what all units do, and the plain one; get_unit.py and set_unit.py have the
two that merge calls with different arguments.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Protocol, cast

import orjson

from jmap_async.errors import (
    AccountNotFound,
    AccountNotSupportedByMethod,
    AccountReadOnly,
    InvalidResultReference,
    JMAPError,
    MethodError,
    TooLarge,
    TransportError,
    UnknownMethod,
)
from jmap_async.planner import creations
from jmap_async.planner.copies import own_copy
from jmap_async.planner.entry import Answer, Entry, Reference
from jmap_async.planner.fitting import broken, complete, misfit
from jmap_async.planner.limits import COUNTED
from jmap_async.planner.mentions import nobody, stand_in, way_back
from jmap_async.planner.merging import touched_in
from jmap_async.planner.order import is_built_on_sand, may_go, note_firm
from jmap_async.planner.replays import Again
from jmap_async.planner.request import Invocation, Request
from jmap_async.planner.resolving import because_of, resolved
from jmap_async.protocol.codec.converter import encode
from jmap_async.protocol.messages import MethodResponse

if TYPE_CHECKING:
    from collections.abc import Sized

    from jmap_async.planner.trials import Trial


class Line(Protocol):
    """What units need of the queue in which they stand."""

    def settled(self, entry: Entry, /) -> None:
        """Take note that a call has an answer or an error."""
        ...

    def left(self, entry: Entry, /) -> None:
        """Take note that a call was dropped, because nobody waits for it."""
        ...

    def put_back(self, unit: "Unit", units: Sequence["Unit"], why: Again | None = None, /) -> None:
        """Put units in the place of `unit`, to be sent again."""
        ...

    def split(self, unit: "Unit", entries: Sequence[Entry], /) -> None:
        """Give some of the callers of a unit one of their own behind it."""
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
    """A call on its own, or equal calls that share one invocation and its answer."""

    def __init__(
        self, entry: Entry, queue: "Line", arguments: dict[str, Any] | None = None
    ) -> None:
        self.name = entry.method.name
        self.using = entry.using
        self.reads = entry.method.reads
        self.accounts = entry.accounts
        self.entries = [entry]
        self.exhausted = False
        self.guarded = not self.reads and _is_guarded(entry)
        # Whether some of its callers may have made calls before that are not done.
        self.ordered: bool = bool(entry.after)
        # Its place in the queue, and how many calls have to stand in one request with it.
        self.seq = 0
        self.joinable_as: object = None
        self.chain = 1
        # With whom alone it may be sent (see recovery.py).
        self.trial: Trial | None = None
        self._queue = queue
        self._arguments = entry.arguments if arguments is None else arguments
        # What goes as it was given is JSON already.
        self._given = self._arguments
        self._references = {**entry.references} if entry.references else {}
        # How the caller calls what has another name in the request.
        self._own_names: creations.Names = {}

    @property
    def hesitant(self) -> bool:
        """Tell whether an answer may come too early for some of its callers (see order.py)."""
        return self.ordered or (self.reads and bool(self._references))

    @property
    def whole(self) -> "Unit":
        """What is sent again when it failed: a batch, of its parts."""
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} for {len(self.entries)}>"

    @staticmethod
    def key(entry: Entry) -> object:
        """Return what equal calls have in common; None: leave this one alone."""
        if not entry.mergeable or not entry.method.reads or entry.makers:
            return None
        references: tuple[object, ...] = ()
        if entry.references:
            in_order = sorted(entry.references.items())
            references = tuple((name, id(one.entry), one.path) for name, one in in_order)
        return (entry.method.name, entry.using, entry.encoded, references)

    def join(self, entry: Entry) -> bool:
        """Take a further call in, if that changes nothing for anybody."""
        self.entries.append(entry)
        if entry.after:
            self.ordered = True
        return True

    def leave(self, entry: Entry) -> bool:
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
        if (self.ordered or request.held) and not self._has_its_turn(request):
            return Offer.BLOCKED
        try:
            wire = self._bind(request)
            return Offer.BLOCKED if wire is None else self._take(request, wire)
        except JMAPError as error:
            self.fail(error)
            return Offer.DROPPED

    def _has_its_turn(self, request: Request) -> bool:
        """Tell whether what its callers asked for before is done, or stands before this.

        Callers whose turn has not come get a unit of their own.
        """
        going = [entry for entry in self.entries if may_go(entry, request)]
        if not self.reads and (request.held or not going):
            objects = touched_in(self.entries[0])
            if not going or not request.held.isdisjoint(objects):
                # No later change of its objects passes this one.
                request.held.update(objects)
                return False
        if not going:
            return False
        if len(going) < len(self.entries):
            self._queue.split(self, [entry for entry in self.entries if entry not in going])
            self.entries = going
        return True

    def _left(self, entry: Entry) -> bool:
        """Tell whether nobody waits for an entry: then nothing more of it is sent."""
        if entry.claims and entry.answer is None:
            return False
        if entry.answer is None and not entry.abandoned:
            if entry.sent and not entry.method.reads:
                # Whoever awaits it again must learn that a part of it may have been carried out.
                self._fail(entry, _withdrawn(entry))
            else:
                entry.abandoned = True
                self._queue.left(entry)
        return True

    def _staying(self) -> list[Entry]:
        """Return the entries that somebody waits for."""
        return [entry for entry in self.entries if not self._left(entry)]

    def fail(self, error: Exception) -> None:
        """Give up what was not sent yet: every entry gets the error."""
        self.exhausted = True
        for entry in self.entries:
            self._fail(entry, error)

    def _take(self, request: Request, wire: dict[str, Any]) -> Offer:
        body = self.entries[0].encoded if wire is self._given else encode(wire)
        if not self._fits(request, len(body)):
            return Offer.FULL
        entries, creates = tuple(self.entries), self.entries[0].creates
        count = self._count(request)
        invocation = request.add(self, body, entries, creates=creates, objects=count)
        for entry in self.entries:
            request.alone[entry] = invocation
            if self._is_final(request):
                note_firm(entry, request)
        self.exhausted = True
        return Offer.TAKEN

    def _is_final(self, request: Request) -> bool:
        """Tell whether the call will not be sent again if the server refuses it."""
        return not self._references or all(
            one.entry in request.firm for one in self._references.values()
        )

    def _count(self, request: Request) -> int:
        """Return how many objects the call names, and refuse too many (RFC 8620, 5.1 and 5.3)."""
        limit = COUNTED.get(self.name.rpartition("/")[2])
        if limit is None:
            return 0
        named = (self._arguments.get(member) for member in limit.arguments)
        count = sum(len(cast("Sized", one)) for one in named if isinstance(one, list | dict))
        allowed = limit.of(request.told)
        if count > allowed:
            raise TooLarge(
                f"{self.name}: {count} objects are more than the {allowed} that the server takes "
                f"at once ({limit.wire}), and this call must not be cut up: name fewer"
            )
        return count

    def _fits(self, request: Request, size: int) -> bool:
        if request.full:
            return False
        if size > request.room(self.name, self.using) + request.slack:
            if not request.invocations:
                raise self._too_large(size, request.told.max_size_request)
            return False
        return True

    def _too_large(self, size: int, limit: int) -> TooLarge:
        return TooLarge(
            f"{self.name}: {size} octets of arguments do not fit into a request of at most {limit} "
            "(maxSizeRequest): send less at once, or upload large data as a blob"
        )

    def _bind(self, request: Request) -> dict[str, Any] | None:
        """Return the arguments as they go into the request; None: an answer is still to come.

        What is answered already is put in as a value; what is in the same request is referred to.
        """
        arguments = self._with_names(request)
        if arguments is None or not self._references:
            return arguments
        if not self.reads and is_built_on_sand(self.entries[0], request):
            return None  # a read would go again with what it refers to
        wire = dict(arguments)
        for name, reference in tuple(self._references.items()):
            if reference.entry.answer is not None:
                wire[name] = self._resolve(name, reference)
            elif (invocation := request.alone.get(reference.entry)) is not None:
                wire[f"#{name}"] = {
                    "resultOf": invocation.call_id,
                    "name": invocation.name,
                    "path": reference.path,
                }
            elif request.pretend and reference.entry.sent:
                wire[name] = f"<{reference.path} of the answer to {reference.entry.method.name}>"
            else:
                return None
        return wire

    def _resolve(self, name: str, reference: Reference) -> Any:
        """Do here what the server would have done, had both calls been in one request."""
        del self._references[name]
        value = resolved(self.name, reference)
        self._arguments = {**self._arguments, name: value}
        return value

    def _with_names(self, request: Request) -> dict[str, Any] | None:
        """Make creation ids unique in the request, and references to them fit."""
        entry = self.entries[0]
        if not entry.creates and not entry.makers and not entry.strangers:
            return self._arguments
        taken, others = set(request.created), dict[str, str]()
        for name, maker in entry.makers.items():
            stands = stand_in(name, maker, request, taken, here=not self.reads)
            if stands is None:
                return None
            others[name] = stands
        for name in entry.strangers:
            # Whoever created that name in this request is not meant.
            if name in request.created:
                others[name] = nobody(name, taken)
        entry.wire_names = creations.unique(entry.creates, taken)
        own = {name: f"#{wire}" for name, wire in entry.wire_names.items()}
        self._own_names = way_back({**others, **own})
        if not others and all(name == wire for name, wire in entry.wire_names.items()):
            return self._arguments
        plain = orjson.loads(encode(self._arguments))
        return creations.rename(self.name, plain, entry.wire_names, others)

    # On the way back

    def answered(
        self, invocation: Invocation, arguments: dict[str, Any], implicit: MethodResponse | None
    ) -> None:
        """Hand the answer of the server out."""
        arguments = creations.restore(arguments, self._own_names)
        if self.reads:
            problem = misfit(self.name, self._arguments, arguments)
            if problem is not None:
                self.failed(invocation, broken(invocation, problem, arguments))
                return
        else:
            arguments = complete(self.name, self._arguments, arguments)
        for position, entry in enumerate(invocation.entries):
            # Objects that several callers might change have to be each one's own.
            own = own_copy(arguments) if position else arguments
            self._settle(entry, Answer(own, implicit))

    def result_of(self, entry: Entry) -> Mapping[str, Any]:
        """Return what has come of a call so far."""
        return {}

    def restore(self, invocation: Invocation) -> None:
        """Take back what an invocation carried: it is to be sent again."""
        self.exhausted = False

    def divide(self) -> "list[Unit]":
        """Return units for parts of the callers; itself if there is nobody to tell apart."""
        # All callers asked the same: what one of them did wrong, all did.
        return [self]

    def take_out(self, invocation: Invocation, entries: Sequence[Entry], why: Again) -> None:
        """Have some calls of an invocation sent once more; the others get its answer."""
        staying = tuple(entry for entry in invocation.entries if entry not in entries)
        invocation.entries = staying
        if not staying:
            self.again(invocation, why)
            return
        self._queue.put_back(self, [self.apart(entries)], why)

    def apart(self, entries: Sequence[Entry]) -> "Unit":
        """Make a unit of some of the callers, who asked alike."""
        unit = Unit(entries[0], self._queue)
        unit.entries, unit.ordered = [*entries], True
        return unit

    def again(self, invocation: Invocation, why: Again) -> None:
        """Have an invocation sent once more, before everything that waits behind it."""
        self.restore(invocation)
        self._queue.put_back(self, [self], why)

    def refused(self, invocation: Invocation, error: MethodError) -> bool:
        """Take note that the server refused the call (RFC 8620, 3.6.2).

        Returns whether it will be sent again in another way; else its entries were told.
        """
        awaited = (one.entry for one in self._references.values() if one.entry.answer is None)
        if isinstance(error, InvalidResultReference) and any(awaited):
            # What it refers to is on its way again, in smaller parts; so this can wait.
            self.again(invocation, Again.BUILT_ON_REPLAY)
            return True
        self.failed(invocation, self._root_cause(error) or error)
        return False

    def failed(self, invocation: Invocation, error: Exception) -> None:
        """Tell the entries that there is no answer."""
        self.give_up(invocation.entries, error)

    def give_up(self, entries: Iterable[Entry], error: Exception) -> None:
        """Give some of the callers an error; nothing more of them is sent."""
        for entry in entries:
            self._fail(entry, error)

    def _root_cause(self, error: MethodError) -> Exception | None:
        """Return the error of the call referred to, when that is what went wrong."""
        if not isinstance(error, InvalidResultReference):
            return None
        for reference in self._references.values():
            if isinstance(reference.entry.answer, Exception):
                return because_of(self.name, reference.entry, reference.entry.answer)
        return None

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
