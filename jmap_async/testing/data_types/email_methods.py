"""The methods of Email, Thread and SearchSnippet (RFC 8621, 3 to 5)."""

import html
import re
from collections.abc import Mapping
from typing import ClassVar, Final

from jmap_async.testing.checks import (
    is_id,
    is_object,
    is_string,
    list_of,
    map_of,
    nullable,
)
from jmap_async.testing.data_types import email_type
from jmap_async.testing.data_types.email_query import search_terms
from jmap_async.testing.data_types.email_type import BODY_ARGUMENTS, CREATED, DERIVED, EMAIL
from jmap_async.testing.data_types.messages import content_of
from jmap_async.testing.failures import MethodFailure, SetFailure, invalid_properties
from jmap_async.testing.instants import in_utc
from jmap_async.testing.message import dates
from jmap_async.testing.message.content import Content
from jmap_async.testing.message.tokens import unfold, without_comments
from jmap_async.testing.methods import FLAG, Argument, Call, Method
from jmap_async.testing.standard.copying import copy_method
from jmap_async.testing.standard.datatype import (
    ID_PROPERTY,
    DataType,
    Property,
    dereference,
    server_set,
)
from jmap_async.testing.standard.getting import (
    GET_ARGUMENTS,
    changes_method,
    get,
    get_method,
    method,
    property_names,
)
from jmap_async.testing.standard.query_changes import query_changes_method
from jmap_async.testing.standard.querying import build_filter, query_method
from jmap_async.testing.standard.setting import IF_IN_STATE, check_size, check_state, set_method
from jmap_async.testing.store import Account
from jmap_async.testing.types import MAIL, JSONObject

_PARSE_DEFAULTS: Final = (*DERIVED, "bodyValues", "textBody", "htmlBody", "attachments")
_METADATA: Final = ("id", "mailboxIds", "keywords", "receivedAt")
_SNIPPET_SIZE: Final = 255


class ThreadType(DataType):
    """Threads: which Emails belong together."""

    name = "Thread"
    capability = MAIL
    properties: ClassVar[Mapping[str, Property]] = {
        "id": ID_PROPERTY,
        "emailIds": server_set(list_of(is_id)),
    }


def _get(call: Call, given: JSONObject) -> JSONObject:
    email_type.check_body_properties(given)
    return get(call, EMAIL, given)


def _import(call: Call, given: JSONObject) -> JSONObject:
    """Answer Email/import (RFC 8621, 4.8)."""
    table = EMAIL.table(call)
    check_size(call, len(given["emails"]))
    check_state(given, "ifInState", table.state)
    response: JSONObject = {"accountId": call.account.id, "oldState": table.state}
    created, not_created = JSONObject(), JSONObject()
    for key, wanted in given["emails"].items():
        try:
            record = _import_one(call, wanted)
        except SetFailure as failure:
            not_created[key] = failure.to_wire()
        else:
            call.creation_ids[key] = record["id"]
            created[key] = {name: record[name] for name in CREATED}
    return response | {
        "newState": table.state,
        "created": created or None,
        "notCreated": not_created or None,
    }


_IMPORT_PROPERTIES: Final = {
    "blobId": Property(is_id),
    **{name: EMAIL.properties[name] for name in ("mailboxIds", "keywords", "receivedAt")},
}


def _import_one(call: Call, wanted: JSONObject) -> JSONObject:
    values: JSONObject = {"keywords": {}}
    wrong = [name for name in ("blobId", "mailboxIds") if name not in wanted]
    for name, value in EMAIL.normalise(wanted).items():
        known = _IMPORT_PROPERTIES.get(name)
        try:
            values[name] = value if known is None else dereference(call, known, value)
        except SetFailure:
            wrong.append(name)
            continue
        if known is None or not known.check(values[name]):
            wrong.append(name)
    if wrong:
        raise invalid_properties(*wrong)
    blob = call.account.blobs.get(values["blobId"])
    if blob is None:
        raise invalid_properties("blobId", description="There is no such blob.")
    email_type.check_mailboxes(call.account, values)
    content = content_of(call.account, values["blobId"])
    if not content.is_message:
        raise SetFailure("invalidEmail", "The blob is no message.")
    values.setdefault("receivedAt", _received(content))
    return email_type.store_message(call.account, blob.data, values, call.world.clock())


def _received(content: Content) -> str | None:
    """Return the time of the latest Received header, the topmost one (RFC 8621, 4.8)."""
    for name, value in content.root.headers:
        if name.lower() == "received":
            date = dates.read(without_comments(unfold(value)).rpartition(";")[2])
            return None if date is None else in_utc(date)
    return None


def _parse(call: Call, given: JSONObject) -> JSONObject:
    """Answer Email/parse (RFC 8621, 4.9)."""
    email_type.check_body_properties(given)
    if len(given["blobIds"]) > call.world.limits.max_objects_in_get:
        raise MethodFailure("requestTooLarge", "Too many blobs for one call.")
    names: list[str] = list(given["properties"] or _PARSE_DEFAULTS)
    property_names(EMAIL, names)
    parsed, not_parsable, not_found = JSONObject(), list[str](), list[str]()
    for blob_id in dict.fromkeys(given["blobIds"]):
        if blob_id not in call.account.blobs:
            not_found.append(blob_id)
        elif not (content := content_of(call.account, blob_id)).is_message:
            not_parsable.append(blob_id)
        else:
            parsed[blob_id] = {name: _parsed(content, blob_id, name, given) for name in names}
    return {
        "accountId": call.account.id,
        "parsed": parsed or None,
        "notParsable": not_parsable or None,
        "notFound": not_found or None,
    }


def _parsed(content: Content, blob_id: str, name: str, given: JSONObject) -> object:
    if name in _METADATA or name == "threadId":
        return None
    if name == "blobId":
        return blob_id
    return len(content.raw) if name == "size" else email_type.derived(content, name, given)


def _copy_one(call: Call, original: JSONObject, source: Account, changes: JSONObject) -> JSONObject:
    """Copy one Email between accounts (RFC 8621, 4.7)."""
    wrong = [name for name in changes if name not in ("mailboxIds", "keywords", "receivedAt")]
    wrong += [n for n, v in changes.items() if n not in wrong and not EMAIL.fits(n, v)]
    if wrong or "mailboxIds" not in changes:
        raise invalid_properties(*(wrong or ["mailboxIds"]))
    values = {**original, **EMAIL.normalise(changes)}
    email_type.check_mailboxes(call.account, values)
    raw = source.blobs[original["blobId"]].data
    return email_type.store_message(call.account, raw, values, call.world.clock())


def _snippets(call: Call, given: JSONObject) -> JSONObject:
    """Answer SearchSnippet/get (RFC 8621, 5.1)."""
    ids = list(dict.fromkeys(given["emailIds"]))
    if len(ids) > call.world.limits.max_objects_in_get:
        raise MethodFailure("requestTooLarge", "Too many Emails for one call.")
    build_filter(call, EMAIL, given["filter"])
    terms = {name: _terms(given["filter"], name) for name in ("subject", "body")}
    emails = call.account.records("Email")
    return {
        "accountId": call.account.id,
        "list": [_snippet(call, emails[id], terms) for id in ids if id in emails],
        "notFound": [id for id in ids if id not in emails] or None,
    }


def _snippet(call: Call, record: JSONObject, terms: dict[str, list[str]]) -> JSONObject:
    content = content_of(call.account, record["blobId"])
    subject = str(content.value("subject") or "")
    body = " ".join(content.plain_text.split())
    return {
        "emailId": record["id"],
        "subject": _mark(subject, terms["subject"]),
        "preview": _excerpt(body, terms["body"]),
    }


def _terms(filter: object, name: str) -> list[str]:
    """Return the words of a filter that concern the subject or the body."""
    if not is_object(filter) or filter.get("operator") == "NOT":
        return []
    if "operator" in filter:
        return [term for inner in filter["conditions"] for term in _terms(inner, name)]
    texts = [filter[key] for key in ("text", name) if key in filter]
    return [term for text in texts for term in search_terms(text)]


def _pattern(terms: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(map(re.escape, terms)), re.IGNORECASE) if terms else None


def _mark(text: str, terms: list[str]) -> str | None:
    pattern = _pattern(terms)
    if pattern is None or pattern.search(text) is None:
        return None
    marked = list[str]()
    position = 0
    for match in pattern.finditer(text):
        marked.append(html.escape(text[position : match.start()], quote=False))
        marked.append(f"<mark>{html.escape(match[0], quote=False)}</mark>")
        position = match.end()
    return "".join([*marked, html.escape(text[position:], quote=False)])


def _excerpt(text: str, terms: list[str]) -> str | None:
    """Return the marked text around the first match, at most 255 octets."""
    pattern = _pattern(terms)
    match = pattern.search(text) if pattern else None
    if match is None:
        return None
    for size in range(200, 0, -20):
        start = max(0, match.start() - size // 10)
        marked = _mark(text[start : start + size], terms)
        if marked is not None and len(marked.encode()) <= _SNIPPET_SIZE:
            return marked
    return None


THREAD: Final = ThreadType()
_COLLAPSE: Final = {"collapseThreads": FLAG}
METHODS: Final[dict[str, Method]] = {
    "Thread/get": get_method(THREAD),
    "Thread/changes": changes_method(THREAD),
    "Email/get": method(EMAIL, _get, {**GET_ARGUMENTS, **BODY_ARGUMENTS}),
    "Email/changes": changes_method(EMAIL),
    "Email/query": query_method(EMAIL, _COLLAPSE),
    "Email/queryChanges": query_changes_method(EMAIL, _COLLAPSE),
    "Email/set": set_method(EMAIL),
    "Email/copy": copy_method(EMAIL, _copy_one),
    "Email/import": method(
        EMAIL, _import, {**IF_IN_STATE, "emails": Argument(map_of(is_id, is_object))}, writes=True
    ),
    "Email/parse": method(
        EMAIL,
        _parse,
        {
            "blobIds": Argument(list_of(is_id)),
            "properties": Argument(nullable(list_of(is_string)), None),
            **BODY_ARGUMENTS,
        },
    ),
    "SearchSnippet/get": method(
        EMAIL,
        _snippets,
        {
            "filter": Argument(nullable(is_object), None),
            "emailIds": Argument(list_of(is_id)),
        },
    ),
}
