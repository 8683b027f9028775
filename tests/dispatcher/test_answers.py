"""From answers to results: what comes under the same call id, and limits below the session's."""

import asyncio
import gc
import weakref

import orjson
import pytest
from aiohttp import web

from jmap_async import Client, connect
from jmap_async.errors import HTTPError, LimitExceeded, MethodError
from jmap_async.testing import JSONObject, Limits, MemoryServer
from tests.serving import AT_ONCE, is_idle, problem


async def copied(server: MemoryServer, client: Client) -> object:
    """Copy an email to another account, and have the original destroyed."""
    original = server.add_email(subject="Hi", account_id="A2")
    mailbox = server.mailbox_id("inbox")
    response = await client.email.copy(
        "A2",
        create={"k": {"id": original, "mailboxIds": {mailbox: True}}},
        on_success_destroy_original=True,
    )
    assert ["k"] == [*response.created]
    return response.on_success


async def test_t43_the_second_response_of_a_call(jmap_server: MemoryServer) -> None:
    """It is kept with the first one; that it failed does not undo the first one."""
    jmap_server.add_account("A2", name="other")
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        destroyed = await copied(jmap_server, client)
        assert destroyed is not None

        def failed(response: JSONObject) -> JSONObject:
            response["methodResponses"][1] = ["error", {"type": "serverFail"}, "c0"]
            return response

        jmap_server.on_response = failed
        original = jmap_server.add_email(account_id="A2")
        response = await client.email.copy(
            "A2",
            create={"k": {"id": original, "mailboxIds": {jmap_server.mailbox_id("inbox"): True}}},
            on_success_destroy_original=True,
        )
        assert ["k"] == [*response.created]
        assert response.on_success is None
        assert isinstance(response.on_success_error, MethodError)
        assert "Email/copy, on success (call c0) failed: serverFail" in str(
            response.on_success_error
        )


@pytest.mark.loops
async def test_t32_a_server_that_takes_fewer_at_once(jmap_server: MemoryServer) -> None:
    """Requests over its limit are sent again, and the client keeps below it from then on."""
    jmap_server.limits = Limits(max_calls_in_request=1)
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        jmap_server.world.limits.max_concurrent_requests = 2
        jmap_server.latency = 0.001
        # Its session does not admit it.
        jmap_server.on_response = lambda response: {**response, "sessionState": None}
        for _ in range(2):
            calls = [client.core.echo({"n": number}) for number in range(12)]
            answers = await asyncio.gather(*calls)
            assert [{"n": number} for number in range(12)] == answers
        posts = client.stats.posts
        await asyncio.gather(*(client.core.echo({"n": number}) for number in range(12)))
        assert posts + 12 == client.stats.posts
        assert is_idle(client)


async def test_t31_a_limit_that_one_call_exceeds(jmap_server: MemoryServer) -> None:
    """What cannot be made smaller is not sent again and again: its caller gets the error."""

    async def refuse(_request: web.Request, body: JSONObject) -> web.Response | None:
        too_large = problem(type="urn:ietf:params:jmap:error:limit", limit="maxSizeRequest")
        return too_large() if b"large" in orjson.dumps(body) else None

    jmap_server.on_request = refuse
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        calls = [client.core.echo({"a": text}) for text in ("one", "large", "two")]
        first, failed, last = await asyncio.gather(*calls, return_exceptions=True)
        assert ({"a": "one"}, {"a": "two"}) == (first, last)
        assert isinstance(failed, LimitExceeded)
        assert "maxSizeRequest" == failed.limit
        assert client.stats.posts < 8
        assert is_idle(client)


async def test_a_call_that_failed_keeps_nothing_of_its_request(jmap_server: MemoryServer) -> None:
    """The traceback of what went wrong leads to the request, and so to everybody's calls."""
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:

        async def fail(_request: web.Request, _body: JSONObject) -> web.Response:
            return web.Response(status=404)

        jmap_server.on_request = fail
        calls = [client.email.get(["M1"]), client.email.query()]
        await asyncio.gather(*calls, return_exceptions=True)
        errors = [call.submitted.answer for call in calls]
        assert [HTTPError, HTTPError] == [*map(type, errors)]
        assert [None, None] == [one.__traceback__ for one in errors]


@pytest.mark.parametrize("as_coroutine", [False, True])
async def test_an_error_that_was_handled_leaves_nothing_behind(
    jmap_server: MemoryServer, *, as_coroutine: bool
) -> None:
    """Its traceback leads to the call, which does not lead back: no collector has to come."""
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:

        async def fail() -> weakref.ref[Exception]:
            call = client.call("Foo/get")
            try:
                await (asyncio.create_task(call) if as_coroutine else call)
            except MethodError as error:
                return weakref.ref(error)
            raise AssertionError("it should have failed")

        gc.collect()
        gc.disable()
        try:
            remembered = await fail()
            # The task that waited is gone when it has told its callbacks.
            await asyncio.sleep(0)
            assert remembered() is None
        finally:
            gc.enable()
