"""Writes of one type: the /set calls of many callers in as few invocations as fit.

Merging must not change what anybody sees. So a call joins only when the order in which the server
works (creates, then updates, then destroys; RFC 8620, 5.3) keeps it behind those that came before,
and when it touches no object that one of them touches.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import attrs
import orjson

from jmap_async.errors import MethodError, ServerPartialFail, TooLarge
from jmap_async.planner import creations
from jmap_async.planner.entry import Answer, Entry
from jmap_async.planner.get_unit import is_list_of_ids
from jmap_async.planner.recovery import repeatable
from jmap_async.planner.request import Invocation, Request
from jmap_async.planner.units import Offer, Unit, concerns_all
from jmap_async.protocol.converter import encode
from jmap_async.protocol.messages import MethodResponse

if TYPE_CHECKING:
    from jmap_async.planner.queue import Queue

_PHASES: Final = ("create", "update", "destroy")
_EMPTY: Final[Mapping[str, object]] = {"create": {}, "update": {}, "destroy": []}
_DONE: Final = {"create": "created", "update": "updated", "destroy": "destroyed"}
_REFUSED: Final = {"create": "notCreated", "update": "notUpdated", "destroy": "notDestroyed"}


@attrs.frozen(eq=False)
class Change:
    """One object to create, update or destroy, for one entry; `body` is JSON already."""

    entry: Entry
    phase: str
    key: str
    body: bytes

    @property
    def size(self) -> int:
        """Octets that it adds to the arguments, at most."""
        return len(self.body) + len(encode(self.key)) + 2


class SetUnit(Unit):
    """A /set for all callers whose changes can be made together."""

    def __init__(self, entry: Entry, queue: "Queue") -> None:
        super().__init__(entry, queue)
        self._changes: list[Change] = []
        self._touched: set[str] = set()
        self._last = 0
        self._under_way = False
        self._unsettled: dict[Entry, int] = {}
        self._results: dict[Entry, dict[str, Any]] = {}
        self._refusals: dict[Entry, MethodError | TooLarge] = {}
        self._add(entry)

    @staticmethod
    def suits(entry: Entry) -> bool:
        """Tell whether an entry is a /set that may be merged or cut up."""
        arguments = entry.arguments
        return (
            entry.method.name.endswith("/set")
            and entry.mergeable
            and not entry.references
            and not entry.makers
            # Creations that mention each other have to stay in one piece.
            and not creations.may_mention(entry.encoded)
            and arguments.keys() <= {"accountId", *_PHASES}
            and any(arguments.get(phase) for phase in _PHASES)
            # What is malformed goes as it is, for the server to refuse.
            and isinstance(arguments.get("create") or {}, dict)
            and isinstance(arguments.get("update") or {}, dict)
            and is_list_of_ids(arguments.get("destroy") or [])
        )

    @staticmethod
    def key(entry: Entry) -> object:
        """Return what writes have in common that can be merged."""
        return (entry.method.name, entry.using, entry.arguments.get("accountId"))

    def join(self, entry: Entry) -> bool:
        changes = list(_changes(entry.arguments))
        if min(phase for phase, _, _ in changes) < self._last:
            return False
        if any(key in self._touched for phase, key, _ in changes if phase):
            return False
        self.entries.append(entry)
        self._add(entry)
        return True

    def leave(self, entry: Entry) -> bool:
        # Only the last one: the order of the others stays as it is.
        if len(self.entries) == 1 or entry is not self.entries[-1] or self._under_way:
            return False
        self.entries.pop()
        self._changes = [one for one in self._changes if one.entry is not entry]
        return True

    def _add(self, entry: Entry) -> None:
        count = 0
        for phase, key, value in _changes(entry.arguments):
            count += 1
            self._last = max(self._last, phase)
            if phase:
                self._touched.add(key)
            self._changes.append(Change(entry, _PHASES[phase], key, encode(value)))
        self._unsettled[entry] = count
        self._results[entry] = {}

    # On the way out

    def _staying(self) -> list[Entry]:
        # Who left is found out when their changes are taken.
        return self.entries if self._changes else super()._staying()

    def _take(self, request: Request, wire: dict[str, Any]) -> Offer:
        if request.full:
            return Offer.FULL
        common = {"accountId": wire["accountId"]} if "accountId" in wire else {}
        part = self._part(request, len(encode({**common, **_EMPTY})))
        if not part:
            # Those who wanted the rest may have left, or been refused.
            self.exhausted = not self._changes
            return Offer.DROPPED if self.exhausted else Offer.FULL
        self._under_way = True
        self.exhausted = not self._changes
        entries = tuple(dict.fromkeys(one.entry for one in part))
        body = encode({**common, **_arguments(part, request)})
        creates = [one.key for one in part if one.phase == "create"]
        count = len(part)
        invocation = request.add(self, body, entries, creates=creates, objects=count, payload=part)
        if self.exhausted and len(self.entries) == 1 and self._unsettled[entries[0]] == len(part):
            request.alone[entries[0]] = invocation
        return Offer.TAKEN

    def _with_names(self, request: Request) -> dict[str, Any]:
        # Each part names its own creations when it is cut off; those sent before keep theirs.
        return self._arguments

    def _part(self, request: Request, overhead: int) -> list[Change]:
        """Take the changes that go into one invocation, by number and by octets."""
        most = max(1, request.limits.max_objects_in_set)
        room = request.room(self.name, self.using) - overhead
        part: list[Change] = []
        seen = 0
        for change in self._changes:
            if len(part) == most:
                break
            if not self._left(change.entry):
                slack = 0 if part else request.slack
                if change.size <= room + slack:
                    part.append(change)
                    room -= change.size
                elif part or request.invocations:
                    break
                else:
                    self._refuse(change, overhead, request.told.max_size_request)
            seen += 1
        del self._changes[:seen]
        return part

    def _refuse(self, change: Change, overhead: int, limit: int) -> None:
        """Note that a change fits into no request; the others are made."""
        error = self._too_large(overhead + change.size, limit)
        self._note(change, _REFUSED, {"type": "tooLarge", "description": str(error)})
        self._refusals[change.entry] = error
        self._progress(change.entry, 1)

    # On the way back

    def answered(
        self, invocation: Invocation, arguments: dict[str, Any], implicit: MethodResponse | None
    ) -> None:
        for change in _payload(invocation):
            self._sort_in(change, arguments)
        for entry in invocation.entries:
            result = self._results[entry]
            result.setdefault("oldState", arguments.get("oldState"))
            result["newState"] = arguments.get("newState")
            result |= {name: arguments[name] for name in arguments.keys() - _MEMBERS}
        self._count_down(invocation)

    def _sort_in(self, change: Change, arguments: dict[str, Any]) -> None:
        """Find what became of a change, and note it under the caller's own key."""
        wire = change.entry.wire_names.get(change.key, change.key)
        key = wire if change.phase == "create" else change.key
        done, refused = arguments.get(_DONE[change.phase]), arguments.get(_REFUSED[change.phase])
        if creations.is_object(refused) and key in refused:
            self._note(change, _REFUSED, refused[key])
        elif creations.is_object(done) and key in done:
            self._note(change, _DONE, done[key])
        elif creations.is_array(done) and key in done:
            self._results[change.entry].setdefault(_DONE[change.phase], []).append(change.key)
        else:
            self._note(change, _REFUSED, {**_UNMENTIONED})

    def _note(self, change: Change, members: Mapping[str, str], outcome: object) -> None:
        """Note what became of a change in the response that its caller will get."""
        self._results[change.entry].setdefault(members[change.phase], {})[change.key] = outcome

    def restore(self, invocation: Invocation) -> None:
        super().restore(invocation)
        self._changes = _payload(invocation) + self._changes

    def divide(self) -> list[Unit]:
        callers = tuple(dict.fromkeys(one.entry for one in self._changes))
        if len(callers) == 1:
            return [self]
        half = len(callers) // 2
        groups = callers[:half], callers[half:]
        parts: list[Unit] = [self._of(group, self._changes) for group in groups]
        self.exhausted, self._changes = True, []
        return parts

    def refused(self, invocation: Invocation, error: MethodError) -> bool:
        # Nothing was changed (RFC 8620, 3.6.2), unless the server says so: whoever is not at
        # fault gets another try.
        alone = len(invocation.entries) == 1
        if not alone and not isinstance(error, ServerPartialFail) and not concerns_all(error):
            changes = _payload(invocation)
            self._queue.put_back(self, [self._of((one,), changes) for one in invocation.entries])
            return True
        for change in _payload(invocation):
            refusal = {"type": error.type, "description": error.description}
            self._note(change, _REFUSED, refusal)
        for entry in invocation.entries:
            self._refusals[entry] = error
        self._count_down(invocation)
        return False

    def _of(self, entries: tuple[Entry, ...], changes: list[Change]) -> "SetUnit":
        """Make a unit of what some of the callers want, in the order in which they came."""
        unit = SetUnit(entries[0], self._queue)
        unit.entries = list(entries)
        unit._changes = [one for one in changes if one.entry in entries]
        # Other parts of the same calls may have been carried out before.
        unit._unsettled, unit._results = self._unsettled, self._results
        unit._refusals = self._refusals
        unit.attempts = self.attempts
        return unit

    def _fail(self, entry: Entry, error: Exception) -> None:
        """Tell a caller that there is no answer, but never hide that a part was carried out."""
        result = self._results.get(entry, {})
        if "newState" not in result or entry.answer is not None:
            super()._fail(entry, error)
            return
        self._settle(entry, Answer(_with_rest(entry, result, error)))

    def _count_down(self, invocation: Invocation) -> None:
        shares = Counter(one.entry for one in _payload(invocation))
        for entry in invocation.entries:
            self._progress(entry, shares[entry])

    def _progress(self, entry: Entry, settled: int) -> None:
        self._unsettled[entry] -= settled
        if self._unsettled[entry]:
            return
        result = self._results[entry]
        # A call that was refused as a whole fails; one of which a part was made reports both.
        if entry in self._refusals and "newState" not in result:
            self._fail(entry, self._refusals[entry])
        else:
            self._settle(entry, Answer(result))


_UNMENTIONED: Final = {
    "type": "serverPartialFail",
    "description": "the server's answer does not mention this object; "
    "whether it was changed is unknown",
}

_MEMBERS: Final = frozenset({*_DONE.values(), *_REFUSED.values(), "oldState", "newState"})


def _payload(invocation: Invocation) -> list[Change]:
    part = invocation.payload
    return cast("list[Change]", part) if isinstance(part, list) else []


def _with_rest(entry: Entry, result: dict[str, Any], error: Exception) -> dict[str, Any]:
    """Complete the result of a call that failed half-way: what is missing was refused."""
    kind = "serverFail" if repeatable(entry, error) else "serverPartialFail"
    rest = {name: {**result.get(name, {})} for name in _REFUSED.values()}
    for phase, key, _ in _changes(entry.arguments):
        done, refused = _DONE[_PHASES[phase]], _REFUSED[_PHASES[phase]]
        if key not in result.get(done, ()):
            rest[refused].setdefault(key, {"type": kind, "description": str(error)})
    return {**result, **{name: errors for name, errors in rest.items() if errors}}


def _changes(arguments: Mapping[str, Any]) -> Iterator[tuple[int, str, Any]]:
    """Yield phase, key and value of each change, in the order in which the server works."""
    for phase, member in enumerate(("create", "update")):
        objects: dict[str, Any] = arguments.get(member) or {}
        for key, value in objects.items():
            yield phase, key, value
    for key in arguments.get("destroy") or ():
        yield 2, key, key


def _arguments(part: Iterable[Change], request: Request) -> dict[str, Any]:
    """Put the changes together as arguments, each creation under a name of its own."""
    arguments: dict[str, Any] = {}
    taken = set(request.created)
    for change in part:
        if change.phase == "create":
            names = creations.unique([change.key], taken)
            change.entry.wire_names |= names
            arguments.setdefault("create", {})[names[change.key]] = orjson.Fragment(change.body)
        elif change.phase == "update":
            arguments.setdefault("update", {})[change.key] = orjson.Fragment(change.body)
        else:
            arguments.setdefault("destroy", []).append(change.key)
    return arguments
