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

from benchmarks.mail import LIST_PROPERTIES, SEEN
from benchmarks.round_trips.answers import ACCOUNT, CORE, LIMITS, MAIL
from benchmarks.round_trips.clients.contestant import expect

_HEADERS: Final = {"Content-Type": "application/json", "Authorization": "Bearer token"}

Row = Mapping[str, Any]


class HandMerged:
    """One request, written by hand."""

    name = "by hand: aiohttp and orjson"
    share = 1.0

    async def open(self, session_url: str) -> None:
        self._http = aiohttp.ClientSession()
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
        # As many at once as the server allows.
        free = asyncio.Semaphore(LIMITS["maxConcurrentRequests"])

        async def one(position: int) -> None:
            query = {"accountId": ACCOUNT, "position": position, "limit": page}
            ids = {"resultOf": "c0", "name": "Email/query", "path": "/ids"}
            get = {"accountId": ACCOUNT, "#ids": ids, "properties": LIST_PROPERTIES}
            async with free:
                answers = await self._post([("Email/query", query), ("Email/get", get)])
            expect(len(answers[1]["list"]), page)

        await asyncio.gather(*(one(position) for position in range(0, emails, page)))

    async def _rows(self, ids: Sequence[str]) -> dict[str, Row]:
        answers = await self._post(_get(part) for part in _parts(ids, LIMITS["maxObjectsInGet"]))
        return {row["id"]: row for answer in answers for row in answer["list"]}

    async def _flagged(self, ids: Sequence[str]) -> set[str]:
        answers = await self._post(
            ("Email/set", {"accountId": ACCOUNT, "update": dict.fromkeys(part, SEEN)})
            for part in _parts(ids, LIMITS["maxObjectsInSet"])
        )
        return {one for answer in answers for one in answer["updated"]}

    async def _post(self, calls: Iterable[tuple[str, Any]]) -> list[Any]:
        numbered = [(name, arguments, f"c{at}") for at, (name, arguments) in enumerate(calls)]
        body = orjson.dumps({"using": [CORE, MAIL], "methodCalls": numbered})
        async with self._http.post(self._api, data=body, headers=_HEADERS) as response:
            answered = orjson.loads(await response.read())
        return [arguments for _, arguments, _ in answered["methodResponses"]]


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


def _get(ids: Sequence[str]) -> tuple[str, Row]:
    return "Email/get", {"accountId": ACCOUNT, "ids": ids, "properties": LIST_PROPERTIES}


def _parts(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
