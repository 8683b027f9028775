"""The header fields of body parts, read (RFC 2045, 2183, 2392, 2557, 3282; RFC 8621, 4.1.4)."""

import re
from functools import lru_cache
from typing import Final

import attrs

from jmap_async.testing.message import encoded_words, parameters
from jmap_async.testing.message.identifiers import read_message_ids
from jmap_async.testing.message.tokens import skip_blanks, unfold, unquote, without_comments

_TOKEN: Final = re.compile(parameters.TOKEN)
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_SPACES: Final = re.compile(r"[ \t\r\n]+")
_NOT_SPACE: Final = re.compile(r"[^ \t\r\n]+")
_LANGUAGE: Final = re.compile(r"[^ \t\r\n,]+")


@attrs.frozen
class Field:
    """A value in lower case, and its parameters."""

    value: str | None
    parameters: dict[str, str] = attrs.field(factory=dict[str, str])


PLAIN_TEXT: Final = Field("text/plain")


@lru_cache(maxsize=256)
def content_type(value: str) -> Field:
    """Read a Content-Type; a malformed one is plain text (RFC 2045, 5.2)."""
    text = unfold(value)
    kind, position = _token(text, skip_blanks(text, 0))
    if not kind or not text.startswith("/", position):
        return PLAIN_TEXT
    subtype, position = _token(text, skip_blanks(text, position + 1))
    if not subtype or text.startswith("/", position):
        return PLAIN_TEXT
    type, given = f"{kind}/{subtype}".lower(), parameters.read(text, position)
    # RFC 2046, 5.1.1: a multipart must have a boundary.
    if type.startswith("multipart/") and not given.get("boundary", "").strip():
        return PLAIN_TEXT
    return Field(type, given)


@lru_cache(maxsize=256)
def content_disposition(value: str) -> Field:
    """Read a Content-Disposition, which may lack all but its parameters."""
    text = unfold(value)
    start = skip_blanks(text, 0)
    token, position = _word(text, start)
    if text.startswith("=", position):
        token, position = "", start
    return Field(token.lower() or None, parameters.read(text, position))


@lru_cache(maxsize=256)
def transfer_encoding(value: str) -> str:
    """Read a Content-Transfer-Encoding; without any it is "7bit" (RFC 2045, 6.1)."""
    text = unfold(value)
    return _word(text, skip_blanks(text, 0))[0].lower() or "7bit"


def content_id(value: str) -> str | None:
    """Return a Content-ID without CFWS and brackets, or None if nothing is left."""
    ids = read_message_ids(value)
    if ids:
        return ids[0]
    text = _SPACES.sub("", without_comments(unfold(value)))
    return text.removeprefix("<").removesuffix(">") or None


def content_language(value: str) -> list[str]:
    """Return the tags of a Content-Language."""
    return _LANGUAGE.findall(without_comments(unfold(value)))


def content_location(value: str) -> str | None:
    """Return a Content-Location; a long URI has white space and encoded words (RFC 2557, 4.4).

    A URI may have parentheses, so only those at its ends begin comments.
    """
    text = encoded_words.decode(unfold(value).strip(" \t"))
    found: list[str] = []
    position = skip_blanks(text, 0)
    while piece := _NOT_SPACE.match(text, position):
        found.append(piece[0])
        position = skip_blanks(text, piece.end())
    return "".join(found) or None


def _token(text: str, position: int) -> tuple[str, int]:
    """Return the token at a position, and where the CFWS behind it ends."""
    found = _TOKEN.match(text, position)
    return (found[0], skip_blanks(text, found.end())) if found else ("", position)


def _word(text: str, position: int) -> tuple[str, int]:
    """Return a token that may be quoted, against the rules."""
    found = _QUOTED.match(text, position)
    return (unquote(found[0]), skip_blanks(text, found.end())) if found else _token(text, position)
