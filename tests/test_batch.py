"""Batches: exactly these calls, in this order, in one request, or an error before it is sent."""

import asyncio

import pytest
from aiohttp import web

from jmap_async import Batch, Client, connect
from jmap_async.errors import (
    InvalidArguments,
    LocalProtocolError,
    NoAccount,
    NotRequest,
    TransportError,
)
from jmap_async.testing import JSONObject, Limits, MemoryServer
from tests.serving import AT_ONCE, Gate, arguments, is_idle, names, problem, turns, unavailable


async def test_exactly_these_calls_in_this_order(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Nothing is merged, and nothing of others comes in between."""
    one = jmap_server.add_email(subject="Hi")
    async with jmap_client.batch() as batch:
        first = batch.email.get([one], properties=["subject"])
        writes = [batch.mailbox.set(create={"k": {"name": name}}) for name in ("a", "b")]
        again = batch.email.get([one], properties=["subject"])
        other = asyncio.create_task(jmap_client.email.get([one], properties=["subject"]))
        assert "<Batch of 4 calls>" == repr(batch)
    assert ["Hi", "Hi"] == [(await call).list[0].subject for call in (first, again)]
    assert [["k"], ["k"]] == [[*(await call).created] for call in writes]
    await other
    assert ["Email/get", "Mailbox/set", "Mailbox/set", "Email/get"] in [
        names(request) for request in jmap_server.requests
    ]
    assert 2 == len(jmap_server.requests)
    assert is_idle(jmap_client)


async def test_references_inside_and_across(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """Between calls of the batch, to calls of the client, and from there to the batch."""
    one = jmap_server.add_email(subject="Hi")
    outside = jmap_client.email.query()
    async with jmap_client.batch() as batch:
        query = batch.email.query()
        inside = batch.email.get(query.ids, properties=["subject"])
        across = batch.email.get(outside.ids, properties=["subject"])
        box = batch.mailbox.set(create={"k": {"name": "outer"}})
        below = batch.mailbox.set(create={"c": {"name": "inner", "parentId": "#k"}})
    assert ["Hi", "Hi"] == [(await call).list[0].subject for call in (inside, across)]
    await below
    later = await jmap_client.email.get(query.ids, properties=["subject"])
    assert ["Hi"] == [email.subject for email in later.list]
    found = await jmap_client.mailbox.get([box.created_id("k")])
    assert ["outer"] == [mailbox.name for mailbox in found.list]
    assert [["Email/query"], 5, ["Email/get"], ["Mailbox/get"]] == [
        names(request) if len(request["methodCalls"]) < 5 else 5 for request in jmap_server.requests
    ]
    assert [one] == arguments(jmap_server.requests[1])[2]["ids"]


async def test_one_method_error_is_the_matter_of_its_call(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """The block does not raise it; awaiting that call does."""
    async with jmap_client.batch() as batch:
        wrong = batch.call("Email/get", {"ids": ["M1"], "properties": ["nonsense"]})
        right = batch.core.echo({"n": 1})
    assert {"n": 1} == await right
    with pytest.raises(InvalidArguments, match="Email/get"):
        await wrong
    assert 1 == len(jmap_server.requests)


async def test_awaiting_inside_of_the_block(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """A clear error, for the call and for whatever refers to it; the batch still goes."""
    async with jmap_client.batch() as batch:
        query = batch.email.query()
        for call in (query, jmap_client.email.get(query.ids)):
            with pytest.raises(LocalProtocolError, match="end of its block: await them after it"):
                await call
    assert [] == (await query).ids
    assert [["Email/query"]] == [*map(names, jmap_server.requests)]


async def test_an_exception_in_the_block(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """Nothing is sent, neither then nor when one of the calls is awaited."""
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the end of the block raises
        async with jmap_client.batch() as batch:
            query = batch.email.query()
            raise ZeroDivisionError
    for call in (query, jmap_client.email.get(query.ids)):
        with pytest.raises(LocalProtocolError, match="batch was not sent"):
            await call
    await turns(3)
    assert [] == jmap_server.requests


async def test_after_the_block(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """A batch is for one request; an empty one is none."""
    async with jmap_client.batch() as batch:
        pass
    with pytest.raises(LocalProtocolError, match="Email/query: the batch is closed: make a new"):
        _ = batch.email.query()
    assert [] == jmap_server.requests


LIMITS = [
    Limits(max_calls_in_request=2),
    Limits(max_size_request=300),
    Limits(max_objects_in_set=2),
]


@pytest.mark.parametrize("limits", LIMITS)
async def test_too_large_is_an_error_before_it_is_sent(
    jmap_server: MemoryServer, limits: Limits
) -> None:
    """For the block and for each call; others of the same turn are sent."""
    jmap_server.limits = limits
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        neighbour = asyncio.create_task(client.core.echo({"n": 1}))
        too_large = pytest.raises(LocalProtocolError, match=r"does not fit|more than")
        with too_large:
            async with client.batch() as batch:
                first = batch.core.echo({"a": "x" * 150})
                names_ = {name: {"name": name} for name in "abc"}
                second = batch.mailbox.set(create=names_)
                third = batch.core.echo({"a": "x" * 150})
        assert {"n": 1} == await neighbour
        for call in (first, second, third):
            with pytest.raises(LocalProtocolError):
                await call
        assert is_idle(client)
    assert [["Core/echo"]] == [*map(names, jmap_server.requests)]


async def test_a_call_that_cannot_be_sent(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """The block raises it; no call of the batch is sent, also not on its own later."""
    with pytest.raises(NoAccount, match=r"^Email/query: there is no account"):  # noqa: PT012 - the end of the block raises
        async with jmap_client.batch() as batch:
            right = batch.mailbox.set(create={"k": {"name": "never"}})
            wrong = batch.account("A9").email.query()
    for call, name in ((right, "Mailbox/set"), (wrong, "Email/query")):
        with pytest.raises(NoAccount, match="A9") as caught:
            await call
        assert [f"{name} is of this batch"] == caught.value.__notes__
    assert [] == jmap_server.requests
    assert is_idle(jmap_client)


async def test_the_server_refuses_it(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """The block raises the error of the whole request, and it is not sent in parts."""

    async def refuse(_request: web.Request, _body: JSONObject) -> web.Response:
        return problem(type="urn:ietf:params:jmap:error:notRequest")()

    jmap_server.on_request = refuse
    with pytest.raises(NotRequest):
        async with jmap_client.batch() as batch:
            calls = [batch.core.echo({"n": number}) for number in range(3)]
    for call in calls:
        with pytest.raises(NotRequest):
            await call
    assert 1 == len(jmap_server.requests)


async def test_it_is_repeated_as_a_whole(jmap_server: MemoryServer) -> None:
    """When it certainly was not carried out."""
    answers = [unavailable(), unavailable()]

    async def answer(_request: web.Request, _body: JSONObject) -> web.Response | None:
        return answers.pop() if answers else None

    jmap_server.on_request = answer
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        async with client.batch() as batch:
            made = batch.mailbox.set(create={"k": {"name": "one"}})
            _ = batch.core.echo()
        assert ["k"] == [*(await made).created]
    assert [["Mailbox/set", "Core/echo"]] * 3 == [*map(names, jmap_server.requests)]


async def test_t33_it_may_have_been_carried_out(jmap_server: MemoryServer) -> None:
    """Then it is not repeated, not even its reads."""

    async def drop(request: web.Request, _body: JSONObject) -> None:
        assert request.transport is not None
        request.transport.abort()

    jmap_server.on_request = drop
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        with pytest.raises(TransportError) as caught:
            async with client.batch() as batch:
                _ = batch.core.echo(), batch.mailbox.set(create={"k": {"name": "one"}})
        assert "unknown" == caught.value.outcome
    assert 1 == len(jmap_server.requests)


@pytest.mark.parametrize("when", ["queued", "in flight"])
async def test_cancelling_it(jmap_server: MemoryServer, jmap_client: Client, when: str) -> None:
    """Its request is dropped, neighbours are not, and none of its calls is sent later."""
    jmap_server.limits = Limits(max_concurrent_requests=1)
    await jmap_client.refresh_session()
    jmap_server.on_request = gate = Gate()
    batches: list[Batch] = []

    async def compose() -> None:
        async with jmap_client.batch() as batch:
            batches.append(batch)
            _ = batch.core.echo({"n": 1}), batch.core.echo({"n": 2})

    if when == "queued":
        neighbour = asyncio.create_task(jmap_client.core.echo({"n": 3}))
        await gate.held.get()
        task = asyncio.create_task(compose())
        await turns(3)
    else:
        task = asyncio.create_task(compose())
        await gate.held.get()
        neighbour = asyncio.create_task(jmap_client.core.echo({"n": 3}))
        await turns(3)
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    gate.open()
    assert {"n": 3} == await neighbour
    for call in batches[0]._calls:
        with pytest.raises(TransportError, match="batch was cancelled") as caught:
            await call
        assert "unknown" == caught.value.outcome
    assert (1 if when == "queued" else 2) == len(jmap_server.requests)
    assert is_idle(jmap_client)


async def test_the_rest_of_a_client_is_there_too(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Session, uploads and other accounts, for the verbs that need them."""
    jmap_server.add_account("A2", name="shared")
    await jmap_client.refresh_session()
    async with jmap_client.batch() as batch:
        assert batch.session is jmap_client.session
        assert batch.last_write("Email") == jmap_client.last_write("Email")
        blob = await batch.upload(b"data", type="text/plain")
        theirs = batch.account("A2").mailbox.get()
        mine = batch.mailbox.get()
    assert ("A1", 4) == (blob.account_id, blob.size)
    assert ["A2", "A1"] == [(await call).account_id for call in (theirs, mine)]


async def test_two_batches_do_not_share_names(jmap_client: Client) -> None:
    """The creation ids of a batch are its own, also in one task."""
    async with jmap_client.batch() as first:
        _ = first.mailbox.set(create={"k": {"name": "one"}})
    async with jmap_client.batch() as second:
        child = second.mailbox.set(create={"c": {"name": "child", "parentId": "#k"}})
    assert ["c"] == [*(await child).not_created]
