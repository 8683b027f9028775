"""What most tests do first: find a mailbox, put messages into it; and counting what is sent."""

import asyncio
import contextlib
import copy
from collections.abc import Iterable, Iterator
from datetime import datetime

import attrs

from jmap_async.capabilities.mail.body import EmailBodyPart, EmailBodyValue
from jmap_async.capabilities.mail.email import Email, EmailImport
from jmap_async.client import Client
from jmap_async.protocol.types import ABSENT
from jmap_async.stats import Stats


@contextlib.contextmanager
def counting(client: Client) -> Iterator[Stats]:
    """Give counters that, after the block, tell what the client sent inside of it."""
    before, sent = copy.deepcopy(client.stats), Stats()
    yield sent
    for one in attrs.fields(Stats):
        setattr(sent, one.name, getattr(client.stats, one.name) - getattr(before, one.name))


async def mailbox_id(client: Client, role: str = "inbox") -> str:
    """Return the id of the mailbox that has a role."""
    return (await client.mailbox.by_role(role)).id


async def put(
    client: Client,
    *messages: bytes,
    role: str = "inbox",
    keywords: Iterable[str] = (),
    received_at: datetime = ABSENT,
) -> list[Email]:
    """Upload messages and import them into the mailbox that has this role, all in one call."""
    mailbox = await mailbox_id(client, role)
    uploads = (client.upload(message, type="message/rfc822") for message in messages)
    blobs = await asyncio.gather(*uploads)
    imports = {
        f"m{number}": EmailImport(
            blob_id=blob.blob_id,
            mailbox_ids=mailbox,
            keywords=keywords,
            received_at=received_at,
        )
        for number, blob in enumerate(blobs)
    }
    done = await client.email.import_(imports)
    done.raise_for_errors()
    return [done.created[key] for key in imports]


def draft(mailbox: str, subject: str, *, text: str = "How are you?") -> Email:
    """Return an Email to create: from Ann to Bob, in plain text."""
    return Email(
        mailbox_ids=mailbox,
        subject=subject,
        from_="Ann <ann@example.org>",
        to="bob@example.net",
        text_body=[EmailBodyPart(part_id="text", type="text/plain")],
        body_values={"text": EmailBodyValue(value=text)},
    )


async def create(client: Client, *subjects: str) -> list[str]:
    """Create an Email in the INBOX for each subject, in one call, and return their ids."""
    inbox = await mailbox_id(client)
    done = await client.email.set(create={f"k{i}": draft(inbox, s) for i, s in enumerate(subjects)})
    done.raise_for_errors()
    return [email.id for email in done.created.values()]
