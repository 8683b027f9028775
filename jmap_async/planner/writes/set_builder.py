"""One invocation of /set while it is put together from what many callers change."""

from collections import deque
from collections.abc import Callable, Collection, Sequence
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import orjson

from jmap_async.planner.base.entry import Entry
from jmap_async.planner.base.order import note_firm, pending, stands_before
from jmap_async.planner.base.request import Request
from jmap_async.planner.base.unit import Offer
from jmap_async.planner.writes.backlog import Backlog, Piece
from jmap_async.planner.writes.changes import DESTROY, UPDATE, Change, Fragments
from jmap_async.planner.writes.merging import touched_in
from jmap_async.planner.writes.patches import Patches
from jmap_async.planner.writes.submissions import SECTIONS

if TYPE_CHECKING:
    from jmap_async.planner.base.unit import Unit

_LISTS: Final = frozenset({"destroy", "onSuccessDestroyEmail"})
_FRAMES: Final = tuple(
    b'"%b":%b' % (name.encode(), b"[%b]" if name in _LISTS else b"{%b}") for name in SECTIONS
)
# Braces, and all frames: nobody has to count exactly which are used.
_OVERHEAD: Final = 2 + sum(map(len, _FRAMES))


class SetBuilder:
    """What goes into one invocation, by number and by octets."""

    def __init__(self, request: Request, *, room: int, account: object) -> None:
        self.pieces: list[Piece] = []
        self.count = 0
        self.names = set(request.created)
        self.most = max(1, request.limits.max_objects_in_set)
        self._request = request
        self._account = b"" if account is None else b'"accountId":%b' % orjson.dumps(account)
        self.overhead = _OVERHEAD + len(self._account)
        self._room = room - self.overhead
        # Of the Email/set that follows upon submissions.
        self._following = 0
        self._emails: set[str] = set()
        # In a backlog that is ordered: who is in here, up to which phase, and who has to wait.
        self._within: dict[Entry, int] = {}
        self._aside: set[Entry] = set()
        self._members: tuple[list[bytes], ...] = tuple([] for _ in SECTIONS)

    def fill(
        self,
        pieces: deque[Piece],
        backlog: Backlog,
        *,
        unwanted: Callable[[Entry], bool],
        refuse: Callable[[Change, int, int], None],
    ) -> Offer:
        """Take in what may go now and fits, in order; the rest stays among the pieces.

        `unwanted` tells whether nobody waits for a call; `refuse` is told of a change that fits
        into no request: how many octets it has, and how many a request may have.
        """
        waiting: list[Piece] = []
        offer = Offer.TAKEN
        while pieces and offer is Offer.TAKEN:
            first = pieces[0]
            if isinstance(first, Patches):
                if backlog.ordered or self._request.held:
                    pieces.popleft()
                    first.drop(unwanted, among=len(first.entries))  # who left holds nobody up
                    waiting += self._set_aside(first, pieces)
                    if not first.entries:
                        continue
                offer = self._put_patches(first, pieces, backlog, unwanted)
            elif unwanted(first.writer.entry):
                pieces.popleft()
            elif (fragments := self._bound(first, backlog)) is None:
                pieces.popleft()
                waiting.append(first)
                self._hold(first.writer.entry)
            else:
                offer = self._put_change(first, fragments, pieces, refuse)
        _put_back(waiting, pieces)
        return Offer.BLOCKED if waiting and offer is Offer.TAKEN else offer

    def _bound(self, change: Change, backlog: Backlog) -> Fragments | None:
        """Return what goes into the request of a change; None: it has to wait."""
        entry = change.writer.entry
        if entry in self._aside or self._is_held(entry) or self._is_under_way(entry):
            return None
        if backlog.ordered and not self._in_order(entry, change.phase, change.creators.values()):
            return None
        return change.bind(self._request, self.names)

    def _in_order(self, entry: Entry, phase: int, creators: Collection[Entry] = ()) -> bool:
        """Tell whether all that a call stands behind is done, or stands before it."""
        request = self._request
        for one in pending(entry):
            # Both go in one invocation: the server creates, then updates, then destroys.
            together = self._within.get(one, DESTROY + 1) <= phase and one not in self._aside
            # What builds on a call that is sent again goes again with it.
            follows = one in creators and stands_before(one, request, reads=True)
            if not (together or follows or stands_before(one, request, reads=False)):
                return False
        return True

    def _is_under_way(self, entry: Entry) -> bool:
        """Tell whether another part of a call has to be answered first: parts keep their order."""
        request = self._request
        if not entry.requests:
            return False
        return entry.requests != (request,) or entry not in request.firm

    def _is_held(self, entry: Entry) -> bool:
        held = self._request.held
        return bool(held) and not held.isdisjoint(touched_in(entry))

    def _hold(self, entry: Entry) -> None:
        """Note that a call waits: in this request no later one of its objects passes it."""
        self._aside.add(entry)
        self._request.held.update(touched_in(entry))

    def _set_aside(self, patches: Patches, pieces: deque[Piece]) -> list[Piece]:
        """Take out of patches what has to wait; put what may go back in front."""
        going: list[Entry] = []
        waiting: list[Piece] = []
        position = patches.position
        for place, entry in enumerate(patches.entries):
            if self._in_order(entry, UPDATE) and not self._is_held(entry):
                going.append(entry)
                self._within[entry] = UPDATE
            else:
                waiting.append(Patches([entry], position + place))
                self._hold(entry)
        patches.entries = going
        if going:
            pieces.appendleft(patches)
        return waiting

    def _put_patches(
        self,
        patches: Patches,
        pieces: deque[Piece],
        backlog: Backlog,
        unwanted: Callable[[Entry], bool],
    ) -> Offer:
        """Take in as many patches as fit, or have them looked at one by one."""
        most = self.most - self.count
        while patches.drop(unwanted, among=most + 1):
            pass  # those behind have come closer
        count = patches.fitting(most=most, room=self._room)
        if count is None or not (count or self.pieces or self._request.invocations):
            pieces.popleft()
            pieces.extendleft(reversed(backlog.in_detail([patches])))
            return Offer.TAKEN
        if count:
            self._take(patches.cut(count))
        if patches.entries:
            return Offer.FULL
        pieces.popleft()
        return Offer.TAKEN

    def _take(self, patches: Patches) -> None:
        bodies = patches.bodies
        self.pieces.append(patches)
        self.count += sum(map(len, patches.ids))
        self._room -= sum(map(len, bodies)) + len(bodies)
        self._members[UPDATE].extend(bodies)

    def _put_change(
        self,
        change: Change,
        fragments: Fragments,
        pieces: deque[Piece],
        refuse: Callable[[Change, int, int], None],
    ) -> Offer:
        """Take a change in, or a part of it."""
        if self.count == self.most:
            return Offer.FULL
        if self.add(change, fragments, slack=0 if self.pieces else self._request.slack):
            pieces.popleft()
        elif len(change.keys) > 1:
            pieces.popleft()
            pieces.extendleft(reversed([*change.apart()]))
        elif self.pieces or self._request.invocations:
            return Offer.FULL
        else:
            pieces.popleft()
            size = self.overhead + octets(fragments)
            refuse(change, size, self._request.announced.max_size_request)
        return Offer.TAKEN

    def add(self, change: Change, fragments: Fragments, *, slack: int = 0) -> bool:
        """Take a change in; False: it does not fit. `slack` are octets beyond the room."""
        size = octets(fragments)
        count = self.count + len(change.keys)
        following = self._following + (change.on_success.weight if change.on_success else 0)
        # The server would make one patch of two for the same Email.
        again = change.email is not None and change.email in self._emails
        if size > self._room + slack or count > self.most or again:
            return False
        if following > self.most and self.pieces:
            return False
        self.pieces.append(change)
        self._within[change.writer.entry] = change.phase
        self.count, self._following = count, following
        self._room -= size
        if change.email is not None:
            self._emails.add(change.email)
        for section, fragment in fragments:
            self._members[section].append(fragment)
        return True

    def arguments(self) -> bytes:
        """Return the arguments as JSON."""
        members = [self._account] if self._account else []
        for frame, fragments in zip(_FRAMES, self._members, strict=True):
            if fragments:
                members.append(frame % b",".join(fragments))
        return b"{%b}" % b",".join(members)

    def send(self, unit: "Unit") -> None:
        """Put the invocation into the request, and say who may build on it."""
        entries = tuple(dict.fromkeys(chain.from_iterable(one.entries for one in self.pieces)))
        changes = [one for one in self.pieces if isinstance(one, Change)]
        created = _rename(changes)
        again = len(entries) > 1 or any(one.shared for one in changes)
        request = self._request
        invocation = request.add(
            unit,
            self.arguments(),
            entries,
            creates=() if again else created,
            objects=self.count,
            payload=self.pieces,
        )
        if again:
            request.provisional.update(
                (one.writer.entry, one.keys[0]) for one in changes if one.name
            )
            # Another part of one may stand alone.
            request.firm.difference_update(entries)
            return
        entry = self.pieces[0].entries[0]
        note_firm(entry, request)
        if self._is_whole():
            request.whole_answers[entry] = invocation

    def _is_whole(self) -> bool:
        """Tell whether all of the only call in here is in here."""
        first = self.pieces[0]
        if isinstance(first, Patches):
            return True
        return first.writer.unsettled == self.count and not first.writer.result


def _put_back(waiting: Sequence[Piece], pieces: deque[Piece]) -> None:
    """Let what has to wait stand where it stood."""
    within = bool(waiting and pieces) and waiting[-1].position > pieces[0].position
    pieces.extendleft(reversed(waiting))
    if within:  # of patches that did not fit, those who wait were taken out
        in_order = sorted(pieces, key=attrgetter("position"))
        pieces.clear()
        pieces.extend(in_order)


def _rename(changes: Sequence[Change]) -> list[str]:
    """Tell the callers what their creations are called in the request; return their own names."""
    created: list[str] = []
    names: dict[Entry, dict[str, str]] = {}
    for one in changes:
        if one.name is not None:
            entry = one.writer.entry
            names.setdefault(entry, {**entry.wire_names})[one.keys[0]] = one.name
            created.append(one.keys[0])
    for entry, own in names.items():
        entry.wire_names = own
    return created


def octets(fragments: Fragments) -> int:
    """Return how much fragments add to the arguments."""
    return sum(len(fragment) + 1 for _, fragment in fragments)
