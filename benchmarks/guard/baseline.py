"""The stored counts, and the comparison with them."""

import json
import platform
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

import attrs

from benchmarks.guard.counting import INSTRUCTIONS, OWN_CALLS, POSTS, Counts

BASELINE: Final = Path(__file__).parents[1] / "baseline.json"

TOLERANCE: Final = 0.05

_PACKAGES: Final = ("aiohttp", "attrs", "cattrs", "orjson")


@attrs.define
class Baseline:
    """Counts of all work, and what they were counted with.

    `packages` decide about everything but the package's own calls and requests, `machine` about
    instructions.
    """

    packages: Mapping[str, str]
    machine: str
    counts: Mapping[str, Counts]


@attrs.frozen
class Difference:
    """A count that is not what it was by more than the tolerance."""

    work: str
    what: str
    before: int
    now: int

    @property
    def worse(self) -> bool:
        """Tell whether it grew."""
        return self.now > self.before

    def __str__(self) -> str:
        change = f"{self.now / self.before - 1:+.1%}" if self.before else "new"
        return f"{self.work}: {self.what}: {self.before:,} -> {self.now:,} ({change})"


def key() -> str:
    """Return what baselines are kept apart by: the minor version of Python, and the processor."""
    return f"{'.'.join(platform.python_version_tuple()[:2])} {platform.machine()}"


def here(counts: Mapping[str, Counts], valgrind: str | None) -> Baseline:
    """Return what was counted here."""
    packages = {name: metadata.version(name) for name in _PACKAGES}
    build = f"{platform.python_version()}, {platform.python_compiler()}"
    libc = " ".join(platform.libc_ver())
    return Baseline(packages, f"{build}, {libc}, {valgrind or 'no valgrind'}", counts)


def load(path: Path = BASELINE) -> Baseline | None:
    """Return the stored baseline for this Python and this processor, if there is one."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Baseline(**stored[key()]) if key() in stored else None


def save(baseline: Baseline, path: Path = BASELINE) -> None:
    """Store a baseline, beside those for others."""
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    stored[key()] = attrs.asdict(baseline)
    text = json.dumps(stored, indent=2, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8")


def comparable(stored: Baseline, now: Baseline) -> set[str]:
    """Return what may be compared: what depends on nothing but what is equal."""
    if dict(stored.packages) != dict(now.packages):
        return {POSTS, OWN_CALLS}
    every = {what for counts in now.counts.values() for what in counts}
    return every if stored.machine == now.machine else every - {INSTRUCTIONS}


def differences(stored: Baseline, now: Baseline) -> Iterator[Difference]:
    """Yield what changed by more than the tolerance."""
    watched = comparable(stored, now)
    for work, counts in now.counts.items():
        before = stored.counts.get(work, {})
        for what in sorted(watched & counts.keys() & before.keys()):
            if abs(counts[what] - before[what]) > TOLERANCE * before[what]:
                yield Difference(work, what, before[what], counts[what])
