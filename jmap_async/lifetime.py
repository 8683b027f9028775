"""Where and how long a client may be used: in one event loop, until it is closed."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jmap_async.errors import ClientClosed, LocalProtocolError, Outcome, TransportError


def closed(what: str, outcome: Outcome = "not_sent") -> ClientClosed:
    """Return the error for what is not done any more, or not known to be."""
    doubt = "; whether it was carried out is unknown" if outcome == "unknown" else ""
    return ClientClosed(
        f"{what}: the client is closed: make a new one with connect(){doubt}", outcome=outcome
    )


def elsewhere(what: str) -> LocalProtocolError:
    """Return the error for what was asked for in another event loop."""
    return LocalProtocolError(
        f"{what}: this client belongs to another event loop: use a client for each loop"
    )


class Lifetime:
    """Begins in the running event loop; `end` ends what is under way."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._scopes: set[asyncio.Timeout] = set()
        self.ended = False

    def check(self, what: str) -> None:
        """Raise unless `what` may be done here and now; outside of any loop there is a later."""
        if not self.is_here:
            raise elsewhere(what)
        if self.ended:
            raise closed(what)

    @property
    def is_here(self) -> bool:
        """Tell whether no other event loop is running."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return True

    @asynccontextmanager
    async def within(self, what: str) -> AsyncGenerator[None, None]:
        """Do something that ends with ClientClosed when the client is closed, wherever it waits."""
        self.check(what)
        # A time-out whose time comes with the end: it cancels this task, and nobody else's view of
        # the cancellation is blurred.
        scope = asyncio.timeout(None)
        self._scopes.add(scope)
        try:
            async with scope:
                yield
        except (TimeoutError, TransportError, ClientClosed) as error:
            if not self.ended:
                raise
            # What was cut off by the end may have been carried out.
            outcome: Outcome = getattr(error, "outcome", "unknown")
        else:
            return
        finally:
            self._scopes.discard(scope)
        raise closed(what, outcome)

    def end(self) -> None:
        """End what is under way; idempotent."""
        self.ended = True
        for scope in self._scopes:
            if not scope.expired():
                scope.reschedule(self._loop.time())
