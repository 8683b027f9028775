"""Tests of message ids and URLs."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.message import identifiers


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" <a@x>\r\n <b@x>", ["a@x", "b@x"]),
        ("<a@x><b@x>", ["a@x", "b@x"]),
        ("(c <no@x>) <a@x> (d) <b@x>(e)", ["a@x", "b@x"]),
        ("<a(c)@(d) x>", ["a@x"]),
        ("<1234   @   local(blah)  .machine .example>", ["1234@local.machine.example"]),
        ("<a\r\n  b@x>", ["ab@x"]),
        ('<"a b> <c"@x>', ['"a b> <c"@x']),
        ("<a@[1.2 (3)]>", ["a@[1.2 (3)]"]),
        ("<=?utf-8?q?a?=@x> =?utf-8?q?b?=", ["=?utf-8?q?a?=@x"]),
        ('Your message of "Tue, <1>" <a@x>, and <b>', ["a@x", "b"]),
        ("<ü@x>", ["ü@x"]),
        ("<a@x> <b@x", ["a@x"]),
        ("<a@x <b@x>", ["b@x"]),
        ("a@x", None),
        ("<>", None),
        ("< (c) >", None),
        ("", None),
    ],
)
def test_message_ids(value: str, expected: list[str] | None) -> None:
    """CFWS and brackets are removed, phrases are not ids; nothing is decoded."""
    assert expected == identifiers.read_message_ids(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" <mailto:a@x>, <https://x/\r\n  y>", ["mailto:a@x", "https://x/y"]),
        (
            "(Use (this)) <mailto:a@x?subject=(b)> (or), (c) <b:c>",
            ["mailto:a@x?subject=(b)", "b:c"],
        ),
        ("<a:b> text, <c:d>", ["a:b"]),
        ("<a:b> <c:d>", ["a:b"]),
        ("<a:b>, c:d, <e:f>", ["a:b"]),
        ("<a:b>, <open", ["a:b"]),
        ("<=?utf-8?q?a?=>", ["=?utf-8?q?a?="]),
        ("NO (posting is not allowed <a:b>)", None),
        ("mailto:a@x", None),
        (", <a:b>", None),
        ("< >", None),
        ("", None),
    ],
)
def test_urls(value: str, expected: list[str] | None) -> None:
    """White space in brackets is ignored, comments are dropped, the rest ends the list."""
    assert expected == identifiers.read_urls(value)


IDS = st.lists(
    st.text("abcXYZ019.-_$+=@", min_size=1, max_size=30)
    | st.sampled_from(['"a b"@x', "a@[::1]", "ü@日本"]),
    min_size=1,
    max_size=5,
)
URLS = st.lists(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="<>"),
        min_size=1,
        max_size=50,
    )
    | st.integers(900, 3000).map(lambda size: "https://x/" + "y" * size),
    min_size=1,
    max_size=5,
)


@given(IDS, URLS)
def test_what_is_written_is_read(ids: list[str], urls: list[str]) -> None:
    """Folded anywhere between the pieces, none of which is too long for a line."""
    for given_, write, read in (
        (ids, identifiers.write_message_ids, identifiers.read_message_ids),
        (urls, identifiers.write_urls, identifiers.read_urls),
    ):
        pieces = write(given_)
        assert given_ == read(" ".join(pieces)) == read("\r\n ".join(pieces))
        assert all(len(piece) <= 990 for piece in pieces)


@pytest.mark.parametrize(
    "id", ["", " ", "a b", "a>", "<a", "a@x> <b@x", "a(c)", "a\r\nb", "a\0", '"']
)
def test_odd_ids_are_refused(id: str) -> None:
    """They would mean something else."""
    with pytest.raises(ValueError):
        identifiers.write_message_ids(["a@x", id])


@pytest.mark.parametrize("url", ["", " ", "a b", "a>", "a\r\nb", "a\0", "a\tb"])
def test_odd_urls_are_refused(url: str) -> None:
    """They would not come back."""
    with pytest.raises(ValueError):
        identifiers.write_urls(["https://x/", url])


@given(st.text('a@<>()[],"\\ =?', max_size=60))
def test_any_value_can_be_read(value: str) -> None:
    """Nothing is raised."""
    for read in (identifiers.read_message_ids, identifiers.read_urls):
        assert read(value) is None or all(read(value) or ())
