"""Filling accounts with Mailboxes, an Identity and messages, from the outside."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from jmap_async.testing.data_types import compose, email_type, mailstore
from jmap_async.testing.data_types.mailbox import MAX_NAME_SIZE
from jmap_async.testing.instants import to_utc_date
from jmap_async.testing.message import compose_headers, entities, headers
from jmap_async.testing.message.content import BODY_PROPERTIES, HEADER_SHORTCUTS, PREVIEW_SIZE
from jmap_async.testing.standard.querying import COLLATIONS
from jmap_async.testing.store import Account
from jmap_async.testing.types import CORE, MAIL, SUBMISSION, JSONObject

Attachment = tuple[str, bytes] | tuple[str, bytes, str]
"""A file to attach: its name, its content and perhaps its media type."""

_ROLES: Final = ("inbox", "drafts", "sent", "trash", "junk", "archive")
_MAIL_CAPABILITY: Final[JSONObject] = {
    "maxMailboxesPerEmail": 100,
    "maxMailboxDepth": None,
    "maxSizeMailboxName": MAX_NAME_SIZE,
    "maxSizeAttachmentsPerEmail": 50_000_000,
    "emailQuerySortOptions": [
        *("receivedAt", "size", "from", "to", "subject", "sentAt"),
        *("hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword"),
    ],
    "mayCreateTopLevelMailbox": True,
}
_SUBMISSION_CAPABILITY: Final[JSONObject] = {
    "maxDelayedSend": 30 * 24 * 3600,
    "submissionExtensions": {"FUTURERELEASE": ["2592000"], "8BITMIME": [], "SIZE": ["50000000"]},
}


def session_capabilities(capabilities: Iterable[str]) -> dict[str, JSONObject]:
    """Return Session.capabilities less the limits; core is always there."""
    found = {uri: JSONObject() for uri in dict.fromkeys([CORE, *capabilities])}
    found[CORE] = {"collationAlgorithms": sorted(COLLATIONS)}
    return found


def account_capabilities(capabilities: Iterable[str]) -> dict[str, JSONObject]:
    """Return accountCapabilities for these capabilities; core is always there."""
    details = {MAIL: _MAIL_CAPABILITY, SUBMISSION: _SUBMISSION_CAPABILITY}
    return {uri: dict(details.get(uri, {})) for uri in dict.fromkeys([CORE, *capabilities])}


def furnish(account: Account, address: str) -> None:
    """Give a new account its Mailboxes with roles, an Identity and a VacationResponse."""
    for index, role in enumerate(_ROLES if MAIL in account.capabilities else ()):
        add_mailbox(account, role.capitalize(), role=role, parent_id=None, sort_order=index)
    if SUBMISSION in account.capabilities:
        identities = account.tables["Identity"]
        identities.insert(
            {
                "id": identities.next_id(),
                "name": account.name,
                "email": address,
                "replyTo": None,
                "bcc": None,
                "textSignature": "",
                "htmlSignature": "",
                "mayDelete": False,
            }
        )
    vacation: JSONObject = dict.fromkeys(("fromDate", "toDate", "subject", "textBody", "htmlBody"))
    account.tables["VacationResponse"].insert({"id": "singleton", "isEnabled": False, **vacation})


def add_mailbox(
    account: Account, name: str, *, role: str | None, parent_id: str | None, sort_order: int = 0
) -> str:
    """Add a Mailbox and return its id."""
    table = account.tables["Mailbox"]
    id = table.next_id()
    table.insert(
        {
            "id": id,
            "name": name,
            "parentId": parent_id,
            "role": role,
            "sortOrder": sort_order,
            "isSubscribed": True,
        }
    )
    return id


def find_mailbox(account: Account, mailbox: str) -> str:
    """Return the id of a Mailbox given by id or role.

    Raises:
        LookupError: there is none.
    """
    if mailbox in account.records("Mailbox"):
        return mailbox
    found = mailstore.role_id(account, mailbox)
    if found is None:
        raise LookupError(f"account {account.id!r} has no Mailbox with id or role {mailbox!r}")
    return found


def deliver(
    account: Account,
    raw: bytes,
    *,
    mailbox: str,
    keywords: Iterable[str],
    now: datetime,
    known: JSONObject | None = None,
) -> str:
    """Store a message as if it had just been delivered; return the Email's id."""
    values: JSONObject = {
        "mailboxIds": {find_mailbox(account, mailbox): True},
        "keywords": {keyword.lower(): True for keyword in keywords},
    }
    record = email_type.store_message(account, raw, values, now, known)
    # RFC 8621, 1.5: a push-only type that changes when a message arrives.
    account.tables["EmailDelivery"].note(record["id"], "created")
    id: str = record["id"]
    return id


def message(
    account: Account,
    *,
    subject: str,
    from_: str,
    to: str | Sequence[str],
    text: str | None,
    html: str | None,
    attachments: Iterable[Attachment],
    now: datetime,
) -> tuple[bytes, JSONObject | None]:
    """Compose a message of plain values; with it come its properties where they are easy to say.

    Ten thousand of these must not take long to make, nor to /get for the first time.
    """
    message_id = f"{account.id}.{account.tables['Email'].issued + 1}@memory.invalid"
    values: JSONObject = {
        "subject": subject,
        "from": _addresses([from_]),
        "to": _addresses([to] if isinstance(to, str) else to),
    }
    files = list(attachments)
    if html is None and not files:
        return _plain(account, values, text or "", now, message_id)
    _add_bodies(account, values, text, html, files)
    return compose.compose(values, account.blobs.get, now=now, message_id=message_id), None


def _addresses(texts: Sequence[str]) -> list[JSONObject]:
    return [address for text in texts for address in headers.as_addresses(text)]


def _plain(
    account: Account, values: JSONObject, text: str, now: datetime, message_id: str
) -> tuple[bytes, JSONObject | None]:
    """Return a message of one text part, and what parsing it would give."""
    fields = compose_headers.message_fields(values, now=now, message_id=message_id)
    part = entities.text(text, ["Content-Type: text/plain; charset=utf-8"])
    head, content = compose_headers.join(fields), part.body
    raw = head + part.to_bytes()
    # What needs encoding or quoting is left to the parser: it knows best what comes back.
    if not head.isascii() or part.is_encoded or any(c in head for c in (b"=?", b'"', b"\\", b"\t")):
        return raw, None
    body_part = dict.fromkeys(BODY_PROPERTIES) | {
        "partId": "1",
        "blobId": account.put_blob(content, "text/plain"),
        "size": len(content),
        "type": "text/plain",
        "charset": "utf-8",
    }
    return raw, {
        **dict.fromkeys(HEADER_SHORTCUTS),
        **values,
        "messageId": [message_id],
        "sentAt": to_utc_date(now.replace(microsecond=0)),
        "hasAttachment": False,
        "preview": " ".join(text.split())[:PREVIEW_SIZE],
        "textBody": [body_part],
        "htmlBody": [body_part],
        "attachments": [],
    }


def _add_bodies(
    account: Account,
    values: JSONObject,
    text: str | None,
    html: str | None,
    files: list[Attachment],
) -> None:
    values["bodyValues"] = {}
    for name, type, value in (("textBody", "text/plain", text), ("htmlBody", "text/html", html)):
        if value is not None:
            values[name] = [{"partId": name, "type": type}]
            values["bodyValues"][name] = {"value": value}
    values["attachments"] = [
        {"blobId": account.put_blob(file[1]), "name": file[0], "type": _type(file)}
        for file in files
    ]


def _type(file: Attachment) -> str:
    return file[2] if len(file) == 3 else "application/octet-stream"
