"""How many uploads may be under way, and who is next."""

import asyncio
from collections import deque
from types import TracebackType

from jmap_async.protocol.session import CoreCapability


class Slots:
    """Places for uploads (`maxConcurrentUpload`), taken by `async with` in the order of asking."""

    def __init__(self) -> None:
        self._told: CoreCapability | None = None
        self._allowed = 1
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def keep_to(self, told: CoreCapability) -> None:
        """Take over the limit of the session; what it says anew counts anew."""
        if told is not self._told:
            self._told, self._allowed = told, max(1, told.max_concurrent_upload)
            self._admit()

    def learn(self) -> None:
        """Take note that the server refused an upload because there are so many."""
        self._allowed = max(1, min(self._allowed, self._taken) - 1)

    async def __aenter__(self) -> None:
        if self._taken < self._allowed and not self._waiting:
            self._taken += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place in self._waiting:
                self._waiting.remove(place)
            else:
                self._leave()  # it was this one's turn at the same time
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        self._taken -= 1
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._taken < self._allowed:
            self._taken += 1
            place = self._waiting.popleft()
            if not place.done():  # else it is about to say that it left
                place.set_result(None)
