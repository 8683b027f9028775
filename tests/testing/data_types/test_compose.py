"""Tests of the messages that Email/set creates."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.data_types.compose import compose
from jmap_async.testing.failures import SetFailure
from jmap_async.testing.message.content import Content
from jmap_async.testing.message.mime import blob_id_of
from jmap_async.testing.store import Blob

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PNG = Blob(b"\x89PNG\0", "image/png")
BLOBS = {"B1": PNG, "B2": Blob(b"Subject: inner\r\n\r\nHi", "message/rfc822")}
FETCH_ALL = {"fetchAllBodyValues": True, "maxBodyValueBytes": 0}


def built(**values: object) -> Content:
    """Compose a message and parse it again."""
    raw = compose(values, BLOBS.get, now=NOW, message_id="new@x")
    return Content(raw, lambda data, type: None)


def refused(**values: object) -> SetFailure:
    """Return how a message is refused."""
    with pytest.raises(SetFailure) as caught:
        built(**values)
    return caught.value


def text(value: str, **part: object) -> dict[str, Any]:
    """Return the properties of a message with one text body."""
    return {"bodyValues": {"1": {"value": value}}, "textBody": [{"partId": "1", **part}]}


def test_t131_date_and_message_id_are_generated() -> None:
    """Unless they are given."""
    found = built(subject="Hi")
    assert ("2026-03-01T12:00:00Z", ["new@x"]) == tuple(map(found.value, ("sentAt", "messageId")))
    found = built(sentAt="2020-01-01T00:00:00+02:00", messageId=["a@x", "b@x"])
    assert "2020-01-01T00:00:00+02:00" == found.value("sentAt")
    assert ["a@x", "b@x"] == found.value("messageId")


ADDRESSES = [
    {"name": "Doe, Jörg", "email": "j@x"},
    {"name": None, "email": "b@x"},
    {"name": 'q"u', "email": "ü@x"},
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject", "Grüße" * 30),
        ("subject", "=?utf-8?q?literal?="),
        ("subject", "x " * 600 + "end"),
        ("from", ADDRESSES[:2]),
        ("to", [{"name": "Ü", "email": "ü@x"}]),
        ("references", ["a@x", "b@x"]),
        ("header:List-Id:asText", "a list"),
        ("header:X-Raw", " raw\r\n folded"),
        ("header:X-Many:asText:all", ["one", "two"]),
        ("header:X-Dates:asDate", "2026-01-02T03:04:05-06:00"),
        ("header:List-Post:asURLs", ["mailto:a@x", "https://x/y"]),
        (
            "header:Cc:asGroupedAddresses",
            [
                {"name": "Group ü", "addresses": ADDRESSES[:2]},
                {"name": None, "addresses": [ADDRESSES[1]]},
            ],
        ),
    ],
)
def test_what_goes_in_comes_out(name: str, value: object) -> None:
    """Each form is written so that it reads the same."""
    assert value == built(**{name: value}).value(name)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1))
def test_any_subject_comes_out_again(subject: str) -> None:
    """In NFC, as the form says."""
    import unicodedata  # noqa: PLC0415

    assert unicodedata.normalize("NFC", subject) == built(subject=subject).value("subject")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=2000))
def test_any_text_comes_out_again(value: str) -> None:
    """Whatever encoding it takes."""
    found = built(**text(value))
    assert {"value": value, "isEncodingProblem": False, "isTruncated": False} == found.body_values(
        FETCH_ALL
    )["1"]


def test_long_lines_and_odd_characters_are_encoded() -> None:
    """A NUL, a bare CR or a line over the limit makes it base64; otherwise it is readable."""
    assert "7bit" == built(**text("plain")).root.encoding
    assert "8bit" == built(**text("grün")).root.encoding
    for value in ("x" * 999, "a\0", "a\rb"):
        assert "base64" == built(**text(value)).root.encoding


@pytest.mark.parametrize(
    "values",
    [
        {"from": [], "header:From:asAddresses": []},
        {"subject": "a", "header:subject": " b"},
        {"header:Content-Type": " text/plain"},
        {"header:From:asDate": "2026-01-02T03:04:05Z"},
        {"header:X:asText": "two\nlines"},
        {"header:X": " two\r\nInjected: yes"},
        {"header:X:asText": None, "header:Y:asText": 1},
        {"header:X:asText:all": "x"},
        {"header:X:asURLs": ["<x>"]},
        {"header:X:asMessageIds": ["a b"]},
        {"header:X:asDate": "yesterday"},
        {"header:X:asAddresses": [{"name": "a"}]},
        {"header:X:asGroupedAddresses": [{"name": "a"}]},
        {"header:X:asGroupedAddresses": "x"},
        {"from": [{"email": "a@x\r\nBcc: b@x"}]},
    ],
)
def test_t130_bad_headers_are_refused(values: dict[str, Any]) -> None:
    """Twice the same field, forbidden forms, line ends: the property is named."""
    failure = refused(**values)
    assert "invalidProperties" == failure.type
    assert set(failure.properties or ()) <= set(values)


def test_text_and_html_are_alternatives() -> None:
    """With attachments around them they are the first part of a mixed message."""
    values = text("plain") | {
        "bodyValues": {"1": {"value": "plain"}, "2": {"value": "<p>html"}},
        "htmlBody": [{"partId": "2", "type": "text/html"}],
    }
    found = built(**values)
    assert "multipart/alternative" == found.root.type
    attachment = {"blobId": "B1", "type": "image/png", "name": "ü.png", "cid": "c@x", "size": 99}
    found = built(**values, attachments=[attachment])
    assert "multipart/mixed" == found.root.type
    attachments: Any = found.value("attachments")
    [part] = attachments
    assert ("ü.png", "attachment", "c@x", len(PNG.data), blob_id_of(PNG.data)) == tuple(
        part[name] for name in ("name", "disposition", "cid", "size", "blobId")
    )
    found_values = [value["value"] for value in found.body_values(FETCH_ALL).values()]
    assert ["plain", "<p>html"] == found_values


def test_no_body_at_all_is_an_empty_text() -> None:
    """An attachment alone is still a mixed message."""
    assert ("text/plain", b"") == (built().root.type, built().root.content)
    found = built(attachments=[{"blobId": "B1", "type": "image/png"}])
    assert ["multipart/mixed", "image/png"] == [part.type for part in found.root.walk()]


def test_a_body_structure_is_built_as_it_is() -> None:
    """Nested parts, headers of parts, and messages as parts."""
    structure = {
        "type": "multipart/related",
        "header:X-Outer:asText": "o",
        "subParts": [
            {
                "partId": "1",
                "type": "text/html",
                "language": ["de", "en"],
                "location": "http://x/",
                "disposition": "inline",
            },
            {"blobId": "B2", "type": "message/rfc822", "name": "m.eml"},
            {"blobId": "B1", "type": "text/x-odd", "charset": "latin-1"},
            {"subParts": []},
        ],
    }
    found = built(bodyStructure=structure, bodyValues={"1": {"value": "<p>"}})
    root, html, inner, odd, empty = found.root.walk()
    assert ("multipart/related", "o") == (
        root.type,
        found.value("header:X-Outer:asText"),
    )
    wire = html.to_wire()
    assert (["de", "en"], "http://x/", "inline") == tuple(
        wire[name] for name in ("language", "location", "disposition")
    )
    assert ("message/rfc822", "m.eml", BLOBS["B2"].data) == (inner.type, inner.name, inner.content)
    assert ("latin-1", PNG.data) == (odd.charset, odd.content)
    assert ("multipart/mixed", []) == (empty.type, empty.sub_parts)


VALUES = {"bodyValues": {"1": {"value": "x"}, "2": {"value": "y"}}}


@pytest.mark.parametrize(
    "values",
    [
        {"bodyStructure": {"partId": "1"}, "textBody": [{"partId": "1"}]},
        {"bodyStructure": {"partId": "1", "header:Subject:asText": "x"}, "subject": "y"},
        {"bodyStructure": {"type": "multipart/mixed", "subParts": ["x"]}},
        {"textBody": [{"partId": "1", "type": "text/html"}]},
        {"textBody": [{"partId": "1"}, {"partId": "2"}]},
        {"textBody": []},
        {"htmlBody": [{"partId": "1", "type": "text/plain"}]},
        {"textBody": [{"partId": "1", "blobId": "B1"}]},
        {"textBody": [{"partId": "9"}]},
        {"textBody": [{}]},
        {"textBody": [{"partId": "1", "charset": "utf-8"}]},
        {"textBody": [{"partId": "1", "size": 1}]},
        {"textBody": [{"partId": "1", "headers": []}]},
        {"textBody": [{"partId": "1", "nope": 1}]},
        {"textBody": [{"partId": "1", "header:Content-Transfer-Encoding": " 8bit"}]},
        {"textBody": [{"partId": "1", "cid": "a\r\nX: b"}]},
        {"textBody": [{"partId": "1", "language": 1}]},
        *({"textBody": [{"partId": "1", name: 1}]} for name in ("name", "cid", "location")),
        *({"textBody": [{"partId": "1", name: []}]} for name in ("type", "disposition")),
        {"textBody": [{"partId": ["1"]}]},
        {"textBody": [{"partId": "1", "type": None}]},
        {"textBody": [{"partId": "1", "header:Content-Type": " text/html"}]},
        {"textBody": [{"partId": "1", "subParts": [{"partId": "1"}]}]},
        {"textBody": [{"partId": "1", "header:X": " a", "header:x:asText": "b"}]},
        {"attachments": [{"blobId": 1}]},
        {"attachments": [{"blobId": "B1", "size": "1"}]},
        {"attachments": [{"blobId": "B1", "charset": 1}]},
        {"attachments": [{"blobId": "B1", "type": "image/png\r\nX: y"}]},
        {"attachments": [{"blobId": "B1", "name": "a\r\nX: y"}]},
        {"attachments": [{"blobId": "B1", "type": "multipart/mixed"}]},
        {"bodyStructure": {"subParts": "x"}},
        {"bodyStructure": {"subParts": [{"subParts": 1}]}},
        {"bodyStructure": {"partId": "1", "type": "multipart/mixed"}},
        {"bodyValues": {"1": {"value": "x", "isTruncated": True}}},
        {"bodyValues": {"1": {"value": "x", "isEncodingProblem": True}}},
        {"bodyValues": {"1": {}}},
    ],
)
def test_t130_t120_bad_bodies_are_refused(values: dict[str, Any]) -> None:
    """Each rule of RFC 8621, 4.6 for parts and their values."""
    assert "invalidProperties" == refused(**{**VALUES, **values}).type


def test_parts_deep_inside_are_refused() -> None:
    """No deeper than they could be read again."""
    structure: dict[str, Any] = {"partId": "1"}
    for _ in range(60):
        structure = {"subParts": [structure]}
    assert "invalidProperties" == refused(**VALUES, bodyStructure=structure).type


def test_the_body_structure_may_have_what_is_generated() -> None:
    """Then it is there once, as it is given."""
    structure = {"partId": "1", "header:Date": " today", "header:MIME-Version": " 2.0"}
    found = built(**VALUES, bodyStructure=structure)
    assert [" today"] == found.value("header:Date:all")
    assert [" 2.0"] == found.value("header:MIME-Version:all")


def test_a_part_may_have_its_content_type_as_a_header() -> None:
    """With the boundary and charset that the content needs."""
    structure = {
        "header:Content-Type": " multipart/related; type=text/html; boundary=x",
        "subParts": [
            {"partId": "1", "header:Content-Type": " text/html; charset=x; a=b"},
            {"blobId": "B1", "header:content-type:asText": "image/png; charset=x; a=b"},
        ],
    }
    root, html, image = built(bodyStructure=structure, **VALUES).root.walk()
    assert ("multipart/related", "text/html", "image/png") == (root.type, html.type, image.type)
    assert ("utf-8", "x", 2) == (html.charset, image.charset, len(root.sub_parts or ()))
    assert (b"x", PNG.data) == (html.content, image.content)


def test_attachments_say_how_they_are_shown() -> None:
    """As a property or a header field, and they are attached if they say nothing."""
    parts: list[dict[str, Any]] = [
        {"blobId": "B1", "type": "image/png", **how}
        for how in ({}, {"disposition": "inline"}, {"header:Content-Disposition": " x-own; a=b"})
    ]
    root = built(attachments=parts).root
    assert ["attachment", "inline", "x-own"] == [p.disposition for p in root.sub_parts or ()]


def test_messages_inside_keep_their_octets() -> None:
    """A multipart around them declares eight bits, or binary data (RFC 2045, 6.4)."""
    for data, expected in ((b"A: b\r\n\r\n\xfc", "8bit"), (b"A: b\n\n" + b"x" * 999, "binary")):
        raw = compose(
            {"attachments": [{"blobId": "B", "type": "message/rfc822"}]},
            {"B": Blob(data)}.get,
            now=NOW,
            message_id="m@x",
        )
        root, inner = Content(raw, lambda data, type: None).root.walk()
        assert (expected, expected, data) == (root.encoding, inner.encoding, inner.content)


def test_all_missing_blobs_are_named() -> None:
    """Each once, in the SetError blobNotFound."""
    parts = [{"blobId": id, "type": "a/b"} for id in ("X", "B1", "Y", "X")]
    failure = refused(attachments=parts)
    assert ("blobNotFound", ["X", "Y"]) == (failure.type, failure.extra["notFound"])


def test_another_parser_reads_the_same() -> None:
    """The standard library agrees on structure and content."""
    raw = compose(
        {
            "subject": "Grüße",
            "from": ADDRESSES[:1],
            "bodyValues": {"1": {"value": "tęxt\n"}, "2": {"value": "<p>"}},
            "textBody": [{"partId": "1"}],
            "htmlBody": [{"partId": "2"}],
            "attachments": [{"blobId": "B1", "type": "image/png", "name": "a b.png"}],
        },
        BLOBS.get,
        now=NOW,
        message_id="m@x",
    )
    parsed = message_from_bytes(raw, policy=policy.default)
    body = parsed.get_body(("plain",))
    assert body is not None
    assert ("Grüße", "tęxt\n") == (parsed["subject"], body.get_content().replace("\r\n", "\n"))
    [attachment] = parsed.iter_attachments()
    assert ("a b.png", PNG.data) == (attachment.get_filename(), attachment.get_content())
