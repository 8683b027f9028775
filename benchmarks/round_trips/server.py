"""The server: a process of its own that answers at once, or after as long as it is told to.

It speaks as much HTTP as the clients here need, on a plain asyncio protocol, so that its CPU stays
small beside theirs. `python -m benchmarks.round_trips.server EMAILS` prints its URL and runs until
its standard input ends.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast
from urllib.request import Request, urlopen

import attrs
import orjson

from benchmarks.round_trips.answers import Mail, session

_ROOT: Final = Path(__file__).parents[2]


@attrs.define
class Counters:
    """What the server has done since the last time it was told its latency."""

    posts: float
    invocations: float
    cpu: float


class Service:
    """What a request gets, by its path."""

    def __init__(self, emails: int) -> None:
        self.latency = 0.0
        self.origin = ""
        self._mail = Mail(emails)
        self._posts = 0
        self._since = time.process_time()

    def answer(self, path: bytes, body: bytes) -> bytes:
        """Return the body of the answer."""
        if path == b"/api":
            self._posts += 1
            return self._mail.answer(body)
        if path == b"/session":
            return orjson.dumps(session(self.origin))
        return orjson.dumps(self._control(orjson.loads(body or b"{}")))

    def _control(self, settings: dict[str, float]) -> dict[str, float]:
        """Report the counters; with a new latency, start them anew."""
        cpu = time.process_time() - self._since
        counters = {"posts": self._posts, "invocations": self._mail.invocations, "cpu": cpu}
        if "latency" in settings:
            self.latency = settings["latency"]
            self._posts = self._mail.invocations = 0
            self._since = time.process_time()
        return counters


class Connection(asyncio.Protocol):
    """One connection, requests one after the other."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end])
            start = end + 4
            stop = start + _content_length(head)
            if len(self._buffer) < stop:
                return
            body = bytes(self._buffer[start:stop])
            del self._buffer[:stop]
            self._answer(head.split(b" ", 2)[1], body)

    def _answer(self, path: bytes, body: bytes) -> None:
        content = self._service.answer(path, body)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        response = head % len(content) + content
        if path == b"/api" and self._service.latency:
            loop = asyncio.get_running_loop()
            loop.call_later(self._service.latency, self._transport.write, response)
        else:
            self._transport.write(response)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def _serve(emails: int) -> None:
    service = Service(emails)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(service), "127.0.0.1", 0)
    service.origin = "http://127.0.0.1:{1}".format(*server.sockets[0].getsockname())
    print(service.origin, flush=True)
    # Whoever started it holds the other end.
    await loop.run_in_executor(None, sys.stdin.read)


class Server:
    """The server as seen from the process that measures."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    @property
    def session_url(self) -> str:
        """The URL of the Session resource."""
        return f"{self.origin}/session"

    def start(self, latency: float) -> None:
        """Count from zero, and let each answer take `latency` seconds from now on."""
        self._control({"latency": latency})

    def counters(self) -> Counters:
        """Return what was done since `start`."""
        return Counters(**self._control({}))

    def _control(self, settings: dict[str, float]) -> dict[str, float]:
        request = Request(f"{self.origin}/control", orjson.dumps(settings))  # noqa: S310 - ours
        with urlopen(request) as response:  # noqa: S310
            counters: dict[str, float] = orjson.loads(response.read())
        return counters


@contextmanager
def running(emails: int) -> Iterator[Server]:
    """Run a server with that many Emails, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.round_trips.server", str(emails)]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Server(cast("IO[str]", process.stdout).readline().strip())
        process.communicate()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
