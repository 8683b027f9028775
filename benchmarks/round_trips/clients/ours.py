"""jmap_async: one task, one `await`; what leaves together is the package's business."""

import asyncio
from collections.abc import Sequence
from typing import cast

import jmap_async
from benchmarks.mail import LIST_PROPERTIES, SEEN
from benchmarks.round_trips.clients.contestant import FOUND, expect
from jmap_async.capabilities.mail.email import EmailProperty


class Ours:
    """jmap_async, used as its documentation says."""

    name = "jmap_async"
    share = 1.0

    async def open(self, session_url: str) -> None:
        self._client = await jmap_async.connect(session_url, auth="token")

    async def close(self) -> None:
        await self._client.close()

    async def read(self, ids: Sequence[str]) -> None:
        await asyncio.gather(*(self.read_one(one) for one in ids))

    async def flag(self, ids: Sequence[str]) -> None:
        await asyncio.gather(*(self._flag_one(one) for one in ids))

    async def read_one(self, id: str) -> None:
        response = await self._client.email.get([id], properties=LIST_PROPERTIES)
        expect(response.list[0].id, id)

    async def _flag_one(self, id: str) -> None:
        response = await self._client.email.set(update={id: SEEN})
        response.raise_for_errors()
        expect(list(response.updated), [id])

    async def read_pages(self, *, emails: int, page: int) -> None:
        await asyncio.gather(*(self._page(start, page) for start in range(0, emails, page)))

    async def _page(self, position: int, page: int) -> None:
        query = self._client.email.query(sort="-receivedAt", position=position, limit=page)
        response = await self._client.email.get(query.ids, properties=LIST_PROPERTIES)
        expect(len(response.list), page)

    async def iterate(self, *, emails: int, page: int) -> None:
        found = self._client.email.iter(
            sort="-receivedAt", page_size=page, properties=LIST_PROPERTIES
        )
        count = 0
        async for _ in found:
            count += 1
            if count == emails:
                break
        await found.aclose()
        expect(count, emails)

    async def handle(self, number: int) -> None:
        found = await self._client.email.query(sort="-receivedAt", position=number, limit=FOUND)
        emails = await self._client.email.get(found.ids, properties=LIST_PROPERTIES)
        threads = await self._client.thread.get([one.thread_id for one in emails.list])
        expect(len(threads.list), FOUND)

    async def fetch(self, ids: Sequence[str], properties: Sequence[str]) -> None:
        # Type checkers know the names of properties; these come as plain strings.
        names = cast("Sequence[EmailProperty]", properties)
        response = await self._client.email.get(ids, properties=names)
        expect(len(response.list), len(ids))
