"""Measure everything that README.md speaks of, in five minutes: `python -m benchmarks`.

Prints Markdown, and with `--save FILE` writes it to a file as well.
"""

import argparse
import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measuring import environment
from benchmarks.micro import __main__ as micro
from benchmarks.round_trips import __main__ as round_trips

_HOW = """\
Made by `make bench`; README.md says what is measured and how.
Times drift with the machine; the ratios are those within one round, and drift less."""


def sections() -> Iterator[str]:
    yield "# Latest results"
    yield f"{datetime.now(UTC):%d %B %Y}. {environment()}\n\n{_HOW}"
    yield "## Round trips"
    yield from round_trips.tables(round_trips.NAMES, repeats=5, peers=True)
    yield "## Bytes and objects"
    yield from asyncio.run(micro.tables(repeats=7, peers=True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--save", type=Path, metavar="FILE", help="where to write the results")
    options = parser.parse_args()
    shown = []
    for one in sections():
        print(f"{one}\n", flush=True)
        shown.append(one)
    if options.save:
        options.save.write_text("\n\n".join(shown) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
