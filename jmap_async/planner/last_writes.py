"""What a client writes, by type of data: so what it has looked up of that is out of date."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from jmap_async.planner.base.entry import Entry


class Writes:
    """How many writes were queued, and how many of them have come to their end, by method.

    In whichever account: to tell them apart would make each of thousands of writes dearer, and an
    account in which nothing was written is only looked at once more.
    """

    def __init__(self) -> None:
        self.begun: defaultdict[str, int] = defaultdict(int)
        self._ended: defaultdict[str, int] = defaultdict(int)

    def end(self, entries: Iterable[Entry]) -> None:
        """Take note of those that have an answer or an error."""
        ended = self._ended
        for entry in entries:
            if not (entry.method.reads or entry.abandoned):
                ended[entry.method.name] += 1

    def drop(self, entry: Entry) -> None:
        """Take note of one that was abandoned: it will not be sent."""
        if not entry.method.reads:
            self._ended[entry.method.name] += 1

    def last(self, *types: str) -> object | None:
        """Identify the last write to types of data; None: one has not come to its end.

        What was read when it was the same, before and after, is as this client has left it.
        """
        begun = _of(self.begun, types)
        return tuple(begun) if begun == _of(self._ended, types) else None


def _of(counts: Mapping[str, int], types: Iterable[str]) -> list[int]:
    """Return how many there are of each type."""
    return [
        sum(count for name, count in counts.items() if name.partition("/")[0] == one)
        for one in types
    ]
