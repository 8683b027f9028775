"""Filters and sorts of Email/query (RFC 8621, 4.4)."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from jmap_async.testing.checks import (
    is_boolean,
    is_id,
    is_keyword,
    is_list,
    is_string,
    is_unsigned,
    list_of,
)
from jmap_async.testing.data_types.mailstore import base_subject
from jmap_async.testing.data_types.messages import content_of
from jmap_async.testing.instants import BEFORE_ALL, Instant, instant
from jmap_async.testing.message.content import Content
from jmap_async.testing.message.headers import as_text
from jmap_async.testing.methods import Call
from jmap_async.testing.standard.querying import (
    Condition,
    Predicate,
    Sort,
    SortKey,
    after,
    before,
    by_date,
)
from jmap_async.testing.store import Account
from jmap_async.testing.types import JSONObject

_TOKEN: Final = re.compile(r"""(["'])((?:\\.|(?!\1).)*)\1|(\S+)""", re.DOTALL)


def search_terms(text: str) -> list[str]:
    """Split search text into words and quoted phrases; all must be found (RFC 8621, 4.4.1)."""
    terms: list[str] = []
    for quote, phrase, word in _TOKEN.findall(text):
        terms.append(re.sub(r"\\([\"'\\])", r"\1", phrase) if quote else word)
    return [term.casefold() for term in terms if term]


def _holds(terms: Iterable[str], text: str) -> bool:
    folded = text.casefold()
    return all(term in folded for term in terms)


def _addresses(content: Content, name: str) -> str:
    found: Any = content.value(name) or ()
    return " ".join(f"{address['name'] or ''} {address['email']}" for address in found)


def _subject(content: Content) -> str:
    return str(content.value("subject") or "")


def _everything(content: Content) -> str:
    people = [_addresses(content, name) for name in ("from", "to", "cc", "bcc")]
    return "\n".join([*people, _subject(content), content.plain_text])


def _text_condition(read: Callable[[Content], str]) -> Condition:
    def make(call: Call, value: str) -> Predicate:
        terms = search_terms(value)
        return lambda record: _holds(terms, read(content_of(call.account, record["blobId"])))

    return Condition(is_string, make, mutable=False)


def _people(name: str) -> Condition:
    return _text_condition(lambda content: _addresses(content, name))


def _is_header(value: object) -> bool:
    return is_list(value) and list_of(is_string)(value) and len(value) in (1, 2)


def _header(call: Call, value: list[str]) -> Predicate:
    name, terms = value[0].lower(), search_terms(" ".join(value[1:]))

    def matches(record: JSONObject) -> bool:
        headers = content_of(call.account, record["blobId"]).root.headers
        return any(n.lower() == name and _holds(terms, as_text(text)) for n, text in headers)

    return matches


def thread_keywords(account: Account, record: JSONObject) -> list[Mapping[str, bool]]:
    """Return the keywords of every Email in the Thread of an Email."""
    emails = account.records("Email")
    thread = account.records("Thread")[record["threadId"]]
    return [emails[id]["keywords"] for id in thread["emailIds"]]


def _in_thread(quantify: Callable[[Iterable[bool]], bool]) -> Condition:
    def make(call: Call, value: str) -> Predicate:
        keyword = value.lower()
        return lambda record: quantify(
            keyword in keywords for keywords in thread_keywords(call.account, record)
        )

    return Condition(is_keyword, make)


def _none(values: Iterable[bool]) -> bool:
    return not any(values)


CONDITIONS: Final[Mapping[str, Condition]] = {
    "inMailbox": Condition(is_id, lambda call, id: lambda record: id in record["mailboxIds"]),
    "inMailboxOtherThan": Condition(
        list_of(is_id),
        lambda call, ids: lambda record: not record["mailboxIds"].keys() <= set(ids),
    ),
    "before": before("receivedAt"),
    "after": after("receivedAt"),
    "minSize": Condition(
        is_unsigned, lambda call, size: lambda record: record["size"] >= size, mutable=False
    ),
    "maxSize": Condition(
        is_unsigned, lambda call, size: lambda record: record["size"] < size, mutable=False
    ),
    "allInThreadHaveKeyword": _in_thread(all),
    "someInThreadHaveKeyword": _in_thread(any),
    "noneInThreadHaveKeyword": _in_thread(_none),
    "hasKeyword": Condition(
        is_keyword, lambda call, keyword: lambda record: keyword.lower() in record["keywords"]
    ),
    "notKeyword": Condition(
        is_keyword, lambda call, keyword: lambda record: keyword.lower() not in record["keywords"]
    ),
    "hasAttachment": Condition(
        is_boolean,
        lambda call, value: (
            lambda record: (
                content_of(call.account, record["blobId"]).value("hasAttachment") == value
            )
        ),
        mutable=False,
    ),
    "text": _text_condition(_everything),
    **{name: _people(name) for name in ("from", "to", "cc", "bcc")},
    "subject": _text_condition(_subject),
    "body": _text_condition(lambda content: content.plain_text),
    "header": Condition(_is_header, _header, mutable=False),
}


def _from_content(read: Callable[[Content], Any]) -> Sort:
    def make(call: Call, _comparator: JSONObject) -> SortKey:
        return lambda record: read(content_of(call.account, record["blobId"]))

    return Sort(make, mutable=False)


def _first_person(name: str) -> Sort:
    def read(content: Content) -> str:
        found: Any = content.value(name)
        return (found[0]["name"] or found[0]["email"]) if found else ""

    return _from_content(read)


def _keyword_sort(test: Callable[[Account, JSONObject, str], bool]) -> Sort:
    def make(call: Call, comparator: JSONObject) -> SortKey:
        keyword = comparator["keyword"].lower()
        return lambda record: test(call.account, record, keyword)

    return Sort(make, takes_keyword=True)


def _sent_at(content: Content) -> Instant:
    date = content.value("sentAt")
    return BEFORE_ALL if date is None else instant(str(date))


SORTS: Final[Mapping[str, Sort]] = {
    "receivedAt": by_date("receivedAt"),
    "size": Sort(lambda call, comparator: lambda record: record["size"], mutable=False),
    "from": _first_person("from"),
    "to": _first_person("to"),
    "subject": _from_content(lambda content: base_subject(_subject(content))),
    "sentAt": _from_content(_sent_at),
    "hasKeyword": _keyword_sort(lambda account, record, keyword: keyword in record["keywords"]),
    "allInThreadHaveKeyword": _keyword_sort(
        lambda account, record, keyword: all(
            keyword in keywords for keywords in thread_keywords(account, record)
        )
    ),
    "someInThreadHaveKeyword": _keyword_sort(
        lambda account, record, keyword: any(
            keyword in keywords for keywords in thread_keywords(account, record)
        )
    ),
}


def collapse(account: Account, ids: list[str]) -> list[str]:
    """Keep the first Email of each Thread (RFC 8621, 4.4.3)."""
    emails = account.records("Email")
    first: dict[str, str] = {}
    for id in ids:
        first.setdefault(emails[id]["threadId"], id)
    return list(first.values())
