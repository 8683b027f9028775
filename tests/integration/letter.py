"""Making messages to deliver."""

import uuid
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP
from types import MappingProxyType
from typing import Final

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


def letter(
    subject: str = "Hello",
    *,
    text: str = "How are you?",
    from_: str = "Ann <ann@example.net>",
    to: str = "Bob <bob@example.org>",
    date: str = "Mon, 02 Mar 2026 10:00:00 +0100",
    headers: Mapping[str, str] = _NO_HEADERS,
) -> bytes:
    """Return a message as bytes, unlike every other: Cyrus derives ids from the content.

    `headers` adds further header fields or replaces the ones made here.
    """
    message = EmailMessage(policy=SMTP)
    fields = {"Subject": subject, "From": from_, "To": to, "Date": date}
    fields["Message-ID"] = f"<{uuid.uuid4()}@example.net>"
    for name, value in (fields | dict(headers)).items():
        message[name] = value
    message.set_content(text)
    return message.as_bytes()
