"""The floor: what an expert writes by hand with aiohttp and orjson, for exactly this server.

No types, no errors, no limits but those known beforehand. `HandMerged` does not even have tasks
that wait; `HandMergedForTasks` hands the answers to as many tasks as the other clients serve, which
is what no client that serves tasks can do without.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import aiohttp
import orjson

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
from benchmarks.round_trips.answers import ACCOUNT, CORE, IN_THREAD, LIMITS, MAIL, SUBMISSION
from benchmarks.round_trips.clients.contestant import FOUND, SHOWN, expect, searched

_HEADERS: Final = {"Content-Type": "application/json", "Authorization": "Bearer token"}

_USING: Final = (CORE, MAIL, SUBMISSION)

_FOUND_IDS: Final = {"resultOf": "c0", "name": "Email/query", "path": "/ids"}

Row = Mapping[str, Any]


class HandMerged:
    """One request, written by hand."""

    name = "by hand: aiohttp and orjson"
    share = 1.0

    async def open(self, session_url: str) -> None:
        self._http = aiohttp.ClientSession()
        # As many at once as the server allows.
        self._free = asyncio.Semaphore(LIMITS["maxConcurrentRequests"])
        async with self._http.get(session_url) as response:
            self._api = orjson.loads(await response.read())["apiUrl"]

    async def close(self) -> None:
        await self._http.close()

    async def read(self, ids: Sequence[str]) -> None:
        expect(len(await self._rows(ids)), len(ids))

    async def flag(self, ids: Sequence[str]) -> None:
        expect(len(await self._flagged(ids)), len(ids))

    async def read_one(self, id: str) -> None:
        [answer] = await self._post([_get([id])])
        expect(answer["list"][0]["id"], id)

    async def read_pages(self, *, emails: int, page: int) -> None:
        async def one(position: int) -> None:
            query = {"accountId": ACCOUNT, "position": position, "limit": page}
            get = {"accountId": ACCOUNT, "#ids": _FOUND_IDS, "properties": LIST_PROPERTIES}
            async with self._free:
                body = await self._send([("Email/query", query), ("Email/get", get)])
            await asyncio.sleep(0)  # the next request leaves before this answer is decoded
            expect(len(_answers(body)[1]["list"]), page)

        await asyncio.gather(*(one(position) for position in range(0, emails, page)))

    async def iterate(self, *, emails: int, page: int) -> None:
        await self.read_pages(emails=emails, page=page)

    async def handle(self, number: int) -> None:
        query = {"accountId": ACCOUNT, "position": number, "limit": FOUND}
        get = {"accountId": ACCOUNT, "#ids": _FOUND_IDS, "properties": LIST_PROPERTIES}
        thread_ids = {"resultOf": "c1", "name": "Email/get", "path": "/list/*/threadId"}
        threads = {"accountId": ACCOUNT, "#ids": thread_ids}
        answers = await self._when_free(
            ("Email/query", query), ("Email/get", get), ("Thread/get", threads)
        )
        expect(len(answers[2]["list"]), FOUND)

    async def fetch(self, ids: Sequence[str], properties: Sequence[str]) -> None:
        get = {"accountId": ACCOUNT, "ids": ids, "properties": properties}
        [answer] = await self._post([("Email/get", get)])
        expect(len(answer["list"]), len(ids))

    async def review(self, number: int) -> None:
        id = email_id(number)
        [answer] = await self._when_free(_get([id]))
        if "$flagged" not in answer["list"][0]["keywords"]:
            await self._when_free(_set({id: FLAGGED}))
        [answer] = await self._when_free(_get([id]))
        expect(answer["list"][0]["id"], id)

    async def mark(self, number: int) -> None:
        id = email_id(number)
        [answer] = await self._when_free(_set({id: SEEN}))
        expect(list(answer["updated"]), [id])

    async def conversation(self, number: int) -> None:
        threads = {"accountId": ACCOUNT, "ids": [thread_id(number)]}
        ids = {"resultOf": "c0", "name": "Thread/get", "path": "/list/*/emailIds"}
        get = {"accountId": ACCOUNT, "#ids": ids, "properties": LIST_PROPERTIES}
        answers = await self._when_free(("Thread/get", threads), ("Email/get", get))
        expect(len(answers[1]["list"]), IN_THREAD)

    async def inbox(self, number: int) -> None:
        query = _query({"inMailbox": mailbox_id("inbox")}, position=SHOWN * number)
        get = {"accountId": ACCOUNT, "#ids": _FOUND_IDS, "properties": LIST_PROPERTIES}
        answers = await self._when_free(query, ("Email/get", get))
        expect(len(answers[1]["list"]), SHOWN)

    async def search(self, number: int) -> None:
        filter = searched(number)
        get = {"accountId": ACCOUNT, "#ids": _FOUND_IDS, "properties": LIST_PROPERTIES}
        snippets = {"accountId": ACCOUNT, "filter": filter, "#emailIds": _FOUND_IDS}
        answers = await self._when_free(
            _query(filter, position=0), ("Email/get", get), ("SearchSnippet/get", snippets)
        )
        expect(len(answers[1]["list"]), len(answers[2]["list"]))

    async def folders(self) -> None:
        [answer] = await self._when_free(("Mailbox/get", {"accountId": ACCOUNT, "ids": None}))
        expect(len(answer["list"]), len(ROLES))

    async def send(self, number: int) -> None:
        creating = {"accountId": ACCOUNT, "create": {"draft": draft(number)}}
        sending = {
            "accountId": ACCOUNT,
            "create": {"sent": {"identityId": IDENTITY["id"], "emailId": "#draft"}},
            "onSuccessUpdateEmail": {"#sent": FILED},
        }
        answers = await self._when_free(("Email/set", creating), ("EmailSubmission/set", sending))
        expect(list(answers[2]["updated"]), [answers[0]["created"]["draft"]["id"]])

    async def _rows(self, ids: Sequence[str]) -> dict[str, Row]:
        answers = await self._post(_get(part) for part in _parts(ids, LIMITS["maxObjectsInGet"]))
        return {row["id"]: row for answer in answers for row in answer["list"]}

    async def _flagged(self, ids: Sequence[str]) -> set[str]:
        answers = await self._post(
            _set(dict.fromkeys(part, SEEN)) for part in _parts(ids, LIMITS["maxObjectsInSet"])
        )
        return {one for answer in answers for one in answer["updated"]}

    async def _when_free(self, *calls: tuple[str, Any]) -> list[Any]:
        """Send a request of a task's own, when the server allows one more."""
        async with self._free:
            return await self._post(calls)

    async def _post(self, calls: Iterable[tuple[str, Any]]) -> list[Any]:
        return _answers(await self._send(calls))

    async def _send(self, calls: Iterable[tuple[str, Any]]) -> bytes:
        numbered = [(name, arguments, f"c{at}") for at, (name, arguments) in enumerate(calls)]
        body = orjson.dumps({"using": _USING, "methodCalls": numbered})
        async with self._http.post(self._api, data=body, headers=_HEADERS) as response:
            return await response.read()


class HandMergedForTasks(HandMerged):
    """The same request, for tasks that wait for their part of the answer."""

    name = "by hand, for as many tasks"

    async def read(self, ids: Sequence[str]) -> None:
        answer = asyncio.ensure_future(self._rows(ids))

        async def one(id: str) -> None:
            expect((await answer)[id]["id"], id)

        await asyncio.gather(*(one(id) for id in ids))

    async def flag(self, ids: Sequence[str]) -> None:
        answer = asyncio.ensure_future(self._flagged(ids))

        async def one(id: str) -> None:
            expect(id in await answer, expected=True)

        await asyncio.gather(*(one(id) for id in ids))


def _answers(body: bytes) -> list[Any]:
    return [arguments for _, arguments, _ in orjson.loads(body)["methodResponses"]]


def _get(ids: Sequence[str]) -> tuple[str, Row]:
    return "Email/get", {"accountId": ACCOUNT, "ids": ids, "properties": LIST_PROPERTIES}


def _set(update: Mapping[str, Row]) -> tuple[str, Row]:
    return "Email/set", {"accountId": ACCOUNT, "update": update}


def _query(filter: Row, *, position: int) -> tuple[str, Row]:
    arguments = {"accountId": ACCOUNT, "filter": filter, "position": position, "limit": SHOWN}
    return "Email/query", arguments


def _parts(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
