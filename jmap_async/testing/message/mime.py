"""Message bytes as a tree of body parts (RFC 5322, RFC 2045; RFC 8621, 4.1.4)."""

import hashlib
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

import attrs

from jmap_async.testing.message import charsets, mime_fields, transfer_encodings
from jmap_async.testing.message.headers import Header
from jmap_async.testing.types import JSONObject

_HEAD_END: Final = re.compile(rb"(?:\A|\r?\n)\r?\n")
_FIELD: Final = re.compile(rb"^([!-9;-~]+)[ \t]*:(.*(?:\n[ \t].*)*)", re.MULTILINE)
_MAX_DEPTH: Final = 50
_MULTIPART: Final = "multipart/"


def blob_id_of(data: bytes) -> str:
    """Return the blob id of bytes: as with many servers, a hash of them."""
    return "B" + hashlib.sha1(data, usedforsecurity=False).hexdigest()


def split_head(raw: bytes) -> tuple[bytes, bytes]:
    """Return the header fields, and the body behind the empty line."""
    end = _HEAD_END.search(raw)
    return (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")


class Part:
    """One body part: its headers, and its content or its sub-parts.

    `part_id` is None for a multipart, as RFC 8621 has it.
    """

    def __init__(self, raw: bytes, *, part_id: str = "", implicit: str = "text/plain") -> None:
        head, self.body = split_head(raw)
        self.headers: list[Header] = list(_fields(head))
        # Of fields that may be there once only the last counts, as for header properties.
        self._fields = {name.lower(): value for name, value in self.headers}
        declared = self._fields.get("content-type")
        self._type = (
            mime_fields.Field(implicit) if declared is None else mime_fields.content_type(declared)
        )
        self.type = self._type.value or implicit
        self.sub_parts: list[Part] | None = None
        self.part_id: str | None = part_id or "1"
        if self.type.startswith(_MULTIPART):
            self.part_id = None
            self.sub_parts = self._split(part_id) if part_id.count(".") < _MAX_DEPTH else []

    def _split(self, part_id: str) -> list["Part"]:
        # RFC 2046, 5.1.1: a boundary does not end with white space.
        boundary = self._type.parameters["boundary"].rstrip()
        implicit = "message/rfc822" if self.type == "multipart/digest" else "text/plain"
        prefix = f"{part_id}." if part_id else ""
        return [
            Part(piece, part_id=f"{prefix}{number}", implicit=implicit)
            for number, piece in enumerate(_split(self.body, boundary), 1)
        ]

    @cached_property
    def content(self) -> bytes:
        """The octets after decoding the transfer encoding; as they are if it is unknown."""
        return transfer_encodings.decode(self.body, self.encoding)

    @cached_property
    def encoding(self) -> str:
        """The Content-Transfer-Encoding in lower case."""
        return mime_fields.transfer_encoding(self._fields.get("content-transfer-encoding", ""))

    @cached_property
    def blob_id(self) -> str | None:
        """The blob id of the decoded content, None for a multipart."""
        return None if self.part_id is None else blob_id_of(self.content)

    @property
    def charset(self) -> str | None:
        """The charset, the implicit one where the type is text without any."""
        implicit = "us-ascii" if self.type.startswith("text/") else None
        return self._type.parameters.get("charset") or implicit

    @cached_property
    def _disposition(self) -> mime_fields.Field:
        return mime_fields.content_disposition(self._fields.get("content-disposition", ""))

    @property
    def disposition(self) -> str | None:
        """The Content-Disposition without parameters."""
        return self._disposition.value

    @property
    def name(self) -> str | None:
        """The file name: of the disposition, else of the type."""
        name = self._disposition.parameters.get("filename")
        return self._type.parameters.get("name") if name is None else name

    @cached_property
    def text(self) -> tuple[str, bool]:
        """The content as text with LF line ends, and whether decoding it had problems."""
        value, problem = charsets.best_effort(self.content, self.charset or "utf-8")
        return value.replace("\r\n", "\n"), problem or self.encoding not in transfer_encodings.KNOWN

    def walk(self) -> Iterator["Part"]:
        """Yield this part and everything inside it, depth first."""
        yield self
        for part in self.sub_parts or ():
            yield from part.walk()

    def to_wire(self) -> JSONObject:
        """Return the EmailBodyPart, all but its headers and sub-parts."""
        cid, language, location = (
            self._fields.get(f"content-{name}") for name in ("id", "language", "location")
        )
        return {
            "partId": self.part_id,
            "blobId": self.blob_id,
            "size": len(self.body) if self.part_id is None else len(self.content),
            "name": self.name,
            "type": self.type,
            "charset": self.charset,
            "disposition": self.disposition,
            "cid": None if cid is None else mime_fields.content_id(cid),
            "language": None if language is None else mime_fields.content_language(language),
            "location": None if location is None else mime_fields.content_location(location),
        }


def _fields(head: bytes) -> Iterator[Header]:
    for match in _FIELD.finditer(head):
        value = match[2].removesuffix(b"\r").replace(b"\0", b"")
        yield match[1].decode(), value.decode("utf-8", "replace")


def _split(body: bytes, boundary: str) -> list[bytes]:
    """Return what is between the boundaries, without the preamble and the epilogue."""
    delimiter = re.compile(
        rb"(?:\A|\r?\n)--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*+(?=\r?\n|\Z)"
    )
    pieces: list[bytes] = []
    start: int | None = None
    for match in delimiter.finditer(body):
        if start is not None:
            pieces.append(body[start : match.start()])
        if match[1]:
            return pieces
        newline = body.find(b"\n", match.end())
        start = len(body) if newline < 0 else newline + 1
    return pieces if start is None else [*pieces, body[start:]]


def body_lists(root: Part) -> tuple[list[Part], list[Part], list[Part]]:
    """Return textBody, htmlBody and attachments, as RFC 8621, 4.1.4 suggests."""
    text: list[Part] = []
    html: list[Part] = []
    attachments: list[Part] = []
    _sort_parts([root], "mixed", _Lists(text, html, attachments))
    return text, html, attachments


@attrs.frozen
class _Lists:
    """Where parts go; a side of an alternative that is decided takes no more and is None."""

    text: list[Part] | None
    html: list[Part] | None
    attachments: list[Part]
    in_alternative: bool = False


def _sort_parts(parts: list[Part], kind: str, lists: _Lists) -> None:
    before = [-1 if found is None else len(found) for found in (lists.text, lists.html)]
    for index, part in enumerate(parts):
        if part.sub_parts is not None:
            inner = part.type.partition("/")[2]
            inside = lists.in_alternative or inner == "alternative"
            _sort_parts(part.sub_parts, inner, attrs.evolve(lists, in_alternative=inside))
        elif not _is_inline(part, index, kind):
            lists.attachments.append(part)
        elif kind == "alternative":
            target = {"text/plain": lists.text, "text/html": lists.html}.get(part.type)
            (lists.attachments if target is None else target).append(part)
        else:
            lists = _show_in_both(part, lists)
    if kind == "alternative":
        _share_the_only(lists, *before)


def _show_in_both(part: Part, lists: _Lists) -> _Lists:
    """Add a part to both bodies, unless it decides for one side of an alternative."""
    if lists.in_alternative and part.type == "text/plain":
        lists = attrs.evolve(lists, html=None)
    if lists.in_alternative and part.type == "text/html":
        lists = attrs.evolve(lists, text=None)
    open_lists = [found for found in (lists.text, lists.html) if found is not None]
    for found in open_lists:
        found.append(part)
    if len(open_lists) < 2 and _is_media(part.type):
        lists.attachments.append(part)
    return lists


def _share_the_only(lists: _Lists, text_before: int, html_before: int) -> None:
    """Let an alternative that had one kind of text only count as both."""
    text, html = lists.text, lists.html
    if text is None or html is None:
        return
    if len(text) == text_before and len(html) != html_before:
        text.extend(html[html_before:])
    elif len(html) == html_before and len(text) != text_before:
        html.extend(text[text_before:])


def _is_media(type: str) -> bool:
    return type.startswith(("image/", "audio/", "video/"))


def _is_inline(part: Part, index: int, kind: str) -> bool:
    return (
        part.disposition != "attachment"
        and (part.type in ("text/plain", "text/html") or _is_media(part.type))
        and (index == 0 or (kind != "related" and (_is_media(part.type) or not part.name)))
    )
