"""Tests of answers that were made to hurt: each ends in an error or a value, and costs little."""

import asyncio
import copy
import tracemalloc
from collections.abc import Awaitable, Callable

import orjson
import pytest
from aiohttp import web

from jmap_async import Client, Email, JMAPError, RemoteProtocolError, connect
from jmap_async.testing import MemoryServer
from jmap_async.testing.types import JSONObject
from tests.serving import AT_ONCE

DEEP = 900
"""Arrays within arrays: as many as the JSON parser takes, about, and more than Python's stack."""

Hook = Callable[[web.Request, JSONObject], Awaitable[web.Response | None]]


def nested(depth: int, inside: str = "1") -> str:
    """Return arrays within arrays."""
    return "[" * depth + inside + "]" * depth


def answering(members: str) -> Hook:
    """Return a hook that answers each Email/get by these members, whatever was asked."""

    async def answer(_request: web.Request, body: JSONObject) -> web.Response:
        responses = ",".join(
            f'["{name}",{{{members}}},"{call_id}"]' for name, _, call_id in body["methodCalls"]
        )
        text = f'{{"methodResponses":[{responses}],"sessionState":"s"}}'
        return web.Response(text=text, content_type="application/json")

    return answer


def rows(*properties: str) -> str:
    """Return the members of a response to a get of M1 and M2."""
    both = ",".join(f'{{"id":"{one}",{",".join(properties)}}}' for one in ("M1", "M2"))
    return f'"accountId":"A1","state":"s","notFound":[],"list":[{both}]'


async def outcomes(client: Client, *ids: str) -> list[object]:
    """Return what several readers get, some of them the same object."""
    calls = (client.email.get([one]) for one in ids)
    async with asyncio.timeout(30):
        return await asyncio.gather(*calls, return_exceptions=True)


HOSTILE = {
    "a deep value of a known property": rows(f'"from":{nested(DEEP)}'),
    "a deep value of an unknown property": rows(f'"x":{nested(DEEP)}'),
    "deep body parts": rows(
        '"bodyStructure":' + '{"subParts":[' * (DEEP // 2) + "{}" + "]}" * (DEEP // 2)
    ),
    "wrong types everywhere": rows(
        '"blobId":1,"mailboxIds":[1],"keywords":{"a":"b"},"size":"x","receivedAt":{},"from":{"a":1},'
        '"to":[[]],"subject":[],"sentAt":5,"headers":[1],"bodyValues":[{}],"hasAttachment":"yes"'
    ),
    "a list of other things": '"accountId":"A1","state":"s","list":[1,"x",null,[]],"notFound":[]',
    "objects that nobody asked for": (
        '"accountId":"A1","state":"s","notFound":[],"list":['
        + ",".join(f'{{"id":"Z{number}"}}' for number in range(20_000))
        + "]"
    ),
    "a hundred thousand times the same object": (
        '"accountId":"A1","state":"s","notFound":[],"list":['
        + ",".join(['{"id":"M1"}'] * 100_000)
        + "]"
    ),
    "a property of a million characters": rows(f'"subject":"{"x" * 1_000_000}"'),
    "a property with a name of a million characters": rows(f'"{"x" * 1_000_000}":1'),
    "ten thousand properties": rows(",".join(f'"x{number}":0' for number in range(10_000))),
    "numbers beyond all bounds": rows('"size":123456789012345678901234567890,"receivedAt":1e400'),
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
async def test_each_caller_has_a_value_or_an_error(
    jmap_server: MemoryServer, caplog: pytest.LogCaptureFixture, members: str
) -> None:
    """Readers of one object, and of the same, get it, or are told what is wrong; no other error."""
    jmap_server.on_request = answering(members)
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        for outcome in await outcomes(client, "M1", "M2", "M1"):
            if isinstance(outcome, BaseException):
                assert isinstance(outcome, JMAPError)
                assert len(str(outcome)) < 2_000
    # A defect of ours would be logged as one.
    assert [] == [one for one in caplog.records if one.levelname in {"ERROR", "CRITICAL"}]


USES: dict[str, Callable[[Email], object]] = {
    "show": repr,
    "compare": lambda email: email == copy.copy(email),
    "read by wire name": lambda email: email["x"],
    "read": lambda email: email.from_,
    "copy": copy.deepcopy,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
async def test_what_came_deep_can_be_used_or_says_why_not(
    jmap_server: MemoryServer, use: Callable[[Email], object]
) -> None:
    """Showing, comparing, reading and copying it: done, or an error of ours."""
    jmap_server.on_request = answering(rows(f'"x":{nested(DEEP)}', f'"from":{nested(DEEP)}'))
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        [email] = (await client.email.get(["M1"])).list
    try:
        use(email)
    except JMAPError as error:
        told = str(error)
    else:
        told = ""
    assert len(told) < 2_000


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 2_000_000,
        b'{"methodResponses":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"methodResponses":[' + b"[]," * 200_000 + b"[]]}",
        b'{"methodResponses":' * 100_000,
        b'"' + b"\\ud800" * 100_000 + b'"',
        b"1" * 1_000_000,
        b"\xff" * 1_000_000,
        b"{" + b'"a":1,' * 200_000 + b'"a":1}',
    ],
    ids=range(8),
)
async def test_what_is_no_response_at_all(jmap_server: MemoryServer, body: bytes) -> None:
    """It is told shortly, to each caller."""

    async def answer(_request: web.Request, _body: JSONObject) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    jmap_server.on_request = answer
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        for outcome in await outcomes(client, "M1", "M2"):
            assert isinstance(outcome, RemoteProtocolError)
            assert len(str(outcome)) < 2_000
            assert len(repr(outcome.piece)) < 2_000


async def test_tiny_objects_cost_no_more_than_their_json(
    jmap_server: MemoryServer,
) -> None:
    """What nobody asked for is dropped at once: the peak is that of parsing it."""
    tiny = ",".join(['{"id":""}'] * 200_000)
    body = f'"accountId":"A1","state":"s","notFound":[],"list":[{tiny}]'
    jmap_server.on_request = answering(body)
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        parsed = peak_of(lambda: orjson.loads(f"{{{body}}}"))
        tracemalloc.start()
        try:
            outcome = await outcomes(client, "M1")
            spent = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    # The server is in the same process, and writes the body twice, too.
    assert spent < parsed + 16 * len(body)
    assert [] == getattr(outcome[0], "list", [])


def peak_of(work: Callable[[], object]) -> int:
    """Return how much memory a piece of work takes at most."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
