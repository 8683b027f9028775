"""The scenarios: what is asked of each client, how often, and what came of it."""

from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from contextlib import ExitStack
from statistics import median
from typing import Final

import attrs

from benchmarks.charts import Panel
from benchmarks.loops import LOOPS, on_loop
from benchmarks.mail import email_id
from benchmarks.measuring import figure, median_ratio, table
from benchmarks.report import Section
from benchmarks.round_trips.before import beside
from benchmarks.round_trips.clients.contestant import Contestant
from benchmarks.round_trips.lanes import Lane
from benchmarks.round_trips.server import Server

_PAGE: Final = 500

Work = Callable[[Contestant, int], Coroutine[object, object, None]]


def _ids(count: int) -> list[str]:
    return [email_id(number) for number in range(count)]


async def _read(client: Contestant, count: int) -> None:
    await client.read(_ids(count))


async def _flag(client: Contestant, count: int) -> None:
    await client.flag(_ids(count))


async def _read_alone(client: Contestant, count: int) -> None:
    for one in _ids(count):
        await client.read_one(one)


async def _read_pages(client: Contestant, count: int) -> None:
    page = min(_PAGE, count)
    await client.read_pages(emails=count - count % page, page=page)


async def _iterate(client: Contestant, count: int) -> None:
    page = min(_PAGE, count)
    await client.iterate(emails=count - count % page, page=page)


@attrs.frozen(kw_only=True)
class Scenario:
    """Something to do `count` times, with a server that takes `latency` seconds to answer.

    `together` tells whether that is one piece of work, whose time is reported, or many, of which
    the time of one is. The clients in `without` have nothing of their own to show here.
    """

    name: str
    title: str
    work: Work
    count: int
    latency: float = 0.0
    together: bool = True
    without: Collection[str] = ()

    def scaled(self, count: int) -> "Scenario":
        """Return the same with another count."""
        return attrs.evolve(self, count=count)

    def suits(self, client: Contestant) -> bool:
        """Tell whether a client has something of its own to show here."""
        return client.name not in self.without


_ONLY_FOR_TASKS: Final = {"by hand, for as many tasks", "jmaplib, one explicit batch"}

SCENARIOS: Final = {
    one.name: one
    for one in (
        Scenario(
            name="reads",
            title="1,000 tasks, each reads one Email; the server takes 20 ms",
            work=_read,
            count=1_000,
            latency=0.02,
        ),
        Scenario(
            name="reads-no-latency",
            title="1,000 tasks, each reads one Email; the server answers at once",
            work=_read,
            count=1_000,
        ),
        Scenario(
            name="updates",
            title="2,000 tasks, each sets a keyword on one Email; the server takes 20 ms",
            work=_flag,
            count=2_000,
            latency=0.02,
        ),
        Scenario(
            name="alone",
            title="one call after the other, each reads one Email; the server answers at once",
            work=_read_alone,
            count=200,
            together=False,
            without=_ONLY_FOR_TASKS,
        ),
        Scenario(
            name="pages",
            title="20,000 Emails in 40 pages, each a query and a get; the server takes 20 ms",
            work=_read_pages,
            count=20_000,
            latency=0.02,
            without=_ONLY_FOR_TASKS,
        ),
        Scenario(
            name="iter",
            title="one loop over 20,000 Emails, in pages of 500; the server takes 20 ms",
            work=_iterate,
            count=20_000,
            latency=0.02,
            without={*_ONLY_FOR_TASKS, "jmapc, in threads"},
        ),
    )
}


@attrs.frozen
class Run:
    """What one client needed: seconds, seconds of its CPU and of the server's, requests, calls."""

    wall: float
    cpu: float
    server_cpu: float
    posts: float
    invocations: float


Runs = Mapping[str, Sequence[Run]]


def run(lane: Lane[Contestant], scenario: Scenario, server: Server) -> Run:
    """Let a client do its share of a scenario once, and scale what it needed."""
    share = lane.client.share if scenario.together else 1
    many = max(1, round(scenario.count * share))
    server.start(scenario.latency)
    _, spent = lane.turn(scenario.work, many)
    did = server.counters()
    parts = (spent.wall, spent.cpu, did.cpu, did.posts, did.invocations)
    factor = scenario.count / many if scenario.together else 1 / many
    return Run(*(part * factor for part in parts))


def compare(
    lanes: Iterable[Lane[Contestant]], scenario: Scenario, server: Server, *, repeats: int
) -> Runs:
    """Run a scenario with all clients in turn, again and again; the first is what others equal."""
    taking_part = [lane for lane in lanes if scenario.suits(lane.client)]
    runs: dict[str, list[Run]] = {lane.name: [] for lane in taking_part}
    with ExitStack() as stack:
        for lane in taking_part:
            stack.enter_context(lane.opened(server))
        server.start(0)
        for lane in taking_part:  # connections, and what is built on first use
            lane.turn(scenario.work, 4)
        for _ in range(repeats):
            for lane in taking_part:
                runs[lane.name].append(run(lane, scenario, server))
    return runs


def section(scenario: Scenario, runs: Runs) -> Section:
    """Return the results, with their ratios to the first client, on each loop to its like."""
    base = next(iter(runs))
    ratios = {
        on_loop(scenario.name, loop): _ratio(runs, on_loop("jmap_async", loop), on_loop(base, loop))
        for loop in LOOPS
        if on_loop("jmap_async", loop) in runs
    }
    times = [(name, _middle(mine, "wall") * 1e3) for name, mine in runs.items()]
    panel = Panel(f"{scenario.name}: {scenario.title}", "ms", times)
    return Section(_shown(scenario, runs, base), ratios, [panel])


def _shown(scenario: Scenario, runs: Runs, base: str) -> str:
    rows = [
        [
            name,
            figure(_middle(mine, "wall") * 1e3),
            f"{_ratio(runs, name, base):.1f}",
            figure(_middle(mine, "cpu") * 1e3),
            f"{_middle(mine, 'posts'):,.0f}",
            f"{_middle(mine, 'invocations'):,.0f}",
            f"{100 * _middle(mine, 'server_cpu') / _middle(mine, 'wall'):.0f} %",
        ]
        for name, mine in runs.items()
    ]
    head = ("client", "ms", "ratio", "ms of CPU", "POSTs", "method calls", "server's CPU / time")
    times = {name: _column(mine, "wall") for name, mine in runs.items()}
    return f"### `{scenario.name}`: {scenario.title}\n\n{table(head, rows)}{beside(times)}"


def _ratio(runs: Runs, name: str, base: str) -> float:
    return median_ratio(_column(runs[name], "wall"), _column(runs[base], "wall"))


def _column(runs: Sequence[Run], name: str) -> list[float]:
    return [getattr(run, name) for run in runs]


def _middle(runs: Sequence[Run], name: str) -> float:
    return median(_column(runs, name))
