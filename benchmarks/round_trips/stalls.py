"""How long the event loop does not come round while many Emails arrive: a ticker on it tells."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from typing import Final

from benchmarks.charts import Panel
from benchmarks.loops import LOOPS, on_loop
from benchmarks.mail import email_id, full_view, list_view
from benchmarks.measuring import figure, median_ratio, table
from benchmarks.report import Section
from benchmarks.round_trips.clients.contestant import Asynchronous
from benchmarks.round_trips.clients.every import asynchronous
from benchmarks.round_trips.clients.floor import HandMerged
from benchmarks.round_trips.clients.ours import Ours
from benchmarks.round_trips.lanes import Lane, lanes
from benchmarks.round_trips.server import Server

VIEWS: Final = {"list": tuple(list_view(0)), "full": tuple(full_view(0))}
"""The properties that are asked for."""

EMAILS: Final = 500

Stalls = dict[str, dict[str, list[float]]]
"""Seconds of each run, by client and view."""


class Ticker:
    """Comes round with the loop, and keeps the longest time that one turn took."""

    def __init__(self) -> None:
        self.longest = 0.0

    def start(self) -> None:
        """Begin, in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._last = time.perf_counter()
        self._next = self._loop.call_soon(self._tick)

    def stop(self) -> None:
        """End; the turn that is not over yet counts."""
        self._next.cancel()
        self.longest = max(self.longest, time.perf_counter() - self._last)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now
        self._next = self._loop.call_soon(self._tick)


async def longest_stall(client: Asynchronous, emails: int, view: str) -> float:
    """Read that many Emails; return the longest turn of the loop, in seconds."""
    ids = [email_id(number) for number in range(emails)]
    ticker = Ticker()
    ticker.start()
    await client.fetch(ids, VIEWS[view])
    ticker.stop()
    return ticker.longest


def compare(
    server: Server,
    *,
    repeats: int,
    peers: bool,
    also: Sequence[Lane[Asynchronous]] = (),
    emails: int = EMAILS,
) -> Stalls:
    """Measure all clients in turn."""
    others: list[Asynchronous] = [HandMerged(), Ours()]
    taking_part = [*lanes(asynchronous(peers=peers), others=others), *also]
    stalls: Stalls = {lane.name: {view: [] for view in VIEWS} for lane in taking_part}
    with ExitStack() as stack:
        for lane in taking_part:
            stack.enter_context(lane.opened(server))
        server.start(0)
        for _ in range(1 + repeats):  # the first time much is built that is kept
            for lane in taking_part:
                for view, found in stalls[lane.name].items():
                    longest, _ = lane.turn(longest_stall, emails, view)
                    found.append(longest)
    return {
        name: {view: found[1:] for view, found in each.items()} for name, each in stalls.items()
    }


def section(stalls: Stalls) -> Section:
    """Return the table, and what the targets speak of."""
    milliseconds = {
        name: {view: median(found) * 1e3 for view, found in each.items()}
        for name, each in stalls.items()
    }
    rows = [[name, *map(figure, each.values())] for name, each in milliseconds.items()]
    title = f"the longest turn of the event loop while {EMAILS} Emails arrive, in ms"
    text = f"### `stalls`: {title}\n\n{table(('client', 'list view', 'full view'), rows)}"
    panels = [
        Panel(
            f"stalls: {EMAILS} Emails arrive, {view} view",
            "ms, longest turn of the loop",
            [(name, each[view]) for name, each in milliseconds.items()],
        )
        for view in VIEWS
    ]
    return Section(text, _ratios(stalls), panels)


def _ratios(stalls: Stalls) -> dict[str, float]:
    peer = stalls.get("jmaplib, a batch each")
    if peer is None:
        return {}
    return {
        on_loop(f"stall-{view}", loop): median_ratio(stalls[name][view], peer[view])
        for loop in LOOPS
        for view in VIEWS
        if (name := on_loop(Ours.name, loop)) in stalls
    }
