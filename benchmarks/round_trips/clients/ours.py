"""jmap_async: one task, one `await`; what leaves together is the package's business."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import jmap_async
from benchmarks.mail import (
    FLAGGED,
    IDENTITY,
    LIST_PROPERTIES,
    ROLES,
    SEEN,
    email_id,
    mailbox_id,
    thread_id,
)
from benchmarks.round_trips.answers import IN_THREAD
from benchmarks.round_trips.clients.contestant import FOUND, SHOWN, expect, searched

if TYPE_CHECKING:  # older builds have it elsewhere
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

    async def review(self, number: int) -> None:
        id = email_id(number)
        email = await self._client.email.get_one(id, properties=LIST_PROPERTIES)
        if "$flagged" not in email.keywords:
            await self._client.email.update(id, FLAGGED)
        email = await self._client.email.get_one(id, properties=LIST_PROPERTIES)
        expect(email.id, id)

    async def mark(self, number: int) -> None:
        await self._client.email.update(email_id(number), SEEN)

    async def conversation(self, number: int) -> None:
        threads = self._client.thread.get([thread_id(number)])
        ids = threads.ref("/list/*/emailIds")
        emails = await self._client.email.get(ids, properties=LIST_PROPERTIES)
        expect(len(emails.list), IN_THREAD)

    async def inbox(self, number: int) -> None:
        found = self._client.email.query(
            {"inMailbox": mailbox_id("inbox")},
            sort="-receivedAt",
            position=SHOWN * number,
            limit=SHOWN,
        )
        emails = await self._client.email.get(found.ids, properties=LIST_PROPERTIES)
        expect(len(emails.list), SHOWN)

    async def search(self, number: int) -> None:
        filter = searched(number)
        found = self._client.email.query(filter, sort="-receivedAt", limit=SHOWN)
        emails, snippets = await asyncio.gather(
            self._client.email.get(found.ids, properties=LIST_PROPERTIES),
            self._client.search_snippet.get(filter=filter, email_ids=found.ids),
        )
        expect(len(emails.list), len(snippets.list))

    async def folders(self) -> None:
        mailboxes = await self._client.mailbox.get()
        expect(len(mailboxes.list), len(ROLES))

    async def send(self, number: int) -> None:
        sent = await self._client.email.send(
            to=f"bob{number}@example.net", subject="minutes", text="The minutes of the meeting."
        )
        expect(sent.identity_id, IDENTITY["id"])
