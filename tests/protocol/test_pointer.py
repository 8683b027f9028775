"""Tests of JSON Pointer with `*`."""

import re

import pytest
from hypothesis import given, strategies as st

from jmap_async.protocol import pointer
from jmap_async.protocol.pointer import PointerError
from tests.protocol.strategies import TEXTS

TOKENS = st.sampled_from(["*", "a", "a/b", "m~n", "~1", "0", "1", "2", "01", "-", "", "x"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TOKENS, inner, max_size=4),
    max_leaves=20,
)


def join(tokens: list[str]) -> str:
    """Spell a pointer character by character."""
    escapes = {"~": "~0", "/": "~1"}
    return "".join("/" + "".join(escapes.get(c, c) for c in token) for token in tokens)


def evaluate(document: object, tokens: list[str]) -> object:
    """Resolve by recursion, as RFC 6901, 4 and RFC 8620, 3.7 read."""
    if not tokens:
        return document
    head, *rest = tokens
    if isinstance(document, list) and head == "*":
        output: list[object] = []
        for item in document:
            result = evaluate(item, rest)
            output = output + result if isinstance(result, list) else [*output, result]
        return output
    if isinstance(document, list) and re.fullmatch("0|[1-9][0-9]*", head):
        return evaluate(document[int(head)], rest)
    if isinstance(document, dict):
        return evaluate(document[head], rest)
    raise LookupError(head)


@given(DOCUMENTS, st.lists(TOKENS, max_size=5))
def test_t50_pointers_resolve_as_the_rfc_reads(document: object, tokens: list[str]) -> None:
    """Any pointer on any document gives what a naive reading gives, or fails where that fails."""
    try:
        expected = evaluate(document, tokens)
    except LookupError:
        with pytest.raises(PointerError, match="does not resolve"):
            pointer.resolve(document, join(tokens))
    else:
        assert expected == pointer.resolve(document, join(tokens))


@given(DOCUMENTS, st.data())
def test_every_path_that_is_there_resolves(document: object, data: st.DataObject) -> None:
    """A walk down a document is found again by its pointer."""
    value, tokens = document, []
    while isinstance(value, list | dict) and value and data.draw(st.booleans()):
        if isinstance(value, list):
            index = data.draw(st.integers(0, len(value) - 1))
            value, token = value[index], str(index)
        else:
            token = data.draw(st.sampled_from(sorted(value)))
            value = value[token]
        tokens.append(token)
    assert value == pointer.resolve(document, join(tokens))


@given(st.lists(TEXTS))
def test_escape_and_parse_are_inverse(tokens: list[str]) -> None:
    """Any key can be a token, and comes back as it was."""
    escaped = [pointer.escape(token) for token in tokens]
    assert tokens == pointer.parse("".join(f"/{token}" for token in escaped))
    assert tokens == [pointer.unescape(token) for token in escaped]
    assert not any("/" in token for token in escaped)


RFC_6901 = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("", RFC_6901),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_examples_of_rfc_6901(path: str, expected: object) -> None:
    """Section 5 of the RFC."""
    assert expected == pointer.resolve(RFC_6901, path)


def test_t50_the_order_of_unescaping_matters() -> None:
    """An escaped "~" and a "1" stand for "~1", not for "/"."""
    assert ["~1"] == pointer.parse("/~01")


def test_t50_arrays_are_flattened_by_one_level_only() -> None:
    """An array of arrays in the result of an item stays one."""
    document = {"list": [{"ids": ["a", ["b"]]}, {"ids": []}, {"ids": "c"}]}
    assert ["a", ["b"], "c"] == pointer.resolve(document, "/list/*/ids")
    assert ["a", "b", "c"] == pointer.resolve([["a", "b"], "c"], "/*")


def test_t50_a_star_is_a_key_of_an_object() -> None:
    """Only on arrays does it stand for every item."""
    assert 1 == pointer.resolve({"*": 1}, "/*")
    with pytest.raises(PointerError, match="no member '\\*'"):
        pointer.resolve({"a": 1}, "/*")


def test_t51_the_ids_of_added_items() -> None:
    """Foo/queryChanges has objects in `added`, so their ids are one level deeper."""
    document = {"added": [{"id": "x", "index": 0}, {"id": "y", "index": 3}]}
    assert ["x", "y"] == pointer.resolve(document, "/added/*/id")


def test_t52_null_is_a_value() -> None:
    """It is found, though nothing can be inside of it."""
    assert pointer.resolve({"updatedProperties": None}, "/updatedProperties") is None
    with pytest.raises(PointerError, match="inside a null"):
        pointer.resolve({"updatedProperties": None}, "/updatedProperties/*")


@pytest.mark.parametrize("malformed", ["a", "a/b", " /a", "/~", "/a~2", "/~/0", "/a/~", "#/a"])
def test_malformed_pointers_are_refused(malformed: str) -> None:
    """One starts with "/", and "~" is followed by 0 or 1."""
    with pytest.raises(PointerError, match="JSON Pointer"):
        pointer.parse(malformed)


@pytest.mark.parametrize(
    "token", ["-", "-1", "+1", "00", "01", "1.0", "", " 1", "\u0661", "²", "2", "1e0"]
)
def test_what_is_no_index_does_not_resolve(token: str) -> None:
    """RFC 6901, 4: digits without a leading zero, less than the length."""
    with pytest.raises(PointerError, match="does not resolve"):
        pointer.resolve([1, 2], f"/{token}")


def test_a_huge_index_costs_nothing() -> None:
    """Python would refuse to convert it, with an error of another class."""
    with pytest.raises(PointerError, match="the array has 1 items"):
        pointer.resolve([1], "/" + "9" * 100_000)
