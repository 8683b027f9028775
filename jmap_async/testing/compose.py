"""The message that an Email/set create describes, as bytes (RFC 8621, 4.6)."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from email.header import Header
from email.utils import encode_rfc2231, formataddr
from typing import Any, Final

from jmap_async.testing.checks import is_address, is_list, is_object, is_string, list_of
from jmap_async.testing.content import BODY_PROPERTIES, HEADER_SHORTCUTS
from jmap_async.testing.date_types import is_date, to_header, to_utc_date
from jmap_async.testing.failures import SetFailure, invalid_properties
from jmap_async.testing.headers import parse_property
from jmap_async.testing.store import Blob
from jmap_async.testing.types import JSONObject

FindBlob = Callable[[str], Blob | None]
_MAX_LINE: Final = 998
_FIELD_NAMES: Final = {name: property.split(":")[1] for name, property in HEADER_SHORTCUTS.items()}
_LISTS: Final = ("textBody", "htmlBody", "attachments")
_PART_PROPERTIES: Final = frozenset([*BODY_PROPERTIES, "subParts"])


def compose(values: JSONObject, find_blob: FindBlob, *, now: datetime, message_id: str) -> bytes:
    """Return the message; a missing Date or Message-ID is generated.

    Raises:
        SetFailure: "invalidProperties" or "blobNotFound".
    """
    fields = message_fields(values, now=now, message_id=message_id)
    body = _Body(values.get("bodyValues") or {}, find_blob)
    return join(fields) + body.build(values, frozenset(fields))


def join(fields: Mapping[str, str]) -> bytes:
    """Return header lines as bytes."""
    return "".join(f"{line}\r\n" for line in fields.values()).encode()


def message_fields(values: JSONObject, *, now: datetime, message_id: str) -> dict[str, str]:
    """Return the header lines of a message by lower-case field name."""
    fields = _given_fields(values)
    fields.setdefault("date", f"Date: {to_header(to_utc_date(now))}")
    fields.setdefault("message-id", f"Message-ID: <{message_id}>")
    fields["mime-version"] = "MIME-Version: 1.0"
    return fields


def _given_fields(values: JSONObject) -> dict[str, str]:
    fields: dict[str, str] = {}
    wrong: list[str] = []
    for name, value in values.items():
        if name not in HEADER_SHORTCUTS and not name.startswith("header:"):
            continue
        if value is None:
            continue
        field = _FIELD_NAMES.get(name) or name.split(":")[1]
        if field.lower() in fields or field.lower().startswith("content-"):
            wrong.append(name)
            continue
        try:
            fields[field.lower()] = _lines(field, HEADER_SHORTCUTS.get(name, name), value)
        except ValueError:
            wrong.append(name)
    if wrong:
        raise invalid_properties(*wrong, description="Header fields twice, forbidden or malformed.")
    return fields


def _lines(field: str, property: str, value: object) -> str:
    """Return the header line, or several joined, of one header property."""
    wanted = parse_property(property)
    if wanted is None:
        raise ValueError(property)
    encode = _ENCODERS[wanted.form]
    items = _as_list(value) if wanted.all else [value]
    return "\r\n".join(f"{field}:{encode(item)}" for item in items)


def _raw(value: object) -> str:
    # A line end that is not folding would start another header field.
    if not is_string(value) or re.search(r"[\r\n](?![ \t\n])|\0", value):
        raise ValueError(value)
    return value


def _text(value: object) -> str:
    if not is_string(value) or re.search(r"[\r\n\0]", value):
        raise ValueError(value)
    return " " + _encoded(value)


def _encoded(text: str) -> str:
    if text.isascii() and len(text) < _MAX_LINE - 100 and "=?" not in text:
        return text
    return Header(text, "utf-8").encode(linesep="\r\n")


def _addresses(value: object) -> str:
    if not list_of(is_address)(value):
        raise ValueError(value)
    return " " + ",\r\n ".join(map(_address, _as_list(value)))


def _address(value: JSONObject) -> str:
    name, email = _raw(value.get("name") or ""), _raw(value["email"])
    if not name:
        return email
    # formataddr wants ASCII in the address; EAI addresses go out as they are (RFC 6532).
    return formataddr((name, email)) if email.isascii() else f"{_encoded(name)} <{email}>"


def _groups(value: object) -> str:
    written: list[str] = []
    for group in _as_list(value):
        if not is_object(group) or not list_of(is_address)(group.get("addresses")):
            raise ValueError(value)
        inside = ",\r\n ".join(map(_address, group["addresses"]))
        name = group.get("name")
        written.append(inside if name is None else f"{_encoded(_raw(name))}: {inside};")
    return " " + ",\r\n ".join(written)


def _message_ids(value: object) -> str:
    if not list_of(lambda id: is_string(id) and re.search(r"[<>\s]", id) is None)(value):
        raise ValueError(value)
    return " " + "\r\n ".join(f"<{id}>" for id in _as_list(value))


def _date(value: object) -> str:
    # RFC 5322, 3.3: no mail is older, and a reader would take years below 100 for later ones.
    if not is_date(value) or value < "1900":
        raise ValueError(value)
    return " " + to_header(value)


def _urls(value: object) -> str:
    if not list_of(lambda url: is_string(url) and re.search(r"[<>\s]", url) is None)(value):
        raise ValueError(value)
    return " " + ",\r\n ".join(f"<{url}>" for url in _as_list(value))


def _as_list(value: object) -> list[Any]:
    if not is_list(value):
        raise ValueError(value)
    return value


_ENCODERS: Final[dict[str, Callable[[object], str]]] = {
    "Raw": _raw,
    "Text": _text,
    "Addresses": _addresses,
    "GroupedAddresses": _groups,
    "MessageIds": _message_ids,
    "Date": _date,
    "URLs": _urls,
}


class _Body:
    """Builds the body parts; every blob that is missing is reported, not only the first."""

    def __init__(self, body_values: JSONObject, find_blob: FindBlob) -> None:
        self._values = body_values
        self._find_blob = find_blob
        self._missing: list[str] = []

    def build(self, values: JSONObject, fields: frozenset[str]) -> bytes:
        """Return the content headers, an empty line and the body."""
        self._check_values()
        structure = values.get("bodyStructure")
        if structure is None:
            built = self._from_lists(values)
        else:
            if any(values.get(name) is not None for name in _LISTS):
                raise invalid_properties("bodyStructure", *_LISTS)
            built = self._part(structure, "bodyStructure", fields)
        if self._missing:
            missing = list(dict.fromkeys(self._missing))
            raise SetFailure("blobNotFound", "Some blobs do not exist.", notFound=missing)
        return built

    def _check_values(self) -> None:
        for value in self._values.values():
            if (
                not is_object(value)
                or not is_string(value.get("value"))
                or value.get("isEncodingProblem")
                or value.get("isTruncated")
            ):
                raise invalid_properties("bodyValues")

    def _from_lists(self, values: JSONObject) -> bytes:
        texts = [
            self._only(values, name, type)
            for name, type in (("textBody", "text/plain"), ("htmlBody", "text/html"))
            if values.get(name) is not None
        ]
        body = texts[0] if len(texts) == 1 else _multipart("alternative", texts) if texts else None
        attachments = [
            self._part({"disposition": "attachment", **spec}, "attachments", frozenset())
            for spec in values.get("attachments") or ()
        ]
        if attachments:
            return _multipart("mixed", [body, *attachments] if body else attachments)
        return body or _leaf(["Content-Type: text/plain"], b"")

    def _only(self, values: JSONObject, name: str, type: str) -> bytes:
        parts: list[JSONObject] = values[name]
        if len(parts) != 1 or parts[0].get("type", type) != type:
            raise invalid_properties(name, description=f"It has exactly one {type} part.")
        return self._part({**parts[0], "type": type}, name, frozenset())

    def _part(self, spec: object, where: str, fields: frozenset[str]) -> bytes:
        if not is_object(spec):
            raise invalid_properties(where)
        self._check(spec, where, fields)
        type: str = spec.get("type") or ("multipart/mixed" if "subParts" in spec else "text/plain")
        if type.startswith("multipart/"):
            inner = [self._part(sub, where, frozenset()) for sub in spec.get("subParts") or ()]
            return _multipart(type.partition("/")[2], inner, _extra(spec, where))
        return self._content(spec, where, type)

    def _check(self, spec: JSONObject, where: str, fields: frozenset[str]) -> None:
        """Hold a part against the rules of RFC 8621, 4.6."""
        for name in spec:
            field = name.split(":")[1].lower() if name.startswith("header:") else ""
            if name not in _PART_PROPERTIES and not field:
                raise invalid_properties(where, description=f"A part has no property {name!r}.")
            if field == "content-transfer-encoding" or field in fields:
                raise invalid_properties(where, description=f"{name!r} is not allowed here.")
        part_id, blob_id = spec.get("partId"), spec.get("blobId")
        if part_id is not None and blob_id is not None:
            raise invalid_properties(where, description="A part has a partId or a blobId.")
        if part_id is not None and (
            part_id not in self._values or spec.keys() & {"charset", "size"}
        ):
            raise invalid_properties(
                where, description="A partId needs a bodyValue, and no charset or size."
            )

    def _content(self, spec: JSONObject, where: str, type: str) -> bytes:
        part_id, blob_id = spec.get("partId"), spec.get("blobId")
        if part_id is None and blob_id is None:
            raise invalid_properties(where, description="A part has a partId or a blobId.")
        head = _extra(spec, where)
        if part_id is not None:
            return text_part(
                self._values[part_id]["value"], _type_line(spec, type, charset="utf-8"), head
            )
        blob = self._find_blob(str(blob_id))
        if blob is None:
            self._missing.append(str(blob_id))
            return b""
        head = [_type_line(spec, type, charset=spec.get("charset")), *head]
        if type.startswith("message/"):
            return _leaf([*head, "Content-Transfer-Encoding: 8bit"], blob.data)
        encoded = base64.encodebytes(blob.data).replace(b"\n", b"\r\n")
        return _leaf([*head, "Content-Transfer-Encoding: base64"], encoded)


def text_part(text: str, type_line: str, head: list[str]) -> bytes:
    """Return a text part, base64 only where lines are too long or bytes too odd."""
    data = re.sub(r"\r?\n", "\r\n", text).encode()
    odd = b"\0" in data or b"\r" in data.replace(b"\r\n", b"")
    if odd or max(map(len, data.split(b"\r\n"))) > _MAX_LINE:
        encoding, data = "base64", base64.encodebytes(data).replace(b"\n", b"\r\n")
    else:
        encoding = "7bit" if data.isascii() else "8bit"
    return _leaf([type_line, *head, f"Content-Transfer-Encoding: {encoding}"], data)


def _type_line(spec: JSONObject, type: str, *, charset: str | None) -> str:
    parameter = f"; charset={charset}" if charset and type.startswith("text/") else ""
    name = spec.get("name")
    if name and not spec.get("disposition"):
        parameter += _parameter("name", name)
    return f"Content-Type: {type}{parameter}"


def _extra(spec: JSONObject, where: str) -> list[str]:
    """Return the header lines of a part other than Content-Type and the transfer encoding."""
    lines: list[str] = []
    try:
        if spec.get("disposition"):
            file_name = _parameter("filename", spec["name"]) if spec.get("name") else ""
            lines.append(f"Content-Disposition: {_raw(spec['disposition'])}{file_name}")
        if spec.get("cid"):
            lines.append(f"Content-ID: <{_raw(spec['cid'])}>")
        if spec.get("language"):
            lines.append(f"Content-Language: {_raw(', '.join(spec['language']))}")
        if spec.get("location"):
            lines.append(f"Content-Location: {_raw(spec['location'])}")
        lines += [
            _lines(name.split(":")[1], name, value)
            for name, value in spec.items()
            if name.startswith("header:")
        ]
    except (ValueError, TypeError) as error:
        raise invalid_properties(where, description="A header of a part is malformed.") from error
    return lines


def _parameter(name: str, value: str) -> str:
    if value.isascii() and value.isprintable() and not set(value) & set('"\\'):
        return f'; {name}="{value}"'
    return f"; {name}*={encode_rfc2231(value, 'utf-8')}"


def _leaf(head: list[str], body: bytes) -> bytes:
    return "".join(f"{line}\r\n" for line in head).encode() + b"\r\n" + body


def _multipart(kind: str, parts: list[bytes], head: list[str] | None = None) -> bytes:
    # A boundary made from the content cannot occur in it, and is the same each time.
    digest = hashlib.sha1(b"\0".join(parts), usedforsecurity=False).hexdigest()
    boundary = f"=_{digest[:32]}"
    inside = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part) for part in parts)
    type_line = f'Content-Type: multipart/{kind}; boundary="{boundary}"'
    return _leaf([type_line, *(head or [])], inside + f"--{boundary}--\r\n".encode())
