"""Run the scenarios and print their results as Markdown: `python -m benchmarks.round_trips`."""

import argparse
import asyncio
import cProfile
import pstats
from collections.abc import Iterator, Sequence

from benchmarks.measuring import environment
from benchmarks.round_trips import planning
from benchmarks.round_trips.clients.every import contestants
from benchmarks.round_trips.clients.ours import Ours
from benchmarks.round_trips.scenarios import SCENARIOS, compare, show
from benchmarks.round_trips.server import Server, running

NAMES = [*SCENARIOS, "planning"]


def tables(names: Sequence[str], *, repeats: int, peers: bool) -> Iterator[str]:
    """Run scenarios and yield a table of each."""
    with running(max(one.count for one in SCENARIOS.values())) as server:
        for name in names:
            if name == "planning":
                yield asyncio.run(planning.report(server))
            else:
                scenario, clients = SCENARIOS[name], contestants(peers=peers)
                runs = asyncio.run(compare(clients, scenario, server, repeats=repeats))
                yield show(scenario, runs)


def profile(names: Sequence[str], *, repeats: int) -> None:
    """Show where the CPU of jmap_async goes; the profiler makes small functions look dear."""
    with running(max(one.count for one in SCENARIOS.values())) as server:
        for name in names:
            profiler = cProfile.Profile()
            profiler.runcall(_run_ours, name, server, repeats)
            pstats.Stats(profiler).sort_stats("tottime").print_stats(40)


def _run_ours(name: str, server: Server, repeats: int) -> None:
    asyncio.run(compare([Ours()], SCENARIOS[name], server, repeats=repeats))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.round_trips", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=", ".join(NAMES))
    parser.add_argument("--repeats", type=int, default=5, help="rounds, each with every client")
    parser.add_argument("--no-peers", action="store_true", help="only jmap_async and the floor")
    parser.add_argument("--profile", action="store_true", help="profile jmap_async alone")
    options = parser.parse_args()
    if options.profile:
        profile(options.scenarios or list(SCENARIOS), repeats=options.repeats)
        return
    print(environment())
    names = options.scenarios or NAMES
    for one in tables(names, repeats=options.repeats, peers=not options.no_peers):
        print(f"\n{one}", flush=True)


if __name__ == "__main__":
    main()
