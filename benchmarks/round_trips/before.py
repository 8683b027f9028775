"""Another build of jmap_async, which takes its turns in a process of its own.

It is driven by the same code as the present one. `python -m benchmarks.round_trips.before CHECKOUT
ORIGIN` connects to the server at ORIGIN, and does what comes through its standard input until that
ends.
"""

import pickle
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import IO, Any, Concatenate, Final, ParamSpec, TypeVar, cast

from benchmarks.measuring import Spent, median_ratio
from benchmarks.round_trips.clients.contestant import Asynchronous
from benchmarks.round_trips.lanes import Lane
from benchmarks.round_trips.server import Server

T = TypeVar("T")
P = ParamSpec("P")

_ROOT: Final = Path(__file__).parents[2]

NAME: Final = "jmap_async before"


class Before(Lane[Asynchronous]):
    """A lane whose client is that of a checkout; `client` only says which one it is like."""

    def __init__(self, client: Asynchronous, checkout: Path) -> None:
        super().__init__(client)
        self.name = NAME
        self._checkout = checkout.resolve()

    @contextmanager
    def opened(self, server: Server) -> Iterator[None]:
        """Start the process, which connects; in the end it disconnects."""
        command = [sys.executable, "-m", __name__, str(self._checkout), server.origin]
        with subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            self._orders = cast("IO[bytes]", process.stdin)
            self._results = cast("IO[bytes]", process.stdout)
            yield

    def turn(
        self,
        work: Callable[Concatenate[Asynchronous, P], Coroutine[Any, Any, T]],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> tuple[T, Spent]:
        """Let the other process do the work; return what it returns."""
        pickle.dump((work, arguments, named), self._orders)
        self._orders.flush()
        result: tuple[T, Spent] = pickle.load(self._results)  # noqa: S301 - ours
        return result


def beside(times: Mapping[str, Sequence[float]]) -> str:
    """Say how long the present build takes beside the one before, if that took part."""
    if NAME not in times:
        return ""
    ratio = median_ratio(times["jmap_async"], times[NAME])
    return f"\n\n`jmap_async` takes {ratio:.2f} of the time of `{NAME}`."


def _load(checkout: Path) -> Asynchronous:
    """Return a client of the checkout."""
    # Benchmarks stay the present ones: their package is loaded already.
    sys.path.insert(0, str(checkout))
    package = import_module("jmap_async")
    if not Path(str(package.__file__)).is_relative_to(checkout):
        sys.exit(f"there is no jmap_async in {checkout}")
    client: Asynchronous = import_module("benchmarks.round_trips.clients.ours").Ours()
    return client


def main() -> None:
    checkout, origin = sys.argv[1:]
    lane = Lane(_load(Path(checkout)))
    with lane.opened(Server(origin)):
        while True:
            try:
                work, arguments, named = pickle.load(sys.stdin.buffer)  # noqa: S301 - ours
            except EOFError:
                return
            pickle.dump(lane.turn(work, *arguments, **named), sys.stdout.buffer)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
