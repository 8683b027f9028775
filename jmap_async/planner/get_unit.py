"""Reads of the same type with the same arguments but the ids: one invocation, or as few as fit."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeGuard, cast

import orjson

from jmap_async.errors import (
    JMAPError,
    LocalProtocolError,
    MethodError,
    RemoteProtocolError,
    RequestTooLarge,
)
from jmap_async.planner.creations import is_array
from jmap_async.planner.entry import Answer, Entry, Reference
from jmap_async.planner.recovery import Counts
from jmap_async.planner.request import Invocation, Request
from jmap_async.planner.units import Offer, Unit, concerns_all, resolved
from jmap_async.protocol.converter import encode
from jmap_async.protocol.messages import MethodResponse

if TYPE_CHECKING:
    from jmap_async.planner.queue import Queue


class Share:
    """What one entry wants of a merged read, and what of it has come."""

    __slots__ = ("answered", "entry", "first_in", "found", "ids", "state", "unsettled")

    def __init__(self, entry: Entry, ids: Iterable[str]) -> None:
        self.entry = entry
        self.ids = list(dict.fromkeys(ids))
        self.unsettled = len(self.ids)
        # Which request carries, or carried, the first part of it; and whether that has come back.
        self.first_in: Request | None = None
        self.answered = False
        self.found: dict[str, dict[str, Any]] = {}
        # Of the part answered first, so that /changes from there misses nothing (RFC 8620, 5.1).
        self.state: object = None

    @property
    def taken(self) -> bool:
        """Tell whether a part of it was sent."""
        return self.answered or self.first_in is not None

    def take(self, request: Request) -> None:
        """Take note that a request carries a part of it."""
        self.first_in = self.first_in or request

    def untake(self) -> None:
        """Take note that a part has to be sent again."""
        if not self.answered:
            self.first_in = None

    def must_wait(self, request: Request) -> bool:
        """Tell whether the first part is still under way in another request.

        Two requests are carried out in any order: what is read before the state that is reported
        could have changed in between, and nobody would notice.
        """
        if self.first_in is None or self.first_in is request or self.answered:
            return False
        return self.entry.answer is None and not self.entry.withdrawn

    def answer(self, members: Mapping[str, Any]) -> Answer:
        """Put the response together that this call would have got on its own."""
        response = {**members, "list": [self.found[one] for one in self.ids if one in self.found]}
        response["notFound"] = [one for one in self.ids if one not in self.found]
        if self.state is not None:
            response["state"] = self.state
        return Answer(response)


Wanted = dict[str, list[Share]]
"""Who wants each id."""

# Paths that give one id for each object of a /get.
_ONE_EACH: Final = re.compile(r"/list/\*/(?:id|threadId|emailId|parentId)")

# Replays of a refused read are divided into this many parts each time.
_PARTS: Final = 8


class GetUnit(Unit):
    """A /get by ids, for all callers that ask alike; over `maxObjectsInGet` it is cut up."""

    def __init__(self, entry: Entry, queue: "Queue") -> None:
        super().__init__(entry, queue)
        self._shares: dict[Entry, Share] = {}
        self._wanted: Wanted = {}
        self._most: int | None = None
        # Parts of one division share it: whether the fault is somebody's or everybody's.
        self._division = Counts()
        if "ids" not in self._references:
            self._want(entry, entry.arguments["ids"])

    @staticmethod
    def suits(entry: Entry) -> bool:
        """Tell whether an entry is a read by ids."""
        if not entry.method.reads or not entry.method.name.endswith("/get") or entry.makers:
            return False
        # An empty list is asked for its state; there is nothing to cut up.
        ids = entry.arguments.get("ids")
        return "ids" in entry.references or (is_list_of_ids(ids) and bool(ids))

    @staticmethod
    def key(entry: Entry) -> object:
        """Return what reads have in common that can be merged; None: leave this one alone."""
        if entry.references or not entry.mergeable:
            return None
        return (entry.method.name, entry.using, entry.rest)

    def join(self, entry: Entry) -> bool:
        self.entries.append(entry)
        self._want(entry, entry.arguments["ids"])
        return True

    def leave(self, entry: Entry) -> bool:
        share = self._shares.get(entry)
        if len(self.entries) == 1 or share is None or share.taken:
            return False
        self.entries.remove(entry)
        del self._shares[entry]
        for one in share.ids:
            self._wanted[one].remove(share)
            if not self._wanted[one]:
                del self._wanted[one]
        return True

    def _want(self, entry: Entry, ids: Iterable[str]) -> None:
        share = self._shares[entry] = Share(entry, ids)
        for one in share.ids:
            takers = self._wanted.get(one)
            if takers is None:
                self._wanted[one] = [share]
            else:
                takers.append(share)

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
                self._want(entry, value)
        return value

    def _take(self, request: Request, wire: dict[str, Any]) -> Offer:
        if "#ids" in wire or not self._wanted:
            offer = super()._take(request, wire)
            if "#ids" in wire and not self._is_small(request):
                request.unsure.update(self.epochs)
            return offer
        if request.full:
            return Offer.FULL
        part = self._part(request, len(encode({**wire, "ids": []})))
        if part is None:
            return Offer.FULL
        if not part:
            return Offer.BLOCKED
        for one in part:
            del self._wanted[one]
        self.exhausted = not self._wanted
        entries = self._takers(part, request)
        if not entries:  # everybody who wanted these has left
            return Offer.DROPPED if self.exhausted else self._take(request, wire)
        body = encode({**wire, "ids": list(part)})
        count = len(part)
        invocation = request.add(self, body, entries, creates=(), objects=count, payload=part)
        if self.exhausted and len(self.entries) == 1 and self._shares[entries[0]].ids == [*part]:
            request.alone[entries[0]] = invocation
        return Offer.TAKEN

    def _is_small(self, request: Request) -> bool:
        """Tell whether a reference surely gives no more ids than one call may have."""
        most = _most(self._references["ids"])
        return most is not None and most <= request.limits.max_objects_in_get

    def _takers(self, part: Wanted, request: Request) -> tuple[Entry, ...]:
        """Return who still wants some of the ids; ids that nobody wants are taken out."""
        entries: dict[Entry, None] = {}
        for one, takers in tuple(part.items()):
            staying = [share for share in takers if not self._left(share.entry)]
            for share in staying:
                share.take(request)
                entries[share.entry] = None
            if staying:
                part[one] = staying
            else:
                del part[one]
        return tuple(entries)

    def _part(self, request: Request, overhead: int) -> Wanted | None:
        """Return the ids that go into one invocation, by number and by octets; None: no room."""
        limits = request.limits
        most = max(1, min(limits.max_objects_in_get, self._most or limits.max_objects_in_get))
        room = request.room(self.name, self.using) - overhead
        part: Wanted = {}
        for one, takers in self._sendable(request):
            room -= len(encode(one)) + 1
            if len(part) == most or room < 0:
                break
            part[one] = takers
        first = None if part else next(self._sendable(request), None)
        if first is None:
            return part
        if request.invocations:
            return None
        if room + request.slack < 0:
            raise self._too_large(overhead + len(encode(first[0])), request.told.max_size_request)
        return dict([first])

    def _sendable(self, request: Request) -> Iterator[tuple[str, list[Share]]]:
        for one, takers in self._wanted.items():
            if request.pretend or not any(share.must_wait(request) for share in takers):
                yield one, takers

    # On the way back

    def answered(
        self, invocation: Invocation, arguments: dict[str, Any], implicit: MethodResponse | None
    ) -> None:
        rows = _rows(arguments)
        if rows is None:
            self.failed(
                invocation,
                RemoteProtocolError(
                    f"{self.name} (call {invocation.call_id}): the answer has no list of objects "
                    "with ids",
                    piece=arguments,
                ),
            )
            return
        part = _payload(invocation) or self._referred(invocation)
        if part is None:
            super().answered(invocation, arguments, implicit)
            return
        self._division.successes += 1
        self._hand_out(part, rows, arguments)

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
        shares = [Share(entry, ids) for entry in invocation.entries]
        return dict.fromkeys(shares[0].ids, shares)

    def _hand_out(
        self, part: Wanted, rows: dict[str, dict[str, Any]], arguments: dict[str, Any]
    ) -> None:
        state = arguments.get("state")
        members = {
            name: value
            for name, value in arguments.items()
            if name not in {"list", "notFound", "state"}
        }
        for one, takers in part.items():
            row = rows.get(one)
            for position, share in enumerate(takers):
                if row is not None:
                    # Everybody gets objects of their own.
                    share.found[one] = orjson.loads(orjson.dumps(row)) if position else row
                if share.state is None:
                    share.state = state
                share.answered = True
                share.unsettled -= 1
                if not share.unsettled:
                    self._settle(share.entry, share.answer(members))

    def restore(self, invocation: Invocation) -> None:
        super().restore(invocation)
        if part := _payload(invocation):
            since = self._wanted
            self._wanted = {one: [*takers] for one, takers in part.items()}
            _untake(part)
            # Others may have come for the same ids meanwhile.
            for one, takers in since.items():
                self._wanted.setdefault(one, []).extend(takers)

    def refused(self, invocation: Invocation, error: MethodError) -> bool:
        part = _payload(invocation)
        if part is None:
            too_large = isinstance(error, RequestTooLarge) and self._resolve_after()
            return too_large or super().refused(invocation, error)
        if isinstance(error, RequestTooLarge) and len(part) > 1:
            self._most = len(part) // 2
            self.again(invocation)
            return True
        self._division.alone += len(invocation.entries) == 1
        if len(invocation.entries) == 1 or concerns_all(error) or self._division.hopeless:
            return super().refused(invocation, error)
        self._queue.put_back(self, self._divided(part, invocation.entries, _PARTS))
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
        self._queue.put_back(self, [self])
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
        _untake(part)
        count = -(-len(entries) // parts)
        units: list[Unit] = []
        for start in range(0, len(entries), count):
            group = set(entries[start : start + count])
            unit = GetUnit(entries[start], self._queue)
            unit.entries = list(entries[start : start + count])
            unit._arguments, unit._references, unit._most = self._arguments, {}, self._most
            unit.attempts, unit._division = self.attempts, self._division
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


def _untake(part: Wanted) -> None:
    for takers in part.values():
        for share in takers:
            share.untake()


def is_list_of_ids(value: object) -> TypeGuard[list[str]]:
    """Tell whether a value is what /get takes for its ids."""
    return is_array(value) and all(isinstance(one, str) for one in value)


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


def _rows(arguments: dict[str, Any]) -> dict[str, dict[str, Any]] | None:
    rows = arguments.get("list")
    if not is_array(rows):
        return None
    try:
        return {row["id"]: row for row in rows}
    except (TypeError, KeyError):
        return None
