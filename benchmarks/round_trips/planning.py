"""What a call costs in CPU, from 1 to 10,000 that are queued at once: where it goes, and in all.

First the planner alone, step by step, without an event loop or a network. Then the whole client
against the server: CPU of this process, and for comparison that of tasks that only wait.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from statistics import median
from typing import Final

import attrs

import jmap_async
from benchmarks.mail import LIST_PROPERTIES, SEEN, email_id
from benchmarks.measuring import figure, table
from benchmarks.round_trips.answers import Mail
from benchmarks.round_trips.server import Server
from jmap_async.client import Client
from jmap_async.planner import Answer, Entry, Planner
from jmap_async.protocol import messages
from jmap_async.protocol.call import Call

COUNTS: Final = (1, 10, 100, 1_000, 10_000)
# So many calls are made for each figure, so that small counts are measured well, too.
CALLS: Final = 1_000


MakeCall = Callable[[Client, int], Call[object]]

KINDS: Final[Mapping[str, tuple[str, MakeCall]]] = {
    "reads": (
        "reads of one Email each, which merge",
        lambda client, number: client.email.get([email_id(number)], properties=LIST_PROPERTIES),
    ),
    "updates": (
        "updates of one Email each, which merge",
        lambda client, number: client.email.set(update={email_id(number): SEEN}),
    ),
    "queries": (
        "queries that all differ, 16 to a request",
        lambda client, number: client.email.query({"inMailbox": f"P{number}"}, limit=1),
    ),
}


@attrs.define
class Steps:
    """CPU seconds that all calls together took, step by step."""

    make: float = 0.0
    submit: float = 0.0
    request: float = 0.0
    settle: float = 0.0
    decode: float = 0.0


def plan(client: Client, make: MakeCall, count: int, mail: Mail) -> tuple[Steps, int]:
    """Take calls through a planner; return what each step took, and the number of requests."""
    steps, planner, described = Steps(), Planner(), client.session
    start = time.process_time()
    calls = [make(client, number) for number in range(count)]
    steps.make, start = _lap(start)
    entries = [planner.submit(call, described) for call in calls]
    for entry in entries:
        entry.claim()
    steps.submit, start = _lap(start)
    requests = 0
    while request := planner.next_request(described.core):
        requests += 1
        body = request.encode()
        took, _ = _lap(start)
        steps.request += took
        answer = mail.answer(body)
        start = time.process_time()
        planner.settle(request, messages.parse_response(answer))
        took, start = _lap(start)
        steps.settle += took
    for call, entry in zip(calls, entries, strict=True):
        _decode(call, entry)
    steps.decode, _ = _lap(start)
    return steps, requests


def _lap(start: float) -> tuple[float, float]:
    now = time.process_time()
    return now - start, now


def _decode(call: Call[object], entry: Entry) -> None:
    match entry.answer:
        case Answer(arguments=arguments):
            call.method.decode(arguments)
        case error:
            raise AssertionError(error)


def planner_table(client: Client, kind: str, *, counts: Sequence[int], calls: int) -> str:
    """Return microseconds of CPU per call, by step."""
    title, make = KINDS[kind]
    mail = Mail(max(counts))
    rows = []
    for count in counts:
        gc.collect()
        plans = [plan(client, make, count, mail) for _ in range(_repeats(count, calls))]
        taken = [attrs.astuple(steps) for steps, _ in plans]
        each = [1e6 / count * median(column) for column in zip(*taken, strict=True)]
        rows.append([f"{count:,}", *map(figure, each), figure(sum(each)), f"{plans[0][1]:,}"])
    head = ("calls", *(one.name for one in attrs.fields(Steps)), "in all", "requests")
    return f"#### The planner alone: {title}\n\n{table(head, rows)}"


async def end_to_end_table(client: Client, *, counts: Sequence[int], calls: int) -> str:
    """Return microseconds of CPU per call of the whole client, for each kind of calls."""
    rows = []
    for count in counts:
        costs = [await _cost(lambda _: asyncio.sleep(0), count, calls)]
        for _, make in KINDS.values():
            costs.append(await _cost(partial(make, client), count, calls))
        rows.append([f"{count:,}", *map(figure, costs)])
    head = ("calls", "tasks that only wait", *KINDS)
    return f"#### The whole client, from the task to the typed answer\n\n{table(head, rows)}"


async def report(server: Server, *, counts: Sequence[int] = COUNTS, calls: int = CALLS) -> str:
    """Measure everything and return the tables."""
    server.start(0)
    async with jmap_async.connect(server.session_url, auth="token") as client:
        tables = [planner_table(client, kind, counts=counts, calls=calls) for kind in KINDS]
        tables.append(await end_to_end_table(client, counts=counts, calls=calls))
    title = "### `planning`: µs of CPU per call, by the number of calls that are queued at once"
    return "\n\n".join([title, *tables])


async def _cost(make: Callable[[int], Awaitable[object]], count: int, calls: int) -> float:
    """Return microseconds of CPU per task that awaits what `make` makes."""

    async def one(number: int) -> None:
        await make(number)

    gc.collect()
    costs = []
    for _ in range(_repeats(count, calls)):
        start = time.process_time()
        await asyncio.gather(*(one(number) for number in range(count)))
        costs.append(time.process_time() - start)
    return 1e6 / count * median(costs)


def _repeats(count: int, calls: int) -> int:
    return max(3, calls // count)
