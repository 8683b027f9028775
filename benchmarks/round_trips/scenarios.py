"""The scenarios: what is asked of each client, how often, and what came of it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from statistics import median
from typing import Final

import attrs

from benchmarks.mail import email_id
from benchmarks.measuring import figure, measured, median_ratio, table
from benchmarks.round_trips.clients.contestant import Contestant
from benchmarks.round_trips.server import Server

_PAGE: Final = 500

Work = Callable[[Contestant, int], Awaitable[None]]


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


@attrs.frozen(kw_only=True)
class Scenario:
    """Something to do `count` times, with a server that takes `latency` seconds to answer.

    `together` tells whether that is one piece of work, whose time is reported, or many, of which
    the time of one is. `tasks` tells whether there are tasks that wait for their part of it.
    """

    name: str
    title: str
    work: Work
    count: int
    latency: float = 0.0
    together: bool = True
    tasks: bool = True

    def scaled(self, count: int) -> "Scenario":
        """Return the same with another count."""
        return attrs.evolve(self, count=count)

    def suits(self, client: Contestant) -> bool:
        """Tell whether a client has something of its own to show here."""
        return self.tasks or client.name not in _ONLY_FOR_TASKS


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
            title="One call after the other, each reads one Email; the server answers at once",
            work=_read_alone,
            count=200,
            together=False,
            tasks=False,
        ),
        Scenario(
            name="pages",
            title="20,000 Emails in 40 pages, each a query and a get; the server takes 20 ms",
            work=_read_pages,
            count=20_000,
            latency=0.02,
            tasks=False,
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


async def run(client: Contestant, scenario: Scenario, server: Server) -> Run:
    """Let a client do its share of a scenario once, and scale what it needed."""
    many = max(1, round(scenario.count * client.share)) if scenario.together else scenario.count
    server.start(scenario.latency)
    with measured() as spent:
        await scenario.work(client, many)
    did = server.counters()
    parts = (spent.wall, spent.cpu, did.cpu, did.posts, did.invocations)
    factor = scenario.count / many if scenario.together else 1 / many
    return Run(*(part * factor for part in parts))


async def compare(
    clients: Iterable[Contestant], scenario: Scenario, server: Server, *, repeats: int
) -> dict[str, list[Run]]:
    """Run a scenario with all clients in turn, again and again; the first is what others equal."""
    taking_part = [client for client in clients if scenario.suits(client)]
    runs: dict[str, list[Run]] = {client.name: [] for client in taking_part}
    for client in taking_part:
        await client.open(server.session_url)
    try:
        server.start(0)
        for client in taking_part:  # connections, and what is built on first use
            await scenario.work(client, 4)
        for _ in range(repeats):
            for client in taking_part:
                runs[client.name].append(await run(client, scenario, server))
    finally:
        await asyncio.gather(*(client.close() for client in taking_part))
    return runs


def show(scenario: Scenario, runs: dict[str, list[Run]]) -> str:
    """Return the results as a Markdown table."""
    base, *_ = runs.values()
    rows = [
        [
            name,
            figure(_middle(mine, "wall") * 1e3),
            f"{median_ratio(_column(mine, 'wall'), _column(base, 'wall')):.1f}",
            figure(_middle(mine, "cpu") * 1e3),
            f"{_middle(mine, 'posts'):,.0f}",
            f"{_middle(mine, 'invocations'):,.0f}",
            f"{100 * _middle(mine, 'server_cpu') / _middle(mine, 'wall'):.0f} %",
        ]
        for name, mine in runs.items()
    ]
    head = ("client", "ms", "ratio", "ms of CPU", "POSTs", "method calls", "server's CPU / time")
    return f"### `{scenario.name}`: {scenario.title}\n\n{table(head, rows)}"


def _column(runs: Sequence[Run], name: str) -> list[float]:
    return [getattr(run, name) for run in runs]


def _middle(runs: Sequence[Run], name: str) -> float:
    return median(_column(runs, name))
