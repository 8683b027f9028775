"""Tests of the event source."""

import asyncio
import base64
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from jmap_async.testing import MemoryServer
from jmap_async.testing.http.events import Wanted, read_query

ALL = "types=*&closeafter=no&ping=0"


def event_id(document: bytes) -> str:
    """Pack a document as the server packs the states."""
    return base64.urlsafe_b64encode(zlib.compress(document)).decode()


class Stream:
    """One event source connection."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def event(self) -> dict[str, str]:
        """Read the next event; empty at the end of the stream."""
        fields: dict[str, str] = {}
        while line := (await self.response.content.readline()).decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            fields[name] = value
        return fields

    async def changed(self) -> dict[str, dict[str, str]]:
        """Read the next state event and return what changed."""
        event = await self.event()
        assert "state" == event["event"]
        body: dict[str, Any] = json.loads(event["data"])
        assert "StateChange" == body["@type"]
        found: dict[str, dict[str, str]] = body["changed"]
        return found


@asynccontextmanager
async def connect(server: MemoryServer, query: str, last: str = "") -> AsyncIterator[Stream]:
    """Open an event source."""
    headers = {"Authorization": f"Bearer {server.token}", "Last-Event-ID": last}
    url = f"{server.url}/jmap/eventsource?{query}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        yield Stream(response)


async def test_t151_a_change_is_a_state_event() -> None:
    """It names the types whose state is new, with that state."""
    async with MemoryServer() as server, connect(server, ALL) as stream:
        assert "text/event-stream" == stream.response.content_type
        server.add_email()
        found = (await stream.changed())["A1"]
        assert {"Email", "EmailDelivery", "Thread", "Mailbox"} == set(found)
        assert server.world.accounts["A1"].tables["Email"].state == found["Email"]
        server.add_mailbox("Box")
        assert ["Mailbox"] == [*(await stream.changed())["A1"]]


async def test_t24_only_the_types_asked_for_are_pushed() -> None:
    """A comma may be escaped; changes of other types are silent."""
    query = "types=Email%2CIdentity&closeafter=no&ping=0"
    async with MemoryServer() as server, connect(server, query) as stream:
        server.add_mailbox("Box")
        server.add_email()
        assert ["Email"] == [*(await stream.changed())["A1"]]


async def test_t152_closeafter_state_ends_the_stream() -> None:
    """After the first state event."""
    query = "types=*&closeafter=state&ping=0"
    async with MemoryServer() as server, connect(server, query) as stream:
        server.add_email()
        assert await stream.changed()
        assert {} == await stream.event()


async def test_t153_t154_a_ping_has_the_interval_and_no_id() -> None:
    """It comes when nothing else does."""
    query = "types=*&closeafter=no&ping=1"
    async with MemoryServer() as server, connect(server, query) as stream:
        event = await stream.event()
        assert ("ping", {"interval": 1}) == (event["event"], json.loads(event["data"]))
        assert "id" not in event


async def test_t154_a_client_that_comes_back_hears_what_it_missed() -> None:
    """At once; an event id that makes no sense means that it missed everything."""
    packed = map(event_id, (b"null", b'{"A1": 1}', b'{"A1": {"Email": 1}}'))
    junk = ["%%%", "bnVsbA==", "ü", *packed]
    async with MemoryServer() as server:
        async with connect(server, ALL) as stream:
            server.add_email()
            event = await stream.event()
        server.add_mailbox("Box")
        async with connect(server, ALL, event["id"]) as stream:
            assert ["Mailbox"] == [*(await stream.changed())["A1"]]
        for wrong in junk:
            async with connect(server, ALL, wrong) as stream:
                assert "Identity" in (await stream.changed())["A1"]


async def test_t154_an_event_id_of_many_accounts_fits_into_a_header_field() -> None:
    """The client gets its answer, and hears of nothing that it knew."""
    async with MemoryServer() as server:
        for number in range(300):
            server.add_account(f"account{number}")
        async with connect(server, ALL) as stream:
            server.add_email()
            event = await stream.event()
        async with connect(server, ALL, event["id"]) as stream:
            assert 200 == stream.response.status
            server.add_mailbox("Box", account_id="account7")
            assert {"account7": ["Mailbox"]} == {
                id: [*states] for id, states in (await stream.changed()).items()
            }


async def test_t153_changes_of_other_types_do_not_put_a_ping_off() -> None:
    """It comes when no event was sent for so long, whatever happened meanwhile."""
    query = "types=Identity&closeafter=no&ping=1"
    async with MemoryServer() as server, connect(server, query) as stream:
        ping = asyncio.create_task(stream.event())
        before = asyncio.get_running_loop().time()
        while not ping.done():
            server.add_email()
            await asyncio.wait([ping], timeout=0.3)
        assert "ping" == (await ping)["event"]
        assert asyncio.get_running_loop().time() - before < 1.4


async def test_only_get_opens_a_stream() -> None:
    """HEAD would wait for an end that does not come."""
    async with MemoryServer() as server, aiohttp.ClientSession() as session:
        headers = {"Authorization": f"Bearer {server.token}"}
        async with session.head(f"{server.url}/jmap/eventsource?{ALL}", headers=headers) as found:
            assert 405 == found.status


async def test_a_client_that_goes_is_forgotten() -> None:
    """Nothing is kept of its connection."""
    async with MemoryServer() as server:
        async with connect(server, ALL):
            assert 1 == len(server.world.listeners)
        async with asyncio.timeout(5):
            while server.world.listeners:  # noqa: ASYNC110 - only the event loop knows
                await asyncio.sleep(0)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "types=*",
        "types=&closeafter=no&ping=0",
        "types=*&closeafter=yes&ping=0",
        "types=*&closeafter=no&ping=x",
        "types=*&closeafter=no&ping=-1",
        "types=*&closeafter=no&ping=%D9%A3",
    ],
)
async def test_a_malformed_query_is_refused(query: str) -> None:
    """All three variables are needed (RFC 8620, 7.3)."""
    async with MemoryServer() as server, connect(server, query) as stream:
        assert 400 == stream.response.status


def test_t153_long_intervals_are_cut() -> None:
    """To 300 seconds."""
    types = frozenset({"Email", "Mailbox"})
    for ping, used in (("900", 300), ("9" * 5000, 300), ("0" * 5000, 0), ("0300", 300), ("29", 29)):
        wanted = read_query({"types": "Email,Mailbox", "closeafter": "state", "ping": ping})
        assert Wanted(types=types, once=True, ping=used) == wanted
