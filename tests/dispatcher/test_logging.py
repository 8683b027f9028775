"""What is logged: a line for each request, and never a credential."""

import asyncio
import base64
import logging
import traceback

import pytest
from aiohttp import web

from jmap_async import Client, connect
from jmap_async.errors import JMAPError
from jmap_async.testing import JSONObject, Limits, MemoryServer
from tests.serving import AT_ONCE, Answers, Gate, problem, unavailable

LOGGER = "jmap_async"


async def test_a_line_for_each_request(
    jmap_client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """With the methods, the octets out and in, and the status."""
    with caplog.at_level(logging.DEBUG, LOGGER):
        await asyncio.gather(jmap_client.email.query(), jmap_client.core.echo())
        await jmap_client.core.echo()
    stats = jmap_client.stats
    lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    assert 2 == len(lines)
    assert lines[0].startswith("POST of <Request Email/query, Core/echo>, ")
    assert lines[1].startswith("POST of <Request Core/echo>, ")
    assert [200, 200] == [int(line.split(": ")[1].split(",")[0]) for line in lines]
    octets = [(int(line.split(", ")[-2].split()[0]), int(line.split()[-2])) for line in lines[1:]]
    assert octets[0][1] < stats.bytes_in
    assert {"DEBUG"} == {record.levelname for record in caplog.records if record.name == LOGGER}


async def test_a_line_for_each_failure_too(
    jmap_server: MemoryServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A request that got no answer, or was cancelled, has its line."""

    async def drop(request: web.Request, _body: JSONObject) -> None:
        assert request.transport is not None
        request.transport.abort()

    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        jmap_server.on_request = drop
        with caplog.at_level(logging.DEBUG, LOGGER), pytest.raises(JMAPError):
            await client.core.echo()
        lines = [record.getMessage() for record in caplog.records if record.name == LOGGER]
        dropped = [line.split(",")[0] for line in lines if line.startswith("POST")]
        assert ["POST of <Request Core/echo>"] * 4 == dropped
        again = [line.split(" (POST")[0] for line in lines if line.startswith("goes again")]
        assert ["goes again: Core/echo (1 calls): connection lost"] * 3 == again
        caplog.clear()
        jmap_server.on_request = gate = Gate()
        with caplog.at_level(logging.DEBUG, LOGGER):
            task = asyncio.create_task(client.core.echo())
            await gate.held.get()
            task.cancel()
            await asyncio.wait([task])
            await gate.left.get()
        (line,) = [record.getMessage() for record in caplog.records if record.name == LOGGER]
        assert line.endswith("octets: cancelled")


SECRET = "s3cret-t0ken-of-nobody"


@pytest.mark.parametrize("basic", [True, False])
async def test_t175_no_credential_is_shown_anywhere(
    caplog: pytest.LogCaptureFixture, *, basic: bool
) -> None:
    """Neither in logs at their most talkative, nor in errors, nor in representations."""
    shown: list[object] = []
    async with MemoryServer(token=SECRET, password=SECRET) as server:
        auth = (server.user, SECRET) if basic else SECRET
        with caplog.at_level(logging.DEBUG):
            connecting = connect(server.session_url, auth=auth, retry=AT_ONCE)
            shown.append(connecting)
            async with connecting as client:
                await client.core.echo()
                server.on_request = Answers(
                    unavailable,
                    problem(type="urn:ietf:params:jmap:error:notRequest"),
                    lambda: web.Response(text="<html>"),
                    *[lambda: web.Response(status=500, text="broken")] * 9,
                )
                calls = [client.core.echo({"n": n}) for n in range(3)]
                shown += await asyncio.gather(*calls, return_exceptions=True)
                shown += [client, client.session, client.stats, client.mail, client.email, *calls]
                shown += [client.batch(), client._transport, client._dispatcher]
                server.on_request = None
                server.limits = Limits(max_calls_in_request=3)
                await client.core.echo()
                await client.refresh_session()
                server.rotate_token("another")
                server.password = "another"
                shown += await asyncio.gather(client.core.echo(), return_exceptions=True)
                shown += await asyncio.gather(client.refresh_session(), return_exceptions=True)
                shown += await asyncio.gather(client.upload(b"data"), return_exceptions=True)
            shown += await asyncio.gather(client.core.echo(), return_exceptions=True)
    texts = [caplog.text, *map(repr, shown), *map(str, shown)]
    for one in shown:
        if isinstance(one, BaseException):
            texts += traceback.format_exception(one)
    encoded = base64.b64encode(f"{server.user}:{SECRET}".encode()).decode()
    everything = "\n".join(texts)
    assert "POST of" in everything
    assert "401" in everything
    assert SECRET not in everything
    assert encoded not in everything
