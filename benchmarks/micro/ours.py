"""What jmap_async does with the bytes of an answer, and with a call until it is bytes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.capabilities.mail.body import EmailBodyPart
from jmap_async.capabilities.mail.email import Email, EmailProperty
from jmap_async.client import Client
from jmap_async.planner import Planner
from jmap_async.protocol import messages
from jmap_async.protocol.codec.converter import encode
from jmap_async.protocol.standard import GetResponse

Update = Mapping[str, Mapping[str, object]]


def reader(client: Client, properties: Sequence[str]) -> Callable[[bytes], list[Email]]:
    """Return a function that gives the Emails of a response to Email/get."""
    # Type checkers know the names of properties; these come as plain strings.
    names = cast("Sequence[EmailProperty]", properties)
    decode = client.email.get(["any"], properties=names).method.decode

    def emails(body: bytes) -> list[Email]:
        [answer] = messages.parse_response(body).method_responses
        response: GetResponse[Email] = decode(answer.arguments)
        return response.list

    return emails


def read_four(emails: Iterable[Email]) -> None:
    """Read what a list of messages would show."""
    for email in emails:
        _ = email.id, email.subject, email.received_at, (email.from_ or [])[0].email


def read_list(emails: Iterable[Email]) -> None:
    """Read each property of the list view, down to the last address."""
    for email in emails:
        _ = email.id, email.blob_id, email.thread_id, email.size, email.received_at
        _ = email.mailbox_ids, email.keywords, email.subject, email.has_attachment, email.preview
        _read_addresses(email.from_, email.to)


def read_full(emails: Sequence[Email]) -> None:
    """Read each property of the full view, down to the last header."""
    read_list(emails)
    for email in emails:
        _ = email.message_id, email.in_reply_to, email.references, email.sent_at, email.extra
        _read_addresses(email.sender, email.cc, email.bcc, email.reply_to)
        for header in email.headers:
            _ = header.name, header.value
        for value in email.body_values.values():
            _ = value.value, value.is_encoding_problem, value.is_truncated
        _read_parts([email.body_structure])
        for parts in (email.text_body, email.html_body, email.attachments):
            _read_parts(parts)


def _read_addresses(*fields: Iterable[EmailAddress] | None) -> None:
    for field in fields:
        for address in field or ():
            _ = address.name, address.email


def _read_parts(parts: Iterable[EmailBodyPart]) -> None:
    for part in parts:
        _ = part.part_id, part.blob_id, part.size, part.name, part.type, part.charset
        _ = part.disposition
        if part.type.startswith("multipart/"):
            _read_parts(part.sub_parts or ())


def arguments_writer(client: Client, update: Update) -> Callable[[], bytes]:
    """Return a function that writes the arguments of a call that was made already."""
    arguments = client.email.set(update=update).arguments
    return lambda: encode(arguments)


def request_writer(client: Client, update: Update) -> Callable[[], bytes]:
    """Return a function that makes a call of these updates, plans it and writes the request."""

    def write() -> bytes:
        planner = Planner()
        planner.submit(client.email.set(update=update), client.session).claim()
        request = planner.next_request(client.session.core)
        if request is None:
            raise AssertionError("nothing to send")
        return request.encode()

    return write
