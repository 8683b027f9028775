"""Composing a message to send: pure functions from what the caller gives to what is sent."""

import mimetypes
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from email.utils import make_msgid, parseaddr
from pathlib import Path, PurePath
from typing import Final, TypeVar, cast

import attrs

from jmap_async.capabilities.inputs import items, members
from jmap_async.capabilities.mail.address import AddressesLike, EmailAddress, as_addresses
from jmap_async.capabilities.mail.body import EmailBodyPart, EmailBodyValue
from jmap_async.capabilities.mail.email import HEADER_FIELDS, Email
from jmap_async.capabilities.mail.headers import header_field
from jmap_async.capabilities.submission.email_submission import Address, Envelope
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol import dates, patch
from jmap_async.protocol.blob import Blob
from jmap_async.protocol.declaring import record
from jmap_async.protocol.types import ABSENT, Id, Wire
from jmap_async.verbs.mailbox import no_role

T = TypeVar("T")

AttachmentLike = str | os.PathLike[str] | bytes | tuple[str, bytes] | tuple[str, bytes, str] | Blob
"""A path, the bytes themselves, (name, bytes), (name, bytes, type), or an uploaded Blob."""

_UNKNOWN_TYPE: Final = "application/octet-stream"


@record(kw_only=True)
class Attachment:
    """Something to attach; `content` is still to be uploaded unless it is a Blob."""

    content: bytes | os.PathLike[str] | Blob = attrs.field(repr=False)
    name: str | None = None
    type: str = _UNKNOWN_TYPE

    def part(self, blob: Blob) -> EmailBodyPart:
        """Return the body part for the uploaded content."""
        return EmailBodyPart(
            blob_id=blob.blob_id,
            type=self.type,
            disposition="attachment",
            name=_or_absent(self.name),
        )


def as_attachments(value: AttachmentLike | Iterable[AttachmentLike]) -> list[Attachment]:
    """Return a list of attachments, whatever way they were given."""
    many = [value] if _is_one(value) else value
    return [_attachment(one) for one in cast("Iterable[AttachmentLike]", many)]


def _is_one(value: object) -> bool:
    if isinstance(value, tuple):
        # A name and bytes; a list of these two would be a path and bytes.
        return [type(one) for one in cast("tuple[object, ...]", value)[:2]] == [str, bytes]
    return isinstance(value, str | bytes | os.PathLike | Blob)


def _attachment(value: AttachmentLike) -> Attachment:
    match value:
        case Blob():
            return Attachment(content=value, type=_plain(value.type))
        case bytes():
            return Attachment(content=value)
        case str() | os.PathLike():
            path = Path(value)
            return Attachment(content=path, name=path.name, type=_guess(path.name))
        case (str(name), bytes(content)):
            return Attachment(content=content, name=name, type=_guess(name))
        case (str(name), bytes(content), str(type)):
            return Attachment(content=content, name=name, type=_plain(type))
    raise LocalProtocolError(
        f"{value!r:.80} is no attachment: give a path, (name, bytes), (name, bytes, type) or a Blob"
    )


def _guess(name: str) -> str:
    # Not guess_type(), which first reads files of the system: an event loop should not wait for it.
    # Where something else in the process has read them, their types are here as well.
    ending = PurePath(name).suffix.lower()
    packed = ending in mimetypes.encodings_map
    return _UNKNOWN_TYPE if packed else mimetypes.types_map.get(ending, _UNKNOWN_TYPE)


def _plain(type: str) -> str:
    # RFC 8621, 4.1.4: the type of a part has no parameters.
    return type.partition(";")[0].strip() or _UNKNOWN_TYPE


def unique_name() -> str:
    """Return the left side of a new Message-ID."""
    return make_msgid(domain="invalid")[1:].partition("@")[0]


@record(kw_only=True)
class Letter:
    """A message to send; only what depends on the account is missing.

    `unique` is the left side of its Message-ID, chosen before the first attempt to send it. Of a
    message that is sent `as_is` only what is missing is added.
    """

    email: Email
    sender: EmailAddress | None = None
    identity: Identity | Id | None = None
    send_at: datetime | None = None
    as_is: bool = False
    unique: str = attrs.field(factory=unique_name)

    @property
    def exists(self) -> bool:
        """Whether the server has the Email already."""
        return "id" in self.email


def as_is(message: Email, *, identity: Identity | Id | None, send_at: datetime | None) -> Letter:
    """Make a letter of a message that is sent as it is."""
    sender = _sender(message)
    return Letter(email=message, sender=sender, identity=identity, send_at=send_at, as_is=True)


def _sender(message: Email) -> EmailAddress | None:
    """Return the first address that a message is from, by whatever name that is given."""
    if senders := getattr(message, "from_", None):
        return cast("EmailAddress", senders[0])
    fields = (value for name, value in message.to_wire().items() if header_field(name) == "from")
    email = next((one for value in fields for one in _emails(value) if one), None)
    return None if email is None else EmailAddress(email=email)


def _emails(value: object) -> Iterator[str]:
    """Yield the addresses in the value of a header field, in whatever form that is."""
    if isinstance(value, str):
        yield parseaddr(value)[1]
    found = members(value)
    if isinstance(email := found.get("email"), str):
        yield email
    for one in (*items(value), *items(found.get("addresses"))):
        yield from _emails(one)


_NEEDED: Final = {"from": "from_", "mailboxIds": "mailbox_ids"}
_FOR_ENVELOPE: Final = {"to": "to", "cc": "cc", "bcc": "bcc"}


def missing(letter: Letter) -> dict[str, str]:
    """Return the properties to fetch of an Email that the server has, and their attributes."""
    needed = {**_NEEDED, **(_FOR_ENVELOPE if letter.send_at else {})} if letter.exists else {}
    return {name: attribute for name, attribute in needed.items() if name not in letter.email}


def filled(letter: Letter, fetched: Email) -> Letter:
    """Return a letter with what was missing of the Email that the server has."""
    there = {one: getattr(fetched, one) for wire, one in missing(letter).items() if wire in fetched}
    email = attrs.evolve(letter.email, **there)
    return attrs.evolve(letter, email=email, sender=_sender(email))


def compose(
    *,
    to: AddressesLike | None,
    cc: AddressesLike | None,
    bcc: AddressesLike | None,
    reply_to: AddressesLike | None,
    subject: str | None,
    text: str | None,
    html: str | None,
) -> Email:
    """Make the Email; sender, mailboxes and Message-ID are still missing.

    Raises:
        LocalProtocolError: an address is none, or there is no recipient at all.
    """
    recipients = [as_addresses(one) for one in (to, cc, bcc)]
    if not any(recipients):
        raise LocalProtocolError("a message needs a recipient: give to, cc or bcc")
    if text is None and html is None:
        text = ""
    values = {"text": text, "html": html}
    return Email(
        to=_or_absent(recipients[0]),
        cc=_or_absent(recipients[1]),
        bcc=_or_absent(recipients[2]),
        reply_to=_or_absent(as_addresses(reply_to)),
        subject=_or_absent(subject),
        body_values={
            part_id: EmailBodyValue(value=value)
            for part_id, value in values.items()
            if value is not None
        },
        text_body=_body("text", "text/plain") if text is not None else ABSENT,
        html_body=_body("html", "text/html") if html is not None else ABSENT,
    )


def _body(part_id: str, type: str) -> list[EmailBodyPart]:
    return [EmailBodyPart(part_id=part_id, type=type)]


def _or_absent(value: T | None) -> T:
    return ABSENT if value is None else value


def complete(letter: Letter, *, sender: EmailAddress, identity: Identity, mailbox: Id) -> Email:
    """Return the Email to create: what the caller gave, and what was missing."""
    email = letter.email
    if not _has(email, "from"):
        email = attrs.evolve(email, from_=sender)
    if not _has(email, "messageId"):
        domain = sender.email.rpartition("@")[2]
        email = attrs.evolve(email, message_id=[f"{letter.unique}@{domain}"])
    if "mailboxIds" not in email:
        email = attrs.evolve(email, mailbox_ids=mailbox)
    if "keywords" not in email:
        email = attrs.evolve(email, keywords=["$draft", "$seen"])
    return email if letter.as_is else _with_defaults(email, identity)


def _has(email: Email, property: str) -> bool:
    """Tell whether a header field is given, by whatever name."""
    wire = email.to_wire()
    return property in wire or HEADER_FIELDS[property] in map(header_field, wire)


def _with_defaults(email: Email, identity: Identity) -> Email:
    """Apply what the identity prescribes; the server does not (RFC 8621, 6)."""
    if "replyTo" not in email and getattr(identity, "reply_to", None):
        email = attrs.evolve(email, reply_to=identity.reply_to)
    if "bcc" not in email and getattr(identity, "bcc", None):
        email = attrs.evolve(email, bcc=identity.bcc)
    return email


def draft_mailbox(roles: Mapping[str, Id]) -> Id:
    """Return the mailbox in which a message waits to be sent.

    Raises:
        NotFound: there is neither one for drafts nor one for sent messages.
    """
    mailbox = roles.get("drafts") or roles.get("sent")
    if mailbox is None:
        raise no_role("drafts", roles)
    return mailbox


def places(placed: Mapping[Id, bool], roles: Mapping[str, Id]) -> dict[Id, bool]:
    """Return the mailboxes in which a message belongs that was sent from these.

    From the drafts it goes to the sent ones. Where there is no mailbox for those, it leaves the
    drafts only if it is elsewhere, too: it is in one mailbox at least (RFC 8621, 4.1.1).
    """
    drafts, sent = roles.get("drafts"), roles.get("sent")
    after = {id: True for id in placed if id != drafts}
    if drafts in placed and sent is not None:
        after[sent] = True
    return after or dict(placed)


def stays(placed: Mapping[Id, bool], roles: Mapping[str, Id]) -> bool:
    """Tell whether a message will be among the drafts even when it was sent."""
    return roles.get("drafts") in places(placed, roles)


def when_sent(placed: Mapping[Id, bool], roles: Mapping[str, Id]) -> dict[str, object]:
    """Return the patch for an Email that was sent: no draft any more, and among the sent ones."""
    after = places(placed, roles)
    changes: dict[str, object] = {patch.path("keywords", "$draft"): None}
    changes |= {patch.path("mailboxIds", one): None for one in placed if one not in after}
    return changes | {patch.path("mailboxIds", one): True for one in after if one not in placed}


def still_to_file(email: Email, roles: Mapping[str, Id]) -> dict[str, object]:
    """Return what is to be changed still of an Email that was sent.

    Its mailboxes come whole: what a server refuses may have been the path to one.
    """
    changes: dict[str, object] = {}
    if "$draft" in email.keywords:
        changes[patch.path("keywords", "$draft")] = None
    after = places(email.mailbox_ids, roles)
    return changes if after == email.mailbox_ids else {**changes, "mailboxIds": after}


def held_envelope(email: Email, sender: EmailAddress, send_at: datetime) -> Envelope:
    """Return the envelope of a message that the server shall hold (RFC 8621, 7; RFC 4865)."""
    # Of an Email that the server has, all three have to be known: what was not fetched is missed.
    headers = [name for name in ("to", "cc", "bcc") if name in email or "id" in email]
    recipients = [one.email for name in headers for one in getattr(email, name) or ()]
    until = dates.encode(send_at.replace(microsecond=0))
    return Envelope(
        mail_from=Address(email=sender.email, parameters={"HOLDUNTIL": until}),
        rcpt_to=list(dict.fromkeys(recipients)),
    )


def check_delay(send_at: datetime, capability: Wire, now: datetime) -> None:
    """Refuse a time that the server cannot hold a message until (RFC 8621, 1.3.2).

    `capability` is the account's submission capability.

    Raises:
        LocalProtocolError: says what the server can do.
    """
    dates.encode(send_at)  # refuses a naive one
    longest = capability.get("maxDelayedSend")
    extensions = {name.upper() for name in members(capability.get("submissionExtensions"))}
    if not isinstance(longest, int) or longest <= 0 or "FUTURERELEASE" not in extensions:
        raise LocalProtocolError(
            "send_at: this server does not hold messages back; send it when it is time"
        )
    if (send_at - now).total_seconds() > longest:
        raise LocalProtocolError(
            f"send_at: this server holds messages back for {longest} seconds at most"
        )
