"""Tests of large answers: others have their turn while they are decoded."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from jmap_async import Email, connect
from jmap_async.protocol.call import Call
from jmap_async.protocol.standard import GetResponse
from jmap_async.testing import MemoryServer

NUMBER = 30


@pytest.fixture
def full_server(jmap_server: MemoryServer) -> MemoryServer:
    """Return a server with some mail."""
    for number in range(NUMBER):
        jmap_server.add_email(subject=f"{number}")
    return jmap_server


class Watched:
    """A call that can be awaited, and counts how often it lets others have their turn."""

    def __init__(self, call: Call[GetResponse[Email]]) -> None:
        self.call = call
        self.pauses = 0

    def __await__(self) -> Generator[Any, Any, GetResponse[Email]]:
        steps = self.call.__await__()
        try:
            while True:
                step = next(steps)
                self.pauses += step is None
                yield step
        except StopIteration as stop:
            found: GetResponse[Email] = stop.value
            return found


@pytest.mark.parametrize(
    ("rows", "pauses"), [(NUMBER, 0), (10, 3), (7, 5), (1, NUMBER), (0, NUMBER)]
)
async def test_others_have_their_turn(full_server: MemoryServer, rows: int, pauses: int) -> None:
    """After each slice, which is as large as it was asked for."""
    url, token = full_server.session_url, full_server.token
    async with connect(url, auth=token, rows_per_turn=rows) as client:
        call = Watched(client.email.get(client.email.query().ids, properties=["subject"]))
        found = await call
    assert pauses == call.pauses
    assert {f"{number}" for number in range(NUMBER)} == {email.subject for email in found.list}


async def test_cancelled_between_two_slices(full_server: MemoryServer) -> None:
    """Awaiting it again gives everything, without another request."""
    url, token = full_server.session_url, full_server.token
    async with connect(url, auth=token, rows_per_turn=1) as client:
        query = client.email.query()
        call = client.email.get(query.ids)
        waiting = asyncio.ensure_future(call)
        await query
        for _ in range(NUMBER // 2):
            await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert NUMBER == len((await call).list)
        assert 1 == client.stats.posts
