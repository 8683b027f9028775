"""Compare what work costs with what it cost: `python -m benchmarks.guard`; no stopwatch is used.

Fails when a count has grown by more than 5 %. `--save` makes the present counts the baseline.
"""

import argparse
import sys

from benchmarks.guard.baseline import (
    TOLERANCE,
    Baseline,
    comparable,
    differences,
    here,
    key,
    load,
    save,
)
from benchmarks.guard.counting import INSTRUCTIONS, Counts, count_all
from benchmarks.guard.instructions import count_instructions, version
from benchmarks.guard.workloads import workloads
from benchmarks.measuring import table

_WORSE = """\
This costs more than it did, by more than {tolerance:.0%}. Find out why: `git diff`, and
`python -m benchmarks.round_trips reads-no-latency --profile`.
If it is worth its price, `make baseline` makes the present counts the new baseline; say so in the
commit."""

_BETTER = "This costs less than it did; `make baseline` makes sure that it stays so."


def measure(valgrind: str | None) -> Baseline:
    """Count everything, and instructions if there is a valgrind."""
    with workloads() as found:
        counts = count_all(found)
    if valgrind:
        for name, instructions in count_instructions(list(counts)).items():
            counts[name][INSTRUCTIONS] = instructions
    return here(counts, valgrind)


def show(counts: dict[str, Counts]) -> str:
    """Return a table of all counts."""
    names = list(next(iter(counts.values())))
    rows = [[work, *(f"{each[name]:,}" for name in names)] for work, each in counts.items()]
    return table(("work", *names), rows)


def check(now: Baseline, stored: Baseline | None) -> bool:
    """Print how the counts compare with the stored ones; tell whether that is well."""
    if stored is None:
        print(f"\nThere is no baseline for Python {key()}, so nothing is compared: `make baseline`")
        return True
    print(f"\nCompared with the baseline: {', '.join(sorted(comparable(stored, now)))}")
    found = list(differences(stored, now))
    worse = [one for one in found if one.worse]
    better = [one for one in found if not one.worse]
    for each, remark in ((better, _BETTER), (worse, _WORSE.format(tolerance=TOLERANCE))):
        if each:
            print("", *each, remark, sep="\n")
    return not worse


def main() -> bool:
    parser = argparse.ArgumentParser(prog="benchmarks.guard", description=__doc__)
    parser.add_argument("--save", action="store_true", help="make the counts the baseline")
    parser.add_argument("--no-valgrind", action="store_true", help="do not count instructions")
    options = parser.parse_args()
    now = measure(None if options.no_valgrind else version())
    print(show(dict(now.counts)))
    if options.save:
        save(now)
        return True
    return check(now, load())


if __name__ == "__main__":
    sys.exit(not main())
