"""Handlers that arrive at a steady rate, whether those before them are done or not.

Each finds ten Emails, reads them, then reads their Threads, one after the other. Latency counts
from when a handler was due, so that a client that falls behind cannot hide it.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import Final

import attrs

from benchmarks.charts import Panel
from benchmarks.loops import LOOPS, on_loop
from benchmarks.measuring import figure, table
from benchmarks.report import Section
from benchmarks.round_trips.arrivals import not_exceeded, offer
from benchmarks.round_trips.clients.contestant import FOUND, Asynchronous
from benchmarks.round_trips.clients.every import asynchronous
from benchmarks.round_trips.clients.ours import Ours
from benchmarks.round_trips.lanes import Lane, lanes
from benchmarks.round_trips.server import Server

RATE: Final = 1_000
_LATENCY: Final = 0.02
_PLACES: Final = 2_000
"""Where handlers begin to read; then again from the first."""

# Long enough that the last ones, who are under way when no more arrive, do not weigh much.
_SECONDS: Final = 4.0
# A client that cannot follow falls behind further and further; a part shows it.
_SECONDS_BEHIND: Final = 0.3


@attrs.frozen
class Load:
    """What came of the handlers of one run: times in seconds, latency in round trips."""

    count: int
    wall: float
    cpu: float
    offered: float
    latencies: Sequence[float]
    posts: float

    def latency(self, part: float) -> float:
        """Return the latency that this part of the handlers does not exceed."""
        return not_exceeded(self.latencies, part) / _LATENCY


Loads = Mapping[str, Sequence[Load]]
"""What came of each run, by client."""


async def offer_handlers(client: Asynchronous, count: int) -> list[float]:
    """Let handlers arrive at one client."""
    handlers = [partial(client.handle, FOUND * (number % _PLACES)) for number in range(count)]
    return await offer(handlers, every=1 / RATE)


def run(lane: Lane[Asynchronous], server: Server, *, scale: float) -> Load:
    """Let handlers arrive at one client."""
    behind = not isinstance(lane.client, Ours)
    count = max(1, round(RATE * scale * (_SECONDS_BEHIND if behind else _SECONDS)))
    server.start(_LATENCY)
    latencies, spent = lane.turn(offer_handlers, count)
    posts = server.counters().posts
    return Load(count, spent.wall, spent.cpu, count / RATE, latencies, posts)


def compare(
    server: Server,
    *,
    repeats: int,
    peers: bool,
    also: Sequence[Lane[Asynchronous]] = (),
    scale: float = 1,
) -> Loads:
    """Offer the same to all clients in turn."""
    taking_part = [*lanes(asynchronous(peers=peers), others=[Ours()]), *also]
    loads: dict[str, list[Load]] = {lane.name: [] for lane in taking_part}
    with ExitStack() as stack:
        for lane in taking_part:
            stack.enter_context(lane.opened(server))
            lane.turn(offer_handlers, 1)
        for _ in range(repeats):
            for lane in taking_part:
                loads[lane.name].append(run(lane, server, scale=scale))
    return loads


def section(loads: Loads) -> Section:
    """Return the table, and what the targets speak of."""
    rows = [
        [
            name,
            f"{median(one.count / one.wall for one in mine):,.0f}",
            figure(median(one.latency(0.5) for one in mine)),
            figure(median(one.latency(0.99) for one in mine)),
            figure(median(one.posts / one.count for one in mine)),
            figure(median(1e3 * one.cpu / one.count for one in mine)),
        ]
        for name, mine in loads.items()
    ]
    head = ("client", "handled a second", "p50", "p99", "POSTs each", "ms of CPU each")
    title = f"{RATE:,} handlers a second, each three calls one after the other; 20 ms"
    note = "Latency (p50, p99) is in round trips of 20 ms."
    bars = [(name, median(one.count / one.wall for one in mine)) for name, mine in loads.items()]
    text = f"### `handlers`: {title}\n\n{note}\n\n{table(head, rows)}"
    return Section(text, _ratios(loads), [Panel(f"handlers: {title}", "handled a second", bars)])


def _ratios(loads: Loads) -> dict[str, float]:
    found = {}
    for loop in LOOPS:
        mine = loads.get(on_loop(Ours.name, loop))
        if mine:
            taken = median(one.wall / one.offered for one in mine)
            found[on_loop("handlers-offered", loop)] = taken
            found[on_loop("handlers-p50", loop)] = median(one.latency(0.5) for one in mine)
            found[on_loop("handlers-p99", loop)] = median(one.latency(0.99) for one in mine)
    peer = loads.get("jmaplib, a batch each")
    if peer:
        found["handlers-jmaplib"] = median(
            (mine.wall / mine.count) / (theirs.wall / theirs.count)
            for mine, theirs in zip(loads[Ours.name], peer, strict=True)
        )
    return found
