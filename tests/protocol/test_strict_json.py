"""Tests of strict JSON."""

import json

import pytest
from hypothesis import given

from jmap_async.protocol.strict_json import load_unique
from tests.protocol.strategies import JSON, OBJECTS


@given(JSON)
def test_json_is_read(value: object) -> None:
    """All that is fine comes out as it was."""
    assert value == load_unique(json.dumps(value).encode())
    assert value == load_unique(json.dumps(value, ensure_ascii=False).encode())


@given(OBJECTS.filter(bool))
def test_a_key_that_is_there_twice_is_refused(value: dict[str, object]) -> None:
    """On any level; both values may even be equal."""
    body = json.dumps(value)
    twice = f"{body[:-1]}, {body[1:]}"
    for document in (twice, f'[1, {{"a": {twice}}}]'):
        with pytest.raises(ValueError, match="is there twice"):
            load_unique(document.encode())


def test_equal_keys_are_seen_in_any_spelling() -> None:
    """An escaped letter is the same letter, and the error names the key."""
    with pytest.raises(ValueError, match="the key 'a' is there twice"):
        load_unique(b'{"b": 1, "a": 1, "\\u0061": 2}')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[1,]",
        b"{'a': 1}",
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1e999",
        b"9" * 5_000,
        b'"\xff"',
        b'"\\ud800"',
        '["\ud800"]'.encode(errors="surrogatepass"),
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"{} {}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_what_is_no_i_json_is_refused(body: bytes) -> None:
    """Whatever is wrong, it is one of two errors."""
    with pytest.raises((ValueError, RecursionError)):
        load_unique(body)
