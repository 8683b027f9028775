"""The benchmarks, in miniature and without the peers, so that they do not rot; and their guard."""

import asyncio
import copy
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree as ET

import attrs
import pytest

import jmap_async
from benchmarks import __main__ as everything
from benchmarks.charts import Panel, chart
from benchmarks.guard import baseline, counting, instructions
from benchmarks.guard.__main__ import check, show
from benchmarks.guard.workloads import Workloads, workloads
from benchmarks.loops import LOOPS
from benchmarks.micro import decode, deliver, encode, imports, memory, plan, ways as ways_of
from benchmarks.micro.calls import KINDS
from benchmarks.report import Chapter, Section
from benchmarks.round_trips import handlers, scenarios, stalls, traffic
from benchmarks.round_trips.answers import Mail
from benchmarks.round_trips.before import NAME, Before
from benchmarks.round_trips.clients.contestant import Contestant
from benchmarks.round_trips.clients.every import contestants
from benchmarks.round_trips.clients.floor import HandMerged
from benchmarks.round_trips.clients.ours import Ours
from benchmarks.round_trips.lanes import Lane, lanes
from benchmarks.round_trips.scenarios import SCENARIOS
from benchmarks.round_trips.server import Server, running
from benchmarks.round_trips.traffic import TRAFFIC
from benchmarks.targets import TARGETS, targets_table
from jmap_async import Client

ROOT = Path(__file__).parents[1]
EMAILS = 2_000

T = TypeVar("T")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a running server with as many Emails as the largest scenario here asks for."""
    with running(EMAILS) as one:
        yield one


def connected(server: Server, use: Callable[[Client], T]) -> T:
    """Use a client that is connected, in a loop that runs."""

    async def main() -> T:
        async with jmap_async.connect(server.session_url, auth="token") as client:
            return use(client)

    return asyncio.run(main())


def keys(*sections: Section) -> set[str]:
    """Return what targets these sections speak of, on asyncio's own loop."""
    return {key for section in sections for key in section.ratios if not key.endswith("uvloop")}


# Round trips


@pytest.mark.parametrize(
    ("scenario", "posts", "invocations"), [("reads-no-latency", 1, 2), ("updates", 1, 4)]
)
@pytest.mark.parametrize("client", [Ours, HandMerged])
def test_calls_of_as_many_tasks_leave_in_one_post(
    server: Server,
    scenario: str,
    posts: int,
    invocations: int,
    client: Callable[[], Contestant],
) -> None:
    """1,000 reads are one request of two calls, 2,000 updates one of four, as by hand."""
    lane = Lane(client())
    with lane.opened(server):
        did = scenarios.run(lane, SCENARIOS[scenario], server)
    assert (posts, invocations) == (did.posts, did.invocations)


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_runs_and_is_shown(server: Server, name: str) -> None:
    """A scenario compares all clients, and ends in a table and a chart with a line for each."""
    small = SCENARIOS[name].scaled(8)
    others: list[Contestant] = [HandMerged(), Ours()]
    taking_part = lanes(contestants(peers=False), others=others)
    runs = scenarios.compare(taking_part, small, server, repeats=1)
    section = scenarios.section(small, runs)
    assert {Ours.name, HandMerged.name} <= set(runs)
    assert 4 + len(runs) == len(section.text.splitlines())
    assert list(runs) == [label for label, _ in section.panels[0].bars]
    assert {name} == keys(section)


def test_another_build_takes_part_in_a_process_of_its_own(server: Server, tmp_path: Path) -> None:
    """The build of a checkout does the same work, and is compared with the present one."""
    (tmp_path / "jmap_async").symlink_to(ROOT / "jmap_async")
    small = SCENARIOS["updates"].scaled(600)
    taking_part = [Lane(Ours()), Before(Ours(), tmp_path)]
    runs = scenarios.compare(taking_part, small, server, repeats=1)
    assert {Ours.name: 2, NAME: 2} == {name: run.invocations for name, [run] in runs.items()}
    assert f"of the time of `{NAME}`" in scenarios.section(small, runs).text


def test_a_loop_over_many_emails_takes_few_posts(server: Server) -> None:
    """`email.iter` reads 2,000 Emails in few requests: five pages, and four beyond at most."""
    lane = Lane(Ours())
    with lane.opened(server):
        did = scenarios.run(lane, SCENARIOS["iter"].scaled(EMAILS), server)
    assert 3 <= did.posts <= 5
    assert 2 * 5 <= did.invocations <= 2 * 9


@pytest.mark.parametrize(
    ("name", "count", "at_most", "by_hand"),
    [
        ("mixed", 20, (3, 3), (60, 60)),
        ("conversations", 80, (6, 81), (80, 120)),
        ("backend", 20, (5, 34), (20, 38)),
    ],
)
def test_tasks_share_requests_and_keep_their_steps(
    server: Server, name: str, count: int, at_most: tuple[int, int], by_hand: tuple[int, int]
) -> None:
    """Tasks of many kinds that start together share POSTs and calls, which by hand they do not."""
    small = attrs.evolve(TRAFFIC[name].scaled(count), latency=0.001, seconds=0)
    runs = traffic.compare(small, server, repeats=1, peers=False)
    counts = {name: (int(one.posts), int(one.invocations)) for name, [one] in runs.items()}
    for number, most in zip(counts[Ours.name], at_most, strict=True):
        assert number <= most
    assert by_hand == counts[HandMerged.name]
    assert [count] * len(runs) == [len(run.latencies) for [run] in runs.values()]
    section = traffic.section(small, runs)
    assert 6 + len(runs) == len(section.text.splitlines())
    assert {one.key for one in TARGETS if one.key.startswith(name)} <= keys(section)


def test_handlers_are_counted_and_shown(server: Server) -> None:
    """Every handler that arrives is served, in fewer requests than it makes calls."""
    loads = handlers.compare(server, repeats=1, peers=False, scale=0.01)
    [load] = loads[Ours.name]
    assert load.count == len(load.latencies) == 40
    assert load.posts < 3 * load.count
    section = handlers.section(loads)
    assert {"handlers-offered", "handlers-p50", "handlers-p99"} == keys(section)


def test_stalls_are_found_and_shown(server: Server) -> None:
    """The ticker saw the loop come round, with every client and view."""
    found = stalls.compare(server, repeats=1, peers=False, emails=3)
    assert {Ours.name, HandMerged.name} <= set(found)
    assert all(seconds > 0 for each in found.values() for [seconds] in each.values())
    assert 4 + len(found) == len(stalls.section(found).text.splitlines())


async def test_the_ticker_sees_a_turn_that_is_not_over() -> None:
    """A stall counts though it ends with the measurement."""
    ticker = stalls.Ticker()
    ticker.start()
    await asyncio.sleep(0)
    ticker.stop()
    assert ticker.longest > 0


# Bytes, objects, calls


@pytest.mark.parametrize("view", decode.VIEWS)
def test_each_way_to_decode_runs(server: Server, view: str) -> None:
    """Every way to read Emails is measured, and shown with its ratio to the first."""
    _, email, _ = decode.VIEWS[view]

    def measured(client: Client) -> Section:
        ways = decode.decoding(client, email, 3, peers=False)
        times = ways_of.compare(ways, repeats=1, at_least=0)
        assert set(ways) == set(times)
        first, second, *_ = times
        targets = {"it": (second, first)}
        return ways_of.section("decode", times, per=3, unit="an Email", targets=targets)

    assert {"it"} == keys(connected(server, measured))


def test_what_more_properties_cost_is_shown(server: Server) -> None:
    """There is a line for each selection of properties."""
    section = connected(server, lambda client: decode.properties(client, repeats=1, count=2))
    assert 6 + len(decode.SELECTIONS) == len(section.text.splitlines())


def test_each_way_to_encode_runs(server: Server) -> None:
    """Every way to write updates gives them all."""

    def written(client: Client) -> list[bytes]:
        ways = *encode.encoding(client).values(), *encode.requesting(client, peers=False).values()
        return [way() for way in ways]

    ids = [id.encode() for id in encode.updates()]
    assert [True] * 4 == [all(one in body for one in ids) for body in connected(server, written)]


def test_memory_is_shown() -> None:
    """Every way to keep Emails is measured, on systems that tell how much memory there is."""
    if not Path("/proc/self/statm").exists():
        assert [] == memory.sections(peers=False)
        return
    assert 0 <= memory.grown("orjson", "list", 500) < 100e6


def test_imports_are_measured_in_fresh_processes() -> None:
    """The package and aiohttp are imported in turn."""
    [section] = imports.sections(repeats=1, peers=False)
    assert {"import"} == keys(section)


@pytest.mark.parametrize(("kind", "posts"), [("reads", 1), ("updates", 1), ("queries", 2)])
def test_calls_are_planned_step_by_step(server: Server, kind: str, posts: int) -> None:
    """Twenty calls become one request if they merge, and two of sixteen calls if they do not."""
    _, make = KINDS[kind]
    answer = Mail(20).answer
    steps, requests = connected(server, lambda client: plan.plan(client, make, 20, answer))
    assert posts == requests
    assert steps.make > 0


def test_the_cost_of_planning_is_shown(server: Server) -> None:
    """Each kind of calls is planned in each number, and delivered on each loop."""
    [planned] = connected(server, lambda client: plan.sections(client, counts=(20,), calls=1))
    [delivered] = deliver.sections(server, counts=(20,), calls=1)
    for text, tables in ((planned.text, len(KINDS)), (delivered.text, len(LOOPS))):
        assert tables == sum(line.startswith("| 20 |") for line in text.splitlines())


# Results


def test_targets_say_whether_they_are_reached() -> None:
    """A target that was measured has a line, with the ratio on uvloop where there is one."""
    first, second, *_ = TARGETS
    ratios = {
        first.key: first.at_most,
        f"{first.key}, uvloop": 0.5,
        second.key: second.at_most + 1,
    }
    lines = targets_table(ratios).splitlines()[2:]
    assert ["yes", "**no**"] == [line.split(" | ")[4] for line in lines]
    assert ["0.50 |", "|"] == [line.split(" | ")[5].strip() for line in lines]


def test_each_target_has_a_key_of_its_own() -> None:
    """No target hides another."""
    assert len(TARGETS) == len({one.key for one in TARGETS})


def test_results_of_several_pythons_stand_side_by_side(tmp_path: Path) -> None:
    """Saving writes a page and charts for this Python, and an index that keeps the others'."""
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "2.7.md").write_text("# Old\n\nslow\n\n## All results\n\nmore\n")
    panel = Panel("reads", "ms", [("by hand", 1.0), ("jmap_async", 2.0)])
    found = [Chapter("Round trips", [Section("### reads", {TARGETS[0].key: 1.0}, [panel])])]
    everything.save(found, tmp_path)
    index = (tmp_path / "results.md").read_text(encoding="utf-8")
    version = ".".join(map(str, sys.version_info[:2]))
    assert "## Old\n\nslow" in index
    assert TARGETS[0].what in index
    assert "more" not in index
    page = (tmp_path / "results" / f"{version}.md").read_text(encoding="utf-8")
    assert f"![Round trips]({version}/round-trips.svg)" in page
    assert (tmp_path / "results" / version / "round-trips.svg").exists()


@pytest.mark.parametrize("longest", [2.0, 2_000.0])
def test_a_chart_has_a_bar_for_each_value(longest: float) -> None:
    """A chart is XML, and longer bars stand for larger values, whatever their range."""
    panels = [Panel("a <b> & c", "ms", [("x", 1.0), ("jmap_async", longest)])]
    drawn = ET.fromstring(chart(panels))  # noqa: S314 - drawn here
    bars = [float(one.attrib["width"]) for one in drawn.iter("{http://www.w3.org/2000/svg}rect")]
    assert 2 == len(bars)
    assert 0 < bars[0] < bars[1] <= 760


@pytest.mark.parametrize("module", ["benchmarks", "benchmarks.guard"])
def test_the_command_line_explains_itself(module: str) -> None:
    """`python -m benchmarks` starts, and so does the guard, with all that they need."""
    command = [sys.executable, "-m", module, "--help"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "usage" in shown.stdout


# The guard


@pytest.fixture(scope="module")
def work() -> Iterator[Workloads]:
    """Return the work that the guard watches, ready to be counted."""
    with workloads() as found:
        yield found


@pytest.fixture(scope="module")
def counted(work: Workloads) -> dict[str, counting.Counts]:
    """Return the counts of two pieces of work."""
    return {name: counting.count(work[name]) for name in ("plan, queries", "alone")}


def test_work_takes_the_requests_that_it_must(work: Workloads) -> None:
    """Calls that merge take one request, 200 others as many as fit 16 calls each."""
    expected = {"plan, reads": 1, "plan, updates": 1, "plan, queries": 13, "alone": 20}
    assert expected == {name: work[name]() for name in expected}


def test_counts_do_not_depend_on_chance(
    work: Workloads, counted: Mapping[str, counting.Counts]
) -> None:
    """What is counted twice is the same, or nearly so."""
    for name, before in counted.items():
        again = counting.count(work[name])
        for what, number in before.items():
            assert again[what] == pytest.approx(number, rel=0.01), (name, what)


@pytest.mark.parametrize(("factor", "well"), [(1.04, True), (1.06, False), (0.5, True)])
def test_the_guard_fails_when_a_count_grows_by_six_percent(
    counted: Mapping[str, counting.Counts],
    capsys: pytest.CaptureFixture[str],
    factor: float,
    well: bool,  # noqa: FBT001 - one of the parameters
) -> None:
    """A growth of 6 % fails and says what to do, one of 4 % and getting better do not."""
    stored = baseline.here(counted, None)
    now = copy.deepcopy(stored)
    name = "plan, queries"
    now.counts[name][counting.CALLS] = int(counted[name][counting.CALLS] * factor)
    assert well == check(now, stored)
    printed = capsys.readouterr().out
    assert (factor > 1.05) == ("(+6.0%)" in printed)
    assert (factor != 1.04) == ("make baseline" in printed)


def test_only_what_does_not_depend_on_other_packages_is_compared_across_them() -> None:
    """With another orjson, the package's own calls count and others do not; see also `machine`."""
    watched = (counting.OWN_CALLS, counting.CALLS, counting.INSTRUCTIONS)
    counts: dict[str, counting.Counts] = {"work": dict.fromkeys(watched, 100)}
    now = baseline.Baseline({"orjson": "3.13"}, "this", counts)
    other = baseline.Baseline({"orjson": "3.12"}, "this", counts)
    elsewhere = baseline.Baseline({"orjson": "3.13"}, "that", counts)
    assert counting.CALLS not in baseline.comparable(other, now)
    assert counting.OWN_CALLS in baseline.comparable(other, now)
    assert set(counts["work"]) - {counting.INSTRUCTIONS} == baseline.comparable(elsewhere, now)
    assert set(counts["work"]) == baseline.comparable(now, now)


def test_a_baseline_is_kept_beside_those_of_others(
    tmp_path: Path, counted: dict[str, counting.Counts], capsys: pytest.CaptureFixture[str]
) -> None:
    """Saving replaces the counts of this Python on this machine only."""
    path = tmp_path / "baseline.json"
    assert baseline.load(path) is None
    assert check(baseline.here(counted, None), None)
    assert "no baseline" in capsys.readouterr().out
    path.write_text('{"2.7 pdp11": {}}')
    now = baseline.here(counted, None)
    baseline.save(now, path)
    assert now == baseline.load(path)
    assert "2.7 pdp11" in path.read_text()
    assert "plan, queries" in show(counted)


def test_valgrind_is_used_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a valgrind in reach the guard does without instructions."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert instructions.version() is None
