"""Measure the CPU and memory of single steps, and print Markdown: `python -m benchmarks.micro`."""

import argparse
import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import jmap_async
from benchmarks.measuring import environment
from benchmarks.micro import decode, deliver, encode, imports, memory, plan
from benchmarks.micro.calls import COUNTS
from benchmarks.report import Section
from benchmarks.round_trips.server import Server, running
from jmap_async.client import Client

NAMES: Final = ("decode", "encode", "memory", "import", "plan", "deliver")

_IMPORTS: Final = 11


def sections(names: Sequence[str], *, repeats: int, peers: bool) -> Iterator[Section]:
    """Measure what is named."""
    with running(emails=max(COUNTS)) as server:
        for name in names:
            if name == "decode":
                yield from _with_client(
                    server, lambda client: decode.sections(client, repeats=repeats, peers=peers)
                )
            elif name == "encode":
                yield from _with_client(
                    server, lambda client: encode.sections(client, repeats=repeats, peers=peers)
                )
            elif name == "plan":
                yield from _with_client(server, plan.sections)
            elif name == "deliver":
                yield from deliver.sections(server)
            elif name == "memory":
                yield from memory.sections(peers=peers)
            else:
                yield from imports.sections(repeats=_IMPORTS, peers=peers)


def _with_client(server: Server, measure: Callable[[Client], list[Section]]) -> list[Section]:
    """Measure with a client that makes calls, and does not send them."""

    async def connected() -> list[Section]:
        async with jmap_async.connect(server.session_url, auth="token") as client:
            return measure(client)

    return asyncio.run(connected())


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.micro", description=__doc__)
    parser.add_argument("what", nargs="*", help=", ".join(NAMES))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-peers", action="store_true", help="only jmap_async and orjson")
    options = parser.parse_args()
    print(environment())
    names = options.what or NAMES
    for one in sections(names, repeats=options.repeats, peers=not options.no_peers):
        print(f"\n{one.text}", flush=True)


if __name__ == "__main__":
    main()
