"""The mail server that the integration tests send to."""

import asyncio
import smtplib

import pytest

from .letter import letter
from .smtp_sink import SmtpSink


def send(sink: SmtpSink, *recipients: str, message: bytes) -> None:
    """Send one message to the sink by SMTP."""
    with smtplib.SMTP("127.0.0.1", sink.port, local_hostname="localhost") as smtp:
        smtp.sendmail("ann@example.net", recipients, message)


async def test_message_is_kept_with_its_envelope(smtp_sink: SmtpSink) -> None:
    """A message is kept with the sender and recipients of its envelope, bytes unchanged."""
    message = letter("Grüße")
    await asyncio.to_thread(send, smtp_sink, "bob@example.net", "eve@example.net", message=message)
    [received] = smtp_sink.received
    assert "ann@example.net" == received.sender
    assert ("bob@example.net", "eve@example.net") == received.recipients
    assert message == received.content
    assert "Grüße" == received.message["Subject"]


async def test_waiting_ends_when_enough_messages_came(smtp_sink: SmtpSink) -> None:
    """Waiting for two messages ends with the second one."""
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(smtp_sink.wait(2))
        for subject in ("one", "two"):
            message = letter(subject)
            await asyncio.to_thread(send, smtp_sink, "bob@example.net", message=message)
    assert ["one", "two"] == [received.message["Subject"] for received in waiting.result()]


async def test_waiting_in_vain_ends_at_the_deadline(smtp_sink: SmtpSink) -> None:
    """Waiting for a message that does not come says how many came."""
    with pytest.raises(TimeoutError, match=r"0 of 1 messages came within 0\.01 s"):
        await smtp_sink.wait(timeout=0.01)
