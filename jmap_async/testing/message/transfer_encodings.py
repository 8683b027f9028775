"""Content-Transfer-Encodings: quoted-printable, base64 and the identities (RFC 2045, 6)."""

import base64
import binascii
import re
from typing import Final

MAX_LINE: Final = 998
IDENTITIES: Final = ("7bit", "8bit", "binary")
"""The encodings that change nothing; each allows all that those before it do."""
KNOWN: Final = frozenset({*IDENTITIES, "base64", "quoted-printable"})

_LINE_END_SPACE: Final = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n|\Z)")
_ESCAPE: Final = re.compile(rb"=(?:([0-9A-Fa-f]{2})|\r?\n|\Z)")
_NOT_BASE64: Final = bytes(set(range(256)) - set(base64.b64encode(bytes(range(256)) * 3) + b"+/="))
_PADDING: Final = re.compile(rb"=+")
_LONE: Final = re.compile(rb"\0|\r(?!\n)|(?<!\r)\n")


def decode(body: bytes, encoding: str) -> bytes:
    """Return the octets that are encoded; as they are if the encoding is unknown."""
    if encoding == "base64":
        return from_base64(body)
    return from_quoted_printable(body) if encoding == "quoted-printable" else body


def from_quoted_printable(body: bytes) -> bytes:
    """Decode quoted-printable (RFC 2045, 6.7); what is no escape stays as it is.

    White space at the end of a line was added on the way (rule 3), even after a soft line break.
    """
    text = _LINE_END_SPACE.sub(b"", body)
    return _ESCAPE.sub(lambda found: bytes.fromhex((found[1] or b"").decode()), text)


def from_base64(body: bytes) -> bytes:
    """Decode base64; other characters are ignored (RFC 2045, 6.8), and padding may be missing.

    Padding in the middle ends one piece, and the next begins.
    """
    pieces = _PADDING.split(body.translate(None, _NOT_BASE64))
    return b"".join(map(_piece_of_base64, pieces))


def _piece_of_base64(digits: bytes) -> bytes:
    # A single digit has not all bits of an octet.
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def to_base64(data: bytes) -> bytes:
    """Return data in lines of base64."""
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def identity_for(data: bytes) -> str:
    """Return the first identity that allows the data (RFC 2045, 2.7 to 2.9)."""
    if _LONE.search(data) or max(map(len, data.split(b"\r\n"))) > MAX_LINE:
        return "binary"
    return "7bit" if data.isascii() else "8bit"
