"""Connecting, the client itself, and what it explains."""

import asyncio
import threading
from contextlib import AsyncExitStack

import aiohttp
import attrs
import pytest
from aiohttp import web

from jmap_async import Client, PlannedRequest, Retry, connect
from jmap_async.auth import BasicAuth, BearerAuth
from jmap_async.errors import (
    AuthenticationError,
    ClientClosed,
    LocalProtocolError,
    NoAccount,
    RemoteProtocolError,
    ResponseTooLarge,
    TooLarge,
    TransportError,
)
from jmap_async.testing import JSONObject, Limits, MemoryServer
from jmap_async.transport import Timeouts
from tests.blobs.odd import Odd
from tests.serving import Gate, is_idle, names, site, turns


async def test_connecting_by_a_block(jmap_server: MemoryServer) -> None:
    """`async with connect(...)` gives a client, and closes it at the end."""
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        assert jmap_server.user == client.session.username
        await client.core.echo()
    with pytest.raises(ClientClosed):
        await client.core.echo()


async def test_connecting_by_await(jmap_server: MemoryServer) -> None:
    """`await connect(...)` gives a client to close by hand, or to use as a block."""
    client = await connect(jmap_server.session_url, auth=jmap_server.token)
    assert f"<Client of {jmap_server.url}/jmap/api>" == repr(client)
    await client.close()
    async with await connect(jmap_server.session_url, auth=jmap_server.token) as client:
        await client.core.echo()
    with pytest.raises(ClientClosed):
        await client.core.echo()


async def test_the_kinds_of_credentials(jmap_server: MemoryServer) -> None:
    """A token, a user with a password, and Auth objects."""
    basic = (jmap_server.user, jmap_server.password)
    for auth in (jmap_server.token, basic, BearerAuth(jmap_server.token), BasicAuth(*basic)):
        async with connect(jmap_server.session_url, auth=auth) as client:
            await client.core.echo()
    with pytest.raises(AuthenticationError, match="401"):
        await connect(jmap_server.session_url, auth="wrong")


async def test_connecting_can_be_cancelled(jmap_server: MemoryServer) -> None:
    """At any turn of the event loop, and nothing is left behind."""
    for turn in range(30):

        async def connecting() -> Client:
            return await connect(jmap_server.session_url, auth=jmap_server.token)

        task = asyncio.create_task(connecting())
        await turns(turn)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            await task.result().close()


async def test_waiting_for_a_connection(jmap_server: MemoryServer) -> None:
    """`wait_for` and `timeout` work with `connect`."""
    client = await asyncio.wait_for(connect(jmap_server.session_url, auth=jmap_server.token), 30)
    await client.close()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await connect(f"http://127.0.0.1:{port}/session", auth="t")
        with pytest.raises(TransportError, match="time allowed"):
            await connect(f"http://127.0.0.1:{port}/session", auth="t", timeout=0.01)


async def test_time_outs(jmap_server: MemoryServer) -> None:
    """Seconds for one answer, or Timeouts for each step; a write may then have been made."""
    for timeout in (0.02, Timeouts(total=0.02)):
        async with connect(
            jmap_server.session_url,
            auth=jmap_server.token,
            timeout=timeout,
            retry=Retry(attempts=0),
        ) as client:
            jmap_server.on_request = Gate()
            with pytest.raises(TransportError, match="time allowed") as caught:
                await client.mailbox.set(create={"k": {"name": "n"}})
            assert "unknown" == caught.value.outcome
            assert is_idle(client)
        jmap_server.on_request = None


async def test_t9_the_account_may_be_chosen(jmap_server: MemoryServer) -> None:
    """All facades are then for that account; one that is not there is refused."""
    jmap_server.add_account("A2", name="shared")
    url, token = jmap_server.session_url, jmap_server.token
    async with connect(url, auth=token, account_id="A2") as client:
        assert "A2" == (await client.email.query()).account_id
        assert "A1" == (await client.account("A1").email.query()).account_id
        async with client.batch() as batch:
            query = batch.email.query()
        assert "A2" == (await query).account_id
        assert "A2" == (await client.upload(b"data")).account_id
    with pytest.raises(NoAccount, match=r"connect: there is no account 'A9'. There are A1, A2"):
        await connect(url, auth=token, account_id="A9")


@pytest.mark.parametrize("target", ["http://example.invalid/session", "http://192.0.2.1/"])
async def test_t19_plain_http_is_for_this_machine_only(target: str) -> None:
    """It is refused before anything is sent, and the error says how to allow it."""
    with pytest.raises(LocalProtocolError, match="allow_insecure_http"):
        await connect(target, auth="t")


async def test_a_shared_http_session(jmap_server: MemoryServer) -> None:
    """It is used, and stays open."""
    async with aiohttp.ClientSession(headers={"X-Mine": "yes"}) as http:
        seen: list[str | None] = []

        async def note(request: web.Request, _body: JSONObject) -> None:
            seen.append(request.headers.get("X-Mine"))

        jmap_server.on_request = note
        async with connect(jmap_server.session_url, auth=jmap_server.token, http=http) as client:
            await client.core.echo()
        assert ["yes"] == seen
        assert not http.closed


# Explaining


def described(request: JSONObject) -> tuple[list[str], list[list[object]]]:
    """Return what a request says, in the words of a PlannedRequest."""
    return request["using"], request["methodCalls"]


def planned(requests: list[PlannedRequest]) -> list[tuple[list[str], list[list[object]]]]:
    """Return what planned requests would say."""
    return [(one.using, one.method_calls) for one in requests]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "https://ann:pass@example.com/x",
        "https://[::1",
        "ftp://example.com/",
        "https:\\\\example.com/",
        "https://example.com/a b",
    ],
)
async def test_a_url_of_the_session_that_is_wrong_costs_what_needs_it(
    url: str, jmap_server: MemoryServer
) -> None:
    """It is the server's fault, and named; all else works."""
    echo = {"methodResponses": [["Core/echo", {}, "c0"]], "sessionState": "s"}

    async def connected(**members: object) -> Client:
        odd = Odd(jmap_server, web.json_response(echo), **members)
        return await connect(f"{await stack.enter_async_context(site(odd))}/session", auth="t")

    async with AsyncExitStack() as stack:
        with pytest.raises(RemoteProtocolError, match="as apiUrl: that"):
            await connected(apiUrl=url)
        async with await connected(uploadUrl=url, downloadUrl=url, eventSourceUrl=url) as client:
            with pytest.raises(RemoteProtocolError, match="as uploadUrl") as caught:
                await client.upload(b"x")
            assert "pass" not in f"{caught.value} {caught.value.piece}"
            with pytest.raises(RemoteProtocolError, match="as downloadUrl"):
                client.download("B1")
            assert {} == await client.core.echo()


async def test_the_size_of_answers_is_bounded(jmap_server: MemoryServer) -> None:
    """By `max_response_size`: reads that share a request are told apart, nothing is asked twice."""
    small = jmap_server.add_email(text="short")
    large = jmap_server.add_email(text="long " * 10_000)
    session_url, auth = jmap_server.session_url, jmap_server.token

    async def text(client: Client, id: str) -> int:
        [email] = (await client.email.get([id], fetch_text_body_values=True)).list
        return sum(len(value.value) for value in email.body_values.values())

    async with connect(session_url, auth=auth, max_response_size=20_000) as client:
        one, other = await asyncio.gather(
            text(client, small), text(client, large), return_exceptions=True
        )
        assert isinstance(one, int)
        assert isinstance(other, ResponseTooLarge)
        assert "max_response_size" in str(other)
        posts = client.stats.posts
        with pytest.raises(ResponseTooLarge):
            await text(client, large)
        assert 1 == client.stats.posts - posts
    for size, expected in ((100, ResponseTooLarge), (0, LocalProtocolError)):
        with pytest.raises(expected, match="max_response_size"):
            await connect(session_url, auth=auth, max_response_size=size)


async def test_explaining_is_what_would_be_sent(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Merged, referred to, and in order; nothing is sent by it, however often."""
    query = jmap_client.email.query(limit=3)
    calls = [
        jmap_client.email.get(["M1"]),
        query,
        jmap_client.email.get(query.ids),
        jmap_client.mailbox.set(create={"k": {"name": "one"}}),
        jmap_client.mailbox.set(create={"k": {"name": "two"}}),
        jmap_client.email.get(["M2", "M1"]),
    ]
    explained = jmap_client.explain(*calls)
    assert explained == jmap_client.explain(*calls)
    await turns(5)
    assert [] == jmap_server.requests
    assert 0 == jmap_client.stats.calls
    await asyncio.gather(*calls)
    assert planned(explained) == [*map(described, jmap_server.requests)]
    assert [jmap_client.stats.bytes_out] == [one.size for one in explained]


async def test_explaining_what_refers_to_answers(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """What is known already is a value, as it would be in the request."""
    jmap_server.add_email()
    query = jmap_client.email.query()
    parent = jmap_client.mailbox.set(create={"k": {"name": "outer"}})
    await asyncio.gather(query, parent)
    calls = [
        jmap_client.email.get(query.ids),
        jmap_client.mailbox.set(create={"c": {"name": "in", "parentId": parent.created_id("k")}}),
        jmap_client.mailbox.set(create={"d": {"name": "also in", "parentId": "#k"}}),
        query,
    ]
    explained = jmap_client.explain(*calls)
    await asyncio.gather(*calls)
    assert planned(explained) == [*map(described, jmap_server.requests[1:])]
    assert is_idle(jmap_client)


async def test_explaining_leaves_what_is_under_way_alone(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """It takes part in nothing: who cancels the call still cancels the request."""
    jmap_server.on_request = gate = Gate()
    query = jmap_client.email.query()
    task = asyncio.create_task(query)
    await gate.held.get()
    (request,) = jmap_client.explain(jmap_client.email.get(query.ids))
    assert ["Email/get"] == [name for name, _, _ in request.method_calls]
    task.cancel()
    await gate.left.get()
    await turns(2)
    assert is_idle(jmap_client)


async def test_explaining_several_requests(jmap_server: MemoryServer) -> None:
    """What comes from an earlier one is said in words."""
    jmap_server.limits = Limits(max_calls_in_request=1)
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        query = client.email.query()
        first, second = client.explain(client.email.get(query.ids))
        assert [["Email/query"], ["Email/get"]] == [
            names(attrs.asdict(one) | {"methodCalls": one.method_calls}) for one in (first, second)
        ]
        assert "</ids of the answer to Email/query>" == second.method_calls[0][1]["ids"]
    assert [] == jmap_server.requests


async def test_explaining_what_cannot_be_sent(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """It raises what awaiting would raise."""
    with pytest.raises(NoAccount, match="Email/query"):
        jmap_client.explain(jmap_client.account("A9").email.query())
    jmap_server.limits = Limits(max_size_request=300)
    await jmap_client.refresh_session()
    with pytest.raises(TooLarge, match="Core/echo"):
        jmap_client.explain(jmap_client.core.echo({"a": "x" * 300}))


async def test_a_call_that_another_thread_makes_is_of_no_task(jmap_server: MemoryServer) -> None:
    """Its creation ids are not those of the task that the event loop is at meanwhile."""
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        made = threading.Event()
        scopes: list[object] = []

        def make() -> None:
            scopes.append(client.core.echo().scope)
            made.set()

        thread = threading.Thread(target=make)
        thread.start()
        made.wait()  # holds the loop up in this very task
        thread.join()
        assert [None] == scopes
        assert asyncio.current_task() is client.core.echo().scope
