"""Header values as tokens: words, comments, white space and specials (RFC 5322, 3.2)."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

ENCODED_WORD: Final = r"=\?[!#-'*+\-0-9A-Z^-~]+\?[BbQq]\?[!->@-~]+\?="
"""What an encoded word looks like (RFC 2047, 2); a charset may have a language (RFC 2231, 5)."""

CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Control characters, which no value may have in it, however it is encoded."""

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_IN_COMMENT: Final = re.compile(r"\\.|[()]", re.DOTALL)
_PAIR: Final = re.compile(r"\\(.)", re.DOTALL)

_QUOTED: Final = r'(?P<quoted>"(?:[^"\\]|\\.)*+")|'
_OTHER: Final = (
    r"(?P<space>[ \t\r\n]+)"
    rf"|(?P<encoded>{ENCODED_WORD}(?=[ \t\r\n]|\Z))"
    r"|(?P<literal>\[[^\[\]]*+\])"
    r'|(?P<atom>[^ \t\r\n()<>@,;:"\[]+)'
    r"|(?P<special>.)"
)
_TOKEN: Final = re.compile(_QUOTED + _OTHER, re.DOTALL)
_TOKEN_WITHOUT_QUOTES: Final = re.compile(_OTHER, re.DOTALL)


class Token(NamedTuple):
    """A piece of a header value as it is written.

    Its kind is "space", "comment", "atom", "quoted", "literal", "encoded", or the special
    character that it is. An atom has the dots in it, as in the obsolete phrase (RFC 5322, 4.1).
    """

    kind: str
    text: str

    @property
    def is_blank(self) -> bool:
        """Say whether it is CFWS."""
        return self.kind in ("space", "comment")


def unfold(value: str) -> str:
    """Take the line ends of folding away, and no more (RFC 5322, 2.2.3)."""
    return _FOLD.sub("", value) if "\n" in value else value


def tokenize(value: str) -> list[Token]:
    """Split an unfolded value; a quote or parenthesis that is not closed is an atom."""
    tokens: list[Token] = []
    pattern, comments, position = _TOKEN, True, 0
    while match := pattern.match(value, position):
        kind, position = str(match.lastgroup), match.end()
        if kind == "encoded" and tokens and tokens[-1].kind != "space":
            # RFC 2047, 5: linear white space separates it from what stands before.
            kind = "atom"
        elif kind == "special":
            kind = match[0] if match[0] in "<>@,;:" else "atom"
            end = _comment_end(value, match.start()) if comments and match[0] == "(" else None
            if end is not None:
                kind, position = "comment", end
            elif match[0] == "(":
                comments = False
            elif match[0] == '"':
                pattern = _TOKEN_WITHOUT_QUOTES
        tokens.append(Token(kind, value[match.start() : position]))
    return tokens


def is_open(tokens: Iterable[Token]) -> bool:
    """Say whether a quote, a parenthesis or a bracket is open: what comes later may close it."""
    return any(token.kind == "atom" and token.text in ('"', "(", "[") for token in tokens)


def skip_blanks(value: str, position: int) -> int:
    """Return where the CFWS at a position ends; an open comment lasts to the end."""
    while True:
        match = _SPACE.match(value, position)
        position = match.end() if match else position
        if not value.startswith("(", position):
            return position
        position = _comment_end(value, position) or len(value)


def _comment_end(value: str, start: int) -> int | None:
    depth = 0
    for match in _IN_COMMENT.finditer(value, start):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return None


def without_comments(value: str) -> str:
    """Return a value with its comments replaced by spaces."""
    if "(" not in value:
        return value
    return "".join(" " if kind == "comment" else text for kind, text in tokenize(value))


def unescape(text: str) -> str:
    """Replace quoted pairs by the characters that they quote."""
    return _PAIR.sub(r"\1", text) if "\\" in text else text


def unquote(text: str) -> str:
    """Return what a quoted string means."""
    return unescape(text[1:-1])
