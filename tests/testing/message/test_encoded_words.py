"""Tests of encoded words."""

import re

import pytest
from hypothesis import example, given, strategies as st

from jmap_async.testing.message import encoded_words

UNSTRUCTURED = [
    ("=?utf-8?q?=C3=BC?=", "ü"),
    ("=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?= here", "Patrik Fältström here"),
    ("=?utf-8?b?w7w=?= =?utf-8?Q?a?=", "üa"),
    ("=?utf-8?q?a?= \t  =?utf-8?q?b?=", "ab"),
    ("=?utf-8?q?a_?= =?utf-8?q?b?= c  =?utf-8?q?d?=", "a b c  d"),
    ("=?utf-8*en?q?=C3=BC?=", "ü"),
    ("=?UTF-8*de-AT?B?w7w=?=", "ü"),
    # Padding, odd characters, several pieces; lower-case digits, no escape.
    ("=?utf-8?B?w7w?=", "ü"),
    ("=?utf-8?B?w*7.w=?=", "ü"),
    ("=?utf-8?B?w7w=w7w=?=", "üü"),
    ("=?utf-8?q?=c3=bc=?=", "ü="),
    ("=?utf-8?q?100=zz?=", "100=zz"),
    # Unknown, malformed, cut in two.
    ("=?x-none?q?a?= =?utf-8?q?b?=", "=?x-none?q?a?= b"),
    ("=?utf-8?q?a?= =?x-none?q?b?=", "a =?x-none?q?b?="),
    ("=?rot13?q?a?=", "=?rot13?q?a?="),
    ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
    ("=?utf-8?q?a=FFb?=", "a\ufffdb"),
    ("=?us-ascii?q?=C3=BC?=", "\ufffd\ufffd"),
    ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
    ("=?utf-8?q?=C3?= =?iso-8859-1?q?=BC?=", "\ufffd¼"),
    ("=?utf-7?q?a+2AA-b?=", "a\ufffdb"),
    # Controls are dropped, of which there are many.
    ("=?utf-8?q?a=00=07=09=0D=0A=7F=C2=85b?=", "ab"),
    # Not where words may stand.
    ("a=?utf-8?q?b?=", "a=?utf-8?q?b?="),
    ("=?utf-8?q?b?=.", "=?utf-8?q?b?=."),
    ("=?utf-8?q?a?==?utf-8?q?b?=", "=?utf-8?q?a?==?utf-8?q?b?="),
    ('"=?utf-8?q?b?="', '"=?utf-8?q?b?="'),
    ("(=?utf-8?q?b?=)", "(=?utf-8?q?b?=)"),
    ("=?utf-8?q?a b?=", "=?utf-8?q?a b?="),
    ("=?utf-8?q??=", "=?utf-8?q??="),
    ("=?utf-8?q?a?b?=", "=?utf-8?q?a?b?="),
    ("=?ut(f?q?a?=", "=?ut(f?q?a?="),
    ("=?q?a?= =??q?a?= =?", "=?q?a?= =??q?a?= =?"),
    # Raw text beside them.
    ("=?utf-8?q?=C3=BC?= 日本", "ü 日本"),
    ("日=?utf-8?q?a?=", "日=?utf-8?q?a?="),
    ("  a  ", "  a  "),
]


@pytest.mark.parametrize(("text", "expected"), UNSTRUCTURED)
def test_unstructured_text(text: str, expected: str) -> None:
    """Words that stand between white space are decoded, and no others (RFC 2047, 5 (1))."""
    assert expected == encoded_words.decode(text)


# The table of RFC 2047, 8.
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(=?ISO-8859-1?Q?a?=)", "a"),
        ("(=?ISO-8859-1?Q?a?= b)", "a b"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)", "ab"),
        ("(=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=)", "ab"),
        ("(=?ISO-8859-1?Q?a_b?=)", "a b"),
        ("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)", "a b"),
        ("(x (=?utf-8?q?=C3=BC?=) y)", "x (ü) y"),
        ("(x=?utf-8?q?=C3=BC?=)", "x=?utf-8?q?=C3=BC?="),
        (r"(a \) \(b\\ \=?utf-8?q?c?=)", r"a ) (b\ =?utf-8?q?c?="),
        ("(\\)", "\\"),
    ],
)
def test_comments(text: str, expected: str) -> None:
    """Parentheses border words as well, and quoted pairs are none (RFC 2047, 5 (2))."""
    assert expected == encoded_words.decode_comment(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"=?utf-8?q?a?=" <l.x>', '"=?utf-8?q?a?=" <l.x>'),
        ('"x =?utf-8?q?a?= y"', '"x =?utf-8?q?a?= y"'),
        ("=?utf-8?q?a?= <l.x>", "a <l.x>"),
        ("=?utf-8?q?a?=<l.x>", "=?utf-8?q?a?=<l.x>"),
        ("=?utf-8?q?a?= =?utf-8?q?b?= ,  c", "ab ,  c"),
        ("x (=?utf-8?q?a?=)", "x (a)"),
        ("plain", "plain"),
    ],
)
def test_structured_text(text: str, expected: str) -> None:
    """Nothing is decoded in a quoted string."""
    assert expected == encoded_words.decode_structured(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=?utf-8?q?a?=.txt", "a.txt"),
        ("x=?utf-8?q?=C3=BC?= =?utf-8?q?b?= =?utf-8?q?c", "xüb =?utf-8?q?c"),
        ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        ("plain", "plain"),
    ],
)
def test_file_names(text: str, expected: str) -> None:
    """Where no word is allowed, all are read."""
    assert expected == encoded_words.decode_anywhere(text)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=300),
    st.integers(20, 80),
)
@example("ü" * 100, 40)
@example("a" * 200, 75)
@example(" a \U0001f600 ", 75)
def test_what_is_written_is_read(text: str, room: int) -> None:
    """No word is over 75 characters, none ends within a character, and each is fit for a phrase."""
    words = encoded_words.encode(text, room=room)
    assert text == encoded_words.decode(" ".join(words))
    assert text == "".join(map(encoded_words.decode, words))
    assert all(len(word) <= 75 for word in words)
    assert len(words[0]) <= max(room, len("=?utf-8?Q??=") + 12)
    allowed = r"=\?utf-8\?(?:Q\?[A-Za-z0-9!*+\-/=_]+|B\?[A-Za-z0-9+/=]+)\?="
    assert all(re.fullmatch(allowed, word) for word in words)


@given(st.text('=?utf8-qQbB_Aa \t()\\"ü', max_size=80))
def test_any_text_is_read(text: str) -> None:
    """In each of the ways."""
    for read in (
        encoded_words.decode,
        encoded_words.decode_structured,
        encoded_words.decode_anywhere,
        encoded_words.decode_comment,
    ):
        assert isinstance(read(text), str)
