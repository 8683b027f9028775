"""Tasks that start when they are due, whether those before them are done or not."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence


async def offer(tasks: Sequence[Callable[[], Awaitable[None]]], *, every: float) -> list[float]:
    """Start a task every so many seconds; return how long after it was due each was done."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    latencies: list[float] = []

    async def one(task: Callable[[], Awaitable[None]], due: float) -> None:
        await task()
        latencies.append(loop.time() - due)

    async with asyncio.TaskGroup() as group:
        for number, task in enumerate(tasks):
            due = start + number * every
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            group.create_task(one(task, due))
    return latencies


def not_exceeded(latencies: Sequence[float], part: float) -> float:
    """Return the latency that this part of the tasks does not exceed."""
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
