"""Whoever listens is told what happens on the way of requests."""

import asyncio
from typing import Any

import orjson

from jmap_async import connect
from jmap_async.hooks import RequestAnswered, RequestSent, SentAgain
from jmap_async.testing import MemoryServer
from tests.serving import AT_ONCE, Answers, unavailable


class Ear:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.on_request = self.on_response = self.on_retry = self.heard.append


async def test_records_tell_the_way_of_a_request(jmap_server: MemoryServer) -> None:
    """It leaves, is answered that this is not the time, and leaves again."""
    ear = Ear()
    jmap_server.on_request = Answers(unavailable)
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        client._dispatcher._listeners += (ear,)
        await asyncio.gather(
            client.email.get(["M1", "M2"]), client.email.get(["M2", "M3"]), client.core.echo()
        )
        methods = ("Email/get", "Core/echo")
        leaving = RequestSent(methods, 3, len(orjson.dumps(jmap_server.requests[0])))
        answer = RequestAnswered(200, client.stats.bytes_in)
        busy, again = RequestAnswered(503, 0), SentAgain("busy", methods, 3)
        assert [leaving, busy, again, leaving, answer] == ear.heard
        assert jmap_server.token not in repr(ear.heard)
