"""jmaplib 3.0.1: its async client, on httpx and pydantic."""

import asyncio
from collections.abc import Sequence

from jmap.aio import AsyncJMAPClient
from jmap.auth import BearerAuth

from benchmarks.mail import (
    FILED,
    FLAGGED,
    IDENTITY,
    LIST_PROPERTIES,
    ROLES,
    SEEN,
    draft,
    email_id,
    mailbox_id,
    thread_id,
)
from benchmarks.round_trips.answers import IN_THREAD, LIMITS
from benchmarks.round_trips.clients.contestant import FOUND, SHOWN, expect, searched


class BatchEach:
    """A batch for each task, as many at once as the server allows: nobody else counts them."""

    name = "jmaplib, a batch each"
    share = 0.1

    async def open(self, session_url: str) -> None:
        self._client = await AsyncJMAPClient.connect(session_url, auth=BearerAuth("token"))
        self._free = asyncio.Semaphore(LIMITS["maxConcurrentRequests"])

    async def close(self) -> None:
        await self._client.aclose()

    async def read(self, ids: Sequence[str]) -> None:
        await asyncio.gather(*(self.read_one(one) for one in ids))

    async def flag(self, ids: Sequence[str]) -> None:
        await asyncio.gather(*(self._flag_one(one) for one in ids))

    async def read_one(self, id: str) -> None:
        async with self._free, self._client.batch() as batch:
            get = batch.mail.email.get(ids=[id], properties=LIST_PROPERTIES)
        expect(get.result.items[0].id, id)

    async def _flag_one(self, id: str) -> None:
        async with self._free, self._client.batch() as batch:
            change = batch.mail.email.set(update={id: SEEN})
        expect(list(change.result.updated), [id])

    async def read_pages(self, *, emails: int, page: int) -> None:
        await asyncio.gather(*(self._page(start, page) for start in range(0, emails, page)))

    async def _page(self, position: int, page: int) -> None:
        async with self._free, self._client.batch() as batch:
            query = batch.mail.email.query(position=position, limit=page)
            get = batch.mail.email.get(ids=query.ref_ids(), properties=LIST_PROPERTIES)
        expect(len(get.result.items), page)

    async def iterate(self, *, emails: int, page: int) -> None:
        await self.read_pages(emails=emails, page=page)

    async def handle(self, number: int) -> None:
        async with self._free, self._client.batch() as batch:
            query = batch.mail.email.query(position=number, limit=FOUND)
            get = batch.mail.email.get(ids=query.ref_ids(), properties=LIST_PROPERTIES)
            threads = batch.mail.thread.get(ids=get.ref_list("threadId"))
        expect(len(threads.result.items), FOUND)

    async def fetch(self, ids: Sequence[str], properties: Sequence[str]) -> None:
        async with self._client.batch() as batch:
            get = batch.mail.email.get(ids=list(ids), properties=properties)
        expect(len(get.result.items), len(ids))

    async def review(self, number: int) -> None:
        id = email_id(number)
        async with self._free, self._client.batch() as batch:
            get = batch.mail.email.get(ids=[id], properties=LIST_PROPERTIES)
        if "$flagged" not in get.result.items[0].keywords:
            async with self._free, self._client.batch() as batch:
                batch.mail.email.set(update={id: FLAGGED})
        await self.read_one(id)

    async def mark(self, number: int) -> None:
        await self._flag_one(email_id(number))

    async def conversation(self, number: int) -> None:
        async with self._free, self._client.batch() as batch:
            threads = batch.mail.thread.get(ids=[thread_id(number)])
            ids = threads.ref_list("emailIds")
            get = batch.mail.email.get(ids=ids, properties=LIST_PROPERTIES)
        expect(len(get.result.items), IN_THREAD)

    async def inbox(self, number: int) -> None:
        async with self._free, self._client.batch() as batch:
            query = batch.mail.email.query(
                filter={"inMailbox": mailbox_id("inbox")}, position=SHOWN * number, limit=SHOWN
            )
            get = batch.mail.email.get(ids=query.ref_ids(), properties=LIST_PROPERTIES)
        expect(len(get.result.items), SHOWN)

    async def search(self, number: int) -> None:
        filter = searched(number)
        async with self._free, self._client.batch() as batch:
            query = batch.mail.email.query(filter=filter, limit=SHOWN)
            get = batch.mail.email.get(ids=query.ref_ids(), properties=LIST_PROPERTIES)
            snippets = batch.mail.search_snippet.get(filter=filter, email_ids=query.ref_ids())
        expect(len(get.result.items), len(snippets.result.items))

    async def folders(self) -> None:
        async with self._free, self._client.batch() as batch:
            get = batch.mail.mailbox.get()
        expect(len(get.result.items), len(ROLES))

    async def send(self, number: int) -> None:
        async with self._free, self._client.batch() as batch:
            creating = batch.mail.email.set(create={"draft": draft(number)})
            sending = batch.submission.email_submission.set(
                create={"sent": {"identityId": IDENTITY["id"], "emailId": "#draft"}},
                onSuccessUpdateEmail={"#sent": FILED},
            )
        expect(list(creating.result.created), ["draft"])
        expect(list(sending.result.created), ["sent"])


class OneBatch(BatchEach):
    """All calls in one explicit batch, by a program that has them all at hand."""

    name = "jmaplib, one explicit batch"
    share = 1.0

    async def read(self, ids: Sequence[str]) -> None:
        async with self._client.batch() as batch:
            email = batch.mail.email
            gets = [email.get(ids=[one], properties=LIST_PROPERTIES) for one in ids]
        for one, get in zip(ids, gets, strict=True):
            expect(get.result.items[0].id, one)

    async def flag(self, ids: Sequence[str]) -> None:
        async with self._client.batch() as batch:
            changes = [batch.mail.email.set(update={one: SEEN}) for one in ids]
        for one, change in zip(ids, changes, strict=True):
            expect(list(change.result.updated), [one])
