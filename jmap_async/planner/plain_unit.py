"""A call on its own, or equal calls that share one invocation: binding, sizing, answering."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import orjson

from jmap_async.errors import (
    InvalidResultReference,
    MethodError,
    TooLarge,
)
from jmap_async.planner.base.entry import Answer, Entry, Reference
from jmap_async.planner.base.limits import COUNTED
from jmap_async.planner.base.order import is_built_on_provisional, may_go, note_firm
from jmap_async.planner.base.replays import Again
from jmap_async.planner.base.request import Invocation, Request
from jmap_async.planner.base.unit import Line, Offer, Unit
from jmap_async.planner.copies import own_copy
from jmap_async.planner.fitting import broken, complete, misfit
from jmap_async.planner.names import creations
from jmap_async.planner.names.creation_refs import nobody, stand_in, way_back
from jmap_async.planner.names.resolving import because_of, resolved
from jmap_async.planner.writes.merging import touched_in
from jmap_async.protocol.codec.converter import encode
from jmap_async.protocol.json import JSONObject
from jmap_async.protocol.messages import MethodResponse

if TYPE_CHECKING:
    from collections.abc import Sized


class PlainUnit(Unit):
    """A call on its own, or equal calls that share one invocation and its answer."""

    def __init__(self, entry: Entry, queue: Line) -> None:
        super().__init__(entry, queue)
        self._arguments = entry.arguments
        # What goes as it was given is JSON already.
        self._given = self._arguments
        self._references = {**entry.references} if entry.references else {}
        self.refers = self.reads and bool(self._references)
        # How the caller calls what has another name in the request.
        self._own_names: creations.Names = {}

    @staticmethod
    def key(entry: Entry) -> object:
        """Return what equal calls have in common; None: leave this one alone."""
        if not entry.mergeable or not entry.method.reads or entry.creators:
            return None
        references: tuple[object, ...] = ()
        if entry.references:
            in_order = sorted(entry.references.items())
            references = tuple((name, id(one.entry), one.path) for name, one in in_order)
        return (entry.method.name, entry.using, entry.encoded, references)

    # On the way out

    def _put_into(self, request: Request) -> Offer:
        if (self.ordered or request.held) and not self._has_its_turn(request):
            return Offer.BLOCKED
        wire = self._bind(request)
        return Offer.BLOCKED if wire is None else self._take(request, wire)

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
            waiting = [entry for entry in self.entries if entry not in going]
            self._queue.put_behind(self, self.apart(waiting))
            self.entries = going
        return True

    def _take(self, request: Request, wire: JSONObject) -> Offer:
        body = self.entries[0].encoded if wire is self._given else encode(wire)
        if not self._fits(request, len(body)):
            return Offer.FULL
        entries, creates = tuple(self.entries), self.entries[0].creates
        count = self._count(request)
        invocation = request.add(self, body, entries, creates=creates, objects=count)
        final = self._is_final(request)
        for entry in entries:
            request.whole_answers[entry] = invocation
            if final:
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
        allowed = limit.of(request.announced)
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
                raise self._too_large(size, request.announced.max_size_request)
            return False
        return True

    def _bind(self, request: Request) -> JSONObject | None:
        """Return the arguments as they go into the request; None: an answer is still to come.

        What is answered already is put in as a value; what is in the same request is referred to.
        """
        arguments = self._with_names(request)
        if arguments is None or not self._references:
            return arguments
        if not self.reads and is_built_on_provisional(self.entries[0], request):
            return None  # a read would go again with what it refers to
        wire = dict(arguments)
        for name, reference in tuple(self._references.items()):
            if reference.entry.answer is not None:
                wire[name] = self._resolve(name, reference)
            elif (invocation := request.whole_answers.get(reference.entry)) is not None:
                wire[f"#{name}"] = {
                    "resultOf": invocation.call_id,
                    "name": invocation.name,
                    "path": reference.path,
                }
            elif request.dry_run and reference.entry.sent:
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

    def _with_names(self, request: Request) -> JSONObject | None:
        """Make creation ids unique in the request, and references to them fit."""
        entry = self.entries[0]
        if not entry.creates and not entry.creators and not entry.unknown_names:
            return self._arguments
        taken, others = set(request.created), dict[str, str]()
        for name, creator in entry.creators.items():
            stands = stand_in(name, creator, request, taken, here=not self.reads)
            if stands is None:
                return None
            others[name] = stands
        for name in entry.unknown_names:
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
        self, invocation: Invocation, arguments: JSONObject, implicit: MethodResponse | None
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

    def take_out(self, invocation: Invocation, entries: Sequence[Entry], why: Again) -> None:
        """Have some calls of an invocation sent once more; the others get its answer."""
        staying = tuple(entry for entry in invocation.entries if entry not in entries)
        invocation.entries = staying
        if not staying:
            self.again(invocation, why)
            return
        self._queue.put_back(self, [self.apart(entries)], why)

    def apart(self, entries: Sequence[Entry]) -> "PlainUnit":
        """Make a unit of some of the callers, who asked alike."""
        unit = PlainUnit(entries[0], self._queue)
        unit.entries, unit.ordered = [*entries], True
        return unit

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

    def _root_cause(self, error: MethodError) -> Exception | None:
        """Return the error of the call referred to, when that is what went wrong."""
        if not isinstance(error, InvalidResultReference):
            return None
        for reference in self._references.values():
            if isinstance(reference.entry.answer, Exception):
                return because_of(self.name, reference.entry, reference.entry.answer)
        return None
