"""The benchmarks, in miniature and without the peers, so that they do not rot."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import jmap_async
from benchmarks.mail import full_view, list_view
from benchmarks.micro import codecs
from benchmarks.round_trips import planning
from benchmarks.round_trips.clients.contestant import Contestant
from benchmarks.round_trips.clients.every import contestants
from benchmarks.round_trips.clients.floor import HandMerged
from benchmarks.round_trips.clients.ours import Ours
from benchmarks.round_trips.scenarios import SCENARIOS, compare, run, show
from benchmarks.round_trips.server import Server, running

ROOT = Path(__file__).parents[1]
EMAILS = 2_000


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a running server with as many Emails as the largest scenario here asks for."""
    with running(EMAILS) as one:
        yield one


@pytest.mark.parametrize(
    ("scenario", "posts", "invocations"), [("reads-no-latency", 1, 2), ("updates", 1, 4)]
)
@pytest.mark.parametrize("client", [Ours, HandMerged])
async def test_calls_of_as_many_tasks_leave_in_one_post(
    server: Server,
    scenario: str,
    posts: int,
    invocations: int,
    client: Callable[[], Contestant],
) -> None:
    """1,000 reads are one request of two calls, 2,000 updates one of four, as by hand."""
    contestant = client()
    await contestant.open(server.session_url)
    did = await run(contestant, SCENARIOS[scenario], server)
    await contestant.close()
    assert (posts, invocations) == (did.posts, did.invocations)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_each_scenario_runs_and_is_shown(server: Server, name: str) -> None:
    """A scenario compares all clients and ends in a table with a line for each."""
    small = SCENARIOS[name].scaled(8)
    runs = await compare(contestants(peers=False), small, server, repeats=1)
    assert {"jmap_async", HandMerged.name} <= set(runs)
    assert 4 + len(runs) == len(show(small, runs).splitlines())


async def test_the_cost_of_planning_is_shown(server: Server) -> None:
    """Each kind of calls is planned in each number."""
    report = await planning.report(server, counts=(1, 20), calls=1)
    assert 2 * (len(planning.KINDS) + 1) == sum(
        line.startswith(("| 1 |", "| 20 |")) for line in report.splitlines()
    )


@pytest.mark.parametrize("view", [list_view, full_view])
def test_each_way_to_decode_runs(view: Callable[[int], dict[str, object]]) -> None:
    """Every way to read Emails is measured."""
    ways = codecs.decoding(view, 3, peers=False)
    times = codecs.compare(ways, repeats=1, at_least=0)
    assert set(ways) == set(times)


async def test_each_way_to_encode_runs(server: Server) -> None:
    """Every way to write updates gives a request."""
    async with jmap_async.connect(server.session_url, auth="token") as client:
        ways = codecs.encoding(client, peers=False)
        assert {True} == {b"Email/set" in way() for way in ways.values()}


def test_the_command_line_explains_itself() -> None:
    """`python -m benchmarks` starts, with all that it needs."""
    command = [sys.executable, "-m", "benchmarks", "--help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "usage" in shown.stdout
