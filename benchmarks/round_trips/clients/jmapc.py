"""jmapc 0.4.0: a synchronous client, on requests and dataclasses-json, in a few threads."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import TypeVar
from urllib.request import urlopen

from jmapc import Client, Ref
from jmapc.methods import EmailGet, EmailQuery, EmailSet
from jmapc.session import Session

from benchmarks.mail import LIST_PROPERTIES, SEEN
from benchmarks.round_trips.answers import LIMITS
from benchmarks.round_trips.clients.contestant import expect

T = TypeVar("T")


class Threads:
    """A request for each call, in as many threads as the server allows requests at once."""

    name = "jmapc, in threads"
    share = 0.025

    async def open(self, session_url: str) -> None:
        with urlopen(session_url) as response:  # noqa: S310, ASYNC210 - nothing else goes on
            session = Session.from_json(response.read())
        count = LIMITS["maxConcurrentRequests"]
        self._threads = ThreadPoolExecutor(count)
        # A client for each thread: requests does not promise that they may share one.
        self._clients: SimpleQueue[Client] = SimpleQueue()
        for _ in range(count):
            client = Client.create_with_api_token("127.0.0.1", "token")
            client.__dict__["jmap_session"] = session  # by itself it would insist on https
            self._clients.put(client)

    async def close(self) -> None:
        self._threads.shutdown()
        while not self._clients.empty():
            self._clients.get().requests_session.close()

    async def read(self, ids: Sequence[str]) -> None:
        await self._all(_read, ids)

    async def flag(self, ids: Sequence[str]) -> None:
        await self._all(_flag, ids)

    async def read_one(self, id: str) -> None:
        await self._all(_read, [id])

    async def read_pages(self, *, emails: int, page: int) -> None:
        await self._all(partial(_page, page=page), range(0, emails, page))

    async def iterate(self, *, emails: int, page: int) -> None:
        await self.read_pages(emails=emails, page=page)

    async def _all(self, work: Callable[[Client, T], None], items: Sequence[T]) -> None:
        def one(item: T) -> None:
            client = self._clients.get()
            try:
                work(client, item)
            finally:
                self._clients.put(client)

        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(self._threads, one, item) for item in items))


def _read(client: Client, id: str) -> None:
    response = client.request(EmailGet(ids=[id], properties=[*LIST_PROPERTIES]))
    expect(response.data[0].id, id)


def _flag(client: Client, id: str) -> None:
    response = client.request(EmailSet(update={id: dict(SEEN)}))
    expect(list(response.updated), [id])


def _page(client: Client, position: int, *, page: int) -> None:
    _, get = client.request(
        [
            EmailQuery(position=position, limit=page),
            EmailGet(ids=Ref("/ids"), properties=[*LIST_PROPERTIES]),
        ]
    )
    expect(len(get.response.data), page)
