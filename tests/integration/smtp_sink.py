"""An SMTP server that accepts every message and keeps it."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Self

import attrs
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@attrs.frozen(kw_only=True)
class Received:
    """One message as it came in: its envelope and its bytes."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return message_from_bytes(self.content, policy=policy.default)


class SmtpSink:
    """The messages that came in; `SmtpSink.run()` starts a server that keeps them here."""

    def __init__(self, port: int) -> None:
        """Name the loopback port where the mail comes in."""
        self.port = port
        self._changed = threading.Condition()
        self._received: list[Received] = []

    @classmethod
    @contextlib.contextmanager
    def run(cls) -> Iterator[Self]:
        """Accept mail while the context is entered, in a thread: it serves any event loop."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            sink = cls(listener.getsockname()[1])
            controller = _Controller(sink, listener)
            controller.start()
            try:
                yield sink
            finally:
                controller.stop()

    @property
    def received(self) -> list[Received]:
        """The messages since the last `clear`, in the order they came in."""
        with self._changed:
            return list(self._received)

    def clear(self) -> None:
        """Forget what was received."""
        with self._changed:
            self._received.clear()

    async def wait(self, count: int = 1, *, timeout: float = 10.0) -> list[Received]:
        """Wait until `count` messages are there and return all; TimeoutError after `timeout` s."""
        if not await asyncio.to_thread(self._wait, count, timeout):
            have = len(self.received)
            msg = f"{have} of {count} messages came within {timeout} s"
            raise TimeoutError(msg)
        return self.received

    def _wait(self, count: int, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self._received) >= count, timeout)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a message that came in."""
        content = envelope.original_content
        assert content is not None
        message = Received(
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            content=content,
        )
        with self._changed:
            self._received.append(message)
            self._changed.notify_all()
        return "250 OK"


class _Controller(Controller):
    """aiosmtpd's thread, serving a socket that listens already."""

    def __init__(self, sink: SmtpSink, listener: socket.socket) -> None:
        # The name is given, for otherwise aiosmtpd asks the DNS for it.
        super().__init__(sink, "127.0.0.1", sink.port, server_hostname="localhost")
        self._listener = listener

    async def _create_server(self) -> asyncio.AbstractServer:
        return await self.loop.create_server(self._factory_invoker, sock=self._listener)
