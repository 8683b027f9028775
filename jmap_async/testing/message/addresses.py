"""Address lists, read and written (RFC 5322, 3.4 and 4.4; RFC 8621, 4.1.2.3 and 4.1.2.4)."""

import re
import unicodedata
from collections.abc import Iterable
from itertools import takewhile
from typing import Final

from jmap_async.testing.message import encoded_words
from jmap_async.testing.message.encoded_words import Blank, Piece
from jmap_async.testing.message.tokens import CONTROL, Token, is_open, tokenize, unfold, unquote
from jmap_async.testing.types import JSONObject

_ATOMS: Final = r"[A-Za-z0-9!#$%&'*+\-/=^_`{|}~.]+"
_WORDS: Final = r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*"
_SIMPLE: Final = re.compile(rf" *(?:({_WORDS}) <({_ATOMS}@{_ATOMS})>|({_ATOMS}@{_ATOMS})) *")
_PLAIN_EMAIL: Final = re.compile(f"{_ATOMS}@{_ATOMS}")
_PLAIN_NAME: Final = re.compile(_WORDS)
_MAX_NAME: Final = 60
_QUOTABLE: Final = re.compile(rf"(?! )[ -~]{{1,{_MAX_NAME}}}(?<! )")


def read_groups(value: str) -> list[JSONObject]:
    """Return the addresses by group; consecutive ones outside any group share a null group."""
    simple = _SIMPLE.fullmatch(value)
    if simple is not None:
        address = {"name": simple[1], "email": simple[2] or simple[3]}
        return [{"name": None, "addresses": [address]}]
    reader = _Reader()
    for token, is_inside in _with_brackets(tokenize(unfold(value))):
        reader.take(token, is_inside=is_inside)
    reader.end_mailbox()
    return reader.groups


def _with_brackets(tokens: list[Token]) -> Iterable[tuple[Token, bool]]:
    """Say of each token whether it stands between angle brackets, where there are routes."""
    brackets = [token.kind for token in tokens if token.kind in "<>"]
    seen, inside = 0, False
    for token in tokens:
        if token.kind in "<>":
            seen += 1
            # An open bracket that nothing closes must not swallow the rest.
            inside = token.kind == "<" and brackets[seen : seen + 1] == [">"]
        yield token, inside


class _Reader:
    def __init__(self) -> None:
        self.groups: list[JSONObject] = []
        self._tokens: list[Token] = []
        self._closed = 0
        self._in_group = False

    def take(self, token: Token, *, is_inside: bool) -> None:
        if is_inside or token.kind not in (",", ":", ";"):
            if token.kind == "<" and self._closed:
                self._end_before_this()
            self._tokens.append(token)
            self._closed = len(self._tokens) if token.kind == ">" else self._closed
        elif token.kind == ":":
            self.groups.append({"name": phrase(self._tokens) or "", "addresses": []})
            self._tokens, self._closed, self._in_group = [], 0, True
        else:
            self.end_mailbox()
            self._in_group = self._in_group and token.kind != ";"

    def _end_before_this(self) -> None:
        """Take a second pair of brackets for a second address: the comma is missing."""
        following = self._tokens[self._closed :]
        self._tokens = self._tokens[: self._closed]
        self.end_mailbox()
        self._tokens = following

    def end_mailbox(self) -> None:
        address = _mailbox(self._tokens)
        self._tokens, self._closed = [], 0
        if address is None:
            return
        if not self.groups or (not self._in_group and self.groups[-1]["name"] is not None):
            self.groups.append({"name": None, "addresses": []})
        self.groups[-1]["addresses"].append(address)


def _mailbox(tokens: list[Token]) -> JSONObject | None:
    if all(token.is_blank for token in tokens):
        return None
    kinds = [token.kind for token in tokens]
    if "<" not in kinds:
        return _bare_mailbox(tokens)
    start = kinds.index("<")
    end = kinds.index(">", start) if ">" in kinds[start:] else len(kinds)
    inside = tokens[start + 1 : end]
    name = phrase(tokens[:start]) or _comment_after(inside)
    return {"name": name, "email": _addr_spec(_without_route(inside))}


def _bare_mailbox(tokens: list[Token]) -> JSONObject:
    """Read an addr-spec without brackets; what is none is still shown (RFC 8621, 4.1.2.3)."""
    email = _addr_spec(tokens)
    if "@" not in email and any(token.kind == "encoded" for token in tokens):
        email = phrase(tokens) or ""
    return {"name": _comment_after(tokens), "email": email}


def _adjoin(before: str, after: str) -> bool:
    return before.endswith((".", "@")) or after.startswith((".", "@"))


def _addr_spec(tokens: list[Token]) -> str:
    """Return the address without CFWS (RFC 5322, 3.4.1); words that it has not keep a space."""
    text, was_blank = "", False
    for token in tokens:
        if not token.is_blank:
            text += " " if was_blank and text and not _adjoin(text, token.text) else ""
            text += token.text
        was_blank = token.is_blank
    return text


def _without_route(tokens: list[Token]) -> list[Token]:
    """Drop an obs-route, "@a,@b:" (RFC 5322, 4.4)."""
    kinds = [token.kind for token in tokens if not token.is_blank]
    if kinds[:1] != ["@"] or ":" not in kinds:
        return tokens
    return tokens[[token.kind for token in tokens].index(":") + 1 :]


def _comment_after(tokens: list[Token]) -> str | None:
    """Return what the first comment behind the last word says."""
    blanks = list(takewhile(lambda token: token.is_blank, reversed(tokens)))
    comments = [token.text for token in reversed(blanks) if token.kind == "comment"]
    text = encoded_words.decode_comment(comments[0]) if comments else ""
    return unicodedata.normalize("NFC", text) or None


def is_addr_spec(text: str) -> bool:
    """Say whether it is an address without CFWS: a local part, "@" and a domain."""
    tokens = tokenize(text)
    kinds = [token.kind for token in tokens]
    return (
        kinds.count("@") == 1
        and "@" not in (kinds[0], kinds[-1])
        and set(kinds) <= {"atom", "quoted", "literal", "@"}
        and not is_open(tokens)
        and CONTROL.search(text) is None
    )


def phrase(tokens: Iterable[Token]) -> str | None:
    """Return the words of a phrase with single spaces, decoded; None if there are none."""
    pieces: list[Piece] = []
    blanks = set[str]()
    for token in tokens:
        if token.is_blank:
            blanks.add(token.kind)
            continue
        if blanks and pieces:
            # Encoded words with a comment between them are not adjacent.
            pieces.append(" " if "comment" in blanks else Blank(" "))
        pieces.append(_word(token))
        blanks.clear()
    return unicodedata.normalize("NFC", encoded_words.join(pieces)) or None


def _word(token: Token) -> Piece:
    if token.kind == "encoded":
        return encoded_words.word_or_text(token.text)
    # RFC 8621, 4.1.2.3: white space at the ends of a quoted string is no part of the name.
    return unquote(token.text).strip(" \t") if token.kind == "quoted" else token.text


def write(groups: Iterable[tuple[str | None, Iterable[tuple[str, str]]]]) -> list[str]:
    """Return groups of pairs of name and email as pieces of a line, with a space between them.

    Raises:
        ValueError: something of it would not be read again as it is.
    """
    items = [item for name, addresses in groups for item in _write_group(name, addresses)]
    return [piece for number, item in enumerate(items, 1) for piece in _comma(item, number, items)]


def _comma(item: list[str], number: int, items: list[list[str]]) -> list[str]:
    return item if number == len(items) else [*item[:-1], f"{item[-1]},"]


def _write_group(name: str | None, addresses: Iterable[tuple[str, str]]) -> list[list[str]]:
    members = [_write_mailbox(*address) for address in addresses]
    if name is None:
        return members
    inside = [
        piece for number, item in enumerate(members, 1) for piece in _comma(item, number, members)
    ]
    return [[*_write_phrase(name), ":", *inside, ";"]]


def _write_mailbox(name: str, email: str) -> list[str]:
    if _PLAIN_EMAIL.fullmatch(email) is None:
        _check_email(email)
    elif not name:
        return [email]
    return [*(_write_phrase(name) if name else ()), f"<{email}>"]


def _check_email(email: str) -> None:
    tokens = tokenize(email)
    expected = [{"name": None, "addresses": [{"name": None, "email": email}]}]
    is_list = any(token.kind in ("<", ">", ",", ":", ";") for token in tokens)
    if is_list or is_open(tokens) or CONTROL.search(email) or read_groups(f"<{email}>") != expected:
        raise ValueError(email)


def _write_phrase(name: str) -> list[str]:
    """Write a name as atoms, as a quoted string or, if it is long or odd, as encoded words."""
    if CONTROL.search(name):
        raise ValueError(name)
    if len(name) <= _MAX_NAME and _PLAIN_NAME.fullmatch(name):
        return name.split(" ")
    if not name or (_QUOTABLE.fullmatch(name) and "=?" not in name):
        return ['"{}"'.format(re.sub(r'(["\\])', r"\\\1", name))]
    return encoded_words.encode(name)
