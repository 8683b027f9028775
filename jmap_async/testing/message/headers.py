"""Header fields of a message: the forms of `header:Name:asForm:all` (RFC 8621, 4.1.2 and 4.1.3)."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import attrs

from jmap_async.testing.message import addresses, dates, encoded_words, identifiers
from jmap_async.testing.message.tokens import unfold
from jmap_async.testing.types import JSONObject

Header = tuple[str, str]
"""A header field: its name as written, and everything after the colon."""

_ADDRESS_FIELDS: Final = ("from", "sender", "reply-to", "to", "cc", "bcc")
_LIST_FIELDS: Final = ("help", "unsubscribe", "subscribe", "post", "owner", "archive")
_FORMS_OF: Final[Mapping[str, frozenset[str]]] = {
    **{
        prefix + field: frozenset({"Addresses", "GroupedAddresses"})
        for field in _ADDRESS_FIELDS
        for prefix in ("", "resent-")
    },
    **dict.fromkeys(
        ("message-id", "in-reply-to", "references", "resent-message-id"), frozenset({"MessageIds"})
    ),
    **dict.fromkeys(("date", "resent-date"), frozenset({"Date"})),
    **dict.fromkeys(("subject", "comments", "keywords"), frozenset({"Text"})),
    **{f"list-{field}": frozenset({"URLs"}) for field in _LIST_FIELDS},
    **dict.fromkeys(("return-path", "received"), frozenset[str]()),
}
"""The parsed forms allowed for the fields of RFC 5322 and RFC 2369; others may have any."""

_STRUCTURED: Final = frozenset({"keywords", "list-id"})
"""The fields of the Text form that have quoted strings (RFC 5322, 3.6.5; RFC 2919, 3)."""

_PARSED_FORMS: Final = frozenset[str]().union(*_FORMS_OF.values())
_NAME: Final = re.compile(r"[!-9;-~]+")


@attrs.frozen
class HeaderProperty:
    """What a property such as "header:List-Id:asText:all" asks for."""

    field: str
    form: str
    all: bool


@lru_cache(maxsize=1024)
def parse_property(name: str) -> HeaderProperty | None:
    """Read a `header:` property name; None if it is malformed or the form is forbidden."""
    prefix, *parts = name.split(":")
    every = len(parts) > 1 and parts[-1] == "all"
    if every:
        parts.pop()
    suffix = parts.pop() if len(parts) == 2 else None
    if prefix != "header" or len(parts) != 1 or _NAME.fullmatch(parts[0]) is None:
        return None
    field = parts[0].lower()
    if suffix is None:
        return HeaderProperty(field, "Raw", every)
    form = suffix[2:] if suffix.startswith("as") else ""
    allowed = _FORMS_OF.get(field, _PARSED_FORMS)
    return HeaderProperty(field, form, every) if form in allowed else None


def value_of(headers: Sequence[Header], name: str) -> object:
    """Return the value of a header property: the last instance, or all of them.

    Raises:
        ValueError: the property is malformed or the form is forbidden.
    """
    wanted = parse_property(name)
    if wanted is None:
        raise ValueError(name)
    read = FORMS[wanted.form]
    if wanted.form == "Text" and wanted.field in _STRUCTURED:
        read = _as_structured_text
    values = [value for name, value in headers if name.lower() == wanted.field]
    if wanted.all:
        return [read(value) for value in values]
    return read(values[-1]) if values else None


def as_raw(value: str) -> str:
    """Return the value as it is, folding and leading space included."""
    return value


def as_text(value: str) -> str:
    """Return the value unfolded, without leading spaces, decoded and normalised to NFC."""
    return unicodedata.normalize("NFC", encoded_words.decode(unfold(value).lstrip(" ")))


def _as_structured_text(value: str) -> str:
    text = encoded_words.decode_structured(unfold(value).lstrip(" "))
    return unicodedata.normalize("NFC", text)


def as_addresses(value: str) -> list[JSONObject]:
    """Return all addresses, those inside groups too."""
    return [address for group in addresses.read_groups(value) for address in group["addresses"]]


FORMS: Final[Mapping[str, Callable[[str], object]]] = {
    "Raw": as_raw,
    "Text": as_text,
    "Addresses": as_addresses,
    "GroupedAddresses": addresses.read_groups,
    "MessageIds": identifiers.read_message_ids,
    "Date": dates.read,
    "URLs": identifiers.read_urls,
}
