"""Tests of the properties that come from a message."""

from typing import Any

import pytest

from jmap_async.testing.message.content import BODY_PROPERTIES, Content
from tests.testing.model import message

FETCH_ALL = {"fetchAllBodyValues": True, "maxBodyValueBytes": 0}


def content(*lines: str) -> Content:
    """Return lines as parsed content."""
    return Content(message(*lines), lambda data, type: None)


def test_shortcuts_are_header_properties() -> None:
    """Convenience properties have the value of the header form that they stand for."""
    found = content("From: A <a@x>", "SUBJECT: Hi", "Message-Id: <m@x>", "", "")
    assert [{"name": "A", "email": "a@x"}] == found.value("from")
    assert ("Hi", ["m@x"], None) == tuple(map(found.value, ("subject", "messageId", "sentAt")))
    assert found.value("header:From:asAddresses") == found.value("from")
    assert {"name": "SUBJECT", "value": " Hi"} in found.value("headers")  # type: ignore[operator]


def test_parts_are_kept_as_blobs_when_parsed() -> None:
    """Whoever made the content is told of each part once."""
    kept: list[tuple[bytes, str]] = []
    found = Content(message("Subject: Hi", "", "x"), lambda data, type: kept.append((data, type)))
    assert [] == kept
    found.value("subject")
    found.value("textBody")
    assert [(b"x", "text/plain")] == kept


def test_t134_the_preview_is_short_plain_text() -> None:
    """White space is collapsed, markup dropped, and the length limited."""
    assert "a b" == content("", "a \r\n b ").value("preview")
    assert 256 == len(str(content("", "word " * 100).value("preview")))
    html = content("Content-Type: text/html", "", "<style>x</style><p>a &amp; <b>b</b></p>")
    assert "a & b" == html.value("preview")


def test_has_attachment_ignores_inline_parts() -> None:
    """A part that is not inline counts."""
    head = "Content-Type: application/pdf"
    assert content(head, "", "x").value("hasAttachment") is True
    assert content(head, "Content-Disposition: inline", "", "x").value("hasAttachment") is False
    assert content("", "x").value("hasAttachment") is False


def test_t119_body_values_come_only_when_fetched() -> None:
    """Each argument adds the text parts of its list."""
    found = content(
        'Content-Type: multipart/alternative; boundary="b"',
        "",
        "--b",
        "",
        "plain",
        "--b",
        "Content-Type: text/html",
        "",
        "<p>html",
        "--b--",
    )
    assert {} == found.body_values({})
    options: dict[str, Any] = {"maxBodyValueBytes": 0}
    assert ["1"] == list(found.body_values({**options, "fetchTextBodyValues": True}))
    assert ["2"] == list(found.body_values({**options, "fetchHTMLBodyValues": True}))
    assert ["1", "2"] == list(found.body_values(FETCH_ALL))


@pytest.mark.parametrize(
    ("type", "body", "most", "expected"),
    [
        ("text/plain", "hello", 0, ("hello", False)),
        ("text/plain", "hello", 5, ("hello", False)),
        ("text/plain", "hello", 4, ("hell", True)),
        ("text/plain", "aüb", 2, ("a", True)),
        ("text/html", '<p>a<a href="x">', 8, ("<p>a", True)),
        ("text/html", "<p>abc", 5, ("<p>ab", True)),
    ],
)
def test_t120_truncation_counts_octets(
    type: str, body: str, most: int, expected: tuple[str, bool]
) -> None:
    """No character is cut in half, and no tag."""
    found = content(f"Content-Type: {type}; charset=utf-8", "", body)
    value = found.body_values({**FETCH_ALL, "maxBodyValueBytes": most})["1"]
    assert expected == (value["value"], value["isTruncated"])


def test_t122_sub_parts_and_headers_come_when_asked_for() -> None:
    """The lists of parts never have sub-parts; header forms work on parts too."""
    found = content(
        'Content-Type: multipart/mixed; boundary="b"', "", "--b", "X: 1", "", "x", "--b--"
    )
    structure: Any = found.parts("bodyStructure", ["type", "subParts", "header:x:asText"])
    assert "multipart/mixed" == structure["type"]
    assert [{"type": "text/plain", "subParts": None, "header:x:asText": "1"}] == structure[
        "subParts"
    ]
    parts: Any = found.parts("textBody", ["partId", "subParts", "headers"])
    assert [{"partId": "1", "headers": [{"name": "X", "value": " 1"}]}] == parts


def test_the_default_structure_has_sub_parts() -> None:
    """It is the full structure; what is asked for by name is given and no more."""
    found = content('Content-Type: multipart/mixed; boundary="b"', "", "--b", "", "x", "--b--")
    structure: Any = found.value("bodyStructure")
    [leaf] = structure["subParts"]
    assert ("text/plain", None) == (leaf["type"], leaf["subParts"])
    assert {*BODY_PROPERTIES, "subParts"} == set(structure) == set(leaf)
    asked: Any = found.parts("bodyStructure", ["type"])
    assert ["type"] == list(asked)
    texts: Any = found.value("textBody")
    assert set(BODY_PROPERTIES) == set(texts[0])


def test_what_is_no_message() -> None:
    """A message begins with a header field and has no NUL."""
    assert content("A: b", "", "").is_message
    assert not content("hello").is_message
    assert not content("A: b", "", "\0").is_message
