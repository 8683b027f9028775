"""The properties of an Email that come from its message (RFC 8621, 4.1.2 to 4.1.4)."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final

from jmap_async.testing.message import headers
from jmap_async.testing.message.markup import strip_markup
from jmap_async.testing.message.mime import Part, body_lists
from jmap_async.testing.types import JSONObject

HEADER_SHORTCUTS: Final = {
    "messageId": "header:Message-ID:asMessageIds",
    "inReplyTo": "header:In-Reply-To:asMessageIds",
    "references": "header:References:asMessageIds",
    "sender": "header:Sender:asAddresses",
    "from": "header:From:asAddresses",
    "to": "header:To:asAddresses",
    "cc": "header:Cc:asAddresses",
    "bcc": "header:Bcc:asAddresses",
    "replyTo": "header:Reply-To:asAddresses",
    "subject": "header:Subject:asText",
    "sentAt": "header:Date:asDate",
}
BODY_PROPERTIES: Final = (
    "partId",
    "blobId",
    "size",
    "name",
    "type",
    "charset",
    "disposition",
    "cid",
    "language",
    "location",
)
PREVIEW_SIZE: Final = 256


class Content:
    """A message, parsed when something is first asked of it.

    `keep` is told the content and the type of every part, which are blobs from then on. `known`
    are property values that the maker of the message knows already, to spare parsing it; `values`
    are those found so far, by wire name.
    """

    def __init__(
        self, raw: bytes, keep: Callable[[bytes, str], object], known: JSONObject | None = None
    ) -> None:
        self.raw = raw
        self._keep = keep
        self.values: JSONObject = known or {}

    @cached_property
    def root(self) -> Part:
        """The outermost part: its headers are those of the message."""
        root = Part(self.raw)
        for part in root.walk():
            if part.part_id is not None:
                self._keep(part.content, part.type)
        return root

    @cached_property
    def lists(self) -> tuple[list[Part], list[Part], list[Part]]:
        """The parts of textBody, htmlBody and attachments."""
        return body_lists(self.root)

    def value(self, name: str) -> object:
        """Return a property of the message by its wire name."""
        if name not in self.values:
            self.values[name] = self._read(name)
        return self.values[name]

    def _read(self, name: str) -> object:
        name = HEADER_SHORTCUTS.get(name, name)
        if name.startswith("header:"):
            return headers.value_of(self.root.headers, name)
        if name == "headers":
            return header_list(self.root)
        if name == "hasAttachment":
            return any(part.disposition != "inline" for part in self.lists[2])
        if name == "preview":
            return " ".join(self.plain_text.split())[:PREVIEW_SIZE]
        # The full structure (RFC 8621, 4.1.4) has sub-parts, also where nobody asks for them.
        structure = (*BODY_PROPERTIES, "subParts") if name == "bodyStructure" else BODY_PROPERTIES
        return self.parts(name, structure)

    @cached_property
    def plain_text(self) -> str:
        """The text of the body, without the markup of HTML parts."""
        shown = [part for part in self.lists[0] if part.type.startswith("text/")]
        return "\n".join(
            strip_markup(part.text[0]) if part.type == "text/html" else part.text[0]
            for part in shown
        )

    def parts(self, name: str, properties: Sequence[str]) -> object:
        """Return bodyStructure, textBody, htmlBody or attachments, with these properties."""
        if name == "bodyStructure":
            return _show(self.root, properties)
        lists = zip(("textBody", "htmlBody", "attachments"), self.lists, strict=True)
        inside: dict[str, list[Part]] = dict(lists)
        flat = [name for name in properties if name != "subParts"]
        return [_show(part, flat) for part in inside[name]]

    def body_values(self, options: JSONObject) -> JSONObject:
        """Return the bodyValues that the fetch arguments ask for (RFC 8621, 4.2)."""
        wanted: list[Part] = []
        if options.get("fetchTextBodyValues"):
            wanted += self.lists[0]
        if options.get("fetchHTMLBodyValues"):
            wanted += self.lists[1]
        if options.get("fetchAllBodyValues"):
            wanted += self.root.walk()
        return {
            part.part_id: _body_value(part, options["maxBodyValueBytes"])
            for part in wanted
            if part.part_id is not None and part.type.startswith("text/")
        }

    @property
    def is_message(self) -> bool:
        """Say whether the bytes look like a message at all: they begin with a header field."""
        return bool(self.root.headers) and b"\0" not in self.raw


def header_list(part: Part) -> list[JSONObject]:
    """Return the EmailHeaders of a part in Raw form."""
    return [{"name": name, "value": value} for name, value in part.headers]


def _show(part: Part, properties: Sequence[str]) -> JSONObject:
    plain, shown = part.to_wire(), JSONObject()
    for name in properties:
        if name in plain:
            shown[name] = plain[name]
        elif name == "headers":
            shown[name] = header_list(part)
        elif name == "subParts":
            inner = part.sub_parts
            shown[name] = None if inner is None else [_show(sub, properties) for sub in inner]
        else:
            shown[name] = headers.value_of(part.headers, name)
    return shown


def _body_value(part: Part, most: int) -> JSONObject:
    value, problem = part.text
    encoded = value.encode()
    truncated = 0 < most < len(encoded)
    if truncated:
        # Octets are counted, but no character may be cut (T120); nor a tag, if it can be helped.
        value = encoded[:most].decode("utf-8", "ignore")
        if part.type == "text/html" and value.rfind("<") > value.rfind(">"):
            value = value[: value.rfind("<")]
    return {"value": value, "isEncodingProblem": problem, "isTruncated": truncated}
