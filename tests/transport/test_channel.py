"""Whatever keeps the contract of a channel can carry requests."""

import asyncio
from collections.abc import Callable

import orjson
import pytest

from jmap_async import Client
from jmap_async.dispatcher import Dispatcher
from jmap_async.errors import ClientClosed, TransportError
from jmap_async.protocol.call import Call
from jmap_async.testing import MemoryServer
from jmap_async.transport import Channel, HTTPResponse, Transport
from tests.serving import AT_ONCE


class InProcess:
    """A channel without a network; the first requests are lost, after so many were sent."""

    def __init__(self, server: MemoryServer, *lost: TransportError) -> None:
        self.server = server
        self.lost = [*lost]

    async def exchange(
        self, url: str, body: bytes, *, on_sent: Callable[[], None], on_refused: Callable[[], None]
    ) -> HTTPResponse:
        """Have the server answer."""
        on_sent()
        if self.lost:
            raise self.lost.pop(0)
        answer = orjson.dumps(self.server.process(orjson.loads(body)))
        return HTTPResponse(status=200, url=url, headers={}, body=answer)


def call(client: Client, dispatcher: Dispatcher) -> "Call[object]":
    """Make a call that another dispatcher sends."""
    made: Call[object] = client.mailbox.set(create={"k": {"name": "here"}})
    made.sender = Sender(client, dispatcher)
    return made


class Sender:
    """A client, but for what sends."""

    def __init__(self, client: Client, dispatcher: Dispatcher) -> None:
        self._client = client
        self.result = dispatcher.result
        self.begin, self.running_task = client.begin, dispatcher.running_task

    def root_of(self, call: "Call[object]") -> object:
        """Identify what sends it."""
        return self


async def test_a_channel_needs_no_http(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """The dispatcher asks it for nothing but an exchange."""
    dispatcher = Dispatcher(jmap_client._sessions, InProcess(jmap_server))
    await call(jmap_client, dispatcher)
    assert "here" in {one.name for one in (await jmap_client.mailbox.get()).list}
    await dispatcher.close()


async def test_its_errors_tell_what_may_be_sent_again(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """A write is repeated where the channel says that it was not sent, and else is not."""
    unsent = TransportError("not there", outcome="not_sent")
    unknown = TransportError("gone", outcome="unknown")
    dispatcher = Dispatcher(jmap_client._sessions, InProcess(jmap_server, unsent), retry=AT_ONCE)
    await call(jmap_client, dispatcher)
    silent = Dispatcher(jmap_client._sessions, InProcess(jmap_server, unknown))
    with pytest.raises(TransportError, match="gone") as caught:
        await call(jmap_client, silent)
    assert "unknown" == caught.value.outcome
    await dispatcher.close()
    await silent.close()


class Refusing(InProcess):
    """A channel whose credential is refused once sent, and that then never sends again."""

    def __init__(self, server: MemoryServer) -> None:
        super().__init__(server)
        self.refused = asyncio.Event()

    async def exchange(
        self, url: str, body: bytes, *, on_sent: Callable[[], None], on_refused: Callable[[], None]
    ) -> HTTPResponse:
        """Wait for another credential."""
        on_sent()
        on_refused()
        self.refused.set()
        return await asyncio.Future[HTTPResponse]()


async def test_what_was_refused_was_not_sent(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """A refused credential takes back that it has left: nothing of it was carried out."""
    channel = Refusing(jmap_server)
    dispatcher = Dispatcher(jmap_client._sessions, channel)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        waiting = group.create_task(outcome_of(call(jmap_client, dispatcher)))
        await channel.refused.wait()
        await dispatcher.close()
    assert "not_sent" == waiting.result()


async def outcome_of(made: "Call[object]") -> str:
    """Return the outcome with which a call ends when its dispatcher is closed."""
    with pytest.raises(ClientClosed) as caught:
        await made
    return caught.value.outcome


def test_http_is_a_channel(jmap_client: Client) -> None:
    """For type checkers, too."""
    channel: Channel = jmap_client._transport
    assert isinstance(channel, Transport)
