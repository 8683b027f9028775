"""One request under construction, and then under way."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from jmap_async.planner.base.entry import Entry
from jmap_async.planner.base.limits import CALLS, SIZE, Limit
from jmap_async.protocol import messages
from jmap_async.protocol.declaring import state
from jmap_async.protocol.session import CoreCapability

if TYPE_CHECKING:
    from jmap_async.planner.base.trials import Trial
    from jmap_async.planner.base.unit import Unit


@state(eq=False)
class Invocation:
    """A method call as it stands in a request, for one entry or for several."""

    call_id: str
    name: str
    unit: "Unit"
    entries: tuple[Entry, ...]
    using: frozenset[str]
    body: bytes
    objects: int = 0
    """How many objects it names, as the server counts them."""
    payload: object = None
    """What the unit needs to know to tell its entries what came back."""
    remark: str | None = None
    """What was odd about its answer, for the log."""

    def __str__(self) -> str:
        return f"{self.name} (call {self.call_id})"


# Octets of `["","",""]` and the comma after it, and room for the call id and its references.
_FRAME: Final = len(messages.encode_invocation("", b"", "")) + 1 + 8


class Request:
    """A request: what fits is put in, in order, within the limits of the server."""

    def __init__(
        self,
        limits: CoreCapability,
        *,
        announced: CoreCapability | None = None,
        dry_run: bool = False,
    ) -> None:
        # Stands for it where a reference to it would be one in a circle.
        self.token: Final = object()
        self.limits = limits
        # What the session says. A call that cannot be made smaller may use all of it: what was
        # learnt since is a guess about how to pack, and the server shall decide.
        self.announced = announced or limits
        self.dry_run = dry_run
        # A batch: nothing more goes in, and it is sent as it is or not at all.
        self.closed = False
        self.invocations: list[Invocation] = []
        self.using: set[str] = set()
        self.size = messages.ENVELOPE_SIZE
        # What later calls of this request may refer to: whole answers and created objects.
        self.whole_answers: dict[Entry, Invocation] = {}
        self.firm_creations: set[tuple[Entry, str]] = set()
        # Those of writes that may be sent again: only what goes again with them builds on them.
        self.provisional: set[tuple[Entry, str]] = set()
        self.created: set[str] = set()
        # Calls that are not sent again once they were carried out, and all that they stand behind.
        self.firm: set[Entry] = set()
        # Objects that an earlier write changes, which is not in here: no later one may pass it.
        self.held: set[object] = set()
        # How many of its calls somebody waits for, and how many were never sent before.
        self.claimed = 0
        self.fresh = 0
        # Whether calls were taken out of the queue without being put in here.
        self.dropped = False
        # Whether it has come to its end: it was answered, or there will be no answer.
        self.over = False
        # Whether a part of it has left, so that nobody knows whether it was carried out.
        self.sent = False
        # Set by the first unit: calls that are replayed apart from others (see recovery.py).
        self.trial: Trial | None = None
        # Units that were not offered to it though their turn had come.
        self.passed_over = 0

    def __repr__(self) -> str:
        return f"<Request {', '.join(self.methods)}>"

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods of its invocations, in order."""
        return tuple([one.name for one in self.invocations])

    @property
    def full(self) -> bool:
        """Tell whether no further call is allowed."""
        return self.closed or len(self.invocations) >= self.limits.max_calls_in_request

    def would_split(self, chain: int) -> bool:
        """Tell whether calls that feed each other would fit into a new request but not here."""
        left = self.limits.max_calls_in_request - len(self.invocations)
        return left < chain <= self.limits.max_calls_in_request

    def room(self, name: str, using: frozenset[str]) -> int:
        """Return how many octets the arguments of a further call may have; negative: none."""
        return self.limits.max_size_request - self.size - self._frame(name, using)

    @property
    def slack(self) -> int:
        """Octets that a call may have beyond its room if it has the request for itself."""
        if self.invocations:
            return 0
        return self.announced.max_size_request - self.limits.max_size_request

    def _frame(self, name: str, using: frozenset[str]) -> int:
        return _FRAME + len(name) + _octets(using - self.using)

    def add(
        self,
        unit: "Unit",
        arguments: bytes,
        entries: tuple[Entry, ...],
        *,
        creates: Sequence[str] = (),
        objects: int = 0,
        payload: object = None,
    ) -> Invocation:
        """Append an invocation; the caller has made sure that it fits.

        `creates` are the creation ids that it introduces, as its caller knows them.
        """
        name, using, call_id = unit.name, unit.using, f"c{len(self.invocations)}"
        self.size += self._frame(name, using) + len(arguments)
        self.using |= using
        self._carry(entries)
        for entry in entries:
            if entry.wire_names:
                self.created.update(entry.wire_names.values())
        body = messages.encode_invocation(name, arguments, call_id)
        invocation = Invocation(call_id, name, unit, entries, using, body, objects, payload)
        self.invocations.append(invocation)
        if creates and len(entries) == 1:
            # If this fails for the sake of another caller, it is repeated: nothing may build on it.
            self.firm_creations.update((entries[0], name) for name in creates)
        return invocation

    def _carry(self, entries: Iterable[Entry]) -> None:
        alone = (self,)
        for entry in entries:
            requests = entry.requests
            if self not in requests:
                self.fresh += not entry.carried
                entry.carried += 1
                entry.requests = (*requests, self) if requests else alone
                self.claimed += entry.claims > 0

    @property
    def deserted(self) -> bool:
        """Tell whether nobody waits for any of its calls any more."""
        return not self.claimed

    @property
    def units(self) -> tuple["Unit", ...]:
        """The units that it carries, each once, in order."""
        return tuple(dict.fromkeys(one.unit.whole for one in self.invocations))

    @property
    def entries(self) -> dict[Entry, None]:
        """The calls that it carries, each once, in order."""
        return dict.fromkeys(entry for one in self.invocations for entry in one.entries)

    @property
    def attempts(self) -> int:
        """How often the calls that still wait were sent in vain before, at most."""
        waiting = (entry.attempts for entry in self.entries if entry.answer is None)
        return max(waiting, default=0)

    @property
    def indivisible(self) -> bool:
        """Tell whether there is nobody to tell apart."""
        apart: set[object] = set()
        for one in self.invocations:
            # Callers of one invocation without a payload have asked the same.
            apart.update((one,) if one.payload is None else one.entries)
        return len(apart) <= 1

    def used(self, limit: Limit) -> int:
        """Return how much of a limit it uses."""
        if limit is CALLS:
            return len(self.invocations)
        if limit is SIZE:
            return len(self.encode())
        kind = f"/{limit.verb}"
        return max((one.objects for one in self.invocations if one.name.endswith(kind)), default=0)

    @property
    def ids(self) -> int:
        """How many ids its /get invocations name; those that the server resolves are not known."""
        count = 0
        for one in self.invocations:
            if one.name.endswith("/get"):
                count += one.objects
        return count

    def take_back(self) -> int:
        """Take note that nothing of it was carried out; return how many calls are fresh again."""
        entries = self.entries
        for entry in entries:
            entry.carried -= 1
        return sum(not (one.sent or one.abandoned or one.answer) for one in entries)

    def drop(self, invocation: Invocation) -> None:
        """Leave an invocation out of what happens next."""
        self.invocations.remove(invocation)
        self._release(invocation)

    def close(self) -> None:
        """Let go of the calls: the request is not under way any more."""
        for invocation in self.invocations:
            self._release(invocation)

    def _release(self, invocation: Invocation) -> None:
        for entry in invocation.entries:
            requests = entry.requests
            if self in requests:
                rest = len(requests) > 1
                entry.requests = tuple(one for one in requests if one is not self) if rest else ()
                self.claimed -= entry.claims > 0

    def encode(self) -> bytes:
        """Write the request."""
        return messages.encode_request(sorted(self.using), (one.body for one in self.invocations))


@lru_cache(maxsize=256)
def _octets(using: frozenset[str]) -> int:
    """Return how much longer these capabilities make a request."""
    return sum(len(uri) + 3 for uri in using)


class Draft(Request):
    """A request that is filled to see whether it all fits; the calls do not notice."""

    def _carry(self, entries: Iterable[Entry]) -> None:
        pass
