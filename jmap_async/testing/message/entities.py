"""Entities: content with its header fields, encoded for its way (RFC 2045, 6; RFC 2046, 5)."""

import hashlib
import re
from collections.abc import Sequence
from typing import Final

import attrs

from jmap_async.testing.message import transfer_encodings
from jmap_async.testing.message.transfer_encodings import IDENTITIES

_BASE64: Final = "Content-Transfer-Encoding: base64"
_LINE_END: Final = re.compile(r"\r?\n")


@attrs.frozen
class Entity:
    """Header fields and a body, which needs `identity` if it goes unencoded."""

    head: list[str]
    body: bytes
    identity: str = IDENTITIES[0]

    @property
    def is_encoded(self) -> bool:
        """Say whether the body is not the content itself."""
        return self.head[-1] == _BASE64

    def to_bytes(self) -> bytes:
        """Return it as it stands in a message."""
        return "".join(f"{line}\r\n" for line in self.head).encode() + b"\r\n" + self.body


def text(value: str, head: list[str]) -> Entity:
    """Return a text part, base64 only where lines are too long or characters too odd."""
    data = _LINE_END.sub("\r\n", value).encode()
    identity = transfer_encodings.identity_for(data)
    return _base64(data, head) if identity == "binary" else _identity(data, head, identity)


def file(data: bytes, type: str, head: list[str]) -> Entity:
    """Return a part with the content of a blob; messages are not encoded (RFC 2046, 5.2.1)."""
    if type.startswith("message/"):
        return _identity(data, head, transfer_encodings.identity_for(data))
    return _base64(data, head)


def multipart(head: list[str], parts: Sequence[Entity], boundary: str) -> Entity:
    """Return a multipart, which declares the encoding that its parts need (RFC 2045, 6.4)."""
    inside = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), part.to_bytes()) for part in parts)
    body = inside + f"--{boundary}--\r\n".encode()
    identity = max((part.identity for part in parts), key=IDENTITIES.index, default=IDENTITIES[0])
    return Entity(head, body) if identity == IDENTITIES[0] else _identity(body, head, identity)


def boundary_for(parts: Sequence[Entity]) -> str:
    """Return a boundary made from the content: it cannot occur in it, and is always the same."""
    digest = hashlib.sha1(usedforsecurity=False)
    for part in parts:
        digest.update(b"\0" + part.to_bytes())
    return f"=_{digest.hexdigest()[:32]}"


def _identity(data: bytes, head: list[str], identity: str) -> Entity:
    return Entity([*head, f"Content-Transfer-Encoding: {identity}"], data, identity)


def _base64(data: bytes, head: list[str]) -> Entity:
    return Entity([*head, _BASE64], transfer_encodings.to_base64(data))
