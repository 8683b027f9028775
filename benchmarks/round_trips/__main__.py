"""Run the scenarios and print their results as Markdown: `python -m benchmarks.round_trips`."""

import argparse
import cProfile
import pstats
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.measuring import environment
from benchmarks.micro import __main__ as micro
from benchmarks.report import Section
from benchmarks.round_trips import handlers, scenarios, stalls, traffic
from benchmarks.round_trips.before import Before
from benchmarks.round_trips.clients.contestant import Contestant
from benchmarks.round_trips.clients.every import contestants
from benchmarks.round_trips.clients.floor import HandMerged
from benchmarks.round_trips.clients.ours import Ours
from benchmarks.round_trips.lanes import Lane, lanes
from benchmarks.round_trips.scenarios import SCENARIOS
from benchmarks.round_trips.server import Server, running
from benchmarks.round_trips.traffic import TRAFFIC

NAMES: Final = (*SCENARIOS, *TRAFFIC, "handlers", "stalls", "planning")

_EMAILS: Final = max(one.count for one in SCENARIOS.values())


def sections(
    names: Sequence[str], *, repeats: int, peers: bool, before: Path | None = None
) -> Iterator[Section]:
    """Run what is named, with every client and every loop, and with the build of a checkout."""
    also = [] if before is None else [Before(Ours(), before)]
    with running(_EMAILS) as server:
        for name in names:
            if name == "handlers":
                loads = handlers.compare(server, repeats=repeats, peers=peers, also=also)
                yield handlers.section(loads)
            elif name == "stalls":
                found = stalls.compare(server, repeats=repeats, peers=peers, also=also)
                yield stalls.section(found)
            elif name in TRAFFIC:
                one = TRAFFIC[name]
                came = traffic.compare(one, server, repeats=repeats, peers=peers, also=also)
                yield traffic.section(one, came)
            elif name == "planning":
                yield from micro.sections(("plan", "deliver"), repeats=repeats, peers=peers)
            else:
                others: list[Contestant] = [HandMerged(), Ours()]
                taking_part = [*lanes(contestants(peers=peers), others=others), *also]
                runs = scenarios.compare(taking_part, SCENARIOS[name], server, repeats=repeats)
                yield scenarios.section(SCENARIOS[name], runs)


def profile(names: Sequence[str], *, repeats: int) -> None:
    """Show where the CPU of jmap_async goes; the profiler makes small functions look dear."""
    with running(_EMAILS) as server:
        for name in names:
            profiler = cProfile.Profile()
            profiler.runcall(_run_ours, name, server, repeats)
            pstats.Stats(profiler).sort_stats("tottime").print_stats(40)


def _run_ours(name: str, server: Server, repeats: int) -> None:
    scenarios.compare([Lane(Ours())], SCENARIOS[name], server, repeats=repeats)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.round_trips", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=", ".join(NAMES))
    parser.add_argument("--repeats", type=int, default=5, help="rounds, each with every client")
    parser.add_argument("--no-peers", action="store_true", help="only jmap_async and the floor")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="another build beside it")
    parser.add_argument("--profile", action="store_true", help="profile jmap_async alone")
    options = parser.parse_args()
    if options.profile:
        profile(options.scenarios or list(SCENARIOS), repeats=options.repeats)
        return
    print(environment())
    names = options.scenarios or NAMES
    peers = not options.no_peers
    for one in sections(names, repeats=options.repeats, peers=peers, before=options.before):
        print(f"\n{one.text}", flush=True)


if __name__ == "__main__":
    main()
