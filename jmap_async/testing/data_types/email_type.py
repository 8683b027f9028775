"""The Email type: its properties, /get and what /set does with it (RFC 8621, 4.1, 4.2, 4.6)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import ClassVar, Final

from jmap_async.testing.checks import (
    Check,
    anything,
    is_address,
    is_boolean,
    is_id,
    is_keyword,
    is_list,
    is_object,
    is_string,
    is_true,
    is_unsigned,
    list_of,
    map_of,
    nullable,
)
from jmap_async.testing.data_types import mailstore
from jmap_async.testing.data_types.compose import compose
from jmap_async.testing.data_types.email_query import CONDITIONS, SORTS, collapse
from jmap_async.testing.data_types.messages import content_of, mail_limits
from jmap_async.testing.failures import MethodFailure, SetFailure, invalid_properties
from jmap_async.testing.instants import is_date, is_utc_date, to_utc_date
from jmap_async.testing.message.content import BODY_PROPERTIES, Content
from jmap_async.testing.message.headers import parse_property
from jmap_async.testing.methods import FLAG, Argument, Call
from jmap_async.testing.standard.datatype import ID_PROPERTY, Property, server_set
from jmap_async.testing.standard.querying import QueryableType
from jmap_async.testing.store import Account
from jmap_async.testing.types import MAIL, JSONObject

_PARTS: Final = frozenset(("bodyStructure", "textBody", "htmlBody", "attachments"))
_FAST: Final = ("messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc")
DERIVED: Final = (*_FAST, "replyTo", "subject", "sentAt", "hasAttachment", "preview")
CREATED: Final = ("id", "blobId", "threadId", "size")
BODY_ARGUMENTS: Final = {
    "bodyProperties": Argument(list_of(is_string), None),
    "fetchTextBodyValues": FLAG,
    "fetchHTMLBodyValues": FLAG,
    "fetchAllBodyValues": FLAG,
    "maxBodyValueBytes": Argument(is_unsigned, 0),
}


def _fixed(check: Check) -> Property:
    return Property(check, None, immutable=True)


_ADDRESSES: Final = _fixed(nullable(list_of(is_address)))
_IDS: Final = _fixed(nullable(list_of(is_string)))


def _is_mailbox_ids(value: object) -> bool:
    return bool(value) and map_of(is_id, is_true)(value)


class EmailType(QueryableType):
    """Emails: mailboxIds and keywords can change, everything else is the message."""

    name = "Email"
    capability = MAIL
    created_properties = CREATED
    properties: ClassVar[Mapping[str, Property]] = {
        "id": ID_PROPERTY,
        "blobId": server_set(is_id),
        "threadId": server_set(is_id),
        "mailboxIds": Property(_is_mailbox_ids, references=True),
        "keywords": Property(map_of(is_keyword, is_true), {}),
        "size": server_set(is_unsigned),
        "receivedAt": Property(is_utc_date, None, immutable=True),
        "headers": server_set(anything),
        **dict.fromkeys(("messageId", "inReplyTo", "references"), _IDS),
        **dict.fromkeys(("sender", "from", "to", "cc", "bcc", "replyTo"), _ADDRESSES),
        "subject": _fixed(nullable(is_string)),
        "sentAt": _fixed(nullable(is_date)),
        "hasAttachment": server_set(is_boolean),
        "preview": server_set(is_string),
        "bodyStructure": _fixed(is_object),
        "bodyValues": _fixed(map_of(is_string, is_object)),
        **dict.fromkeys(("textBody", "htmlBody", "attachments"), _fixed(list_of(is_object))),
    }
    default_properties = (
        *("id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt"),
        *DERIVED,
        *("bodyValues", "textBody", "htmlBody", "attachments"),
    )
    conditions = CONDITIONS
    sorts = SORTS

    def knows(self, name: str) -> bool:
        """Accept header properties too, in the forms that their field may have."""
        return name in self.properties or parse_property(name) is not None

    def fits(self, name: str, value: object) -> bool:
        """Leave header properties to the composer of the message."""
        return name.startswith("header:") or super().fits(name, value)

    def render(
        self, call: Call, record: JSONObject, names: Iterable[str], options: JSONObject
    ) -> JSONObject:
        """Read what is not stored from the message."""
        content = content_of(call.account, record["blobId"])
        values, shown = content.values, JSONObject()
        usual = options.get("bodyProperties") is None
        for name in names:
            # Thousands of these a second: what needs no thought gets none.
            if name in record:
                shown[name] = record[name]
            elif name in values and (usual or name not in _PARTS):
                shown[name] = values[name]
            else:
                shown[name] = derived(content, name, options)
        return shown

    def normalise(self, values: JSONObject) -> JSONObject:
        """Write keywords in lower case (RFC 8621, 4.1.1)."""
        return {
            (key.lower() if key.startswith("keywords/") else key): (
                {str(k).lower(): v for k, v in value.items()}
                if key == "keywords" and is_object(value)
                else value
            )
            for key, value in values.items()
        }

    def create(self, call: Call, values: JSONObject, options: JSONObject) -> JSONObject:
        """Compose the message and store it."""
        check_mailboxes(call.account, values)
        now = call.world.clock()
        number = call.account.tables["Email"].issued + 1
        raw = compose(
            values,
            call.account.blobs.get,
            now=now,
            message_id=f"{call.account.id}.{number}@memory.invalid",
        )
        return store_message(call.account, raw, values, now)

    def update(
        self, call: Call, old: JSONObject, new: JSONObject, options: JSONObject
    ) -> JSONObject:
        """Change the Mailboxes and keywords."""
        check_mailboxes(call.account, new)
        mailstore.change_email(call.account, old, new)
        return new

    def destroy(self, call: Call, record: JSONObject, options: JSONObject) -> None:
        """Remove the Email for good; its blob stays for now."""
        mailstore.remove_email(call.account, record["id"])

    def arrange(self, call: Call, ids: list[str], given: JSONObject) -> list[str]:
        """Collapse threads, if asked to (RFC 8621, 4.4.3)."""
        return collapse(call.account, ids) if given.get("collapseThreads") else ids


def derived(content: Content, name: str, options: JSONObject) -> object:
    """Return a property that comes from the message."""
    if name == "bodyValues":
        return content.body_values(options)
    properties = options.get("bodyProperties")
    if name in _PARTS and properties is not None:
        return content.parts(name, properties)
    return content.value(name)


def check_body_properties(given: JSONObject) -> None:
    """Refuse unknown properties of body parts, and forbidden header forms."""
    for name in given["bodyProperties"] or ():
        known = name in BODY_PROPERTIES or name in ("headers", "subParts")
        if not known and parse_property(name) is None:
            raise MethodFailure("invalidArguments", f"EmailBodyPart has no property {name!r}.")


def check_mailboxes(account: Account, values: JSONObject) -> None:
    """Refuse Mailboxes that do not exist, or too many of anything.

    Raises:
        SetFailure: "invalidProperties", "tooManyMailboxes" or "tooManyKeywords".
    """
    mailboxes, most = account.records("Mailbox"), mail_limits(account)
    missing = [id for id in values["mailboxIds"] if id not in mailboxes]
    if missing:
        raise invalid_properties("mailboxIds", description=f"There is no Mailbox {missing[0]!r}.")
    if most["maxMailboxesPerEmail"] and len(values["mailboxIds"]) > most["maxMailboxesPerEmail"]:
        raise SetFailure("tooManyMailboxes", "An Email may not be in so many Mailboxes.")
    if len(values["keywords"]) > most["maxKeywordsPerEmail"]:
        raise SetFailure("tooManyKeywords", "An Email may not have so many keywords.")


def store_message(
    account: Account,
    raw: bytes,
    values: JSONObject,
    now: datetime,
    known: JSONObject | None = None,
) -> JSONObject:
    """Store a message as a new Email and return its record."""
    blob_id = account.put_blob(raw, "message/rfc822")
    if known is not None:
        account.contents[blob_id] = Content(raw, account.put_blob, known)
    content = content_of(account, blob_id)
    record: JSONObject = {
        "id": None,
        "blobId": blob_id,
        "threadId": None,
        "mailboxIds": values["mailboxIds"],
        "keywords": values["keywords"],
        "size": len(raw),
        "receivedAt": values.get("receivedAt") or to_utc_date(now),
    }
    mailstore.add_email(account, record, _related(content), _subject(content))
    return record


def _related(content: Content) -> list[str]:
    lists = [content.value(name) for name in ("messageId", "inReplyTo", "references")]
    return [str(id) for found in lists if is_list(found) for id in found]


def _subject(content: Content) -> str | None:
    subject = content.value("subject")
    return subject if isinstance(subject, str) else None


EMAIL: Final = EmailType()
