"""Lanes: a client on an event loop of its own, so that runs on different loops can take turns."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from benchmarks.loops import LOOPS, on_loop
from benchmarks.measuring import Spent, measured
from benchmarks.round_trips.clients.contestant import Contestant
from benchmarks.round_trips.server import Server

T = TypeVar("T")
P = ParamSpec("P")
C = TypeVar("C", bound=Contestant)
C_co = TypeVar("C_co", bound=Contestant, covariant=True)


class Lane(Generic[C_co]):
    """A client, and the loop that runs whenever it is this client's turn."""

    def __init__(self, client: C_co, loop: str = "asyncio") -> None:
        self.client = client
        self.name = on_loop(client.name, loop)
        self._loop = loop

    @contextmanager
    def opened(self, server: Server) -> Iterator[None]:
        """Connect, and disconnect in the end."""
        with asyncio.Runner(loop_factory=LOOPS[self._loop]) as self._runner:
            self._runner.run(self.client.open(server.session_url))
            try:
                yield
            finally:
                self._runner.run(self.client.close())

    def turn(
        self,
        work: Callable[Concatenate[C_co, P], Coroutine[Any, Any, T]],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> tuple[T, Spent]:
        """Let the client do some work; return what came of it, and what it took."""
        with measured() as spent:
            result = self._runner.run(work(self.client, *arguments, **named))
        return result, spent


def lanes(clients: Iterable[C], *, others: Iterable[C] = ()) -> list[Lane[C]]:
    """Return a lane for each of the clients and, on loops besides asyncio's, for each of `others`.

    A loop has `others` of its own, so at most one loop besides asyncio's takes part.
    """
    found = [Lane(client) for client in clients]
    for loop in LOOPS:
        if loop != "asyncio":
            found += [Lane(client, loop) for client in others]
    return found
