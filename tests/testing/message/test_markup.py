"""Tests of HTML as plain text."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.message.markup import strip_markup


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<head><title>t</title></head>a<!-- no --><script>x</script>&lt;b&gt;", "a <b>"),
        ("<STYLE type=x>p{}</Style >a<p\nclass=b>c</p>", "a c"),
        ("1 < 2 &amp; 3 > 2", "1 < 2 & 3 > 2"),
        ("<header>a</header><scripts>b", "a b"),
        ("a<b", "a"),
        ("a<!-- b", "a"),
        ("a<script>b", "a"),
        ("&#xD800;&#0;&#x110000;", "\ufffd\ufffd\ufffd"),
        (f"a&#{'9' * 5000};b", "a\ufffdb"),
    ],
)
def test_markup_is_dropped(text: str, expected: str) -> None:
    """Scripts, styles, comments and tags are not text; entities are."""
    assert expected == " ".join(strip_markup(text).split())


@pytest.mark.parametrize("unit", ["<!--", "<a", "<", "<script>", "<style></style>", "&#9", "<head"])
def test_long_texts_take_no_longer(unit: str) -> None:
    """Twenty thousand of anything that is open are read in no time."""
    assert isinstance(strip_markup(unit * 20_000), str)


@given(st.text("<>!-/abheadscriptyl&#;x9 ", max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    """Nothing is raised."""
    assert isinstance(strip_markup(text), str)
