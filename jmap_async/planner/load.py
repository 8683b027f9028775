"""One invocation of /set while it is put together from what many callers change."""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

import orjson

from jmap_async.planner.backlog import Backlog, Piece
from jmap_async.planner.changes import Change, Fragments
from jmap_async.planner.entry import Entry
from jmap_async.planner.outcomes import UPDATE
from jmap_async.planner.patches import Patches
from jmap_async.planner.request import Request
from jmap_async.planner.submissions import SECTIONS
from jmap_async.planner.units import Offer

if TYPE_CHECKING:
    from jmap_async.planner.units import Unit

_LISTS: Final = frozenset({"destroy", "onSuccessDestroyEmail"})
_FRAMES: Final = tuple(
    b'"%b":%b' % (name.encode(), b"[%b]" if name in _LISTS else b"{%b}") for name in SECTIONS
)
# Braces, and all frames: nobody has to count exactly which are used.
_OVERHEAD: Final = 2 + sum(map(len, _FRAMES))


class Load:
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
        self._members: tuple[list[bytes], ...] = tuple([] for _ in SECTIONS)

    def fill(
        self,
        backlog: Backlog,
        *,
        left: Callable[[Entry], bool],
        refuse: Callable[[Change, int, int], None],
    ) -> Offer:
        """Take in what fits, in order.

        `left` tells whether nobody waits for a call; `refuse` is told of a change that fits into no
        request: how many octets it has, and how many a request may have.
        """
        pieces, offer = backlog.next, Offer.TAKEN
        while pieces and offer is Offer.TAKEN:
            first = pieces[0]
            if isinstance(first, Patches):
                offer = self._put_patches(first, pieces, backlog, left)
            elif left(first.writer.entry):
                pieces.popleft()
            else:
                offer = self._put_change(first, pieces, refuse)
        return offer

    def _put_patches(
        self,
        patches: Patches,
        pieces: deque[Piece],
        backlog: Backlog,
        left: Callable[[Entry], bool],
    ) -> Offer:
        """Take in as many patches as fit, or have them looked at one by one."""
        most = self.most - self.count
        while patches.drop(left, among=most + 1):
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
        self, change: Change, pieces: deque[Piece], refuse: Callable[[Change, int, int], None]
    ) -> Offer:
        """Take a change in, or a part of it."""
        if self.count == self.most:
            return Offer.FULL
        fragments = change.bind(self._request, self.names)
        if fragments is None:
            return Offer.BLOCKED
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
            refuse(change, size, self._request.told.max_size_request)
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
        invocation.repeatable = again
        if again:
            request.unsure.update(unit.epochs)
            request.shared.update((one.writer.entry, one.keys[0]) for one in changes if one.name)
        elif self._is_whole():
            request.alone.update(dict.fromkeys(entries, invocation))

    def _is_whole(self) -> bool:
        """Tell whether all of the only call in here is in here."""
        first = self.pieces[0]
        if isinstance(first, Patches):
            return True
        return first.writer.unsettled == self.count and not first.writer.result


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
