"""What a call costs in CPU in the whole client, from 1 to 10,000 that are queued at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from statistics import median
from typing import Final

import jmap_async
from benchmarks.charts import Panel
from benchmarks.loops import LOOPS, on_loop
from benchmarks.measuring import figure, measured, table
from benchmarks.micro.calls import CALLS, COUNTS, KINDS, repeats
from benchmarks.report import Section
from benchmarks.round_trips.server import Server

_WAITING: Final = "tasks that only wait"

Costs = dict[str, list[float]]
"""Microseconds per call, for each kind of calls by the number of them."""


async def costs(server: Server, *, counts: Sequence[int], calls: int) -> Costs:
    """Measure each kind of calls and, for comparison, tasks that only wait."""
    found: Costs = {}
    async with jmap_async.connect(server.session_url, auth="token") as client:
        makers: dict[str, Callable[[int], Awaitable[object]]] = {
            _WAITING: lambda _: asyncio.sleep(0),
            **{kind: partial(make, client) for kind, (_, make) in KINDS.items()},
        }
        for name, make in makers.items():
            found[name] = [await _cost(make, count, calls) for count in counts]
    return found


async def _cost(make: Callable[[int], Awaitable[object]], count: int, calls: int) -> float:
    """Return microseconds of CPU per task that awaits what `make` makes."""

    async def one(number: int) -> None:
        await make(number)

    found = []
    with measured():
        for _ in range(repeats(count, calls)):
            start = time.process_time()
            await asyncio.gather(*(one(number) for number in range(count)))
            found.append(time.process_time() - start)
    return 1e6 / count * median(found)


def sections(
    server: Server, *, counts: Sequence[int] = COUNTS, calls: int = CALLS
) -> list[Section]:
    """Measure on each kind of loop."""
    server.start(0)
    title = "### `deliver`: µs of CPU per call, from the task to the typed answer"
    parts, ratios, panels = [title], dict[str, float](), list[Panel]()
    for loop, factory in LOOPS.items():
        with asyncio.Runner(loop_factory=factory) as runner:
            found = runner.run(costs(server, counts=counts, calls=calls))
        columns = [
            [f"{count:,}" for count in counts],
            *(map(figure, one) for one in found.values()),
        ]
        rows = list(zip(*columns, strict=True))
        parts.append(f"#### On {loop}\n\n{table(('calls', *found), rows)}")
        by_count = dict(zip(counts, found["reads"], strict=True))
        if {1_000, 10_000} <= by_count.keys():
            ratios[on_loop("queued", loop)] = by_count[10_000] / by_count[1_000]
        bars = [(f"{count:,}", cost) for count, cost in by_count.items()]
        panels.append(
            Panel(f"deliver: reads, so many at once, on {loop}", "µs of CPU a call", bars)
        )
    return [Section("\n\n".join(parts), ratios, panels)]
