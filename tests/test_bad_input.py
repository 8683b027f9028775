"""What goes in wrong: from the caller and from the server; each is a clear error, and nobody hangs.

Where it can be known beforehand nothing is sent. The error names the call and says what to do, and
calls of the same turn get their answers.
"""

import asyncio
import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
import pytest
from aiohttp import web

from jmap_async import Client, connect
from jmap_async.errors import (
    AccountReadOnly,
    JMAPError,
    LocalProtocolError,
    NoAccount,
    ReadOnlyAccount,
    RemoteProtocolError,
    TooLarge,
    TransportError,
    UnsupportedCapability,
)
from jmap_async.protocol.call import Call
from jmap_async.testing import JSONObject, Limits, MemoryServer
from jmap_async.testing.session import session_object
from tests.serving import AT_ONCE, is_idle, names, site

Make = Callable[[Client], Call[Any]]


class Unknown:
    """Something that is no JSON."""


WRONG: dict[str, tuple[Make, type[Exception], str]] = {
    "unknown account": (
        lambda client: client.account("A9").email.query(),
        NoAccount,
        r"^Email/query: there is no account 'A9'. There are A1, A3$",
    ),
    "unknown account to copy from": (
        lambda client: client.email.copy(
            "A9", create={"k": {"id": "M1", "mailboxIds": {"P1": True}}}
        ),
        NoAccount,
        "^Email/copy: there is no account 'A9'",
    ),
    "malformed account id": (
        lambda client: client.account("no such").email.query(),
        LocalProtocolError,
        "^Email/query: 'no such' is no account id: an id has .* Use an id that the server gave",
    ),
    "missing capability": (
        lambda client: client.call("Foo/get", {"ids": []}, using=["urn:example:foo"]),
        UnsupportedCapability,
        "^Foo/get: the server does not offer 'urn:example:foo' .* It offers .*urn:",
    ),
    "capability that the account lacks": (
        lambda client: client.account("A3").identity.get(),
        UnsupportedCapability,
        "^Identity/get: the account 'A3' does not have 'urn:ietf:params:jmap:submission'",
    ),
    "read-only account": (
        lambda client: client.account("A3").mailbox.set(create={"k": {"name": "n"}}),
        ReadOnlyAccount,
        "^Mailbox/set: the account 'A3' is read-only: use credentials that may change it",
    ),
    "empty id": (
        lambda client: client.email.get([""]),
        LocalProtocolError,
        "^Email/get: '' is no id",
    ),
    "id with a space": (
        lambda client: client.email.get(["M1", "a b"]),
        LocalProtocolError,
        "^Email/get: 'a b' is no id: an id has 1 to 255 visible ASCII characters",
    ),
    "id that is too long": (
        lambda client: client.thread.get(["x" * 256]),
        LocalProtocolError,
        "^Thread/get: 'x+.* is no id",
    ),
    "id to destroy": (
        lambda client: client.mailbox.set(destroy=["ü"]),
        LocalProtocolError,
        "^Mailbox/set: 'ü' is no id",
    ),
    "creation id": (
        lambda client: client.mailbox.set(create={"a b": {"name": "n"}}),
        LocalProtocolError,
        "^Mailbox/set: 'a b' is no creation id",
    ),
    "oversize": (
        lambda client: client.core.echo({"a": "x" * 5000}),
        TooLarge,
        r"^Core/echo: \d+ octets of arguments do not fit .* 4000 \(maxSizeRequest\): send less",
    ),
    "too many objects that must stay together": (
        lambda client: client.mailbox.set(
            update={f"P{n}": {"sortOrder": 1} for n in range(6)}, if_in_state="mailbox;1"
        ),
        TooLarge,
        r"^Mailbox/set: 6 objects are more than the 5 .*\(maxObjectsInSet\)",
    ),
    "not a number": (
        lambda client: client.core.echo({"a": math.nan}),
        LocalProtocolError,
        "^Core/echo: ",
    ),
    "infinity, deep inside": (
        lambda client: client.core.echo({"a": [{"b": [math.inf]}]}),
        LocalProtocolError,
        "^Core/echo: ",
    ),
    "integer beyond 64 bits": (
        lambda client: client.core.echo({"a": 2**70}),
        LocalProtocolError,
        "^Core/echo: ",
    ),
    "half a character": (
        lambda client: client.core.echo({"a": "\ud800"}),
        LocalProtocolError,
        "^Core/echo: ",
    ),
    "something that is no JSON": (
        lambda client: client.core.echo({"a": Unknown()}),
        LocalProtocolError,
        "^Core/echo: ",
    ),
    "bytes": (
        lambda client: client.core.echo({"a": b"x"}),
        LocalProtocolError,
        "^Core/echo: ",
    ),
    "a key that is no string": (
        lambda client: client.core.echo({"a": {1: 2}}),
        LocalProtocolError,
        "^Core/echo: ",
    ),
    "a time without an offset": (
        lambda client: client.core.echo({"a": datetime(2026, 1, 2)}),  # noqa: DTZ001 - that is it
        LocalProtocolError,
        "^Core/echo: ",
    ),
    "a circle": (
        lambda client: client.core.echo(circle()),
        LocalProtocolError,
        "^Core/echo: ",
    ),
    "a reference by hand": (
        lambda client: client.call("Email/get", {"#ids": {"resultOf": "c0"}}),
        LocalProtocolError,
        "^Email/get: '#ids' is not given .* by hand: pass 'ids' with call.ref",
    ),
    "a reference inside of another argument": (
        lambda client: client.call(
            "Email/query", {"filter": {"inMailbox": client.email.query().ids}}
        ),
        LocalProtocolError,
        "^Email/query: ",
    ),
    "max_changes": (
        lambda client: client.email.changes("s", max_changes=0),
        LocalProtocolError,
        "^Email/changes: max_changes must be greater than 0",
    ),
    "a path that is no pointer": (
        lambda client: client.email.get(client.email.query().ref("ids")),
        LocalProtocolError,
        "^Email/query: ",
    ),
}


def circle() -> dict[str, object]:
    """Return an object that contains itself."""
    ring: dict[str, object] = {}
    ring["ring"] = ring
    return ring


async def attempt(make: Make, client: Client) -> object:
    """Make a call and await it."""
    return await make(client)


@pytest.mark.parametrize("case", WRONG)
async def test_what_cannot_be_sent(jmap_server: MemoryServer, case: str) -> None:
    """It is refused here; others of the same turn are sent, before it and after it."""
    make, kind, message = WRONG[case]
    jmap_server.limits = Limits(max_size_request=4000, max_objects_in_set=5)
    mail = "urn:ietf:params:jmap:mail"
    jmap_server.add_account("A3", name="to look at", is_read_only=True, capabilities=[mail])
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        first, wrong, last = await asyncio.gather(
            client.core.echo({"n": 1}),
            attempt(make, client),
            client.core.echo({"n": 2}),
            return_exceptions=True,
        )
        assert ({"n": 1}, {"n": 2}) == (first, last)
        assert isinstance(wrong, kind)
        with pytest.raises(kind, match=message):
            raise wrong
        assert is_idle(client)
    sent = [name for request in jmap_server.requests for name in names(request)]
    assert ["Core/echo", "Core/echo"] == sent


async def test_what_the_session_does_not_tell(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """An account that became read-only meanwhile: the server's word, with what to do."""
    jmap_server.world.accounts["A1"].is_read_only = True
    wrong, right = await asyncio.gather(
        jmap_client.mailbox.set(create={"k": {"name": "n"}}),
        jmap_client.mailbox.get(),
        return_exceptions=True,
    )
    assert isinstance(wrong, AccountReadOnly)
    assert "Mailbox/set (call c0) failed: accountReadOnly" in str(wrong)
    assert not isinstance(right, BaseException)


@pytest.mark.loops
async def test_t19_an_api_on_plain_http(jmap_server: MemoryServer) -> None:
    """A session that leads elsewhere without encryption: nothing is sent, and the URL is named."""

    async def session(_request: web.BaseRequest) -> web.Response:
        document = session_object(jmap_server.world, "")
        return web.json_response(document | {"apiUrl": "http://192.0.2.1/api"})

    async with site(session) as origin:
        with pytest.raises(RemoteProtocolError, match=r"apiUrl: .*allow_insecure_http"):
            await connect(f"{origin}/session", auth="t")


# Answers

CORRUPT: dict[str, tuple[bytes, str]] = {
    "HTML": (b"<html>Welcome to the WLAN</html>", "not I-JSON"),
    "nothing": (b"", "not I-JSON"),
    "cut short": (b'{"methodResponses":[["Core/echo",{"n":1},"c0"],["Core', "cut short"),
    "not UTF-8": (b'{"methodResponses":[["Core/echo",{"n":"\xff"},"c0"]]}', "not I-JSON"),
    "a list": (b"[]", "apiUrl"),
    "no responses": (b'{"sessionState":"s"}', "no methodResponses"),
    "responses that are no list": (b'{"methodResponses":{}}', "no methodResponses"),
    "a response that is none": (b'{"methodResponses":[["Core/echo",{}]]}', "no \\[name, arg"),
    "arguments that are none": (b'{"methodResponses":[["Core/echo",5,"c0"]]}', "no \\[name, arg"),
    "a call id that is none": (b'{"methodResponses":[["Core/echo",{},0]]}', "no \\[name, arg"),
    "duplicate keys": (
        b'{"methodResponses":[["Core/echo",{"n":1},"c0"]],"methodResponses":[]}',
        "there twice",
    ),
    "too deep": (b"[" * 100_000, "not I-JSON"),
}


@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize("case", CORRUPT)
async def test_t28_an_answer_that_is_none(
    jmap_server: MemoryServer, case: str, *, writes: bool
) -> None:
    """Reads are repeated, and then raise; a write, which may have been made, raises at once."""
    body, message = CORRUPT[case]

    async def answer(_request: web.Request, _sent: JSONObject) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    jmap_server.on_request = answer
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        call: Call[Any] = client.core.echo()
        if writes:
            call = client.mailbox.set(create={"k": {"name": "n"}})
        with pytest.raises(RemoteProtocolError, match=message) as caught:
            await call
        assert len(repr(caught.value.piece)) < 1000
        assert (1 if writes else 4) == len(jmap_server.requests)
        jmap_server.on_request = None
        assert {"n": 2} == await client.core.echo({"n": 2})


@pytest.mark.parametrize("case", CORRUPT)
async def test_an_answer_that_is_none_the_first_time(jmap_server: MemoryServer, case: str) -> None:
    """Nobody notices, as long as it can be repeated."""
    bodies = [CORRUPT[case][0]]

    async def answer(_request: web.Request, _sent: JSONObject) -> web.Response | None:
        body = bodies.pop() if bodies else None
        return body if body is None else web.Response(body=body, content_type="application/json")

    jmap_server.on_request = answer
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        answers = await asyncio.gather(*(client.core.echo({"n": n}) for n in range(3)))
    assert [{"n": n} for n in range(3)] == answers


def without(call_id: str, response: JSONObject) -> JSONObject:
    """Return a response that lacks the answer to one call."""
    kept = [one for one in response["methodResponses"] if one[2] != call_id]
    return {**response, "methodResponses": kept}


async def test_t42_a_call_without_an_answer(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """It raises, with its call id; its neighbours have theirs, whatever the order."""
    jmap_server.on_response = lambda response: without(
        "c1", {**response, "methodResponses": response["methodResponses"][::-1]}
    )
    first, lost, last = await asyncio.gather(
        *(jmap_client.core.echo({"n": n}) for n in range(3)), return_exceptions=True
    )
    assert ({"n": 0}, {"n": 2}) == (first, last)
    with pytest.raises(
        RemoteProtocolError, match=r"^Core/echo \(call c1\): .*: there is no response"
    ):
        raise lost if isinstance(lost, JMAPError) else AssertionError
    assert is_idle(jmap_client)


async def test_t42_an_answer_under_another_name(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """It is not taken for the one that was asked for."""

    def renamed(response: JSONObject) -> JSONObject:
        response["methodResponses"][1][0] = "Email/get"
        return response

    jmap_server.on_response = renamed
    first, wrong = await asyncio.gather(
        *(jmap_client.core.echo({"n": n}) for n in range(2)), return_exceptions=True
    )
    assert {"n": 0} == first
    with pytest.raises(
        RemoteProtocolError, match=r"Core/echo .*answered by a response of Email/get"
    ):
        raise wrong if isinstance(wrong, JMAPError) else AssertionError


@pytest.mark.parametrize(
    "arguments",
    [{}, {"list": None}, {"list": {}}, {"list": [{}]}, {"list": [5]}, {"list": [{"id": []}]}],
)
async def test_an_answer_of_another_shape(
    jmap_server: MemoryServer, jmap_client: Client, arguments: JSONObject
) -> None:
    """Each caller of a merged read is told, with what came; other calls have their answers."""

    def reshaped(response: JSONObject) -> JSONObject:
        for one in response["methodResponses"]:
            if one[0] == "Email/get":
                one[1] = arguments
        return response

    jmap_server.on_response = reshaped
    *wrong, right = await asyncio.gather(
        *(jmap_client.email.get([one]) for one in ("M1", "M2")),
        jmap_client.core.echo({"n": 1}),
        return_exceptions=True,
    )
    assert {"n": 1} == right
    for error in wrong:
        assert isinstance(error, RemoteProtocolError)
        assert "Email/get" in str(error)
    assert wrong[0] is not wrong[1]
    assert is_idle(jmap_client)


async def test_members_of_another_type(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """What cannot be decoded is the matter of whoever asked for it, and says where it is."""

    def changed(response: JSONObject) -> JSONObject:
        for _, arguments, _ in response["methodResponses"]:
            arguments["position"] = "0"
        return response

    jmap_server.on_response = changed
    call, raw = jmap_client.email.query(limit=5), jmap_client.call("Email/query", {"limit": 5})
    typed, plain = await asyncio.gather(call, raw, return_exceptions=True)
    assert isinstance(plain, dict)
    with pytest.raises(RemoteProtocolError, match=r"answer to Email/query is malformed: position"):
        raise typed if isinstance(typed, JMAPError) else AssertionError
    assert 1 == len(jmap_server.requests)


async def test_an_answer_that_never_ends(jmap_server: MemoryServer) -> None:
    """It is waited for no longer than the time-out says."""

    async def trickle(request: web.Request, _sent: JSONObject) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.001)

    jmap_server.on_request = trickle
    async with connect(
        jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE, timeout=0.03
    ) as client:
        with pytest.raises(TransportError, match="time allowed"):
            await client.core.echo()
        assert is_idle(client)


async def test_a_server_that_slams_the_door(jmap_server: MemoryServer) -> None:
    """The port is closed in the middle of everything: reads and writes each have their error."""
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        assert jmap_server._runner is not None
        await jmap_server._runner.cleanup()
        results = await asyncio.gather(
            client.core.echo(),
            client.mailbox.set(create={"k": {"name": "n"}}),
            client.refresh_session(),
            client.upload(b"data"),
            return_exceptions=True,
        )
        assert [TransportError] * 4 == [*map(type, results)]
        assert ["not_sent", "not_sent"] == [
            error.outcome for error in results[:2] if isinstance(error, TransportError)
        ]
        assert is_idle(client)


async def test_objects_are_bounded_in_errors(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """What a server sends is not repeated at length."""
    huge = orjson.dumps({"methodResponses": "x" * 1_000_000})

    async def answer(_request: web.Request, _sent: JSONObject) -> web.Response:
        return web.Response(body=huge, content_type="application/json")

    jmap_server.on_request = answer
    with pytest.raises(RemoteProtocolError) as caught:
        await jmap_client.mailbox.set(create={"k": {"name": "n"}})
    assert len(str(caught.value)) + len(repr(caught.value.piece)) < 2000
