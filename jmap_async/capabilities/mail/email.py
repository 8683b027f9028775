"""Email: a message and what is known about it (RFC 8621, 4.1)."""

from datetime import datetime
from typing import Final, Literal

import attrs

from jmap_async.capabilities.inputs import as_id_map, as_keywords, as_message_ids
from jmap_async.capabilities.mail.address import EmailAddress, as_addresses
from jmap_async.capabilities.mail.body import EmailBodyPart, EmailBodyValue
from jmap_async.capabilities.mail.headers import EmailHeader, EmailHeaderProperty, HeaderProperty
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import declared
from jmap_async.protocol.types import ABSENT, Id

EmailProperty = (
    Literal[
        "id",
        "blobId",
        "threadId",
        "mailboxIds",
        "keywords",
        "size",
        "receivedAt",
        "headers",
        "messageId",
        "inReplyTo",
        "references",
        "sender",
        "from",
        "to",
        "cc",
        "bcc",
        "replyTo",
        "subject",
        "sentAt",
        "bodyStructure",
        "bodyValues",
        "textBody",
        "htmlBody",
        "attachments",
        "hasAttachment",
        "preview",
        "smimeStatus",
        "smimeStatusAtDelivery",
        "smimeErrors",
        "smimeVerifiedAt",
    ]
    | EmailHeaderProperty
    | HeaderProperty
)
"""What `properties` may ask for; for any other header field there is `header()`."""

PROPERTIES_OF_PARTS: Final = ("bodyStructure", "textBody", "htmlBody", "attachments")
"""Those that hold parts of the body."""

PARSED_PROPERTIES: Final = (
    "messageId",
    "inReplyTo",
    "references",
    "sender",
    "from",
    "to",
    "cc",
    "bcc",
    "replyTo",
    "subject",
    "sentAt",
    "hasAttachment",
    "preview",
    "bodyValues",
    "textBody",
    "htmlBody",
    "attachments",
)
"""What Email/parse gives where `properties` are not given (RFC 8621, 4.9)."""

USUAL_PROPERTIES: Final = (
    *("id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt"),
    *PARSED_PROPERTIES,
)
"""What Email/get gives where `properties` are not given (RFC 8621, 4.2)."""

_SMIME: Final = "urn:ietf:params:jmap:smimeverify"

EXTENSIONS: Final = {
    "smimeStatus": _SMIME,
    "smimeStatusAtDelivery": _SMIME,
    "smimeErrors": _SMIME,
    "smimeVerifiedAt": _SMIME,
    "hasSmime": _SMIME,
    "hasVerifiedSmime": _SMIME,
    "hasVerifiedSmimeAtDelivery": _SMIME,
}
"""Properties and conditions of other capabilities (RFC 9219, 4)."""


@data_object
@declared(kw_only=True)
class Email(DataObject):
    """A message (RFC 8621, 4.1).

    To create one, addresses may be given as "Bob <bob@example.net>", one or many, message ids with
    or without their brackets, and `mailbox_ids` and `keywords` as any collection. Other header
    fields are given by wire name, as `extra={"header:X-Ticket:asText": "42"}`; so they are read,
    too: `email["header:X-Ticket"]`.

    All properties but `mailbox_ids` and `keywords` are fixed once the Email exists.
    """

    id: Id = ABSENT
    blob_id: Id = ABSENT
    thread_id: Id = ABSENT
    mailbox_ids: dict[Id, bool] = attrs.field(default=ABSENT, converter=as_id_map)
    keywords: dict[str, bool] = attrs.field(default=ABSENT, converter=as_keywords)
    size: int = ABSENT
    received_at: datetime = ABSENT
    headers: list[EmailHeader] = ABSENT
    message_id: list[str] | None = attrs.field(default=ABSENT, converter=as_message_ids)
    in_reply_to: list[str] | None = attrs.field(default=ABSENT, converter=as_message_ids)
    references: list[str] | None = attrs.field(default=ABSENT, converter=as_message_ids)
    sender: list[EmailAddress] | None = attrs.field(default=ABSENT, converter=as_addresses)
    from_: list[EmailAddress] | None = attrs.field(default=ABSENT, converter=as_addresses)
    to: list[EmailAddress] | None = attrs.field(default=ABSENT, converter=as_addresses)
    cc: list[EmailAddress] | None = attrs.field(default=ABSENT, converter=as_addresses)
    bcc: list[EmailAddress] | None = attrs.field(default=ABSENT, converter=as_addresses)
    reply_to: list[EmailAddress] | None = attrs.field(default=ABSENT, converter=as_addresses)
    subject: str | None = ABSENT
    sent_at: datetime | None = ABSENT
    body_structure: EmailBodyPart = ABSENT
    body_values: dict[str, EmailBodyValue] = ABSENT
    text_body: list[EmailBodyPart] = ABSENT
    html_body: list[EmailBodyPart] = ABSENT
    attachments: list[EmailBodyPart] = ABSENT
    has_attachment: bool = ABSENT
    preview: str = ABSENT
    smime_status: str | None = ABSENT
    smime_status_at_delivery: str | None = ABSENT
    smime_errors: list[str] | None = ABSENT
    smime_verified_at: datetime | None = ABSENT


HEADER_FIELDS: Final = {
    "messageId": "message-id",
    "inReplyTo": "in-reply-to",
    "references": "references",
    "sender": "sender",
    "from": "from",
    "to": "to",
    "cc": "cc",
    "bcc": "bcc",
    "replyTo": "reply-to",
    "subject": "subject",
    "sentAt": "date",
}
"""Properties of an Email that stand for header fields, and these fields in lower case."""


@data_object
@declared(kw_only=True)
class EmailImport(DataObject):
    """An uploaded message to import as an Email (RFC 8621, 4.8); it needs a mailbox."""

    blob_id: Id = ABSENT
    mailbox_ids: dict[Id, bool] = attrs.field(default=ABSENT, converter=as_id_map)
    keywords: dict[str, bool] = attrs.field(default=ABSENT, converter=as_keywords)
    received_at: datetime = ABSENT
