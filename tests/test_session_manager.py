"""The Session is fetched once, and again when the server says that it changed."""

import asyncio
import itertools
import logging
import math

import pytest
from aiohttp import web

from jmap_async import Client, Retry, connect
from jmap_async.auth import BearerAuth
from jmap_async.errors import (
    AuthenticationError,
    DiscoveryError,
    NoAccount,
    RemoteProtocolError,
    TransportError,
    UnsupportedCapability,
)
from jmap_async.session_manager import SessionManager
from jmap_async.testing import JSONObject, Limits, MemoryServer
from jmap_async.testing.session import session_object
from jmap_async.transport import Transport
from tests.serving import (
    AT_ONCE,
    Gate,
    arguments,
    discovered,
    is_idle,
    names,
    problem,
    site,
    slow_client,
    turns,
)

ONCE = Retry(attempts=0)

SUBMISSION = "urn:ietf:params:jmap:submission"


def test_before_the_first_fetch_there_is_no_session() -> None:
    """Asking for it is a mistake of ours."""
    manager = SessionManager(Transport(BearerAuth("t")), discovered("https://example.org"))
    with pytest.raises(RuntimeError):
        _ = manager.session


async def test_t11_a_change_is_noticed(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """The session is fetched again, once, however many responses tell of the change."""
    jmap_server.limits = Limits(max_calls_in_request=3)
    await jmap_client.core.echo()
    await asyncio.gather(*(jmap_client.core.echo({"n": number}) for number in range(10)))
    assert 3 == jmap_client.session.core.max_calls_in_request
    assert 2 == jmap_server.session_fetches
    sizes = [len(request["methodCalls"]) for request in jmap_server.requests]
    assert [1, 3, 3, 3, 1] == sizes


@pytest.mark.loops
async def test_t11_many_responses_at_once_fetch_it_once(jmap_server: MemoryServer) -> None:
    """Also when they come before and after the new session, with the old state or the new one."""
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        old = client.session.state
        gates = [Gate() for _ in range(4)]
        tasks: list[asyncio.Task[object]] = []
        for number, gate in enumerate(gates):
            jmap_server.on_request = gate
            tasks.append(asyncio.create_task(client.core.echo({"n": number})))
            await gate.held.get()
        jmap_server.limits = Limits(max_calls_in_request=3)
        for gate in gates[:2]:
            gate.open()
        await asyncio.gather(*tasks[:2])
        while client.session.state == old:
            await turns(1)
        gates[2].open()
        await tasks[2]
        # Answered before the change, this one was long on its way.
        jmap_server.on_response = lambda response: {**response, "sessionState": old}
        gates[3].open()
        await tasks[3]
        jmap_server.on_request = jmap_server.on_response = None
        await client.core.echo()
        assert 2 == jmap_server.session_fetches


@pytest.mark.loops
async def test_t11_requests_wait_for_the_new_session(jmap_server: MemoryServer) -> None:
    """What was awaited meanwhile is sent by the limits and to the URL of the new one."""
    async with slow_client(jmap_server) as (client, transport):
        transport.may_fetch.clear()
        jmap_server.limits = Limits(max_calls_in_request=2)
        await client.core.echo()
        tasks = [asyncio.create_task(client.core.echo({"n": number})) for number in range(4)]
        await transport.fetching.get()
        await turns(3)
        assert 1 == transport.posts
        transport.may_fetch.set()
        await asyncio.gather(*tasks)
        assert [1, 2, 2] == [len(request["methodCalls"]) for request in jmap_server.requests]


async def test_a_server_whose_answers_never_agree(jmap_server: MemoryServer) -> None:
    """Each answer tells of another state: it is asked again after ever longer pauses."""
    times = [0.0]
    states = itertools.count()
    jmap_server.on_response = lambda response: {**response, "sessionState": str(next(states))}
    transport = Transport(BearerAuth(jmap_server.token))
    manager = SessionManager(
        transport, discovered(jmap_server.session_url), clock=lambda: times[-1]
    )
    await manager.connect()
    async with Client(manager, transport) as client:
        for due in (0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0, 127.0, 255.0, 511.0, 811.0, 1111.0):
            before = jmap_server.session_fetches
            for now in (due - 0.1, due):
                times.append(now)
                assert before == jmap_server.session_fetches
                await client.core.echo()
                # This one leaves only when no session is on its way.
                await client.core.echo()
            assert before + 1 == jmap_server.session_fetches
        # Once they agree, the next change is noticed at once.
        jmap_server.on_response = None
        jmap_server.limits = Limits(max_calls_in_request=9)
        times.append(times[-1] + 300)
        await client.core.echo()
        await client.core.echo()
        jmap_server.limits = Limits(max_calls_in_request=8)
        await client.core.echo()
        await client.core.echo()
        assert 8 == client.session.core.max_calls_in_request


@pytest.mark.parametrize("state", ["always another", None])
async def test_a_state_that_is_wrong_or_missing(
    jmap_server: MemoryServer, jmap_client: Client, state: str | None
) -> None:
    """A constant that differs is asked about once, and one that is missing not at all."""
    jmap_server.on_response = lambda response: {**response, "sessionState": state}
    for number in range(5):
        assert {"n": number} == await jmap_client.core.echo({"n": number})
    assert (1 if state is None else 2) == jmap_server.session_fetches


async def test_refresh_session(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """It is fetched again, once for all who ask meanwhile."""
    jmap_server.add_account("A2", name="shared")
    sessions = await asyncio.gather(*(jmap_client.refresh_session() for _ in range(5)))
    assert 2 == jmap_server.session_fetches
    assert {"A1", "A2"} == {*jmap_client.session.accounts}
    assert all(session is jmap_client.session for session in sessions)
    assert await jmap_client.refresh_session() is jmap_client.session
    assert 3 == jmap_server.session_fetches


class Front:
    """Serves the session of a MemoryServer, or as many failures as it is told."""

    def __init__(self, server: MemoryServer) -> None:
        self.server = server
        self.failures = 0.0
        self.fetches = 0

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        self.fetches += 1
        if self.failures:
            self.failures -= 1
            return web.Response(status=500, text="broken")
        # Requests go to the MemoryServer itself.
        return web.json_response(session_object(self.server.world, self.server.url))


async def test_a_refresh_that_fails_keeps_the_old_session(
    jmap_server: MemoryServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls go on, a warning says what happened, and whoever asked for it gets the error."""
    front = Front(jmap_server)
    async with (
        site(front) as origin,
        connect(f"{origin}/session", auth=jmap_server.token, retry=ONCE) as client,
    ):
        session, front.failures = client.session, math.inf
        jmap_server.limits = Limits(max_calls_in_request=7)
        with caplog.at_level(logging.WARNING, "jmap_async"):
            for number in range(5):
                assert {"n": number} == await client.core.echo({"n": number})
        assert "refreshing the JMAP session failed: " in caplog.text
        tried = front.fetches
        asked = [asyncio.create_task(client.refresh_session()) for _ in range(2)]
        errors = await asyncio.gather(*asked, return_exceptions=True)
        assert [TransportError] * 2 == [type(error).__mro__[1] for error in errors]
        assert errors[0] is not errors[1]
        assert session is client.session
        # Once by itself and once when it was asked to.
        assert (2, 3) == (tried, front.fetches)
        front.failures = 0
        await client.refresh_session()
        assert 7 == client.session.core.max_calls_in_request
        assert is_idle(client)


async def test_a_session_that_is_not_where_it_was(jmap_server: MemoryServer) -> None:
    """It is looked for where it was found the first time."""
    places = ["/old"]
    front = Front(jmap_server)

    async def move(request: web.BaseRequest) -> web.Response:
        if request.path == "/session":
            return web.Response(status=307, headers={"Location": places[-1]})
        return await front(request) if request.path == places[-1] else web.Response(status=404)

    async with (
        site(move) as origin,
        connect(f"{origin}/session", auth=jmap_server.token, retry=ONCE) as client,
    ):
        assert f"{origin}/old" == client.session.url
        places.append("/new")
        jmap_server.add_account("A2")
        await client.refresh_session()
        assert f"{origin}/new" == client.session.url
        assert {"A1", "A2"} == {*client.session.accounts}


async def test_calls_do_not_wait_for_a_session_that_takes_several_attempts(
    jmap_server: MemoryServer,
) -> None:
    """The old one serves meanwhile, and the new one counts as soon as it is here."""
    failed, let_go = asyncio.Event(), asyncio.Event()
    front = Front(jmap_server)

    async def hesitant(request: web.BaseRequest) -> web.Response:
        if front.fetches == 2:
            await let_go.wait()
        answer = await front(request)
        if answer.status == 500:
            failed.set()
        return answer

    async with (
        site(hesitant) as origin,
        connect(f"{origin}/session", auth=jmap_server.token, retry=AT_ONCE) as client,
    ):
        old, front.failures = client.session, 1
        refresh = asyncio.create_task(client.refresh_session())
        await failed.wait()
        assert {"n": 1} == await client.core.echo({"n": 1})
        assert old is client.session
        let_go.set()
        assert await refresh is client.session
        assert 3 == front.fetches


@pytest.mark.parametrize("attempts", [0, 1, 3])
async def test_t22_places_are_asked_in_rounds(attempts: int) -> None:
    """All before one twice; none again that refused for good or wants a long wait."""
    asked: list[str] = []
    answers = {
        "/busy": 503,
        "/gone": 404,
        "/patient": 429,
        "/broken": 500,
    }

    async def handler(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        status = answers[request.path]
        return web.Response(status=status, headers={"Retry-After": "99"} if status == 429 else {})

    async with site(handler) as origin:
        transport = Transport(BearerAuth("t"))
        urls = [f"{origin}{path}" for path in answers]
        retry = Retry(attempts=attempts, first_delay=0)
        with pytest.raises(DiscoveryError, match=r"HTTP 503.*HTTP 404.*HTTP 429.*HTTP 500"):
            await SessionManager(transport, discovered(*urls), retry=retry).connect()
        await transport.close()
    assert [*answers, *["/busy", "/broken"] * attempts] == asked


async def test_t32_the_longest_wait_of_a_round_is_kept(jmap_server: MemoryServer) -> None:
    """No server of several is asked before the time that it named."""
    times: dict[str, list[float]] = {"/now": [], "/later": []}

    async def handler(request: web.BaseRequest) -> web.Response:
        times[request.path].append(asyncio.get_running_loop().time())
        if len(times["/later"]) == 2:
            return web.json_response(session_object(jmap_server.world, jmap_server.url))
        after = "0.2" if request.path == "/later" else "0"
        return web.Response(status=503, headers={"Retry-After": after})

    async with site(handler) as origin:
        transport = Transport(BearerAuth(jmap_server.token))
        urls = [f"{origin}{path}" for path in times]
        await SessionManager(transport, discovered(*urls), retry=AT_ONCE).connect()
        await transport.close()
    first, second = times["/later"]
    assert second - first >= 0.2


async def test_a_credential_that_is_refused_later(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """The refresh says so, and is not tried elsewhere."""
    session = jmap_client.session
    jmap_server.rotate_token("another")
    with pytest.raises(AuthenticationError, match="401"):
        await jmap_client.refresh_session()
    assert session is jmap_client.session


async def unavailable(_request: web.BaseRequest) -> web.Response:
    """Answer that this is not the time."""
    return web.Response(status=503)


async def test_t22_further_places_are_tried(jmap_server: MemoryServer) -> None:
    """When the first one cannot be reached or has no time, the next one is asked."""
    async with site(unavailable) as busy:
        urls = ("http://127.0.0.1:1/session", f"{busy}/session", jmap_server.session_url)
        transport = Transport(BearerAuth(jmap_server.token))
        manager = SessionManager(transport, discovered(*urls), retry=ONCE)
        assert await manager.connect() is manager.session
        assert jmap_server.session_url == manager.session.url
        nobody = SessionManager(transport, discovered(*urls[:2]), retry=ONCE)
        with pytest.raises(DiscoveryError, match=r"no JMAP server of 127\.0\.0\.1 .*:1/.*503"):
            await nobody.connect()
        with pytest.raises(TransportError, match=r"127\.0\.0\.1:1") as caught:
            await SessionManager(transport, discovered(urls[0]), retry=ONCE).connect()
        assert "not_sent" == caught.value.outcome
        await transport.close()


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "{}", '{"capabilities":{}}', '{"a":1,"a":2}', "[" * 3000]
)
async def test_what_is_no_session(body: str) -> None:
    """It names the URL, asks whether that is the right one, and shows what was there."""

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    async with site(answer) as origin:
        with pytest.raises(RemoteProtocolError, match=f"^{origin}/x is no JMAP Session resource: "):
            await connect(f"{origin}/x", auth="t")


async def test_t12_an_account_that_vanished(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """Calls for it raise NoAccount once the new session is here."""
    jmap_server.add_account("A2", name="shared")
    await jmap_client.refresh_session()
    shared = jmap_client.account("A2")
    await shared.email.query()
    jmap_server.remove_account("A2")
    await jmap_client.refresh_session()
    with pytest.raises(NoAccount, match=r"^Email/query: there is no account 'A2'. There are A1$"):
        await shared.email.query()
    assert 1 == len(jmap_server.requests)


async def test_a_capability_that_vanished(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """Calls that need it raise UnsupportedCapability, and no request mentions it any more."""
    await jmap_client.identity.get()
    del jmap_server.world.capabilities[SUBMISSION]
    await jmap_client.core.echo()
    await jmap_client.refresh_session()
    with pytest.raises(UnsupportedCapability, match=f"Identity/get: .*{SUBMISSION}"):
        await jmap_client.identity.get()
    assert 2 == len(jmap_server.requests)


async def take_two(_request: web.Request, body: JSONObject) -> web.Response | None:
    """Refuse more than two calls, whatever the session says."""
    limit = problem(type="urn:ietf:params:jmap:error:limit", limit="maxCallsInRequest")
    return limit() if len(body["methodCalls"]) > 2 else None


async def test_learnt_limits_are_forgotten_with_a_new_session(jmap_server: MemoryServer) -> None:
    """What the server enforced below its word is remembered only as long as its word stands."""
    jmap_server.on_request = take_two
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:

        async def sizes() -> list[int]:
            jmap_server.requests.clear()
            await asyncio.gather(*(client.core.echo({"n": number}) for number in range(8)))
            return [len(request["methodCalls"]) for request in jmap_server.requests]

        assert 8 == (await sizes())[0]
        assert [2, 2, 2, 2] == await sizes()
        await client.refresh_session()
        jmap_server.on_request = None
        assert [8] == await sizes()


async def test_t14_t15_where_the_session_is(jmap_server: MemoryServer) -> None:
    """URLs that are relative are completed with where the session was found, after redirects."""
    jmap_server.relative_urls = True
    async with connect(jmap_server.url, auth=jmap_server.token) as client:
        assert f"{jmap_server.url}/jmap/api" == client.session.api_url
        assert jmap_server.session_url == client.session.url
        await client.core.echo({"n": 1})
        await client.refresh_session()
    assert [{"n": 1}] == arguments(jmap_server.requests[0])
    assert ["Core/echo"] == names(jmap_server.requests[0])


class Odd:
    """A session of which some members are other than they should be."""

    def __init__(self, server: MemoryServer, **odd: object) -> None:
        self.server = server
        self.odd = odd
        self.fetches = 0

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        self.fetches += 1
        return web.json_response(session_object(self.server.world, self.server.url) | self.odd)


async def test_without_an_api_url_there_is_nothing_to_connect_to(
    jmap_server: MemoryServer,
) -> None:
    """The error names the server's member."""
    async with site(Odd(jmap_server, apiUrl=None)) as origin:
        with pytest.raises(RemoteProtocolError, match="apiUrl") as caught:
            await connect(f"{origin}/session", auth=jmap_server.token)
        assert "not_sent" == caught.value.outcome


@pytest.mark.parametrize("state", [None, 5])
async def test_a_session_whose_state_is_malformed_is_not_fetched_again(
    jmap_server: MemoryServer, state: object
) -> None:
    """There is nothing to compare with; it can be asked for."""
    odd = Odd(jmap_server, state=state)
    async with (
        site(odd) as origin,
        connect(f"{origin}/session", auth=jmap_server.token) as client,
    ):
        for number in range(3):
            await client.core.echo({"n": number})
        assert 1 == odd.fetches
        await client.refresh_session()
        assert 2 == odd.fetches
