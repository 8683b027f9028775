"""Credentials, blanked in what is quoted: errors and log lines pass here before anybody sees them.

A server, a proxy or a debug page may say the credential back, as it came or in another spelling.
What is known here is blanked in every error of the process, whichever client it comes from: objects
that are read long after their request do not know theirs. Known is what an `Authorization`
holds, for as long as that lives. Nothing is looked at but what an error or a log line quotes.

A secret of up to three characters is found anywhere by accident, so it is left alone; one of up to
seven is blanked where it stands as a word. No real token is as short as that. The beginning of a
token is blanked from eight characters on.
"""

import base64
import binascii
import re
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from operator import is_
from typing import Final, TypeVar, cast

T = TypeVar("T")

BLANK: Final = "[credential]"

_SHORTEST: Final = 4
_SHORT: Final = 8

_LONGEST: Final = 8 * 1024
"""Octets that headers may have: a secret is not longer."""

_WINDOW: Final = 2 * _LONGEST
"""Of what is longer, and will be cut, the rest is not looked at."""

_DEEPEST: Final = 50

_KEY: Final = 4
"""Characters by which secrets are found: their beginnings are often alike, so these are others."""

_FEW: Final = 32
"""Keys that are quicker looked for one by one."""

_RUN: Final = 16
"""Characters by which those that are found are told apart."""


class Secret(str):
    """A text that is secret: its repr, which tracebacks and debuggers show, hides it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'...'"


class Authorization:
    """A value of the Authorization header, which is blanked as long as this object lives."""

    __slots__ = ("__weakref__", "_runs", "_substitute", "value")

    def __init__(self, value: str) -> None:
        self.value = Secret(value)
        self._runs = tuple(map(Secret, dict.fromkeys(_runs(value))))
        self._substitute: Callable[[str, str], str] | None = None
        _Entry.of(self, {run[-_KEY:] for run in self._runs} | {_token(value)[:_SHORT][-_KEY:]})

    def blank(self, text: str) -> str:
        """Blank the secret in a text, however it is spelled there."""
        if any(run in text for run in self._runs):
            if self._substitute is None:
                # The method alone: a pattern's repr shows what it looks for.
                self._substitute = re.compile("|".join(_patterns(self.value))).sub
            text = self._substitute(BLANK, text)
        return text

    def blank_beginnings(self, text: str) -> str:
        """Blank where the token begins: servers shorten it, and answers break off within it."""
        token = _token(self.value)
        begin, start = token[:_SHORT], 0
        while len(begin) == _SHORT and (start := text.find(begin, start)) >= 0:
            end = start + _SHORT
            while end - start < len(token) and text[end : end + 1] == token[end - start]:
                end += 1
            text = text[:start] + BLANK + text[end:]
            start += len(BLANK)
        return text


class _Entry(weakref.ref[Authorization]):
    """Where a secret is found in the index, which it leaves when nobody holds it any more."""

    __slots__ = ("keys",)

    keys: frozenset[str]

    @classmethod
    def of(cls, known: Authorization, keys: Iterable[str]) -> None:
        entry = cls(known, cls._gone)
        entry.keys = frozenset(keys)
        for key in entry.keys:
            _index.setdefault(key, set()).add(entry)
        _clean.clear()

    @staticmethod
    def _gone(reference: "weakref.ref[Authorization]") -> None:
        entry = cast("_Entry", reference)
        for key in entry.keys:
            found = _index.get(key, set())
            found.discard(entry)
            if not found:
                _index.pop(key, None)


_index: Final[dict[str, set[_Entry]]] = {}

# The text that was redacted last: callers that fail together get a copy of one error each.
_clean: Final[list[str]] = []


def redact(text: str) -> str:
    """Blank every known secret in a text."""
    if not _index or text in _clean:
        return text
    suspects = _suspects(text)
    for one in suspects:
        text = one.blank(text)
    # What begins alike must not take the beginning of what is there as a whole.
    for one in suspects:
        text = one.blank_beginnings(text)
    _clean[:] = [text]
    return text


def redacted(value: T) -> T:
    """Blank every known secret in JSON; what is nested too deeply to matter is left out."""
    return cast("T", _redacted(value, _DEEPEST)) if _index else value


def _redacted(value: object, levels: int) -> object:
    if isinstance(value, str):
        return redact(value)
    if not isinstance(value, dict | list):
        return value
    if not levels:
        return "..."
    if isinstance(value, list):
        items = cast("list[object]", value)
        blanked = [_redacted(one, levels - 1) for one in items]
        return items if all(map(is_, items, blanked)) else blanked
    members = cast("dict[object, object]", value)
    told = {_redacted(key, 1): _redacted(one, levels - 1) for key, one in members.items()}
    same = [*told] == [*members] and all(map(is_, members.values(), told.values()))
    return members if same else told


def beginning(said: str | bytes) -> str:
    """Return the start of what will be cut; at its end no secret is cut in two."""
    start = said[:_WINDOW]
    text = redact(start if isinstance(start, str) else start.decode(errors="replace"))
    return text if len(said) <= _WINDOW else text[:-_LONGEST]


def tells(error: BaseException) -> bool:
    """Tell whether a foreign error, or one behind it, says a known secret, as far as is known."""
    try:
        said = "\n".join(f"{one} {one!r}" for one in chain(error)) if _index else ""
    except Exception:  # noqa: BLE001 - it cannot be printed: nobody knows what it says
        return True
    return redact(said) != said


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that are behind it, each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__]


def bare(error: BaseException | None) -> BaseException | None:
    """Return an error without the frames that it came through, whose locals may hold secrets.

    None in place of a foreign error that says one itself.
    """
    if error is None or tells(error):
        return None
    for one in chain(error):
        one.__traceback__ = None
    return error


def _suspects(text: str) -> list[Authorization]:
    """Return the secrets that may be in a text; the longer first, as one may begin like another."""
    if len(_index) < _FEW:
        keys = {key for key in tuple(_index) if key in text}
    else:
        parts = (text[start : start + _KEY] for start in range(len(text)))
        keys = {part for part in parts if part in _index} | {""}
    found = {entry() for key in keys for entry in tuple(_index.get(key, ()))}
    return sorted(filter(None, found), key=lambda one: len(one.value), reverse=True)


# What counts as the secret


def _token(value: str) -> str:
    """Return what follows the scheme, where there is one."""
    scheme, space, rest = value.partition(" ")
    return rest.strip() if space else scheme


def _texts(value: str) -> Iterator[str]:
    """Yield what must not be read in plain: the value, what follows the scheme, the password."""
    yield value
    yield _token(value)
    if value.lower().startswith("basic "):
        try:
            pair = base64.b64decode(_token(value)).decode()
        except (binascii.Error, UnicodeDecodeError):
            return
        yield pair
        yield pair.partition(":")[2]


def _in_base64(text: str) -> Iterator[str]:
    """Yield what a text looks like in base64, wherever in there it begins."""
    for before in range(3):
        octets = text.encode(errors="surrogatepass")
        whole = base64.b64encode(bytes(before) + octets).decode()
        # The characters that depend on nothing but the text.
        yield whole[-(-before * 8 // 6) : (before + len(octets)) * 8 // 6]


def _shapes(value: str) -> Iterator[tuple[str, bool]]:
    """Yield the texts to look for, and whether each is base64."""
    # Whether base64 is padded makes no difference.
    for text in dict.fromkeys(one.rstrip("=") for one in _texts(value)):
        if len(text) >= _SHORTEST:
            yield text, False
            yield from ((one, True) for one in _in_base64(text) if len(one) >= _SHORT)


def _runs(value: str) -> Iterator[str]:
    """Yield what has to be in a text that has the secret: of each shape what no one escapes."""
    for text, _ in _shapes(value):
        run = max(re.findall("[A-Za-z0-9]*", text), key=len)
        yield run[-_RUN:] if len(run) >= _KEY else ""


def _patterns(value: str) -> Iterator[str]:
    for text, is_base64 in _shapes(value):
        pattern = "".join(_base64_spelling(c) if is_base64 else _spelling(c) for c in text)
        is_word = len(text) < _SHORT
        yield rf"(?<![A-Za-z0-9]){pattern}(?![A-Za-z0-9])" if is_word else pattern


def _base64_spelling(character: str) -> str:
    alike = {"+": "[+-]", "/": "[/_]"}.get(character)
    if alike is None:
        return character
    return f"(?:{alike}|{_spelling(character)})"


def _spelling(character: str) -> str:
    """Return a pattern of all that a character is escaped as, once or several times."""
    if character.isascii() and character.isalnum():
        return character
    number = ord(character)
    wide = character.encode("utf-16-be", "surrogatepass")
    units = [f"{wide[at] << 8 | wide[at + 1]:04x}" for at in range(0, len(wide), 2)]
    octets = character.encode(errors="surrogatepass")
    forms = [
        re.escape(character),
        "".join(f"(?i:%(?:25)*{octet:02x})" for octet in octets),
        "".join(rf"\\+(?i:u{unit})" for unit in units),
        rf"\\+(?i:x{number:02x}|U{number:08x})",
        rf"\\+{re.escape(character)}",
        rf"&(?:amp;)*#(?:0*{number}|(?i:x0*{number:x}));?",
        *(f"&(?:amp;)*{name};?" for name in _names().get(character, ())),
    ]
    if character == " ":
        forms.append(r"\+")
    # The longer first: what one escapes must not be left over.
    return f"(?:{'|'.join(sorted(forms, key=len, reverse=True))})"


@cache
def _names() -> dict[str, set[str]]:
    """Return the names that characters have in HTML."""
    import html.entities  # noqa: PLC0415 - large, and needed only where a secret was said

    names: dict[str, set[str]] = {}
    for name, character in html.entities.html5.items():
        names.setdefault(character, set()).add(name.rstrip(";"))
    return names
