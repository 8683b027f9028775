"""What stands between angle brackets: message ids (RFC 5322, 3.6.4) and URLs (RFC 2369, 2)."""

import re
from collections.abc import Iterable
from typing import Final

from jmap_async.testing.message.tokens import CONTROL, is_open, skip_blanks, tokenize, unfold

_PLAIN_ID: Final = r"<([A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.@]+)>"
_PLAIN_IDS: Final = re.compile(rf"(?:\s*{_PLAIN_ID})+\s*", re.ASCII)
_EACH_PLAIN_ID: Final = re.compile(_PLAIN_ID)
_SPACES: Final = re.compile(r"[ \t\r\n]+")
_MAX_SIZE: Final = 990


def read_message_ids(value: str) -> list[str] | None:
    """Return the ids without CFWS and brackets, or None if there are none.

    What stands outside of the brackets is the obsolete phrase (RFC 5322, 4.5.4).
    """
    if _PLAIN_IDS.fullmatch(value):
        return _EACH_PLAIN_ID.findall(value)
    found: list[str] = []
    inside: list[str] | None = None
    for token in tokenize(unfold(value)):
        if token.kind == "<":
            inside = []
        elif token.kind == ">":
            found += ["".join(inside)] if inside else []
            inside = None
        elif inside is not None and not token.is_blank:
            inside.append(token.text)
    return found or None


def write_message_ids(ids: Iterable[str]) -> list[str]:
    """Return message ids as pieces of a line, with a space between them.

    Raises:
        ValueError: an id would not be read again as it is.
    """
    pieces = [f"<{id}>" for id in ids]
    for id, piece in zip(ids, pieces, strict=True):
        if is_open(tokenize(id)) or CONTROL.search(id) or read_message_ids(piece) != [id]:
            raise ValueError(id)
    return pieces


def read_urls(value: str) -> list[str] | None:
    """Return the URLs without brackets and comments, or None if there are none.

    Whatever stands before a bracket ends the list, and so does what is no comma behind it.
    """
    text = unfold(value)
    found: list[str] = []
    position = skip_blanks(text, 0)
    while text.startswith("<", position):
        end = text.find(">", position)
        url = _SPACES.sub("", text[position + 1 : end])
        if end < 0 or not url:
            break
        found.append(url)
        position = skip_blanks(text, end + 1)
        if not text.startswith(",", position):
            break
        position = skip_blanks(text, position + 1)
    return found or None


def write_urls(urls: Iterable[str]) -> list[str]:
    """Return URLs as pieces of a line; the white space in a long one is ignored (RFC 2369, 2).

    Raises:
        ValueError: a URL would not be read again as it is.
    """
    urls = list(urls)
    pieces: list[str] = []
    for number, url in enumerate(urls, 1):
        if CONTROL.search(url) or read_urls(f"<{url}>") != [url]:
            raise ValueError(url)
        text = f"<{url}>" if number == len(urls) else f"<{url}>,"
        pieces += [text[at : at + _MAX_SIZE] for at in range(0, len(text), _MAX_SIZE)]
    return pieces
