"""What a client really sends: the requests of an aiohttp session, as octets."""

from types import SimpleNamespace
from typing import Any

import aiohttp
import attrs
import orjson


@attrs.define(eq=False)
class Exchange:
    """A request that was sent, and the status that it was answered with (0: none)."""

    method: str
    path: str
    body: bytes = b""
    status: int = 0
    beside: int = 0
    """How many others to the same path were under way when it began."""


class Recorder:
    """Makes aiohttp sessions whose requests it keeps."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self._under_way: list[Exchange] = []

    def session(self) -> aiohttp.ClientSession:
        """Make a session; whoever asks for it closes it."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._began)
        trace.on_request_chunk_sent.append(self._sent)
        trace.on_request_end.append(self._ended)
        trace.on_request_exception.append(self._failed)
        return aiohttp.ClientSession(trace_configs=[trace])

    @property
    def calls(self) -> list[Exchange]:
        """The API requests, in the order in which they began."""
        return [one for one in self.exchanges if one.method == "POST" and one.path == "/jmap/"]

    @property
    def uploads(self) -> list[Exchange]:
        """The uploads, in the order in which they began."""
        return [one for one in self.exchanges if one.path.startswith("/jmap/upload/")]

    async def _began(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestStartParams,
    ) -> None:
        path = params.url.path
        beside = sum(one.path == path for one in self._under_way)
        context.exchange = Exchange(params.method, path, beside=beside)
        self.exchanges.append(context.exchange)
        self._under_way.append(context.exchange)

    async def _sent(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestChunkSentParams,
    ) -> None:
        context.exchange.body += bytes(params.chunk)

    async def _ended(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestEndParams,
    ) -> None:
        context.exchange.status = params.response.status
        self._under_way.remove(context.exchange)

    async def _failed(
        self,
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        self._under_way.remove(context.exchange)


def objects_in(method: str, arguments: dict[str, Any]) -> tuple[int, int]:
    """Return how many objects a call names, to get and to set, as Cyrus counts them."""
    kind = method.partition("/")[2]
    got = len(arguments.get("ids") or ()) if kind == "get" else 0
    members = ("create", "update", "destroy") if kind == "set" else ()
    return got, sum(len(arguments.get(member) or ()) for member in members)


def check_limits(exchange: Exchange) -> None:
    """Assert that a request keeps to the limits of `cyrus_config.SMALL_LIMITS`, and was served.

    The client would recover from a request that is too large, so that its results tell nothing.
    """
    calls = orjson.loads(exchange.body)["methodCalls"]
    assert 200 == exchange.status
    assert exchange.beside < 2
    assert len(calls) <= 3
    assert len(exchange.body) <= 4096
    for method, arguments, _ in calls:
        got, changed = objects_in(method, arguments)
        assert got <= 5
        assert changed <= 4
