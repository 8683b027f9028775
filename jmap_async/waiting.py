"""Who waits: for the answer to a call, and for a place in the queue.

The rule for both: whatever happens, everybody is woken.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from jmap_async.planner import Entry

Waiter = asyncio.Future[None]


class Waiters:
    """Who waits for which call: a future each, so that cancelling one leaves the others alone."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # Nearly always there is one: a list for each would cost the garbage collector's time.
        self._first: dict[Entry, Waiter] = {}
        self._further: dict[Entry, list[Waiter]] = {}

    def __bool__(self) -> bool:
        return bool(self._first or self._further)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The calls that somebody waits for, each once."""
        return tuple(dict.fromkeys((*self._first, *self._further)))

    def add(self, entry: Entry) -> Waiter:
        """Return a future that is done when the call has ended."""
        waiter: Waiter = self._loop.create_future()
        if self._first.setdefault(entry, waiter) is not waiter:
            self._further.setdefault(entry, []).append(waiter)
        return waiter

    def remove(self, entry: Entry, waiter: Waiter) -> bool:
        """Take out somebody who does not wait any more; False: was woken already."""
        if self._first.get(entry) is waiter:
            del self._first[entry]
            return True
        further = self._further.get(entry, [])
        if waiter not in further:
            return False
        further.remove(waiter)
        if not further:
            del self._further[entry]
        return True

    def wake(self, entry: Entry) -> None:
        """Wake all who wait for a call."""
        waiter = self._first.pop(entry, None)
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
        if entry in self._further:
            for one in self._further.pop(entry):
                if not one.done():
                    one.set_result(None)


class HasWaiting(Protocol):
    """What calls wait in."""

    @property
    def waiting(self) -> int:
        """How many there are."""
        ...


class Places:
    """Room for so many calls that wait to be sent; whoever comes when it is full stands in line.

    `changed` is called when a place may have become free.
    """

    def __init__(self, most: int, queue: HasWaiting, *, changed: Callable[[], None]) -> None:
        self._most = max(1, most)
        self._queue = queue
        self._changed = changed
        self._line: OrderedDict[Waiter, None] = OrderedDict()
        # Who has been let in and has not come to take the place.
        self._promised = 0

    def __len__(self) -> int:
        """Tell how many stand in line."""
        return len(self._line)

    @property
    def full(self) -> bool:
        """Tell whether one has to stand in line; nobody overtakes those who were let in."""
        return self._queue.waiting >= self._most or self._promised > 0 or bool(self._line)

    async def admission(self) -> None:
        """Wait for a place."""
        place: Waiter = asyncio.get_running_loop().create_future()
        self._line[place] = None
        try:
            await place
        finally:
            if place in self._line:
                del self._line[place]
            else:
                self._promised -= 1
            # A place that is not taken after all goes to the next.
            self._changed()

    def admit(self, *, everybody: bool = False) -> None:
        """Let in as many as there is room for."""
        free = self._most - self._queue.waiting - self._promised
        while self._line and (free > 0 or everybody):
            place, _ = self._line.popitem(last=False)
            self._promised += 1
            free -= 1
            if not place.done():  # else it is about to say that it left
                place.set_result(None)
