"""What is aimed at: each ratio or count that matters, beside what, and how small it shall be."""

from collections.abc import Mapping
from typing import Final

import attrs

from benchmarks.loops import on_loop
from benchmarks.measuring import table


@attrs.frozen
class Target:
    """A ratio of jmap_async to something else, or a count, which shall be `at_most` so much."""

    key: str
    what: str
    beside: str
    at_most: float


_ORJSON: Final = "`orjson.loads` of the same bytes"
_HAND: Final = "by hand: aiohttp and orjson"
_THREE: Final = "three round trips, which a task needs"

TARGETS: Final = (
    Target("decode-list-four", "list view to objects, four properties read", _ORJSON, 1.6),
    Target("decode-full-four", "full view to objects, four properties read", _ORJSON, 1.15),
    Target("decode-list-all", "list view to objects, everything read", _ORJSON, 2.5),
    Target("decode-full-all", "full view to objects, everything read", _ORJSON, 1.8),
    Target("decode-list-jmaplib", "list view to objects, four properties read", "jmaplib", 0.2),
    Target("decode-full-jmaplib", "full view to objects, four properties read", "jmaplib", 0.2),
    Target("memory-list", "memory for 10,000 Emails, list view", "orjson's dicts", 1.0),
    Target("memory-full", "memory for 10,000 Emails, full view", "orjson's dicts", 1.0),
    Target("memory-list-jmaplib", "memory for 10,000 Emails, list view", "jmaplib", 1.0),
    Target("memory-full-jmaplib", "memory for 10,000 Emails, full view", "jmaplib", 1.0),
    Target("encode", "100 updates, arguments to bytes", "`orjson.dumps` of dicts", 1.5),
    Target("request-jmaplib", "100 updates, from the call to the request", "jmaplib", 1.0),
    Target("reads", "1,000 reads of one Email, 20 ms", _HAND, 1.4),
    Target("reads-no-latency", "1,000 reads of one Email, no latency", _HAND, 2.2),
    Target("updates", "2,000 keyword updates, 20 ms", _HAND, 1.8),
    Target("iter", "20,000 Emails by `email.iter`, 20 ms", "by hand, four pages at once", 1.1),
    Target("alone", "a lone read, no latency", "a bare POST of aiohttp, and orjson", 1.15),
    Target("handlers-offered", "1,000 handlers a second: time until all are done", "offered", 1.03),
    Target("handlers-p50", "the same: latency, median", "a round trip (three are needed)", 4.0),
    Target("handlers-p99", "the same: latency, 99 of 100", "a round trip (three are needed)", 6.0),
    Target("handlers-jmaplib", "the same: time for each handler", "jmaplib, a batch each", 1.0),
    Target("mixed-p50", "300 tasks: read, update, read; 20 ms: latency, median", _THREE, 1.4),
    Target("mixed-p99", "the same: latency, 99 of 100", _THREE, 2.0),
    Target("mixed-calls", "the same: method calls", "POSTs", 3.0),
    Target("conversations-time", "40 conversations, 40 updates; 50 ms", "a round trip", 9.0),
    Target("conversations-posts", "the same: POSTs", "a count", 16.0),
    Target("backend-time", "200 requests of a web backend; 50 ms", "a round trip", 14.0),
    Target("queued", "a call of 10,000 that are queued at once", "a call of 1,000", 1.0),
    Target("stall-list", "longest stall while 500 Emails arrive, list view", "jmaplib", 0.1),
    Target("stall-full", "longest stall while 500 Emails arrive, full view", "jmaplib", 0.1),
    Target("import", "`import jmap_async`", "`import aiohttp`", 1.35),
    Target("import-jmaplib", "`import jmap_async`", "`import jmap.aio`, which is jmaplib", 1.0),
)


def targets_table(ratios: Mapping[str, float]) -> str:
    """Return a line for each target that was measured; ratios on uvloop stand beside."""
    rows = [
        [
            target.what,
            target.beside,
            f"{ratios[target.key]:.2f}",
            f"{target.at_most:g}",
            "yes" if ratios[target.key] <= target.at_most else "**no**",
            _on_uvloop(ratios.get(on_loop(target.key, "uvloop"))),
        ]
        for target in TARGETS
        if target.key in ratios
    ]
    head = ("what", "beside", "ratio", "at most", "reached", "ratio on uvloop")
    return table(head, rows, texts=2)


def _on_uvloop(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
