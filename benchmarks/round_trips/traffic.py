"""Traffic: tasks that read and write in the same seconds, as the requests of a web backend do.

The requests of one task follow each other; those of different tasks need not. Latency is that of a
task, and counts from when it was due, so that a client that falls behind cannot hide it.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import Final

import attrs

from benchmarks.charts import Panel
from benchmarks.loops import LOOPS, on_loop
from benchmarks.measuring import figure, median_ratio, table
from benchmarks.report import Section
from benchmarks.round_trips.arrivals import not_exceeded, offer
from benchmarks.round_trips.before import beside
from benchmarks.round_trips.clients.contestant import Asynchronous
from benchmarks.round_trips.clients.every import asynchronous
from benchmarks.round_trips.clients.ours import Ours
from benchmarks.round_trips.lanes import Lane, lanes
from benchmarks.round_trips.server import Server

Task = Callable[[Asynchronous, int], Coroutine[object, object, None]]


@attrs.frozen(kw_only=True)
class Traffic:
    """So many tasks, evenly started within `seconds`.

    The server takes `latency` seconds to answer; a task on its own needs `least` round trips.
    """

    name: str
    title: str
    task: Task
    count: int
    latency: float
    seconds: float = 0.0
    least: int = 1

    def scaled(self, count: int) -> "Traffic":
        """Return the same with another count, in a time that is as much shorter or longer."""
        return attrs.evolve(self, count=count, seconds=self.seconds * count / self.count)


async def _review(client: Asynchronous, number: int) -> None:
    await client.review(number)


async def _conversation_or_mark(client: Asynchronous, number: int) -> None:
    await (client.mark(number) if number % 2 else client.conversation(number))


async def _request(client: Asynchronous, number: int) -> None:
    """Serve the next of ten requests that come again and again: what people do with their mail."""
    match number % 10:
        case 0 | 3 | 5 | 8:
            await client.inbox(number)
        case 1 | 6:
            await client.conversation(number)
        case 2:
            await client.mark(number)
        case 4:
            await client.search(number)
        case 7:
            await client.send(number)
        case _:
            await client.folders()


TRAFFIC: Final = {
    one.name: one
    for one in (
        Traffic(
            name="mixed",
            title="300 tasks within a second, each reads, updates and reads an Email; 20 ms",
            task=_review,
            count=300,
            latency=0.02,
            seconds=1.0,
            least=3,
        ),
        Traffic(
            name="conversations",
            title="40 reads of a Thread and its Emails, and 40 updates, all at once; 50 ms",
            task=_conversation_or_mark,
            count=80,
            latency=0.05,
        ),
        Traffic(
            name="backend",
            title="200 requests of a web backend, all at once; 50 ms",
            task=_request,
            count=200,
            latency=0.05,
        ),
    )
}


@attrs.frozen
class Run:
    """What one client needed: seconds, seconds of its CPU, requests, calls, seconds of each task.

    `alone` is the time of the first task, where there is no other.
    """

    wall: float
    cpu: float
    posts: float
    invocations: float
    latencies: Sequence[float]
    alone: float


Runs = Mapping[str, Sequence[Run]]
"""What came of each run, by client."""


async def carry_out(client: Asynchronous, traffic: Traffic) -> list[float]:
    """Start all tasks when they are due; return how long after that each was done."""
    tasks = [partial(traffic.task, client, number) for number in range(traffic.count)]
    return await offer(tasks, every=traffic.seconds / traffic.count)


def run(lane: Lane[Asynchronous], traffic: Traffic, server: Server) -> Run:
    """Let one client carry out the first task alone, then all."""
    server.start(traffic.latency)
    [alone], _ = lane.turn(carry_out, traffic.scaled(1))
    server.start(traffic.latency)
    latencies, spent = lane.turn(carry_out, traffic)
    did = server.counters()
    return Run(spent.wall, spent.cpu, did.posts, did.invocations, latencies, alone)


def compare(
    traffic: Traffic,
    server: Server,
    *,
    repeats: int,
    peers: bool,
    also: Sequence[Lane[Asynchronous]] = (),
) -> Runs:
    """Let all clients carry out the same in turn; the first is what others equal."""
    taking_part = [*lanes(asynchronous(peers=peers), others=[Ours()]), *also]
    runs: dict[str, list[Run]] = {lane.name: [] for lane in taking_part}
    with ExitStack() as stack:
        server.start(0)
        for lane in taking_part:  # connections, and what is looked up or built on first use
            stack.enter_context(lane.opened(server))
            lane.turn(carry_out, attrs.evolve(traffic.scaled(10), seconds=0))
        for _ in range(repeats):
            for lane in taking_part:
                runs[lane.name].append(run(lane, traffic, server))
    return runs


def section(traffic: Traffic, runs: Runs) -> Section:
    """Return the table, and what the targets speak of."""
    head = (
        "client",
        "ms until all are done",
        "ratio",
        "a task alone",
        "p50",
        "p99",
        "POSTs",
        "method calls",
        "calls a POST",
        "ms of CPU",
    )
    base = [one.wall for one in next(iter(runs.values()))]
    rows = [_row(traffic, mine, base) for mine in runs.values()]
    shown = table(head, [[name, *row] for name, row in zip(runs, rows, strict=True)])
    times = {name: [one.wall for one in mine] for name, mine in runs.items()}
    text = f"### `{traffic.name}`: {traffic.title}\n\n{_unit(traffic)}\n\n{shown}{beside(times)}"
    bars = [(name, median(mine) * 1e3) for name, mine in times.items()]
    panel = Panel(f"{traffic.name}: {traffic.title}", "ms until all are done", bars)
    return Section(text, _ratios(traffic, runs), [panel])


def _unit(traffic: Traffic) -> str:
    milliseconds = f"{traffic.latency * 1e3:.0f} ms"
    if traffic.least > 1:
        milliseconds = f"{traffic.least} times {milliseconds}, the round trips that a task needs"
    return f"Latency of a task (alone; p50, p99) is in units of {milliseconds}."


def _row(traffic: Traffic, runs: Sequence[Run], base: Sequence[float]) -> list[str]:
    walls = [one.wall for one in runs]
    return [
        figure(median(walls) * 1e3),
        f"{median_ratio(walls, base):.2f}",
        figure(median(one.alone for one in runs) / _least(traffic)),
        figure(_latency(traffic, runs, 0.5)),
        figure(_latency(traffic, runs, 0.99)),
        f"{median(one.posts for one in runs):,.0f}",
        f"{median(one.invocations for one in runs):,.0f}",
        figure(_calls_a_post(runs)),
        figure(median(one.cpu for one in runs) * 1e3),
    ]


def _least(traffic: Traffic) -> float:
    """Return the seconds that a task needs at least."""
    return traffic.least * traffic.latency


def _latency(traffic: Traffic, runs: Sequence[Run], part: float) -> float:
    return median(not_exceeded(one.latencies, part) for one in runs) / _least(traffic)


def _calls_a_post(runs: Sequence[Run]) -> float:
    return median(one.invocations / one.posts for one in runs)


def _ratios(traffic: Traffic, runs: Runs) -> dict[str, float]:
    found: dict[str, float] = {}
    for loop in LOOPS:
        mine = runs.get(on_loop(Ours.name, loop))
        if mine:
            ratios = {
                "time": median(one.wall for one in mine) / traffic.latency,
                "p50": _latency(traffic, mine, 0.5),
                "p99": _latency(traffic, mine, 0.99),
                "posts": median(one.posts for one in mine),
                "calls": _calls_a_post(mine),
            }
            found |= {on_loop(f"{traffic.name}-{key}", loop): it for key, it in ratios.items()}
    return found
