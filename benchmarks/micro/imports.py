"""How long it takes to import each package, in fresh processes."""

import os
import subprocess
import sys
from importlib.util import find_spec
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.charts import Panel
from benchmarks.measuring import figure, median_ratio, table
from benchmarks.report import Section

# jmaplib is `jmap`, which loads nothing by itself; this is what a program on asyncio imports.
_JMAPLIB: Final = "jmap.aio"

PACKAGES: Final = ("aiohttp", "jmap_async", _JMAPLIB, "jmapc")

_PROGRAM: Final = """\
import time
start = time.process_time()
import {package}
print(time.process_time() - start)
"""


def seconds(package: str, compiled: str) -> float:
    """Return the CPU time that the import takes; `compiled` is where compiled modules are kept."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
    # Set, this would have a checkout compiled each time, but nothing that is installed.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(package=package)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def sections(*, repeats: int, peers: bool) -> list[Section]:
    """Measure all in turn."""
    packages = [one for one in PACKAGES[: None if peers else 2] if find_spec(one.partition(".")[0])]
    found: dict[str, list[float]] = {package: [] for package in packages}
    with TemporaryDirectory() as compiled:
        for package in packages:
            seconds(package, compiled)
        for _ in range(repeats):
            for package in packages:
                found[package].append(seconds(package, compiled))
    each = {package: 1e3 * median(times) for package, times in found.items()}
    beside = {package: median_ratio(times, found["aiohttp"]) for package, times in found.items()}
    rows = [
        [f"`import {package}`", figure(time), f"{beside[package]:.2f}"]
        for package, time in each.items()
    ]
    ratios = {"import": beside["jmap_async"]}
    if _JMAPLIB in found:
        ratios["import-jmaplib"] = median_ratio(found["jmap_async"], found[_JMAPLIB])
    title = "Importing, in a fresh process"
    text = f"### {title}\n\n{table(('what', 'ms of CPU', 'ratio'), rows)}"
    panel = Panel(title, "ms of CPU", list(each.items()))
    return [Section(text, ratios, [panel])]
