"""Tests of the header fields of body parts."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.message import mime_fields
from jmap_async.testing.message.mime_fields import PLAIN_TEXT, Field


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (
            " text/plain; charset=us-ascii (Plain text)",
            Field("text/plain", {"charset": "us-ascii"}),
        ),
        (' text/plain; charset="us-ascii"', Field("text/plain", {"charset": "us-ascii"})),
        (" (a) TEXT (b) / (c) Html (d) ; (e) CharSet=X", Field("text/html", {"charset": "X"})),
        ("text/html;", Field("text/html")),
        ("text/html charset=x", Field("text/html", {"charset": "x"})),
        ("multipart/mixed;\r\n\tboundary=b", Field("multipart/mixed", {"boundary": "b"})),
        ("application/vnd.x+y;a=b", Field("application/vnd.x+y", {"a": "b"})),
        *dict.fromkeys(
            [
                *("", "text", "text/", "/plain", "text; charset=utf-8", '"text/plain"'),
                *("multipart/mixed", 'multipart/mixed; boundary=" "'),
                *("text/plain/x", "text//plain", "()", "; a=b", "text=plain", "te xt/plain"),
            ],
            PLAIN_TEXT,
        ).items(),
    ],
)
def test_content_type(value: str, expected: Field) -> None:
    """What is malformed is plain text (RFC 2045, 5.2)."""
    assert expected == mime_fields.content_type(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" ATTACHMENT (c); filename=a.b (d)", Field("attachment", {"filename": "a.b"})),
        ('"inline"; filename=x', Field("inline", {"filename": "x"})),
        ("filename=x", Field(None, {"filename": "x"})),
        (";filename=x", Field(None, {"filename": "x"})),
        ("x-own", Field("x-own")),
        ("", Field(None)),
    ],
)
def test_content_disposition(value: str, expected: Field) -> None:
    """The value may be missing, the parameters are read all the same."""
    assert expected == mime_fields.content_disposition(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" BASE64 (c)", "base64"),
        ("(c) quoted-printable;", "quoted-printable"),
        ('"8bit"', "8bit"),
        ("x-uuencode", "x-uuencode"),
        ("", "7bit"),
        (" (none)", "7bit"),
    ],
)
def test_transfer_encoding(value: str, expected: str) -> None:
    """Comments do not count; nothing at all is 7bit."""
    assert expected == mime_fields.transfer_encoding(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" <i@x> (c)", "i@x"),
        ("(<no@x>)\r\n <i@x>", "i@x"),
        ("< i (c) @ x >", "i@x"),
        ("i@x (c)", "i@x"),
        ('<"a b"@x>', '"a b"@x'),
        ("<i@x", "i@x"),
        ("<>", None),
        (" (c)", None),
    ],
)
def test_content_id(value: str, expected: str | None) -> None:
    """CFWS and brackets are removed; brackets may be missing."""
    assert expected == mime_fields.content_id(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" en, de (German)", ["en", "de"]),
        ("(a) i-mingo (b),(c) az-arab,\r\n\tx-klingon", ["i-mingo", "az-arab", "x-klingon"]),
        (",en,,", ["en"]),
        (" (none)", []),
    ],
)
def test_content_language(value: str, expected: list[str]) -> None:
    """Tags between commas and comments (RFC 3282, 2)."""
    assert expected == mime_fields.content_language(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" http://x/a (c)", "http://x/a"),
        ("(c) http://x/a(b);c", "http://x/a(b);c"),
        ("http://x/a\r\n  /b\r\n\t/c", "http://x/a/b/c"),
        ("=?utf-8?q?http://x/a?=\r\n =?utf-8?q?/=C3=BC?=", "http://x/a/ü"),
        (" ", None),
    ],
)
def test_content_location(value: str, expected: str | None) -> None:
    """Folding and encoded words are undone (RFC 2557, 4.4)."""
    assert expected == mime_fields.content_location(value)


@given(st.text("a/;=<>@()[],\"\\ \t?*'%é", max_size=60))
def test_any_value_can_be_read(value: str) -> None:
    """Nothing is raised by any of the fields."""
    for read in (mime_fields.content_type, mime_fields.content_disposition):
        assert isinstance(read(value).parameters, dict)
    assert isinstance(mime_fields.transfer_encoding(value), str)
    assert all(mime_fields.content_language(value))
    assert mime_fields.content_id(value) != ""
    assert mime_fields.content_location(value) != ""
