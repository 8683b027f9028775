"""The mail that everything is measured with, in two views; made up, and always the same."""

from typing import Any, Final

LIST_PROPERTIES: Final = (
    "id",
    "blobId",
    "threadId",
    "mailboxIds",
    "keywords",
    "size",
    "receivedAt",
    "from",
    "to",
    "subject",
    "hasAttachment",
    "preview",
)
"""What a list of messages shows."""

SEEN: Final = {"keywords/$seen": True}
"""The patch that marks an Email as read."""

FLAGGED: Final = {"keywords/$flagged": True}
"""The patch that marks an Email as urgent."""

ROLES: Final = ("inbox", "drafts", "sent", "archive", "junk", "trash")
"""What the Mailboxes are for, one each."""

IDENTITY: Final = {
    "id": "I1",
    "name": "Alice",
    "email": "alice@example.org",
    "replyTo": None,
    "bcc": None,
    "textSignature": "",
    "htmlSignature": "",
    "mayDelete": False,
}
"""Whom messages are sent as (RFC 8621, 6)."""

_RIGHTS: Final = (
    "mayReadItems",
    "mayAddItems",
    "mayRemoveItems",
    "maySetSeen",
    "maySetKeywords",
    "mayCreateChild",
    "mayRename",
    "mayDelete",
    "maySubmit",
)

_WORDS: Final = (
    "minutes",
    "spring",
    "meeting",
    "notes",
    "about",
    "budget",
    "travel",
    "and",
    "lunch",
)
_KINDS: Final = ("text/plain", "text/html", "application/pdf")
_BODY_PROPERTIES: Final = ("partId", "blobId", "size", "name", "type", "charset", "disposition")


def email_id(number: int) -> str:
    """Return the id of an Email, as long as those of real servers."""
    return f"M{number:023x}"


def thread_id(number: int) -> str:
    """Return the id of the Thread of an Email."""
    return f"T{number:015x}"


def mailbox_id(role: str) -> str:
    """Return the id of the Mailbox with a role."""
    return f"P{ROLES.index(role)}-{role}"


def mailbox(role: str) -> dict[str, Any]:
    """Return the Mailbox with a role (RFC 8621, 2)."""
    return {
        "id": mailbox_id(role),
        "name": role.title(),
        "parentId": None,
        "role": role,
        "sortOrder": ROLES.index(role),
        "totalEmails": 4_000,
        "unreadEmails": 40,
        "totalThreads": 3_000,
        "unreadThreads": 30,
        "myRights": dict.fromkeys(_RIGHTS, True),
        "isSubscribed": True,
    }


def draft(number: int) -> dict[str, Any]:
    """Return a message that was not sent yet, as a server is told to create it."""
    return {
        "mailboxIds": {mailbox_id("drafts"): True},
        "keywords": {"$draft": True, "$seen": True},
        "from": [{"name": IDENTITY["name"], "email": IDENTITY["email"]}],
        "to": [{"email": f"bob{number}@example.net"}],
        "subject": "minutes",
        "bodyStructure": {"type": "text/plain", "partId": "text"},
        "bodyValues": {"text": {"value": "The minutes of the meeting."}},
    }


FILED: Final = {
    f"mailboxIds/{mailbox_id('drafts')}": None,
    f"mailboxIds/{mailbox_id('sent')}": True,
    "keywords/$draft": None,
}
"""The patch that puts a draft among the sent messages."""


def list_view(number: int) -> dict[str, Any]:
    """Return an Email with the properties that a list shows: 650 octets."""
    return {
        "id": email_id(number),
        "blobId": f"G{number:040x}",
        "threadId": thread_id(number),
        "mailboxIds": {f"P{number % 7}-inbox": True},
        "keywords": {"$seen": True, "project-x": True},
        "size": 4_000 + number,
        "receivedAt": f"2026-05-{number % 28 + 1:02}T{number % 24:02}:15:42Z",
        "from": [_person(number)],
        "to": [_person(number + 1), _person(number + 2)],
        "subject": f"Re: {_text(number, 6)} ({number})",
        "hasAttachment": number % 3 == 0,
        "preview": _text(number, 30)[:120],
    }


def full_view(number: int) -> dict[str, Any]:
    """Return an Email with headers, structure and bodies: 28 properties, 10.7 KB."""
    text, html, attachment = (_part(number, kind) for kind in _KINDS)
    return {
        **list_view(number),
        "headers": [{"name": f"X-Trace-{line}", "value": _text(line, 9)} for line in range(24)],
        "messageId": [f"{number:x}.1@example.net"],
        "inReplyTo": [f"{number:x}.0@example.net"],
        "references": [f"{number:x}.{step}@example.net" for step in range(3)],
        "sender": None,
        "cc": [_person(number + step) for step in range(3, 6)],
        "bcc": None,
        "replyTo": [_person(number)],
        "sentAt": "2026-05-04T09:15:40+02:00",
        "bodyStructure": {
            **_part(number, "multipart/mixed"),
            "subParts": [
                {**_part(number, "multipart/alternative"), "subParts": [text, html]},
                attachment,
            ],
        },
        "bodyValues": {
            "text/plain": _body(_text(number, 400)[:2_000]),
            "text/html": _body(f"<p>{_text(number, 800)[:4_000]}</p>"),
        },
        "textBody": [text],
        "htmlBody": [html],
        "attachments": [attachment],
        "header:List-Id:asText": "Spring meeting <spring.example.net>",
        "header:X-Ticket:asText": None,
    }


def _person(number: int) -> dict[str, str]:
    name = f"{_WORDS[number % 9].title()} {_WORDS[number % 5].title()}"
    return {"name": name, "email": f"{name.replace(' ', '.').lower()}{number % 50}@example.net"}


def _text(number: int, words: int) -> str:
    return " ".join(_WORDS[(number + step * step) % len(_WORDS)] for step in range(words))


def _body(value: str) -> dict[str, Any]:
    return {"value": value, "isEncodingProblem": False, "isTruncated": False}


def _part(number: int, kind: str) -> dict[str, Any]:
    return {
        **dict.fromkeys(_BODY_PROPERTIES),
        "partId": kind,
        "blobId": f"G{number:040x}",
        "size": 2_000 + number,
        "type": kind,
    }
