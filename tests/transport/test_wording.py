"""Text from elsewhere in messages."""

from hypothesis import given, strategies as st

from jmap_async.transport.wording import one_line, shown


def test_t175_messages_show_neither_password_nor_query() -> None:
    """The parts of a URL that may be secret are left out of messages."""
    url = "https://ann:sesame@example.com/d/x?access_token=sesame#sesame"
    assert shown(url) == "https://example.com/d/x"


def test_a_line_is_short_and_says_what_is_missing() -> None:
    """Long text is cut."""
    assert len(one_line("x" * 100_000)) < 250
    assert one_line("a\r\nb\t c") == "a b c"


@given(st.text())
def test_messages_are_one_printable_line(text: str) -> None:
    """Text from outside cannot put line ends or control characters into a log."""
    assert one_line(text).isprintable()
    assert shown(text).isprintable()
    assert shown(text)
