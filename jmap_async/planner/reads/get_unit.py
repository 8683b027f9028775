"""Reads of the same type with the same arguments but the ids: one invocation, or as few as fit."""

import re
from collections.abc import Collection, Sequence
from typing import Any, Final, cast

import orjson

from jmap_async.errors import (
    JMAPError,
    LocalProtocolError,
    MethodError,
    RequestTooLarge,
)
from jmap_async.planner.base.entry import Answer, Entry, Reference
from jmap_async.planner.base.order import may_go, note_firm
from jmap_async.planner.base.replays import Again
from jmap_async.planner.base.request import Invocation, Request
from jmap_async.planner.base.trials import Division
from jmap_async.planner.base.unit import Line, Offer, Unit, concerns_all
from jmap_async.planner.copies import own_copies
from jmap_async.planner.fitting import broken, forgotten
from jmap_async.planner.names.resolving import resolved
from jmap_async.planner.plain_unit import PlainUnit
from jmap_async.planner.reads.shares import (
    Rows,
    Share,
    Takers,
    Wanted,
    add,
    add_to,
    handed_out,
    handed_to_one,
    untake,
    without,
)
from jmap_async.protocol.codec.converter import encode
from jmap_async.protocol.json import JSONObject, is_array, is_list_of_ids, is_object
from jmap_async.protocol.messages import MethodResponse

# Paths that give one id for each object of a /get.
_ONE_EACH: Final = re.compile(r"/list/\*/(?:id|threadId|emailId|parentId)")

# What a response has of its own for each of those who share it.
_OWN: Final = frozenset({"list", "notFound", "state"})

# Octets of `,"ids":` in the arguments.
_IDS: Final = 7

# Replays of a refused read are divided into this many parts each time.
_PARTS: Final = 8


class GetUnit(PlainUnit):
    """A /get by ids, for all callers that ask alike; over `maxObjectsInGet` it is cut up."""

    def __init__(self, entry: Entry, queue: Line) -> None:
        super().__init__(entry, queue)
        self._shares: dict[Entry, Share] = {}
        self._wanted: Wanted = {}
        self._most: int | None = None
        # Parts of one division share it: whether the fault is somebody's or everybody's.
        self._division = Division()
        if entry.ids is not None:
            self._want(entry, entry.ids)

    @staticmethod
    def suits(entry: Entry) -> bool:
        """Tell whether an entry is a read by ids."""
        if entry.ids is not None:
            return True
        method = entry.method
        referring = "ids" in entry.references and not entry.creators
        return referring and method.reads and method.name.endswith("/get")

    @staticmethod
    def key(entry: Entry) -> object:
        """Return what reads have in common that can be merged; None: leave this one alone."""
        return entry.alike if entry.mergeable else None

    def join(self, entry: Entry) -> bool:
        self.entries.append(entry)
        if entry.after:
            self.ordered = True
        self._want(entry, entry.ids or ())
        return True

    def split_off(self, entry: Entry) -> bool:
        share = self._shares.get(entry)
        if len(self.entries) == 1 or share is None or share.taken:
            return False
        self.entries.remove(entry)
        del self._shares[entry]
        for one in share.ids:
            if others := without(self._wanted[one], share):
                self._wanted[one] = others
            else:
                del self._wanted[one]
        return True

    def holds(self, entry: Entry) -> bool:
        share = self._shares.get(entry)
        if share is None:  # its ids come by a reference
            return not self.exhausted
        return any(share in self._wanted.get(one, ()) for one in share.ids)

    def _want(self, entry: Entry, ids: Sequence[str]) -> None:
        share = self._shares[entry] = Share(entry, ids)
        add(self._wanted, share)

    # On the way out

    def _staying(self) -> list[Entry]:
        # Who left is found out when their ids are taken: looking at all each time would take long.
        return self.entries if self._wanted else super()._staying()

    def _resolve(self, name: str, reference: Reference) -> Any:
        value = super()._resolve(name, reference)
        if name == "ids":
            if not is_list_of_ids(value):
                raise LocalProtocolError(
                    f"{self.name}: {reference.path!r} of {reference.entry.method.name} is no list "
                    "of ids"
                )
            for entry in self.entries:
                # Not the list itself: it belongs to whoever awaited that call.
                self._want(entry, [*value])
        return value

    def _take(self, request: Request, wire: JSONObject) -> Offer:
        if "#ids" in wire or not self._wanted:
            return super()._take(request, wire)
        if request.full:
            return Offer.FULL
        part = self._sendable(request)
        if not part:  # those who wanted the rest may have left
            self.exhausted = not self._wanted
            return Offer.DROPPED if self.exhausted else Offer.BLOCKED
        rest = self._rest(wire)
        ids = self._fitting(part, request, len(rest) + _IDS)
        if ids is None:
            return Offer.FULL
        entries = self._carried(part, request)
        self.exhausted = not self._wanted
        invocation = request.add(
            self, _with_ids(rest, ids), entries, objects=len(part), payload=part
        )
        if len(entries) == 1 and len(part) == len(self._shares[entries[0]].ids):
            # All that its only caller wants, and nothing else.
            request.whole_answers[entries[0]] = invocation
            note_firm(entries[0], request)
        return Offer.TAKEN

    def _has_its_turn(self, request: Request) -> bool:
        # Of reads by ids, the ids of those whose turn has not come stay behind.
        return bool(self._wanted) or super()._has_its_turn(request)

    def _is_final(self, request: Request) -> bool:
        # What a reference gives may be too much for one call; then it is read in parts.
        most = _most(self._references["ids"]) if "ids" in self._references else 0
        return most is not None and most <= request.limits.max_objects_in_get

    def _rest(self, wire: JSONObject) -> bytes:
        """Return the JSON of the arguments but the ids."""
        alike = self.entries[0].alike
        if alike is not None:
            return alike[-1]
        return encode({name: value for name, value in wire.items() if name != "ids"})

    def _sendable(self, request: Request) -> Wanted:
        """Return ids that may go now, for one invocation; drop those that nobody wants."""
        limits = request.limits
        most = max(1, min(limits.max_objects_in_get, self._most or limits.max_objects_in_get))
        part: Wanted = {}
        gone: list[str] = []
        for one, takers in self._wanted.items():
            going = self._going(takers, request)
            if going:
                part[one] = going
                if len(part) == most:
                    break
            elif going is not None:
                gone.append(one)
        for one in gone:
            del self._wanted[one]
        return part

    def _going(self, takers: Takers, request: Request) -> Takers | None:
        """Return who gets an id by this request; None: all who want it have to wait."""
        going, waiting = takers, False
        for share in takers:
            entry = share.entry
            # Nearly everybody stays: that is told without a call.
            if not (entry.claims and entry.answer is None) and self._unwanted(entry):
                going = without(going, share)
            elif share.first_in is not None and share.must_wait(request):
                return None
            elif entry.after and not may_go(entry, request):
                going, waiting = without(going, share), True
        return None if waiting and not going else going

    def _fitting(self, part: Wanted, request: Request, overhead: int) -> bytes | None:
        """Return the ids as JSON; take out those that do not fit; None: there is room for none."""
        room = request.room(self.name, self.using) - overhead
        ids = orjson.dumps([*part])
        if len(ids) <= room:
            return ids
        fitting = _within(room, [*part])
        if not fitting:
            if request.invocations:
                return None
            fitting = [*part][:1]
            if (size := len(orjson.dumps(fitting))) > room + request.slack:
                raise self._too_large(overhead + size, request.announced.max_size_request)
        for one in [*part][len(fitting) :]:
            del part[one]
        return orjson.dumps(fitting)

    def _carried(self, part: Wanted, request: Request) -> tuple[Entry, ...]:
        """Take note that a request carries a part; return who shares it."""
        entries: dict[Entry, None] = {}
        for one, takers in part.items():
            wanting = self._wanted.pop(one)
            if wanting is not takers:
                waiting = [share for share in wanting if self._waits(share, takers)]
                if waiting:
                    self._wanted[one] = waiting
            for share in takers:
                if share.first_in is None:
                    share.first_in = request.token
                entries[share.entry] = None
        return tuple(entries)

    def _waits(self, share: Share, going: Takers) -> bool:
        return share not in going and not self._unwanted(share.entry)

    # On the way back

    def take_out(self, invocation: Invocation, entries: Sequence[Entry], why: Again) -> None:
        part = _payload(invocation)
        if part is None:
            super().take_out(invocation, entries, why)
            return
        for one, takers in [*part.items()]:
            for share in takers:
                if share.entry in entries:
                    add_to(self._wanted, one, share)
                    share.untake()
            staying = [share for share in takers if share.entry not in entries]
            if staying:
                part[one] = staying
            else:
                del part[one]
        invocation.entries = tuple(one for one in invocation.entries if one not in entries)
        self.exhausted = False
        self._queue.put_back(self, [self], why)

    def answered(
        self, invocation: Invocation, arguments: JSONObject, implicit: MethodResponse | None
    ) -> None:
        rows = _rows(arguments)
        if rows is None:
            self.failed(invocation, broken(invocation, "it has no list of objects", arguments))
            return
        part = _payload(invocation) or self._referred(invocation)
        if part is None:
            super().answered(invocation, arguments, implicit)
            return
        self._division.successes += 1
        state, named = arguments.get("state"), arguments.get("notFound")
        not_found = _strings(named) if named else ()
        if len(rows) + len(not_found) > len(part):
            invocation.remark = _strays(invocation, rows, part)
        settled = (
            handed_out(part, rows, not_found, state)
            if len(invocation.entries) > 1
            else handed_to_one(part, rows, not_found, state)
        )
        members = {name: value for name, value in arguments.items() if name not in _OWN}
        for share, own in zip(settled, own_copies(members), strict=False):
            if share.left_out:
                # What is left out is not there or not readable just now: nobody can tell.
                problem = forgotten(share.left_out)
                self._fail(share.entry, broken(invocation, problem, share.left_out))
            else:
                self._settle(share.entry, share.answer(own))

    def _referred(self, invocation: Invocation) -> Wanted | None:
        """Return what the server resolved by itself, so that the order is the caller's too."""
        reference = self._references.get("ids")
        if reference is None:
            return None
        try:
            ids = resolved(self.name, reference)
        except JMAPError:
            return None
        if not ids or not is_list_of_ids(ids):
            return None
        shares = [Share(entry, [*ids]) for entry in invocation.entries]
        return dict.fromkeys(shares[0].ids, shares)

    def restore(self, invocation: Invocation) -> None:
        super().restore(invocation)
        if part := _payload(invocation):
            since = self._wanted
            self._wanted = {one: [*takers] for one, takers in part.items()}
            untake(part)
            # Others may have come for the same ids meanwhile.
            for one, takers in since.items():
                self._wanted[one] = [*self._wanted.get(one, ()), *takers]

    def refused(self, invocation: Invocation, error: MethodError) -> bool:
        part = _payload(invocation)
        if part is None:
            too_large = isinstance(error, RequestTooLarge) and self._resolve_after()
            return too_large or super().refused(invocation, error)
        if isinstance(error, RequestTooLarge) and len(part) > 1:
            self._most = len(part) // 2
            self.again(invocation, Again.TOO_LARGE)
            return True
        self._division.failed_alone += len(invocation.entries) == 1
        if len(invocation.entries) == 1 or concerns_all(error) or self._division.hopeless:
            return super().refused(invocation, error)
        parts = self._divided(part, invocation.entries, _PARTS)
        self._queue.put_back(self, parts, Again.REFUSED_IN_PARTS)
        return True

    def _resolve_after(self) -> bool:
        """Read in parts what a reference made too large for one call (RFC 8620, 5.1)."""
        reference = self._references.get("ids")
        if reference is None or not isinstance(reference.entry.answer, Answer):
            return False
        try:
            self._resolve("ids", reference)
        except JMAPError:
            return False
        self.exhausted = False
        self._queue.put_back(self, [self], Again.TOO_LARGE)
        return True

    def divide(self) -> list[Unit]:
        if len(self.entries) == 1 or not self._wanted:
            return super().divide()
        callers = dict.fromkeys(share.entry for takers in self._wanted.values() for share in takers)
        parts = self._divided(self._wanted, tuple(callers), 2)
        self.exhausted, self._wanted = True, {}
        return parts

    def _divided(self, part: Wanted, entries: tuple[Entry, ...], parts: int) -> list[Unit]:
        """Cut a read up by callers, so that only the one at fault is refused again."""
        untake(part)
        count = -(-len(entries) // parts)
        units: list[Unit] = []
        for start in range(0, len(entries), count):
            group = set(entries[start : start + count])
            unit = GetUnit(entries[start], self._queue)
            unit.entries = list(entries[start : start + count])
            unit._arguments, unit._references, unit._most = self._arguments, {}, self._most
            unit._division, unit.ordered = self._division, self.ordered
            unit._shares = {entry: self._shares[entry] for entry in unit.entries}
            unit._wanted = {
                one: mine
                for one, takers in part.items()
                if (mine := [share for share in takers if share.entry in group])
            }
            units.append(unit)
        return units


def _payload(invocation: Invocation) -> Wanted | None:
    """Return who wanted what of an invocation; None: the ids came by a reference."""
    part = invocation.payload
    return cast("Wanted", part) if isinstance(part, dict) else None


def _with_ids(rest: bytes, ids: bytes) -> bytes:
    """Put ids into the other arguments of a read, both in JSON."""
    return b'%b%b"ids":%b}' % (rest[:-1], b"," if len(rest) > 2 else b"", ids)


def _within(room: int, ids: list[str]) -> list[str]:
    """Return the first ids, as many as fit into so many octets."""
    size = 1
    for count, one in enumerate(ids):
        size += len(orjson.dumps(one)) + 1
        if size > room:
            return ids[:count]
    return ids


def _most(reference: Reference) -> int | None:
    """Return how many ids a reference can give at most; None: not known beforehand."""
    entry, path = reference.entry, reference.path
    verb = entry.method.name.rpartition("/")[2]
    if verb == "query" and path == "/ids":
        most = entry.arguments.get("limit")
    elif verb == "get" and _ONE_EACH.fullmatch(path):
        ids = entry.arguments.get("ids")
        further = entry.references.get("ids")
        most = len(ids) if is_array(ids) else _most(further) if further else None
    else:
        most = entry.arguments.get("maxChanges")
    return most if isinstance(most, int) else None


def _rows(arguments: JSONObject) -> Rows | None:
    """Return the objects that came, by id; one without an id is none."""
    rows = arguments.get("list")
    if not is_array(rows):
        return None
    try:
        return {row["id"]: row for row in rows}
    except (TypeError, KeyError):
        objects = [row for row in rows if is_object(row)]
        return {row["id"]: row for row in objects if isinstance(row.get("id"), str)}


def _strings(ids: object) -> Collection[str]:
    return {one for one in ids if isinstance(one, str)} if is_array(ids) else ()


def _strays(invocation: Invocation, rows: Rows, part: Wanted) -> str | None:
    """Say which objects nobody has asked for; None: there is none."""
    strays = [f"{one!r:.40}" for one in rows if one not in part]
    if not strays:
        return None
    return f"{invocation}: objects that nobody asked for are dropped: {', '.join(strays[:3])}"
