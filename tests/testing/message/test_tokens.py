"""Tests of the tokens of header values."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.message.tokens import (
    skip_blanks,
    tokenize,
    unescape,
    unfold,
    unquote,
    without_comments,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a.b c", "atom:a.b space:  atom:c"),
        (r'"a\"b, (c)" d', r'quoted:"a\"b, (c)" space:  atom:d'),
        (r"(a (b\)) \( c)d", r"comment:(a (b\)) \( c) atom:d"),
        ("<a@[1.2]>", "<:< atom:a @:@ literal:[1.2] >:>"),
        ("a:b;c,", "atom:a ::: atom:b ;:; atom:c ,:,"),
        ('"open (x)', 'atom:" atom:open space:  comment:(x)'),
        ('(open "x" )', 'comment:(open "x" )'),
        ('(open (x) "y"', 'atom:( atom:open space:  atom:( atom:x atom:) space:  quoted:"y"'),
        ("[open", "atom:[ atom:open"),
        ("=?utf-8?q?a,b?= c", "encoded:=?utf-8?q?a,b?= space:  atom:c"),
        ("x=?utf-8?q?a?=", "atom:x=?utf-8?q?a?="),
        ("(c)=?utf-8?q?a?=", "comment:(c) atom:=?utf-8?q?a?="),
        ("=?utf-8?q?a?=<b>", "atom:=?utf-8?q?a?= <:< atom:b >:>"),
    ],
)
def test_values_are_split(value: str, expected: str) -> None:
    """Quotes, comments, brackets and encoded words hold together what is in them."""
    assert expected == " ".join(f"{kind}:{text}" for kind, text in tokenize(value))


@given(st.text('a.\\"()<>@,;:[]=? \t', max_size=60))
def test_tokens_make_up_the_value(value: str) -> None:
    """Nothing is lost, whatever is open."""
    assert value == "".join(token.text for token in tokenize(value))
    assert 0 <= skip_blanks(value, 0) <= len(value)


@pytest.mark.parametrize("unit", ['"', "(", "[", '\\"', "(\\", '"(', "<(", "=?a?q?"])
def test_what_is_open_takes_no_longer(unit: str) -> None:
    """Twenty thousand open quotes or comments are read in no time: each character once."""
    value = unit * 20_000
    assert value == "".join(token.text for token in tokenize(value))
    assert skip_blanks(value, 0) in (0, len(value))


def test_folding_is_taken_away() -> None:
    """Line ends before white space go, and nothing else (RFC 5322, 2.2.3)."""
    assert "a  b\tc\rd" == unfold("a\r\n  b\n\tc\rd")


def test_comments_are_spaces() -> None:
    """Except where they are none."""
    assert 'a   "(b)" ' == without_comments('a (x (y)) "(b)"(z)')
    assert 6 == skip_blanks(" (a)\r\n b", 0) - 1
    assert 2 == skip_blanks("(a", 0)


def test_quoted_pairs() -> None:
    """Each is the character behind the backslash."""
    assert 'a"\\b' == unquote(r'"a\"\\b"')
    assert "ab\\" == unescape("\\ab\\")
