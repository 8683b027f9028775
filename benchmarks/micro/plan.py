"""What planning a call costs in CPU, step by step, from 1 to 10,000 that are queued at once.

The planner alone, without an event loop or a network.
"""

import time
from collections.abc import Callable, Sequence
from statistics import median

import attrs

from benchmarks.measuring import figure, measured, table
from benchmarks.micro.calls import CALLS, COUNTS, KINDS, MakeCall, repeats
from benchmarks.report import Section
from benchmarks.round_trips.answers import Mail
from jmap_async.client import Client
from jmap_async.planner import Answer, Entry, Planner
from jmap_async.protocol import messages
from jmap_async.protocol.call import Call


@attrs.define
class Steps:
    """CPU seconds that all calls together took, step by step."""

    make: float = 0.0
    submit: float = 0.0
    request: float = 0.0
    settle: float = 0.0
    decode: float = 0.0


def plan(
    client: Client, make: MakeCall, count: int, answer: Callable[[bytes], bytes]
) -> tuple[Steps, int]:
    """Take calls through a planner; return what each step took, and the number of requests."""
    steps, planner, described = Steps(), Planner(), client.session
    start = time.process_time()
    calls = [make(client, number) for number in range(count)]
    for call in calls:
        call.owner = call  # each of a task of its own, as far as order goes
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
        answered = answer(body)
        start = time.process_time()
        planner.settle(request, messages.parse_response(answered))
        planner.finished()
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
        with measured():
            plans = [plan(client, make, count, mail.answer) for _ in range(repeats(count, calls))]
        taken = [attrs.astuple(steps) for steps, _ in plans]
        each = [1e6 / count * median(column) for column in zip(*taken, strict=True)]
        rows.append([f"{count:,}", *map(figure, each), figure(sum(each)), f"{plans[0][1]:,}"])
    head = ("calls", *(one.name for one in attrs.fields(Steps)), "in all", "requests")
    return f"#### The planner alone: {title}\n\n{table(head, rows)}"


def sections(
    client: Client, *, counts: Sequence[int] = COUNTS, calls: int = CALLS
) -> list[Section]:
    """Measure each kind of calls."""
    title = "### `plan`: µs of CPU per call, by the number of calls that are queued at once"
    tables = [planner_table(client, kind, counts=counts, calls=calls) for kind in KINDS]
    return [Section("\n\n".join([title, *tables]))]
