"""Entries: calls that were submitted, as the planner sees them, and their answers."""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import attrs
import orjson

from jmap_async.errors import Outcome
from jmap_async.protocol.call import Method
from jmap_async.protocol.codec.converter import encode
from jmap_async.protocol.declaring import record, state
from jmap_async.protocol.json import JSONObject, Members
from jmap_async.protocol.messages import MethodResponse

if TYPE_CHECKING:
    from jmap_async.planner.base.request import Request
    from jmap_async.planner.base.unit import Unit


NOT_DECODED: Final = object()


@state(eq=False)
class Answer:
    """What the server answered to a call, in wire form; `implicit` came under the same call id.

    `objects` is its list, where that was decoded beforehand, and `value` what whoever awaited the
    call first has made of it all.
    """

    # Somebody's mail: tracebacks must not show it.
    _arguments: JSONObject = attrs.field(repr=False)
    implicit: MethodResponse | None = attrs.field(default=None, repr=False)
    objects: list[Any] | None = attrs.field(default=None, repr=False)
    value: object = attrs.field(default=NOT_DECODED, repr=False)

    @property
    def arguments(self) -> JSONObject:
        """The arguments of the response."""
        return self._arguments

    @property
    def rows(self) -> object:
        """Its list, where it has one."""
        return self._arguments.get("list")


@record(eq=False)
class Reference:
    """The part at `path` of another entry's answer."""

    entry: "Entry"
    path: str


Alike = tuple[str, frozenset[str], bytes]
"""What reads have in common that can be merged: name, capabilities, and the rest as JSON."""

NOTHING: Final[Members] = MappingProxyType({})


@state(eq=False)
class Entry:
    """A submitted call: its wire arguments, what it refers to and, in the end, its answer.

    `accounts` are those that it is for. A read by ids that depends on no other call has
    these as `ids`, and can be merged with those that are `alike`. A write that only patches objects
    has their ids as `patched` and `patches`, the JSON of `update` without braces. `creates` are the
    creation ids that it introduces, and `creators` the entries that introduce the others that it
    mentions. `wire_names` are its creation ids in the request that it went into.
    """

    # Thousands may wait at once, and each object of a call costs the garbage collector's time: what
    # most calls have no need of stays empty.

    method: Method
    using: frozenset[str]
    accounts: tuple[str | None, ...]
    _arguments: JSONObject
    references: Mapping[str, Reference] = NOTHING
    alike: Alike | None = None
    ids: list[str] | None = None
    patched: tuple[str, ...] | None = None
    patches: bytes = b""
    _encoded: bytes | None = attrs.field(default=None, alias="encoded")
    creates: tuple[str, ...] = ()
    creators: Mapping[str, "Entry"] = NOTHING
    unknown_names: tuple[str, ...] = ()
    """Names that it mentions and that nobody in its scope has created."""
    mergeable: bool = True
    owner: object = None
    """Who has made it, and so whose other calls it keeps the order of (see order.py)."""
    after: "tuple[Entry, ...]" = ()
    """What it directly stands behind, of what its owner has made before."""
    attempts: int = 0
    """How often it was sent in vain."""
    answer: Answer | Exception | None = None
    unit: "Unit | None" = None
    claims: int = 0
    requests: "tuple[Request, ...]" = ()
    carried: int = 0
    """How many requests have carried it, less those that certainly were not carried out."""
    abandoned: bool = False
    """Nobody waited for it when its turn came: it was never sent and never will be."""
    successor: "Entry | None" = None
    """What was queued in its place when somebody came back to it."""
    wire_names: Mapping[str, str] = NOTHING

    def __repr__(self) -> str:
        return f"<Entry {self.method.name}>"

    @property
    def arguments(self) -> JSONObject:
        """The arguments, but those that refer to other calls."""
        if self.ids is not None:
            return {**self._arguments, "ids": self.ids}
        if self.patched is not None:
            return {**self._arguments, "update": orjson.loads(b"{%b}" % self.patches)}
        return self._arguments

    @property
    def encoded(self) -> bytes:
        """The JSON of the arguments, as they were when the call was submitted."""
        if self._encoded is None:
            # Of what can be merged, and has no need of it then.
            self._encoded = encode(self.arguments)
        return self._encoded

    @property
    def ended(self) -> bool:
        """Tell whether it has an answer, or never gets one, and no part of it is under way."""
        if self.answer is None and not self.abandoned:
            return False
        return all(request.over for request in self.requests)

    @property
    def sent(self) -> bool:
        """Tell whether it, or a part of it, may have been carried out."""
        return self.carried > 0

    @property
    def outcome(self) -> Outcome:
        """Tell whether a part of it has left in a request that nobody has refused."""
        under_way = any(request.sent for request in self.requests)
        return "unknown" if under_way or self.carried > len(self.requests) else "not_sent"

    @property
    def withdrawn(self) -> bool:
        """Tell whether nobody waits for it any more."""
        return not self.claims

    @property
    def latest(self) -> "Entry":
        """Itself, or what was queued in its place."""
        entry = self
        while entry.successor is not None:
            entry = entry.successor
        return entry

    def claim(self) -> None:
        """Wait for it, and so for all that it needs."""
        self.claims += 1
        if self.claims == 1:
            for request in self.requests:
                request.claimed += 1
            for entry in self.needs:
                entry.claim()

    def release(self) -> None:
        """Stop waiting for it."""
        self.claims -= 1
        if not self.claims:
            for request in self.requests:
                request.claimed -= 1
            for entry in self.needs:
                entry.release()

    def fail(self, error: Exception) -> None:
        """Have an error for an answer, without traceback: that leads to everybody's calls."""
        self.answer = error.with_traceback(None)

    @property
    def needs(self) -> Collection["Entry"]:
        """The entries that have to be carried out before this one."""
        if not self.references and not self.creators:
            return ()
        # Each once, however often it is referred to.
        return dict.fromkeys(
            (*(one.entry for one in self.references.values()), *self.creators.values())
        )
