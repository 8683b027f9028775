"""Order: what one task asks for keeps its order, wherever it is awaited; tasks have none."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from jmap_async import Batch, Client, connect
from jmap_async.capabilities.mail.email import Email
from jmap_async.errors import TransportError
from jmap_async.protocol.call import Call
from jmap_async.protocol.standard import GetResponse, SetResponse
from jmap_async.testing import JSONObject, Limits, MemoryServer
from tests.serving import Gate, is_idle, names, turns

Read = Call[GetResponse[Email]]
Write = Call[SetResponse[Email]]


def writing(client: Client, id: str, keyword: str = "mine") -> Write:
    """Make a call that sets a keyword."""
    return client.email.set(update={id: {f"keywords/{keyword}": True}})


def reading(client: Client, *ids: str) -> Read:
    """Make a call that reads keywords."""
    return client.email.get([*ids], properties=["keywords"])


def keywords(answer: GetResponse[Email]) -> list[set[str]]:
    """Return the keywords of each email."""
    return [{*one.keywords} for one in answer.list]


async def leave_under_way(
    server: MemoryServer, client: Client, id: str
) -> "tuple[asyncio.Task[object], Gate]":
    """Write, and run out of time while the request is under way, for the sake of a neighbour."""
    server.on_request = gate = Gate()
    neighbour: asyncio.Task[object] = asyncio.create_task(client.core.echo({"n": 1}))

    async def write() -> None:
        async with asyncio.timeout(None) as limit:
            held = asyncio.create_task(gate.held.get())
            held.add_done_callback(lambda _: limit.reschedule(0))
            await call

    call = writing(client, id)
    with pytest.raises(TimeoutError):
        await write()
    return neighbour, gate


# A time-out around a write, then a read


@pytest.mark.loops
async def test_a_read_waits_for_a_write_under_way_that_nobody_waits_for(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """The server carries it out, since its request goes on for others; no other task waits."""
    one = jmap_server.add_email()
    neighbour, gate = await leave_under_way(jmap_server, jmap_client, one)
    mine = asyncio.ensure_future(reading(jmap_client, one))

    async def stranger() -> list[set[str]]:
        return keywords(await jmap_client.email.get(one, properties=["keywords"]))

    task = asyncio.create_task(stranger())
    assert ["Email/get"] == names(await gate.held.get())
    await turns(5)
    assert 2 == jmap_client.stats.posts
    gate.open()
    assert [{"mine"}] == keywords(await mine)
    first, *others = map(names, jmap_server.requests)
    assert {"Email/set", "Core/echo"} == {*first}
    assert [["Email/get"], ["Email/get"]] == others
    await asyncio.gather(neighbour, task)
    assert is_idle(jmap_client)


@pytest.mark.loops
async def test_a_read_waits_for_no_write_of_unknown_outcome(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Nobody else was in its request: that is cancelled, and the read leaves at once."""
    one = jmap_server.add_email()
    jmap_server.on_request = gate = Gate()
    write = writing(jmap_client, one)
    task = asyncio.create_task(write)
    await gate.held.get()
    task.cancel()
    read = asyncio.create_task(reading(jmap_client, one))
    assert ["Email/get"] == names(await gate.held.get())
    gate.open()
    await read
    with pytest.raises(TransportError) as caught:
        await write
    assert "unknown" == caught.value.outcome
    assert is_idle(jmap_client)


async def test_a_write_that_was_left_in_the_queue_is_not_there_for_a_read(
    jmap_server: MemoryServer,
) -> None:
    """It was never sent; awaited again it comes behind the read, which has been there before."""
    one = jmap_server.add_email()
    jmap_server.limits = Limits(max_concurrent_requests=1, max_calls_in_request=1)
    jmap_server.on_request = gate = Gate()
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        busy = asyncio.create_task(client.core.echo())
        await gate.held.get()
        write, read = writing(client, one), reading(client, one)
        task = asyncio.ensure_future(write)
        await turns(2)
        task.cancel()
        tasks = asyncio.ensure_future(read), busy
        await turns(2)
        gate.open()
        await asyncio.gather(*tasks)
        assert [set()] == keywords(await read)
        await write
        assert [{"mine"}] == keywords(await reading(client, one))
    assert ["Core/echo", "Email/get", "Email/set", "Email/get"] == [
        name for request in jmap_server.requests for name in names(request)
    ]


# Calls that others await, or refer to


@pytest.mark.loops
async def test_a_call_keeps_the_order_of_who_made_it(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Awaited by another task, or only referred to by a call of another task."""
    one, _ = (jmap_server.add_email() for _ in range(2))
    neighbour, gate = await leave_under_way(jmap_server, jmap_client, one)
    read = reading(jmap_client, one)
    query = jmap_client.email.query({"hasKeyword": "mine"})

    async def awaits() -> list[set[str]]:
        return keywords(await read)

    async def refers() -> list[set[str]]:
        return keywords(await jmap_client.email.get(query.ids, properties=["keywords"]))

    others = [asyncio.create_task(one()) for one in (awaits, refers)]
    await turns(10)
    assert 1 == jmap_client.stats.posts
    gate.open()
    assert [[{"mine"}], [{"mine"}]] == await asyncio.gather(*others)
    await neighbour
    assert is_idle(jmap_client)


async def test_a_call_has_one_answer_however_old(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Whoever awaits it later, after a write of its own, has to make a call of its own."""
    one = jmap_server.add_email()
    read = reading(jmap_client, one)
    await read

    async def other() -> tuple[GetResponse[Email], GetResponse[Email]]:
        await writing(jmap_client, one)
        return await read, await reading(jmap_client, one)

    old, new = await asyncio.create_task(other())
    assert old is await read
    assert [[set()], [{"mine"}]] == [*map(keywords, (old, new))]
    assert 3 == len(jmap_server.requests)


@pytest.mark.parametrize("most", [1, 16])
async def test_what_a_maker_stands_behind_comes_first(jmap_server: MemoryServer, most: int) -> None:
    """A call that creates, and that another task refers to, keeps the order of its own task."""
    jmap_server.limits = Limits(max_calls_in_request=most)
    old = jmap_server.add_mailbox("box")
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        rename = asyncio.ensure_future(client.mailbox.set(update={old: {"name": "old"}}))
        await turns(1)
        maker = client.mailbox.set(create={"k": {"name": "box"}})

        async def below() -> str:
            child = {"name": "below", "parentId": maker.created_id("k")}
            made = await client.mailbox.set(create={"c": child})
            return made.created["c"].id

        child = asyncio.create_task(below())
        await turns(1)
        after = {one.id: one for one in (await client.mailbox.get()).list}
        (parent,) = [one for one in after.values() if one.name == "box"]
        assert "old" == after[old].name
        found = await client.mailbox.get(await child)
        assert parent.id == found.list[0].parent_id == (await maker).created["k"].id
        await rename


# Batches


async def opened_here(batch: Batch, id: str) -> Read:
    """Use it in the task that opened it."""
    async with batch:
        return batch.email.get(id, properties=["keywords"])


async def used_elsewhere(batch: Batch, id: str) -> Read:
    """Use it in another task."""
    return await asyncio.create_task(opened_here(batch, id))


@pytest.mark.parametrize("use", [opened_here, used_elsewhere])
async def test_a_batch_belongs_to_the_task_that_opened_it(
    jmap_server: MemoryServer, jmap_client: Client, use: Callable[[Batch, str], Any]
) -> None:
    """It leaves when what that has written before is answered, and what it reads next follows."""
    one = jmap_server.add_email()
    neighbour, gate = await leave_under_way(jmap_server, jmap_client, one)

    async def answer() -> None:
        await turns(10)
        gate.open()
        assert 1 == jmap_client.stats.posts

    answering = asyncio.create_task(answer())
    read = await use(jmap_client.batch(), one)
    assert [{"mine"}] == keywords(await read)
    await asyncio.gather(neighbour, answering)


async def test_a_task_may_have_a_batch_between_its_calls(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """A write, a batch that writes, and a read, none of which waits for the other."""
    one = jmap_server.add_email()
    batch = jmap_client.batch()

    async def fill() -> None:
        async with batch:
            _ = batch.email.set(update={one: {"keywords": {"batch": True}}})

    write, read = writing(jmap_client, one), reading(jmap_client, one)
    tasks: list[asyncio.Future[Any]] = []
    for awaitable in (write, fill(), read):
        tasks.append(asyncio.ensure_future(awaitable))
        await turns(1)
    await asyncio.gather(*tasks)
    assert [{"batch"}] == keywords(await read)
    sent = [name for request in jmap_server.requests for name in names(request)]
    assert ["Email/set", "Email/set", "Email/get"] == sent


# Several at once


async def test_gathered_calls_keep_their_order_and_gathered_verbs_have_none(
    jmap_server: MemoryServer,
) -> None:
    """Calls are of the task that made them; a verb is a task, so both requests are under way."""
    one = jmap_server.add_email()
    jmap_server.limits = Limits(max_calls_in_request=1)
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        _, read = await asyncio.gather(writing(client, one), reading(client, one))
        assert [{"mine"}] == keywords(read)
        jmap_server.on_request = gate = Gate()
        verbs = asyncio.gather(
            client.email.update(one, {"keywords/other": True}),
            client.email.get_one(one, properties=["keywords"]),
        )
        held = [names(await gate.held.get()) for _ in range(2)]
        assert [["Email/get"], ["Email/set"]] == sorted(held)
        gate.open()
        await verbs


@pytest.mark.loops
@pytest.mark.parametrize("calls", [1, 2, 16])
@pytest.mark.parametrize("requests", [1, 4])
async def test_opposite_orders_make_no_circle(
    jmap_server: MemoryServer, calls: int, requests: int
) -> None:
    """Some tasks gather a read and a write, others a write and a read: each keeps its own order."""
    jmap_server.limits = Limits(max_calls_in_request=calls, max_concurrent_requests=requests)
    ids = [jmap_server.add_email() for _ in range(8)]

    async def task(client: Client, number: int) -> list[set[str]]:
        read, write = reading(client, ids[number]), writing(client, ids[number])
        calls: list[Call[Any]] = [write, read] if number % 2 else [read, write]
        await asyncio.gather(*calls)
        return keywords(await read)

    async with (
        asyncio.timeout(30),
        connect(jmap_server.session_url, auth=jmap_server.token) as client,
    ):
        found = await asyncio.gather(*(task(client, number) for number in range(8)))
        assert [[{"mine"} if number % 2 else set()] for number in range(8)] == found
        assert is_idle(client)


async def test_others_write_while_a_long_read_is_under_way(jmap_server: MemoryServer) -> None:
    """Between two parts of it; `changes` since its state tells, and its own task's write waits."""
    jmap_server.limits = Limits(max_calls_in_request=1, max_objects_in_get=500)
    ids = [jmap_server.add_email() for _ in range(1_200)]
    jmap_server.on_request = gate = Gate()
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        read = asyncio.ensure_future(reading(client, *ids))
        await turns(1)
        own = asyncio.ensure_future(writing(client, ids[-1]))
        assert ["Email/get"] == names(await gate.held.get())
        other = asyncio.create_task(client.email.update(ids[-2], {"keywords/other": True}))
        assert ["Email/set"] == names(await gate.held.get())
        jmap_server.on_request = None
        gate.open()
        answer = await read
        await asyncio.gather(own, other)
        assert ids == [one.id for one in answer.list]
        assert [{"other"}, set()] == keywords(answer)[-2:]
        changed = await client.email.changes(answer.state)
        assert {*ids[-2:]} == {*changed.updated}
    assert [["Email/get"], ["Email/set"], *[["Email/get"]] * 2, ["Email/set"]] == [
        *map(names, jmap_server.requests[:5])
    ]


async def test_pages_of_iter_are_read_by_tasks_of_their_own(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """What the reader has written is seen by pages that are asked for after the answer.

    What it does not wait for holds no page up that is read ahead.
    """
    ids = [jmap_server.add_email() for _ in range(12)]
    gate, left = Gate(), list["asyncio.Task[Any]"]()

    async def hold(request: web.Request, body: JSONObject) -> None:
        if "Core/echo" in names(body):
            await gate(request, body)

    seen: list[Email] = []
    async for email in jmap_client.email.iter(page_size=3, properties=["keywords"]):
        seen.append(email)
        if len(seen) == 1:
            await jmap_client.email.update(ids, {"keywords/all": True})
            jmap_server.on_request = hold
            calls = writing(jmap_client, ids[0]), jmap_client.core.echo()
            left += map(asyncio.ensure_future, calls)
            await gate.held.get()
    assert sorted(ids) == sorted(one.id for one in seen)
    # Two pages were asked for before the first one was used.
    assert [{"all"}] * 5 == [{*one.keywords} for one in seen[7:]]
    gate.open()
    await asyncio.gather(*left)


# Outside of tasks


@pytest.mark.loops
async def test_calls_made_outside_of_tasks_share_one_owner(jmap_server: MemoryServer) -> None:
    """In a callback of the event loop, and in a thread; whichever tasks await them."""
    one = jmap_server.add_email()
    jmap_server.limits = Limits(max_calls_in_request=1)
    made: asyncio.Future[Write] = asyncio.get_running_loop().create_future()
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        asyncio.get_running_loop().call_soon(lambda: made.set_result(writing(client, one)))
        write = await made
        read = await asyncio.to_thread(lambda: reading(client, one))
        jmap_server.on_request = gate = Gate()
        tasks = [asyncio.create_task(call) for call in (write, read)]
        assert ["Email/set"] == names(await gate.held.get())
        await turns(10)
        assert 1 == client.stats.posts
        gate.open()
        await asyncio.gather(*tasks)
        assert [{"mine"}] == keywords(await read)
