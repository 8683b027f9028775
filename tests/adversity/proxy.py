"""An adversary between client and server: a proxy that loses, refuses and mangles what it carries.

It speaks just enough HTTP for one client and one server on the loopback interface. What it does to
each API request is drawn from a seeded generator and recorded, so that every run can be repeated;
or a test chooses it by what the request calls.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

import attrs
import orjson

Wire = dict[str, Any]

_PROBLEM: Final = "urn:ietf:params:jmap:error:"


@attrs.frozen
class Message:
    """An HTTP request or answer: its first line, its headers in lower case, its body."""

    first: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_api(self) -> bool:
        """Whether it is a request of method calls."""
        return self.first.startswith("POST") and "json" in self.headers.get("content-type", "")

    def encode(self) -> bytes:
        """Return what goes over the wire."""
        headers = {**self.headers, "content-length": str(len(self.body))}
        lines = [self.first, *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Gone(Exception):
    """The connection is to be cut."""


@attrs.define
class Exchange:
    """One request of the client under way: where it came from, and how to pass it on."""

    proxy: "Adversary"
    request: Message
    writer: asyncio.StreamWriter

    async def forward(self) -> Message:
        """Have the server carry it out."""
        return await self.proxy.forward(self.request)

    def answered(self, answer: Message | bytes) -> None:
        """Answer the client."""
        self.proxy.over(self)
        self.writer.write(answer if isinstance(answer, bytes) else answer.encode())


Fault = Callable[[Exchange], Awaitable[None]]

Choose = Callable[[Wire], Fault | None]
"""Says what is to happen to an API request; None: nothing."""


def on(method: str, fault: Fault, *, times: int | None = None) -> Choose:
    """Choose a fault for the requests that call a method, the first few of them or all."""
    left = [fault] * times if times is not None else itertools.repeat(fault)
    faults = iter(left)

    def choose(request: Wire) -> Fault | None:
        calls = {name for name, _, _ in request["methodCalls"]}
        return next(faults, None) if method in calls else None

    return choose


# Lost


async def drop_before(exchange: Exchange) -> None:  # noqa: ARG001 - a Fault
    """Cut the connection; the server never hears of the request."""
    raise Gone


async def drop_after(exchange: Exchange) -> None:
    """Cut the connection when the server has carried the request out."""
    await exchange.forward()
    raise Gone


async def cut_answer(exchange: Exchange) -> None:
    """Cut the connection in the middle of the answer."""
    answer = (await exchange.forward()).encode()
    exchange.answered(answer[: -len(answer) // 3])
    raise Gone


async def cut_head(exchange: Exchange) -> None:
    """Cut the connection within the head of the answer."""
    answer = (await exchange.forward()).encode()
    exchange.answered(answer[:30])
    raise Gone


async def garble_head(exchange: Exchange) -> None:
    """Answer with something that is not HTTP."""
    await exchange.forward()
    exchange.answered(b"\x16\x03\x01 what?\r\n\r\n")
    raise Gone


# Mangled


async def truncate(exchange: Exchange) -> None:
    """Answer with half of the JSON."""
    answer = await exchange.forward()
    exchange.answered(attrs.evolve(answer, body=answer.body[: len(answer.body) // 2]))


async def corrupt(exchange: Exchange) -> None:
    """Answer with JSON that is none any more."""
    answer = await exchange.forward()
    half = len(answer.body) // 2
    body = answer.body[:half] + b"\x00" + answer.body[half + 1 :]
    exchange.answered(attrs.evolve(answer, body=body))


async def empty(exchange: Exchange) -> None:
    """Answer with an empty body."""
    answer = await exchange.forward()
    exchange.answered(attrs.evolve(answer, body=b""))


def responses(change: Callable[[list[Any], random.Random], None]) -> Fault:
    """Make a fault that changes the list of method responses."""

    async def fault(exchange: Exchange) -> None:
        answer = await exchange.forward()
        document = orjson.loads(answer.body)
        if "methodResponses" in document:
            change(document["methodResponses"], exchange.proxy.rng)
        exchange.answered(attrs.evolve(answer, body=orjson.dumps(document)))

    return fault


def _reorder(listed: list[Any], rng: random.Random) -> None:
    rng.shuffle(listed)


def _omit(listed: list[Any], rng: random.Random) -> None:
    if listed:
        listed.pop(rng.randrange(len(listed)))


def _duplicate(listed: list[Any], rng: random.Random) -> None:
    if listed:
        listed.insert(rng.randrange(len(listed)), rng.choice(listed))


# Late


async def delay(exchange: Exchange) -> None:
    """Answer after a while."""
    await asyncio.sleep(exchange.proxy.rng.uniform(0, 0.01))
    exchange.answered(await exchange.forward())


async def dribble(exchange: Exchange) -> None:
    """Answer in small pieces."""
    whole = (await exchange.forward()).encode()
    step = len(whole) // 4 + 1
    for start in range(0, len(whole) - step, step):
        exchange.writer.write(whole[start : start + step])
        await exchange.writer.drain()
        await asyncio.sleep(0)
    exchange.answered(whole[(len(whole) - 1) // step * step :])


# Refused


def status(
    code: int,
    body: Wire | str = "",
    *,
    headers: Mapping[str, str] | None = None,
    carried_out: bool = False,
) -> Fault:
    """Make a fault that answers with a status; `carried_out`: half the time the server did it."""
    kind = "text/plain" if isinstance(body, str) else "application/problem+json"
    encoded = body.encode() if isinstance(body, str) else orjson.dumps(body)
    head = {"content-type": kind, **(headers or {})}

    async def fault(exchange: Exchange) -> None:
        if carried_out and exchange.proxy.rng.random() < 0.5:
            await exchange.forward()
        exchange.answered(Message(f"HTTP/1.1 {code} No", head, encoded))

    return fault


def limit(name: str) -> Fault:
    """Make a fault that refuses a request for a limit that it does not exceed."""
    return status(400, {"type": f"{_PROBLEM}limit", "limit": name, "status": 400})


_UNKNOWN: Final = f"{_PROBLEM}unknownCapability"

FAULTS: Final[Mapping[str, Fault]] = {
    "drop before": drop_before,
    "drop after": drop_after,
    "cut answer": cut_answer,
    "cut head": cut_head,
    "garble head": garble_head,
    "truncate": truncate,
    "corrupt": corrupt,
    "empty": empty,
    "reorder": responses(_reorder),
    "omit": responses(_omit),
    "duplicate": responses(_duplicate),
    "delay": delay,
    "dribble": dribble,
    "429": status(429),
    "429 later": status(429, headers={"retry-after": "0"}),
    "503": status(503, "busy"),
    "503 later": status(503, headers={"retry-after": "0.01"}),
    "500": status(500, "oops", carried_out=True),
    "502": status(502, "<h1>Bad gateway</h1>", carried_out=True),
    "400": status(400, "no"),
    "403": status(403, "Disallowed."),
    "unknown capability": status(403, {"type": _UNKNOWN, "status": "403"}),
    "maxConcurrentRequests": limit("maxConcurrentRequests"),
    "maxCallsInRequest": limit("maxCallsInRequest"),
    "maxSizeRequest": limit("maxSizeRequest"),
}
"""What may happen to a request, by name."""

LIMITS: Final = frozenset({"maxConcurrentRequests", "maxCallsInRequest", "maxSizeRequest"})
"""Faults from which a client learns."""

NEVER_CARRIED_OUT: Final = frozenset(
    {
        *("drop before", "429", "429 later", "503", "503 later", "400", "403"),
        *LIMITS,
        "unknown capability",
    }
)
"""Faults after which the server knows nothing of the request."""


class Adversary:
    """The proxy: `async with Adversary(port, seed=1) as proxy:`.

    `rate` is the share of API requests that something happens to, `choose` may be set to say what
    happens instead. `faults` counts what was drawn. `posts` are all API requests, `requests` those
    that were passed on, `peak` how many were under way at once.
    """

    def __init__(
        self,
        port: int,
        *,
        seed: int,
        rate: float = 0.3,
        kinds: tuple[str, ...] = tuple(FAULTS),
    ) -> None:
        self.rng = random.Random(seed)
        self.rate = rate
        self.faults: Counter[str] = Counter()
        self.posts: list[Wire] = []
        self.requests: list[Wire] = []
        self.peak = 0
        self.url = ""
        self.choose: Choose = self._draw
        self._kinds = kinds
        self._target = port
        self._under_way: set[int] = set()
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    async def deserted(self) -> None:
        """Return when no connection is open any more."""
        while self._connections:
            await asyncio.wait(self._connections)

    async def forward(self, request: Message) -> Message:
        """Have the server carry a request out."""
        if request.is_api:
            self.requests.append(orjson.loads(request.body))
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            writer.write(request.encode())
            answer = await _read(reader)
        finally:
            writer.close()
        if answer is None:
            raise Gone
        return answer

    def over(self, exchange: Exchange) -> None:
        """Take note that the client is about to learn what became of a request."""
        self._under_way.discard(id(exchange))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(Gone, ConnectionError, asyncio.CancelledError):
                while (request := await _read(reader)) is not None:
                    await self._carry(Exchange(self, request, writer))
                    await writer.drain()
        finally:
            self._connections.discard(task)
            writer.close()

    async def _carry(self, exchange: Exchange) -> None:
        if not exchange.request.is_api:
            exchange.answered(await exchange.forward())
            return
        request = orjson.loads(exchange.request.body)
        self.posts.append(request)
        self._under_way.add(id(exchange))
        self.peak = max(self.peak, len(self._under_way))
        try:
            fault = self.choose(request)
            if fault is None:
                exchange.answered(await exchange.forward())
            else:
                await fault(exchange)
        finally:
            self.over(exchange)

    def _draw(self, request: Wire) -> Fault | None:
        if self.rng.random() >= self.rate:
            return None
        name = self.rng.choice(self._kinds)
        self.faults[name] += 1
        return FAULTS[name]


async def _read(reader: asyncio.StreamReader) -> Message | None:
    """Read a message; None: there is no further one."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.rstrip().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)
    }
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Message(first, headers, body)
