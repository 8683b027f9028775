"""Measure decoding and encoding and print Markdown: `python -m benchmarks.micro`."""

import argparse
import asyncio

import jmap_async
from benchmarks.measuring import environment
from benchmarks.micro.codecs import report
from benchmarks.round_trips.server import running


async def tables(*, repeats: int, peers: bool) -> list[str]:
    with running(emails=1) as server:
        async with jmap_async.connect(server.session_url, auth="token") as client:
            return report(client, repeats=repeats, peers=peers)


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.micro", description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--no-peers", action="store_true", help="only jmap_async and orjson")
    options = parser.parse_args()
    print(environment())
    for one in asyncio.run(tables(repeats=options.repeats, peers=not options.no_peers)):
        print(f"\n{one}")


if __name__ == "__main__":
    main()
