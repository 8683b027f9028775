"""What is blanked of a credential: in every spelling, at every cut, and nothing else."""

import base64
import gc
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, strategies as st

from jmap_async import redaction
from jmap_async.errors import HTTPError, RemoteProtocolError, SetError, brief, shorten
from jmap_async.redaction import (
    Authorization,
    Secret,
    bare,
    beginning,
    chain,
    redact,
    redacted,
    tells,
)


def in_json(text: str) -> str:
    """Write a text as JSON does."""
    return json.dumps(text)[1:-1]


SPELLINGS: list[Callable[[str], str]] = [
    str,
    in_json,
    lambda text: in_json(in_json(text)),
    lambda text: in_json(text).replace("/", "\\/"),
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: "".join(c if c.isalnum() and c.isascii() else in_unicode(c) for c in text),
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text, safe=""), safe=""),
    quote_plus,
    html.escape,
    lambda text: html.escape(html.escape(text)),
    lambda text: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in text),
    lambda text: "".join(c if c.isalnum() else f"&#x{ord(c):X};" for c in text),
    lambda text: repr(text)[1:-1],
    lambda text: ascii(text)[1:-1],
]
"""Ways to write a text as part of another."""


def in_unicode(character: str) -> str:
    """Escape a character as the strictest of JSON's writers do."""
    return "".join(f"\\u{ord(unit):04X}" for unit in utf_16(character))


def utf_16(character: str) -> str:
    """Return the code units of a character, each as a character of its own."""
    octets = character.encode("utf-16-be")
    return "".join(chr(octets[at] << 8 | octets[at + 1]) for at in range(0, len(octets), 2))


TOKENS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=4, max_size=60)
PASSWORDS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=8)
AROUND = st.sampled_from(["", " ", '"', "token=", ": ", "<b>", "\n"])


def bearer(token: str) -> str:
    """Return the value of the header for a token."""
    return f"Bearer {token}"


def basic(password: str) -> str:
    """Return the value of the header for a password."""
    return f"Basic {base64.b64encode(f'ann:{password}'.encode()).decode()}"


@given(TOKENS, st.sampled_from(SPELLINGS), AROUND, AROUND)
def test_a_token_is_blanked_however_it_is_spelled(
    token: str, spell: Callable[[str], str], before: str, after: str
) -> None:
    """Escapes of JSON, URLs and HTML, once or twice, hide no token."""
    known = Authorization(bearer(token))
    spelled = spell(token.rstrip("="))
    if len(token.rstrip("=")) < 8:
        before, after = " ", " "
    if len(token.rstrip("=")) >= 4:
        assert spelled not in redact(f"{before}{spelled}{after}").replace(redaction.BLANK, "")
    assert known.value == bearer(token)


@given(PASSWORDS, st.sampled_from(SPELLINGS), AROUND, AROUND)
def test_a_password_is_blanked_however_it_is_spelled(
    password: str, spell: Callable[[str], str], before: str, after: str
) -> None:
    """A password is looked for in plain, and beside its user in base64."""
    known = Authorization(basic(password))
    for text in (password, f"ann:{password}", known.value.partition(" ")[2]):
        spelled = spell(text.rstrip("="))
        if len(text.rstrip("=")) >= 8:
            assert spelled not in redact(f"{before}{spelled}{after}").replace(redaction.BLANK, "")


@given(TOKENS.filter(lambda token: len(token.rstrip("=")) >= 8), st.binary(max_size=5), st.binary())
def test_a_token_is_blanked_inside_of_base64(token: str, before: bytes, after: bytes) -> None:
    """Wherever in a text that was put into base64 it stood, nothing of it can be got back."""
    known = Authorization(bearer(token))
    text = base64.b64encode(before + token.rstrip("=").encode() + after).decode()
    for spelled in (text, text.replace("+", "-").replace("/", "_")):
        left = redact(spelled)
        assert redaction.BLANK in left
        # What stands beside it may hold some bits of its first and last characters.
        assert len(left) - len(redaction.BLANK) <= len(text) - len(token.rstrip("=")) * 8 // 6 + 1
    assert known.value == bearer(token)


@pytest.mark.parametrize(
    ("token", "text", "expected"),
    [
        ("abc", "abc is the token abc", "abc is the token abc"),
        ("abc", "it was Bearer abc", "it was [credential]"),
        ("mail", "Mailbox/get of mailbox mail", "Mailbox/get of mailbox [credential]"),
        ("sesame", "opensesame", "opensesame"),
        ("sesame", "open-sesame", "open-[credential]"),
        ("sesame-street", "opensesame-streets", "open[credential]s"),
        ("Sesame-Street", "sesame-street", "sesame-street"),
        ("sesame-street", "sesame-s... and sesame-", "[credential]... and sesame-"),
        ("sesame-street", "sesame-strange, sesame-stree", "[credential]ange, [credential]"),
        ("[credential]-9", "[credential", "[credential]"),
    ],
)
def test_what_is_short_makes_no_garbage(token: str, text: str, expected: str) -> None:
    """Up to three characters are let be, up to seven count as a word, and case matters."""
    known = Authorization(bearer(token))
    assert expected == redact(text)
    assert known.value == bearer(token)


def test_what_nobody_holds_any_more_is_forgotten() -> None:
    """A credential that has gone leaves nothing behind."""
    gc.collect()
    before = {*redaction._index}
    known = Authorization("Bearer never-seen-before-7431")
    assert redact("never-seen-before-7431") == "[credential]"
    assert known.value
    del known
    gc.collect()
    assert before == {*redaction._index}
    assert redact("never-seen-before-7431") == "never-seen-before-7431"


@pytest.mark.parametrize("count", [1, 100])
def test_secrets_of_many_clients_do_not_get_in_each_others_way(count: int) -> None:
    """However many there are, and alike, each is found as a whole in a text of any length."""
    known = [Authorization(f"Bearer sesame-street-{number}-xyz-1") for number in range(count)]
    for length in (0, 50_000):
        for one in known:
            said = f"{'x ' * length}it was {one.value}."
            assert f"{'x ' * length}it was [credential]." == redact(said).replace("Bearer ", "")
            if length:
                break


@given(st.integers(0, 700), st.integers(8, 300))
def test_no_cut_leaves_a_part(before: int, size: int) -> None:
    """Wherever a secret stands in what is quoted, no cut leaves a piece of it."""
    token = "".join(f"Z{number}" for number in range(size))
    known = Authorization(bearer(token))
    text = "x" * before + token * 3
    quoted = [
        shorten(text),
        brief(text),
        brief({"a": [text, {text: text}]}),
        brief(text.encode()),
        beginning(text.encode()),
        beginning(b"x" * 16_000 + token.encode()),
        HTTPError(body=text).body,
        RemoteProtocolError(piece=text).piece,
        RemoteProtocolError(piece=[text]).piece,
    ]
    assert ["Z" in one for one in quoted] == [False] * len(quoted)
    assert known.value == bearer(token)


def test_json_is_blanked_in_every_place() -> None:
    """Keys and values, at any depth; what nobody could read is left out."""
    known = Authorization("Bearer 93-sesame-street-93")
    said = "is 93-sesame-street-93?"
    assert redacted({said: [said, 1, None, {"a": said}]}) == {
        "is [credential]?": ["is [credential]?", 1, None, {"a": "is [credential]?"}]
    }
    deep: list[object] = [said]
    for _ in range(900):
        deep = [deep]
    assert "sesame" not in repr(redacted(deep))
    assert "sesame" not in repr(SetError(type=said, description=said, extra={"a": said}))
    assert known.value


def test_a_note_is_blanked() -> None:
    """What is added to an error later passes here too."""
    known = Authorization("Bearer 93-sesame-street-93")
    error = HTTPError("no")
    error.add_note("it was 93-sesame-street-93")
    assert (["it was [credential]"], known.value) == (error.__notes__, known.value)


def test_a_secret_prints_as_none() -> None:
    """It is the text that it is, but for its repr."""
    assert Secret("sesame") == "sesame"
    assert f"{[Secret('sesame')]} {{{Secret('a')!r}}}" == "['...'] {'...'}"


def failed(text: str) -> ValueError:
    """Return an error that came through frames, and that another one led to."""
    made = ValueError(text)
    try:
        int("first")
    except ValueError as error:
        made.__cause__ = error
        made.__traceback__ = error.__traceback__
    return made


def test_a_foreign_error_loses_its_frames() -> None:
    """What is behind an error keeps its words; it is dropped where these tell a secret."""
    known = Authorization("Bearer 93-sesame-street-93")
    error = failed("no luck")
    assert error is bare(error)
    assert [None, None] == [one.__traceback__ for one in chain(error)]
    telling = failed("the token was 93-sesame-street-93")
    assert (True, None, None) == (tells(telling), bare(telling), bare(None))
    assert known.value
