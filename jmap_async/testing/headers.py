"""Header fields of a message: the forms of `header:Name:asForm:all` (RFC 8621, 4.1.2 and 4.1.3)."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import parseaddr
from functools import lru_cache
from typing import Final

import attrs

from jmap_async.testing import date_types
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
    values = [value for name, value in headers if name.lower() == wanted.field]
    if wanted.all:
        return [read(value) for value in values]
    return read(values[-1]) if values else None


def as_raw(value: str) -> str:
    """Return the value as it is, folding and leading space included."""
    return value


def as_text(value: str) -> str:
    """Return the value unfolded, decoded (RFC 2047) and normalised to NFC."""
    return unicodedata.normalize("NFC", _decode(_unfold(value).strip()))


def as_addresses(value: str) -> list[JSONObject]:
    """Return all addresses, those inside groups too."""
    return [address for group in as_grouped_addresses(value) for address in group["addresses"]]


def as_grouped_addresses(value: str) -> list[JSONObject]:
    """Return the addresses by group; consecutive ones outside any group share a null group."""
    groups: list[JSONObject] = []
    open_group = False
    for text, end in _pieces(_unfold(value)):
        if end == ":":
            groups.append({"name": _display_name(text), "addresses": []})
            open_group = True
            continue
        if text.strip():
            if not groups or (not open_group and groups[-1]["name"] is not None):
                groups.append({"name": None, "addresses": []})
            groups[-1]["addresses"].append(_address(text))
        open_group = open_group and end != ";"
        if end == ";":
            groups.append({"name": None, "addresses": []})
    return [group for group in groups if group["addresses"] or group["name"] is not None]


def as_message_ids(value: str) -> list[str] | None:
    """Return the message ids without angle brackets, or None if it cannot be parsed."""
    found = re.findall(r"<\s*([^<>\s]+)\s*>", _unfold(value))
    return found or None


def as_date(value: str) -> str | None:
    """Return the date with its own offset, or None if it cannot be parsed."""
    return date_types.from_header(_unfold(value).strip())


def as_urls(value: str) -> list[str] | None:
    """Return the URLs without angle brackets, or None if there are none."""
    found = ["".join(url.split()) for url in re.findall(r"<([^<>]*)>", _unfold(value))]
    return found or None


FORMS: Final[Mapping[str, Callable[[str], object]]] = {
    "Raw": as_raw,
    "Text": as_text,
    "Addresses": as_addresses,
    "GroupedAddresses": as_grouped_addresses,
    "MessageIds": as_message_ids,
    "Date": as_date,
    "URLs": as_urls,
}


def _unfold(value: str) -> str:
    return value.replace("\r\n", "").replace("\n", "").replace("\r", "")


def _decode(text: str) -> str:
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return text


def _pieces(value: str) -> Iterator[tuple[str, str]]:
    """Split at the commas, colons and semicolons outside quotes, comments and brackets."""
    start, depth, quoted, angle, skip = 0, 0, False, False, False
    for index, char in enumerate(value):
        if skip:
            skip = False
        elif char == "\\":
            skip = quoted or depth > 0
        elif char == '"' and not depth:
            quoted = not quoted
        elif quoted:
            pass
        elif char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
        elif depth == 0 and char in "<>":
            angle = char == "<"
        elif depth == 0 and not angle and char in ",:;":
            yield value[start:index], char
            start = index + 1
    yield value[start:], ""


def _address(text: str) -> JSONObject:
    name, email = parseaddr(text)
    if not email:
        # RFC 8621, 4.1.2.3: what cannot be parsed is still shown, best effort.
        return {"name": None, "email": _decode(text.strip())}
    return {"name": _display_name(name), "email": email}


def _display_name(text: str) -> str | None:
    plain = text.strip()
    if len(plain) > 1 and plain[0] == plain[-1] == '"':
        plain = re.sub(r"\\(.)", r"\1", plain[1:-1])
    return unicodedata.normalize("NFC", _decode(plain)) or None
