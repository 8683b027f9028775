"""Run the scenarios and print their results as Markdown: `python -m benchmarks.round_trips`."""

import argparse
import asyncio

from benchmarks.measuring import environment
from benchmarks.round_trips.clients.every import contestants
from benchmarks.round_trips.scenarios import SCENARIOS, compare, show
from benchmarks.round_trips.server import running


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.round_trips", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=", ".join(SCENARIOS))
    parser.add_argument("--repeats", type=int, default=5, help="rounds, each with every client")
    parser.add_argument("--no-peers", action="store_true", help="only jmap_async and the floor")
    options = parser.parse_args()
    print(environment())
    with running(max(one.count for one in SCENARIOS.values())) as server:
        for name in options.scenarios or SCENARIOS:
            clients = contestants(peers=not options.no_peers)
            runs = asyncio.run(
                compare(clients, SCENARIOS[name], server, repeats=options.repeats)
            )
            print(f"\n{show(SCENARIOS[name], runs)}", flush=True)


if __name__ == "__main__":
    main()
