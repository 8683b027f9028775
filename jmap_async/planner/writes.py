"""What a client writes, by type of data: so what it has looked up of that is out of date."""

from jmap_async.planner.entry import Entry

Kind = tuple[str, str | None]
"""A type of data and an account, such as ("Mailbox", "A1")."""


class Writes:
    """How many writes there have been of each kind, and how many have not come to their end."""

    def __init__(self) -> None:
        self._begun: dict[Kind, int] = {}
        self._pending: dict[Kind, int] = {}

    def begin(self, entry: Entry) -> None:
        """Take note of a write that was queued."""
        for kind in _kinds(entry):
            self._begun[kind] = self._begun.get(kind, 0) + 1
            self._pending[kind] = self._pending.get(kind, 0) + 1

    def end(self, entry: Entry) -> None:
        """Take note that a write has an answer, an error, or will not be sent."""
        for kind in _kinds(entry):
            self._pending[kind] -= 1

    def last(self, *kinds: Kind) -> object | None:
        """Identify the last write of some kinds; None: there is one that has not come to its end.

        What was read when it was the same, before and after, is as this client has left it.
        """
        if any(self._pending.get(kind) for kind in kinds):
            return None
        return tuple(self._begun.get(kind, 0) for kind in kinds)


def _kinds(entry: Entry) -> list[Kind]:
    kind = entry.method.name.partition("/")[0]
    return [(kind, account) for account in entry.accounts]
