"""Header fields that an Email/set create describes, form by form (RFC 8621, 4.1.2 and 4.6)."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from jmap_async.testing.checks import is_address, is_list, is_object, is_string, list_of
from jmap_async.testing.failures import invalid_properties
from jmap_async.testing.instants import is_date, to_utc_date
from jmap_async.testing.message import addresses, dates, encoded_words, identifiers
from jmap_async.testing.message.content import HEADER_SHORTCUTS
from jmap_async.testing.message.headers import parse_property
from jmap_async.testing.message.tokens import CONTROL
from jmap_async.testing.types import JSONObject

_FIELD_NAMES: Final = {name: property.split(":")[1] for name, property in HEADER_SHORTCUTS.items()}
_LINE_SIZE: Final = 76
_MAX_LINE_SIZE: Final = 998
_RAW: Final = re.compile(r"[^\r\n\0]*+(?:\r\n[ \t]++[^\r\n\0]++)*+")
_PLAIN_TEXT: Final = re.compile(r"[!-~]{1,200}(?:[ \t]{1,200}[!-~]{1,200})*")
_PIECE: Final = re.compile(r" *[^ ]+")


def message_fields(
    values: JSONObject, *, now: datetime, message_id: str, others: Collection[str] = ()
) -> dict[str, str]:
    """Return the header fields of a message by lower-case name, with what it must have.

    Raises:
        SetFailure: "invalidProperties".
    """
    wrong = [name for name in values if name.lower().startswith("header:content-")]
    if wrong:
        raise invalid_properties(*wrong, description="Only body parts have such header fields.")
    fields = given_fields(values)
    generated = {
        "date": f"Date: {dates.write(to_utc_date(now))}",
        "message-id": f"Message-ID: <{message_id}>",
        "mime-version": "MIME-Version: 1.0",
    }
    return fields | {
        name: field
        for name, field in generated.items()
        if name not in others and (name not in fields or name == "mime-version")
    }


def given_fields(values: JSONObject) -> dict[str, str]:
    """Return the header fields that properties describe, by lower-case name.

    Raises:
        SetFailure: "invalidProperties", with all that are wrong.
    """
    fields: dict[str, str] = {}
    seen: set[str] = set()
    wrong: list[str] = []
    for name, value in values.items():
        field = _FIELD_NAMES.get(name) or _name_in(name)
        if field is None or value is None:
            continue
        if field.lower() in seen:
            wrong.append(name)
            continue
        seen.add(field.lower())
        try:
            text = write(field, HEADER_SHORTCUTS.get(name, name), value)
        except ValueError:
            wrong.append(name)
            continue
        if text:
            fields[field.lower()] = text
    if wrong:
        raise invalid_properties(*wrong, description="Header fields twice, forbidden or malformed.")
    return fields


def _name_in(property: str) -> str | None:
    return property.split(":")[1] if property.startswith("header:") else None


def join(fields: Mapping[str, str]) -> bytes:
    """Return header fields as bytes."""
    return "".join(f"{field}\r\n" for field in fields.values()).encode()


def write(field: str, property: str, value: object) -> str:
    """Return the header field of one header property; several of them, or none, for `:all`.

    Raises:
        ValueError: the form is forbidden, or the value does not fit it.
    """
    wanted = parse_property(property)
    if wanted is None:
        raise ValueError(property)
    items = _as_list(value) if wanted.all else [value]
    if wanted.form == "Raw":
        written = [_checked(f"{field}:{_raw(item)}") for item in items]
    else:
        pieces = [_ENCODERS[wanted.form](field, item) for item in items]
        written = [fold(field, found) for found in pieces if found is not None]
    return "\r\n".join(written)


def fold(field: str, pieces: Sequence[str]) -> str:
    """Return a header field of pieces with a space between them, folded where they are.

    Raises:
        ValueError: a line would be longer than RFC 5322, 2.1.1 allows.
    """
    lines = [f"{field}:"]
    for piece in pieces:
        if len(f"{lines[-1]} {piece}".encode()) > _LINE_SIZE:
            lines.append("")
        lines[-1] += f" {piece}"
    return _checked("\r\n".join(lines if pieces else [f"{field}: "]))


def _checked(text: str) -> str:
    if len(text) * 4 > _MAX_LINE_SIZE and any(
        len(line) > _MAX_LINE_SIZE for line in text.encode().split(b"\r\n")
    ):
        raise ValueError("A line is too long.")
    return text


def _raw(value: object) -> str:
    # A line end that is not folding would start another header field, or the body.
    if not is_string(value) or _RAW.fullmatch(value) is None:
        raise ValueError(value)
    return value


def _text(field: str, value: object) -> list[str]:
    if not is_string(value):
        raise ValueError(value)
    if not value:
        return []
    if "=?" not in value and _PLAIN_TEXT.fullmatch(value):
        pieces = [piece[1:] for piece in _PIECE.findall(f" {value}")]
        if not any(map(str.isspace, pieces)):
            return pieces
    if CONTROL.search(value):
        raise ValueError(value)
    room = _LINE_SIZE - len(field) - len(": ")
    return encoded_words.encode(value, room=room if room > _LINE_SIZE // 2 else _LINE_SIZE)


def _addresses(_field: str, value: object) -> list[str]:
    return addresses.write([(None, _people(value))])


def _people(value: object) -> list[tuple[str, str]]:
    if not list_of(is_address)(value):
        raise ValueError(value)
    return [(address.get("name") or "", address["email"]) for address in _as_list(value)]


def _groups(_field: str, value: object) -> list[str]:
    if not list_of(_is_group)(value):
        raise ValueError(value)
    return addresses.write(
        [(group.get("name"), _people(group["addresses"])) for group in _as_list(value)]
    )


def _is_group(value: object) -> bool:
    return (
        is_object(value)
        and "addresses" in value
        and (value.get("name") is None or is_string(value["name"]))
        and not value.keys() - {"name", "addresses"}
    )


def _message_ids(_field: str, value: object) -> list[str] | None:
    if not list_of(is_string)(value):
        raise ValueError(value)
    # There is no field without an id (RFC 5322, 3.6.4), nor one without a URL (RFC 2369, 2).
    return identifiers.write_message_ids(_as_list(value)) or None


def _urls(_field: str, value: object) -> list[str] | None:
    if not list_of(is_string)(value):
        raise ValueError(value)
    return identifiers.write_urls(_as_list(value)) or None


def _date(_field: str, value: object) -> list[str]:
    if not is_date(value):
        raise ValueError(value)
    return dates.write(value).split(" ")


def _as_list(value: object) -> list[Any]:
    if not is_list(value):
        raise ValueError(value)
    return value


_ENCODERS: Final[Mapping[str, Callable[[str, object], Sequence[str] | None]]] = {
    "Text": _text,
    "Addresses": _addresses,
    "GroupedAddresses": _groups,
    "MessageIds": _message_ids,
    "Date": _date,
    "URLs": _urls,
}
