"""Tests of URI templates of level 1."""

from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.uri_template import expand
from tests.protocol.strategies import TEXTS

UNRESERVED = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def encoded(text: str) -> str:
    """Encode byte by byte (RFC 6570, 3.2.2)."""
    return "".join(chr(b) if b in UNRESERVED else f"%{b:02X}" for b in text.encode())


@given(TEXTS, TEXTS)
def test_t23_all_but_the_unreserved_is_encoded(account: str, name: str) -> None:
    """Values become UTF-8, percent-encoded byte by byte; what is around them stays."""
    template = "https://h.example/d/{accountId}/?name={name}&again={name}"
    expected = f"https://h.example/d/{encoded(account)}/?name={encoded(name)}&again={encoded(name)}"
    assert expected == expand(template, {"accountId": account, "name": name})
    assert name == unquote(encoded(name))


@given(TEXTS)
def test_values_are_not_expanded_again(value: str) -> None:
    """Braces in a value are data."""
    assert encoded(value) == expand("{a}", {value: "X", value.strip("{}"): "Y", "a": value})


@pytest.mark.parametrize(
    ("name", "expected"),
    [("text/plain", "text%2Fplain"), ("a b/ü", "a%20b%2F%C3%BC"), ("*", "%2A"), ("a,b", "a%2Cb")],
)
def test_t23_t24_known_values(name: str, expected: str) -> None:
    """Slashes, spaces, stars and commas are encoded."""
    assert expected == expand("{name}", {"name": name})


def test_t26_an_unknown_variable_is_empty() -> None:
    """RFC 6570, 2.3; so is an expression of a higher level."""
    assert "/a//?t=" == expand("/{x}/{y}/?t={?z}", {"x": "a", "z": "b"})


@given(st.text(st.characters(exclude_characters="{}")))
def test_a_template_without_variables_stays(template: str) -> None:
    """There is nothing to expand."""
    assert template == expand(template, {"": "x"})


def test_a_lone_surrogate_cannot_be_sent() -> None:
    """Names of files can have them; the error says what it was."""
    with pytest.raises(LocalProtocolError, match=r"'\\udcff.txt' cannot be part of a URL"):
        expand("{name}", {"name": "\udcff.txt"})
