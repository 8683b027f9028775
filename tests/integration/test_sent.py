"""What leaves for a Cyrus server with tiny limits: planned calls, batches, uploads, downloads."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

import jmap_async
from jmap_async.client import Client
from jmap_async.protocol.call import AnyCall

from .cyrus import Cyrus, User
from .mail import create, draft, mailbox_id
from .wire import Exchange, Recorder, check_limits


@pytest.fixture
def recorder() -> Recorder:
    """Make a recorder."""
    return Recorder()


@pytest.fixture
async def recorded_client(
    small_cyrus: Cyrus, small_user: User, recorder: Recorder
) -> AsyncIterator[Client]:
    """Connect to `small_cyrus`, through the recorder."""
    async with (
        recorder.session() as http,
        jmap_async.connect(small_cyrus.session_url, auth=small_user.auth, http=http) as client,
    ):
        yield client


def method_calls(exchange: Exchange) -> list[Any]:
    """Return the calls of an API request."""
    calls: list[Any] = orjson.loads(exchange.body)["methodCalls"]
    return calls


def foreseen(planned: list[Any], exchange: Exchange) -> list[Any]:
    """Return the calls that were sent; what could be told in words only, in the same words."""
    calls = method_calls(exchange)
    for (_, shown, _), (_, sent, _) in zip(planned, calls, strict=True):
        sent |= {name: value for name, value in shown.items() if str(value).startswith("</")}
    return calls


def reads(client: Client, ids: list[str], chance: random.Random) -> list[AnyCall]:
    """Make reads of several kinds, among them chains."""
    calls: list[AnyCall] = []
    for _ in range(chance.randint(1, 12)):
        wanted = chance.sample(ids, chance.randint(1, 9))
        query = client.email.query(sort="subject", limit=chance.randint(1, 3))
        found = client.email.get(query.ids, properties=["threadId"])
        calls += chance.choice(
            [
                [client.email.get(wanted, properties=["subject"])],
                [client.email.get(wanted, properties=["size"])],
                [query],
                [query, found, client.thread.get(found.ref("/list/*/threadId"))],
                [client.thread.get(wanted)],
            ]
        )
    return calls


@pytest.mark.parametrize("seed", range(5))
async def test_explained_requests_are_those_that_are_sent(
    recorded_client: Client, recorder: Recorder, seed: int
) -> None:
    """For reads `explain` shows, request by request, what awaiting them sends."""
    ids = await create(recorded_client, *(f"subject {number}" for number in range(12)))
    calls = reads(recorded_client, ids, random.Random(seed))
    before = len(recorder.calls)
    planned = recorded_client.explain(*calls)
    assert before == len(recorder.calls)
    await asyncio.gather(*calls)
    sent = recorder.calls[before:]
    shown = [one.method_calls for one in planned]
    assert shown == [foreseen(*both) for both in zip(shown, sent, strict=True)]
    for exchange in recorder.calls:
        check_limits(exchange)


async def test_first_of_many_requests_is_as_explained(
    recorded_client: Client, recorder: Recorder
) -> None:
    """With writes among the calls the later requests depend on answers, the first does not."""
    ids = await create(recorded_client, *"abcdef")
    before = len(recorder.calls)
    calls: list[AnyCall] = [
        recorded_client.email.get(ids, properties=["keywords"]),
        *(recorded_client.email.set(update={one: {"keywords/$seen": True}}) for one in ids),
        recorded_client.email.query({"hasKeyword": "$seen"}),
    ]
    planned = recorded_client.explain(*calls)
    *_, seen = await asyncio.gather(*calls)
    assert set(ids) == set(seen.ids)
    assert planned[0].method_calls == method_calls(recorder.calls[before])
    for exchange in recorder.calls:
        check_limits(exchange)


async def test_batches_of_many_tasks_are_requests_of_their_own(
    recorded_client: Client, recorder: Recorder
) -> None:
    """Twenty batches and as many single calls at once: each batch is one request, as composed."""
    ids = await create(recorded_client, *"abcde")
    before = len(recorder.calls)

    async def composed(number: int) -> list[str]:
        async with recorded_client.batch() as batch:
            echo = batch.core.echo({"batch": number})
            query = batch.email.query(sort="subject")
            emails = batch.email.get(query.ids, properties=["subject"])
        assert {"batch": number} == await echo
        return [email.id for email in (await emails).list]

    async def single(number: int) -> None:
        await recorded_client.email.get(ids[number % 5], properties=["subject"])

    found = await asyncio.gather(*(composed(n) for n in range(20)), *(single(n) for n in range(20)))
    assert [ids] * 20 == found[:20]
    names = [[name for name, _, _ in method_calls(one)] for one in recorder.calls[before:]]
    assert 20 == names.count(["Core/echo", "Email/query", "Email/get"])
    assert 20 == sum("Core/echo" in one for one in names)
    for exchange in recorder.calls:
        check_limits(exchange)


async def test_t34_uploads_calls_and_downloads_at_once_keep_to_their_limits(
    recorded_client: Client, recorder: Recorder
) -> None:
    """One upload at a time, two requests at a time, and everything arrives as it left."""
    inbox = await mailbox_id(recorded_client)
    contents = [random.Random(size).randbytes(size) for size in range(0, 8193, 1024)]

    async def there_and_back(content: bytes) -> bytes:
        blob = await recorded_client.upload(content)
        async with recorded_client.download(blob) as download:
            return await download.read()

    async def call(number: int) -> int:
        done = await recorded_client.email.set(create={"new": draft(inbox, f"subject {number}")})
        return len(done.created)

    came_back, created = await asyncio.gather(
        asyncio.gather(*map(there_and_back, contents)),
        asyncio.gather(*map(call, range(20))),
    )
    assert contents == came_back
    assert [1] * 20 == created
    assert [(201, 0)] * len(contents) == [(one.status, one.beside) for one in recorder.uploads]
    assert sorted(contents) == sorted(one.body for one in recorder.uploads)
    for exchange in recorder.calls:
        check_limits(exchange)
