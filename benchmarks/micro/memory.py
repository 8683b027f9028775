"""What 10,000 decoded Emails take in memory, each way in a process of its own.

`python -m benchmarks.micro.memory WAY VIEW COUNT` prints the octets by which the process grew. The
Emails come in answers of 500, as from a server; the bytes of the answers are dropped.
"""

import asyncio
import gc
import mmap
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import orjson

import jmap_async
from benchmarks.charts import Panel
from benchmarks.measuring import figure, table
from benchmarks.micro import ours
from benchmarks.micro.decode import READERS, VIEWS, response
from benchmarks.report import Section
from benchmarks.round_trips.server import running

_ROOT: Final = Path(__file__).parents[2]
_MEMORY: Final = Path("/proc/self/statm")
_PAGE: Final = 500

EMAILS: Final = 10_000

WAYS: Final = {
    "orjson": "orjson.loads, no types",
    "nothing": "jmap_async, nothing read",
    "four": "jmap_async, four properties read",
    "all": "jmap_async, everything read",
    "jmaplib": "jmaplib",
}


def _reading(way: str, view: str) -> Callable[[bytes], object]:
    """Return what turns an answer into what is kept."""
    properties = tuple(VIEWS[view][1](0))
    if way == "orjson":
        return orjson.loads
    if way == "jmaplib":
        read: Callable[[bytes], object] = import_module("benchmarks.micro.jmaplib").reader(
            list(properties)
        )
        return read
    emails = asyncio.run(_reader(properties))

    def keep(body: bytes) -> object:
        found = emails(body)
        if way != "nothing":
            (ours.read_four if way == "four" else READERS[view])(found)
        return found

    return keep


async def _reader(properties: tuple[str, ...]) -> Callable[[bytes], list[jmap_async.Email]]:
    with running(emails=1) as server:
        async with jmap_async.connect(server.session_url, auth="token") as client:
            return ours.reader(client, properties)


def _resident() -> int:
    """Return how many octets of memory this process has."""
    gc.collect()
    return int(_MEMORY.read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE


def grown(way: str, view: str, count: int) -> int:
    """Return by how many octets this process grows."""
    page = min(_PAGE, count)
    body = response([VIEWS[view][1](number) for number in range(page)])
    keep = _reading(way, view)
    kept = [keep(body)]  # what is built on first use is not the Emails'
    before = _resident()
    kept += [keep(body) for _ in range(count // page)]
    return _resident() - before


def measure(way: str, view: str, count: int) -> float:
    """Measure in a process of its own; return megabytes."""
    command = [sys.executable, "-m", "benchmarks.micro.memory", way, view, str(count)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout) / 1e6


def sections(*, peers: bool, count: int = EMAILS) -> list[Section]:
    """Measure all ways, where the system tells how much memory a process has."""
    if not _MEMORY.exists():
        return []
    ways = [way for way in WAYS if way != "jmaplib" or (peers and find_spec("jmap"))]
    found = {way: {view: measure(way, view, count) for view in VIEWS} for way in ways}
    rows = [[WAYS[way], *map(figure, each.values())] for way, each in found.items()]
    ratios: dict[str, float] = {}
    for view in VIEWS:
        ratios[f"memory-{view}"] = found["four"][view] / found["orjson"][view]
        if "jmaplib" in found:
            ratios[f"memory-{view}-jmaplib"] = found["four"][view] / found["jmaplib"][view]
    title = f"Memory for {count:,} Emails, in MB"
    bars = {view: [(WAYS[way], each[view]) for way, each in found.items()] for view in VIEWS}
    panels = [Panel(f"{title}, {view} view", "MB", each) for view, each in bars.items()]
    text = f"### {title}\n\n{table(('way', 'list view', 'full view'), rows)}"
    return [Section(text, ratios, panels)]


if __name__ == "__main__":
    print(grown(sys.argv[1], sys.argv[2], int(sys.argv[3])))
