"""How things are measured and shown: interleaved runs, medians, ratios within one round, tables."""

import gc
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Final

import attrs

_PACKAGES: Final = (
    "jmap_async",
    "aiohttp",
    "attrs",
    "cattrs",
    "orjson",
    "jmaplib",
    "httpx",
    "pydantic",
    "jmapc",
    "requests",
    "uvloop",
)


@attrs.define
class Spent:
    """Seconds on the clock, and seconds of this process's CPU."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def measured() -> Iterator[Spent]:
    """Measure what is done meanwhile; neither garbage of before counts, nor what is there already.

    All clients are loaded in one process, where each would pay for what the others consist of
    whenever the garbage collector looks at everything. So no one pays, not for its own either.
    """
    gc.collect()
    gc.freeze()
    spent = Spent()
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        yield spent
        spent.wall, spent.cpu = time.perf_counter() - wall, time.process_time() - cpu
    finally:
        gc.unfreeze()


def seconds_each(work: Callable[[], object], *, at_least: float = 0.05) -> float:
    """Return the CPU time that `work` takes, repeated until `at_least` seconds have passed."""
    count = 0
    with measured() as spent:
        end = time.perf_counter() + at_least
        while not count or time.perf_counter() < end:
            work()
            count += 1
    return spent.cpu / count


def median_ratio(values: Sequence[float], base: Sequence[float]) -> float:
    """Return the median of the ratios of values that were measured in the same round."""
    return median(value / other for value, other in zip(values, base, strict=True))


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int = 1) -> str:
    """Return a Markdown table whose first columns are `texts`, and whose others are numbers."""
    lines = [head, ["---"] * texts + ["---:"] * (len(head) - texts), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def figure(value: float) -> str:
    """Write a number with as many digits as mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def environment() -> str:
    """Describe the machine and the versions in one paragraph."""
    versions = ", ".join(f"{name} {version}" for name in _PACKAGES if (version := _version(name)))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python}, {_machine()}; {versions}."


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _machine() -> str:
    described = platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text(encoding="utf-8").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        described = f"{len(models)} cores of {models[0]}" if models else described
    return f"{platform.system()}, {described}"
