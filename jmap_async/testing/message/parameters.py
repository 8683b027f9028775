"""Parameters of MIME header fields, read and written (RFC 2045, 5.1; RFC 2231)."""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final
from urllib.parse import quote

from jmap_async.testing.message import charsets, encoded_words
from jmap_async.testing.message.tokens import CONTROL, skip_blanks, unescape, unquote

TOKEN: Final = r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+"  # noqa: S105 - no secret
"""A token of RFC 2045, 5.1."""

_NAME: Final = re.compile(rf"({TOKEN})[ \t]*=")
_TOKEN: Final = re.compile(TOKEN)
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_RUN: Final = re.compile(r"[^ \t\r\n;(]*")
_SECTION: Final = re.compile(r"([^*]+)(?:\*(0|[1-9][0-9]{0,5}))?(\*?)")
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_QUOTABLE: Final = re.compile(r"[ !#-\[\]-~]{0,60}")
_MAX_SIZE: Final = 60


def read(text: str, position: int) -> dict[str, str]:
    """Return the parameters behind a position by their lower-case names.

    The first of two with the same name counts; a name in the forms of RFC 2231 before a plain one.
    """
    given: dict[str, str] = {}
    for name, value in _pairs(text, position):
        given.setdefault(name.lower(), value)
    plain = {name: _plain(name, value) for name, value in given.items() if "*" not in name}
    return plain if len(plain) == len(given) else plain | dict(_extended(given))


def _plain(name: str, value: str) -> str:
    """Decode the encoded words that many mailers put into file names, where none belong."""
    return encoded_words.decode_anywhere(value) if name in ("name", "filename") else value


def _pairs(text: str, position: int) -> Iterator[tuple[str, str]]:
    while (position := skip_blanks(text, position)) < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            # A semicolon, or what belongs to nothing.
            position = _end_of_quoted(text, position) or position + 1
            continue
        position = skip_blanks(text, token.end())
        if text.startswith("=", position):
            start = skip_blanks(text, position + 1)
            value, position = _value(text, start)
            if value or text.startswith('"', start):
                yield token[0], value


def _end_of_quoted(text: str, position: int) -> int:
    if not text.startswith('"', position):
        return 0
    quoted = _QUOTED.match(text, position)
    return quoted.end() if quoted else len(text)


def _value(text: str, position: int) -> tuple[str, int]:
    """Return the value at a position, and where it ends."""
    quoted = _QUOTED.match(text, position)
    if quoted is not None:
        return unquote(quoted[0]), quoted.end()
    if text.startswith('"', position):
        return unescape(text[position + 1 :]), len(text)
    start = end = position
    while True:
        found = _RUN.match(text, end)
        end = found.end() if found else end
        following = skip_blanks(text, end)
        if following in (end, len(text)) or text[following] == ";" or _NAME.match(text, following):
            return text[start:end], following
        # White space and parentheses have no place here, but file names have them.
        end = following


def _extended(given: dict[str, str]) -> Iterator[tuple[str, str]]:
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    whole: dict[str, str] = {}
    for key, value in given.items():
        found = _SECTION.fullmatch(key)
        if found is None:
            continue
        name, number, star = found.groups()
        if number is not None:
            sections.setdefault(name, {}).setdefault(int(number), (value, bool(star)))
        elif star:
            whole[name] = _joined(name, [(value, True)])
    for name, numbered in sections.items():
        if 0 in numbered:
            yield name, _joined(name, list(_in_order(numbered)))
    yield from whole.items()


def _in_order(numbered: dict[int, tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    number = 0
    while number in numbered:
        yield numbered[number]
        number += 1


def _joined(name: str, sections: list[tuple[str, bool]]) -> str:
    """Decode the sections of a value; the first names the charset and language, if any does."""
    if not any(star for _, star in sections):
        return _plain(name, "".join(text for text, _ in sections))
    charset = "utf-8"
    value, is_encoded = sections[0]
    if is_encoded and value.count("'") >= 2:
        charset, _, value = value.split("'", 2)
        sections = [(value, True), *sections[1:]]
    found: list[str] = []
    for star, run in groupby(sections, key=lambda section: section[1]):
        text = "".join(text for text, _ in run)
        found.append(_decoded(text, charset) if star else text)
    return CONTROL.sub("", "".join(found))


def _decoded(text: str, charset: str) -> str:
    octets = _PERCENT.sub(lambda found: bytes([int(found[1], 16)]), text.encode())
    return charsets.best_effort(octets, charset)[0]


def write(name: str, value: str) -> list[str]:
    """Return a parameter as pieces of a line; more than one if it is long (RFC 2231, 3).

    Raises:
        ValueError: it has control characters.
    """
    if CONTROL.search(value):
        raise ValueError(value)
    if _QUOTABLE.fullmatch(value) and "=?" not in value:
        return [f"{name}={value}" if _TOKEN.fullmatch(value) else f'{name}="{value}"']
    chunks = list(_chunks(quote(char, safe="") for char in value))
    if len(chunks) == 1:
        return [f"{name}*=utf-8''{chunks[0]}"]
    chunks[0] = f"utf-8''{chunks[0]}"
    return [f"{name}*{number}*={chunk}" for number, chunk in enumerate(chunks)]


def _chunks(parts: Iterable[str]) -> Iterator[str]:
    chunk = ""
    for part in parts:
        if len(chunk) + len(part) > _MAX_SIZE - len("utf-8''"):
            yield chunk
            chunk = ""
        chunk += part
    yield chunk
