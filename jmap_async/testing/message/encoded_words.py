"""Encoded words: text of any charset in header fields (RFC 2047; RFC 8621, 4.1.2.2)."""

import base64
import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

from jmap_async.testing.message import charsets, transfer_encodings
from jmap_async.testing.message.tokens import CONTROL, ENCODED_WORD, tokenize, unescape

_WORD: Final = re.compile(ENCODED_WORD)
_SPACES: Final = re.compile(r"([ \t\r\n]+)")
_IN_COMMENT: Final = re.compile(r"[ \t\r\n]+|[()]|(?:\\.|[^\\() \t\r\n])+|\\", re.DOTALL)

_ESCAPE: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_MAX_SIZE: Final = 75
_FRAME: Final = len("=?utf-8?Q?") + len("?=")
# RFC 2047, 5 (3): what may stand for itself in a phrase, and so anywhere.
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


class EncodedWord(NamedTuple):
    """The octets of an encoded word, and their charset."""

    charset: str
    octets: bytes


class Blank(str):
    """White space, which does not count between two encoded words (RFC 2047, 6.2)."""

    __slots__ = ()


Piece = EncodedWord | Blank | str


def decode(text: str) -> str:
    """Decode the encoded words of unstructured text: those that stand between white space."""
    if "=?" not in text:
        return text
    return join(
        piece if index % 2 == 0 else Blank(piece)
        for index, piece in enumerate(map(word_or_text, _SPACES.split(text)))
    )


def decode_structured(text: str) -> str:
    """Decode the encoded words of a value in which those in quoted strings are none."""
    if "=?" not in text:
        return text
    return join(map(_structured_piece, tokenize(text)))


def _structured_piece(token: tuple[str, str]) -> Piece:
    kind, text = token
    if kind == "space":
        return Blank(text)
    if kind == "comment":
        return f"({decode(text[1:-1])})"
    return word_or_text(text) if kind == "encoded" else text


def decode_comment(text: str) -> str:
    """Return what a comment says; parentheses border encoded words, too (RFC 2047, 5)."""
    pieces = _IN_COMMENT.findall(text[1:-1])
    return join(
        Blank(piece) if _SPACES.fullmatch(piece) else _in_comment(piece) for piece in pieces
    )


def _in_comment(text: str) -> Piece:
    found = word_or_text(text)
    return unescape(found) if isinstance(found, str) else found


def decode_anywhere(text: str) -> str:
    """Decode all that looks like an encoded word, as mailers do where none are allowed."""
    if "=?" not in text:
        return text
    pieces: list[Piece] = []
    position = 0
    for match in _WORD.finditer(text):
        between = text[position : match.start()]
        is_blank = _SPACES.fullmatch(between) is not None
        pieces += [Blank(between) if is_blank else between, word_or_text(match[0])]
        position = match.end()
    return join([*pieces, text[position:]])


@lru_cache(maxsize=1024)
def word_or_text(text: str) -> EncodedWord | str:
    """Read an encoded word; anything else, or one of an unknown charset, is text."""
    if _WORD.fullmatch(text) is None:
        return text
    _, charset, encoding, encoded, _ = text.split("?")
    charset = charset.partition("*")[0].lower()
    if not charsets.is_known(charset):
        return text
    octets = encoded.encode()
    if encoding in "Bb":
        return EncodedWord(charset, transfer_encodings.from_base64(octets))
    octets = octets.replace(b"_", b" ")
    return EncodedWord(charset, _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), octets))


def join(pieces: Iterable[Piece]) -> str:
    """Return pieces as one text."""
    found: list[str] = []
    words: list[EncodedWord] = []
    blank = ""
    for piece in pieces:
        if isinstance(piece, Blank):
            blank += piece
        elif isinstance(piece, EncodedWord):
            found += [] if words else [blank]
            words.append(piece)
            blank = ""
        elif piece:
            found += [_text_of(words), blank, piece]
            words, blank = [], ""
    return "".join([*found, _text_of(words), blank])


def _text_of(words: list[EncodedWord]) -> str:
    """Decode words in a row; what is encoded may not be a control (RFC 8621, 4.1.2.2)."""
    runs = groupby(words, key=lambda word: word.charset)
    text = "".join(_text_of_run([word.octets for word in run], name) for name, run in runs)
    return CONTROL.sub("", text)


def _text_of_run(octets: list[bytes], charset: str) -> str:
    decoded = [charsets.decode(piece, charset) or ("", True) for piece in octets]
    if len(octets) > 1 and any(malformed for _, malformed in decoded):
        # Many mailers cut a character in two, against RFC 2047, 5.
        decoded = [charsets.decode(b"".join(octets), charset) or ("", True)]
    return "".join(text for text, _ in decoded)


def encode(text: str, *, room: int = _MAX_SIZE) -> list[str]:
    """Return text as encoded words, each of whole characters; the first has `room` characters."""
    words: list[str] = []
    is_plain = _is_mostly_plain(text.encode())
    start, taken, most = 0, 0, _octets_in(room, is_plain=is_plain)
    for index, char in enumerate(text):
        size = len(_q(char) if is_plain else char.encode())
        if taken + size > most and index > start:
            words.append(_word(text[start:index], is_plain=is_plain))
            start, taken, most = index, 0, _octets_in(_MAX_SIZE, is_plain=is_plain)
        taken += size
    return [*words, _word(text[start:], is_plain=is_plain)]


def _is_mostly_plain(octets: bytes) -> bool:
    """Say whether Q is shorter than B."""
    return sum(octet not in _PLAIN and octet != 0x20 for octet in octets) * 6 <= len(octets)


def _octets_in(size: int, *, is_plain: bool) -> int:
    room = min(size, _MAX_SIZE) - _FRAME
    return room if is_plain else room // 4 * 3


def _word(text: str, *, is_plain: bool) -> str:
    if is_plain:
        return f"=?utf-8?Q?{_q(text)}?="
    return f"=?utf-8?B?{base64.b64encode(text.encode()).decode()}?="


def _q(text: str) -> str:
    return "".join(_Q[octet] for octet in text.encode())


def _q_of(octet: int) -> str:
    return "_" if octet == 0x20 else chr(octet) if octet in _PLAIN else f"={octet:02X}"


_Q: Final = tuple(map(_q_of, range(256)))
