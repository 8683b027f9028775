"""What a call costs in CPU, from 10 to 10,000 that are queued at once: where it goes, and in all.

First the planner alone, step by step, without an event loop or a network. Then the whole client
against the server: CPU of this process, and for comparison that of tasks that only wait.
"""

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from statistics import median
from typing import Any, Final, TypeVar

import attrs

import jmap_async
from benchmarks.mail import LIST_PROPERTIES, email_id
from benchmarks.measuring import figure, measured, table
from benchmarks.round_trips.answers import Mail, session
from benchmarks.round_trips.server import Server
from jmap_async.capabilities.email_methods import EmailGet, EmailMethods, EmailQuery, EmailSet
from jmap_async.client import Client
from jmap_async.planner import Planner
from jmap_async.planner.entry import Answer
from jmap_async.protocol import messages
from jmap_async.protocol.call import AnyCall, Call, Method
from jmap_async.protocol.session import Session, parse
from jmap_async.protocol.standard import Arguments

R = TypeVar("R")

COUNTS: Final = (10, 100, 1_000, 10_000)
# So many calls are made in all for each figure, so that small counts are measured well, too.
_CALLS: Final = 5_000


class _Nobody:
    """A sender for calls that only the planner sees."""

    def result(self, call: Call[R]) -> Generator[Any, None, R]:
        raise NotImplementedError

    def running_task(self) -> object:
        return None


def _read(number: int) -> EmailGet:
    return EmailGet([email_id(number)], properties=LIST_PROPERTIES)


def _update(number: int) -> EmailSet:
    return EmailSet(update={email_id(number): {"keywords/$seen": True}})


def _query(number: int) -> EmailQuery:
    return EmailQuery({"inMailbox": f"P{number}"}, limit=1)


_MAIL: Final = "urn:ietf:params:jmap:mail"


@attrs.frozen
class Kind:
    """Calls to plan: what they are called and how they are made."""

    title: str
    method: Method
    arguments: Callable[[int], Arguments]
    await_one: Callable[[Client, int], Call[Any]]


KINDS: Final[Mapping[str, Kind]] = {
    "reads": Kind(
        "reads of one Email each, which merge",
        EmailMethods.get.described(_MAIL),
        _read,
        lambda client, number: client.email.get([email_id(number)], properties=LIST_PROPERTIES),
    ),
    "updates": Kind(
        "updates of one Email each, which merge",
        EmailMethods.set.described(_MAIL),
        _update,
        lambda client, number: client.email.set(
            update={email_id(number): {"keywords/$seen": True}}
        ),
    ),
    "queries": Kind(
        "queries that all differ, 16 to a request",
        EmailMethods.query.described(_MAIL),
        _query,
        lambda client, number: client.email.query({"inMailbox": f"P{number}"}, limit=1),
    ),
}


@attrs.define
class Steps:
    """Seconds that all calls together took, step by step."""

    make: float = 0.0
    submit: float = 0.0
    request: float = 0.0
    settle: float = 0.0
    decode: float = 0.0


def plan(kind: Kind, count: int, mail: Mail) -> tuple[Steps, int]:
    """Take calls through the planner; return what each step took, and the number of requests."""
    steps, planner, described = Steps(), Planner(), _session()
    start = time.process_time()
    sender = _Nobody()
    calls: list[AnyCall] = [
        Call(kind.method, kind.arguments(number), sender=sender) for number in range(count)
    ]
    steps.make, start = _lap(start)
    entries = [planner.submit(call, described) for call in calls]
    for entry in entries:
        entry.claim()
    steps.submit, start = _lap(start)
    requests = 0
    while request := planner.next_request(described.core):
        requests += 1
        body = request.encode()
        took, start = _lap(start)
        steps.request += took
        answer = mail.answer(body)
        start = time.process_time()
        planner.settle(request, messages.parse_response(answer))
        took, start = _lap(start)
        steps.settle += took
    _decode(kind.method, [entry.answer for entry in entries])
    steps.decode, _ = _lap(start)
    return steps, requests


def _lap(start: float) -> tuple[float, float]:
    now = time.process_time()
    return now - start, now


def _decode(method: Method, answers: list[Answer | Exception | None]) -> None:
    for answer in answers:
        if not isinstance(answer, Answer):
            raise AssertionError(answer)
        method.decode(answer.arguments)


def _session() -> Session:
    import orjson

    return parse(orjson.dumps(session("http://127.0.0.1")), "http://127.0.0.1/session")


def planner_table(kind: Kind, *, counts: tuple[int, ...] = COUNTS) -> str:
    """Return microseconds of CPU per call, by step."""
    mail = Mail(max(counts))
    rows = []
    for count in counts:
        taken = []
        requests = 0
        for _ in range(max(3, _CALLS // count)):
            with measured():
                steps, requests = plan(kind, count, mail)
            taken.append(attrs.astuple(steps))
        each = [1e6 / count * median(column) for column in zip(*taken, strict=True)]
        rows.append([f"{count:,}", *map(figure, each), figure(sum(each)), f"{requests:,}"])
    head = ("calls", *(one.name for one in attrs.fields(Steps)), "in all", "requests")
    return f"#### The planner alone: {kind.title}\n\n{table(head, rows)}"


async def end_to_end_table(server: Server, *, counts: tuple[int, ...] = COUNTS) -> str:
    """Return microseconds of CPU per call of the whole client, for each kind of calls."""
    server.start(0)
    rows = []
    async with jmap_async.connect(server.session_url, auth="token") as client:
        for count in counts:
            costs = [await _cost(_waiting, count)]
            for kind in KINDS.values():
                costs.append(await _cost(lambda n, kind=kind: kind.await_one(client, n), count))
            rows.append([f"{count:,}", *map(figure, costs)])
    head = ("calls", "tasks that only wait", *KINDS)
    return f"#### The whole client, from the task to the typed answer\n\n{table(head, rows)}"


async def _waiting(number: int) -> None:
    await asyncio.sleep(0)


async def _cost(make: Callable[[int], Any], count: int) -> float:
    """Return microseconds of CPU per task that awaits what `make` makes."""

    async def one(number: int) -> None:
        await make(number)

    costs = []
    for _ in range(max(3, _CALLS // count)):
        with measured() as spent:
            await asyncio.gather(*(one(number) for number in range(count)))
        costs.append(spent.cpu)
    return 1e6 / count * median(costs)
