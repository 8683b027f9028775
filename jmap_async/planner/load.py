"""One invocation of /set while it is put together from what many callers change."""

from typing import Final

import orjson

from jmap_async.planner.changes import Change, Pieces
from jmap_async.planner.request import Request
from jmap_async.planner.submissions import SECTIONS

_LISTS: Final = frozenset({"destroy", "onSuccessDestroyEmail"})
_FRAMES: Final = tuple(
    b'"%b":%b' % (name.encode(), b"[%b]" if name in _LISTS else b"{%b}") for name in SECTIONS
)
# Braces, and all frames: nobody has to count exactly which are used.
_OVERHEAD: Final = 2 + sum(map(len, _FRAMES))


class Load:
    """The changes that go into one invocation, by number and by octets."""

    def __init__(self, request: Request, *, room: int, account: object) -> None:
        self.changes: list[Change] = []
        self.count = 0
        self.names = set(request.created)
        self.most = max(1, request.limits.max_objects_in_set)
        self._account = b"" if account is None else b'"accountId":%b' % orjson.dumps(account)
        self.overhead = _OVERHEAD + len(self._account)
        self._room = room - self.overhead
        # Of the Email/set that follows upon submissions.
        self._following = 0
        self._emails: set[str] = set()
        self._members: tuple[list[bytes], ...] = tuple([] for _ in SECTIONS)

    def add(self, change: Change, pieces: Pieces, *, slack: int = 0) -> bool:
        """Take a change in; False: it does not fit. `slack` are octets beyond the room."""
        size = octets(pieces)
        count = self.count + len(change.keys)
        following = self._following + (change.on_success.weight if change.on_success else 0)
        # The server would make one patch of two for the same Email.
        again = change.email is not None and change.email in self._emails
        if size > self._room + slack or count > self.most or again:
            return False
        if following > self.most and self.changes:
            return False
        self.changes.append(change)
        self.count, self._following = count, following
        self._room -= size
        if change.email is not None:
            self._emails.add(change.email)
        for section, piece in pieces:
            self._members[section].append(piece)
        return True

    def arguments(self) -> bytes:
        """Return the arguments as JSON."""
        members = [self._account] if self._account else []
        for frame, pieces in zip(_FRAMES, self._members, strict=True):
            if pieces:
                members.append(frame % b",".join(pieces))
        return b"{%b}" % b",".join(members)


def octets(pieces: Pieces) -> int:
    """Return how much pieces add to the arguments."""
    return sum(len(piece) + 1 for _, piece in pieces)
