"""The work whose cost is watched: always the same, on one event loop, the server included.

Each piece of work returns how many requests it took.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final

import jmap_async
from benchmarks.mail import LIST_PROPERTIES, email_id
from benchmarks.micro import ours
from benchmarks.micro.calls import KINDS
from benchmarks.micro.decode import VIEWS, response
from benchmarks.micro.encode import updates
from benchmarks.micro.plan import plan
from benchmarks.round_trips.answers import Mail
from benchmarks.round_trips.server import Connection, Service
from jmap_async.client import Client
from jmap_async.transport import HTTPResponse

Workloads = Mapping[str, Callable[[], int]]

PLANNED: Final[Mapping[str, int]] = {"reads": 1_000, "updates": 1_000, "queries": 200}
"""How many calls of each kind are planned at once."""

_BEFORE: Final = 3
"""How often all is done beforehand: functions are made for rows that came often."""

_REQUESTS: Final = 50
_ALONE: Final = 20


@contextmanager
def workloads() -> Iterator[Workloads]:
    """Return all work, by name; each piece was done before, so that caches are filled."""
    with asyncio.Runner() as runner:
        service = Service(emails=max(PLANNED.values()))
        server = runner.run(_serve(service))
        client = runner.run(_connect(service))
        try:
            found: dict[str, Callable[[], int]] = {
                **{f"decode, {view} view": _decode(client, view) for view in VIEWS},
                **{f"plan, {kind}": _plan(client, kind) for kind in KINDS},
                "write, updates": _write(client),
                "alone": lambda: runner.run(_read_alone(client)),
            }
            _answer_at_once(client)
            for work in [*found.values()] * _BEFORE:
                work()
            yield found
        finally:
            runner.run(client.close())
            server.close()


async def _serve(service: Service) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0)
    service.origin = "http://127.0.0.1:{1}".format(*server.sockets[0].getsockname())
    return server


async def _connect(service: Service) -> Client:
    return await jmap_async.connect(f"{service.origin}/session", auth="token")


def _decode(client: Client, view: str) -> Callable[[], int]:
    _, email, count = VIEWS[view]
    emails = ours.reader(client, tuple(email(0)))
    body = response([email(number) for number in range(count)])

    def work() -> int:
        ours.read_four(emails(body))
        return 0

    return work


def _plan(client: Client, kind: str) -> Callable[[], int]:
    _, make = KINDS[kind]
    count = PLANNED[kind]
    # The same requests get the same answers: the server's part is done once and for all.
    answer = cache(Mail(count).answer)
    return lambda: plan(client, make, count, answer)[1]


def _write(client: Client) -> Callable[[], int]:
    write = ours.request_writer(client, updates())

    def work() -> int:
        for _ in range(_REQUESTS):
            write()
        return _REQUESTS

    return work


def _answer_at_once(client: Client) -> None:
    """Have requests answered without sockets, in which the number of instructions varies."""
    answer = cache(Mail(_ALONE).answer)

    async def exchange(
        url: str, body: bytes, *, on_sent: Callable[[], None], **_: object
    ) -> HTTPResponse:
        on_sent()
        await asyncio.sleep(0)
        return HTTPResponse(status=200, url=url, headers={}, body=answer(body))

    client._dispatcher._channel.exchange = exchange  # type: ignore[method-assign, assignment]  # noqa: SLF001


async def _read_alone(client: Client) -> int:
    before = client.stats.posts
    for number in range(_ALONE):
        await client.email.get([email_id(number)], properties=LIST_PROPERTIES)
    return client.stats.posts - before
