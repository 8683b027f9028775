"""Tests of the header fields that Email/set creates."""

import re
from datetime import UTC, datetime
from unicodedata import normalize

import pytest
from hypothesis import example, given, strategies as st

from jmap_async.testing.failures import SetFailure
from jmap_async.testing.message import compose_headers, headers
from jmap_async.testing.message.mime import Part

PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=200)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def read(property: str, value: object) -> object:
    """Write a header property and read it from the message again."""
    field = property.split(":")[1]
    made = compose_headers.given_fields({property: value})
    raw = compose_headers.join(made)
    part = Part(raw + b"\r\nbody")
    assert b"body" == part.body
    assert {field.lower()} >= {name.lower() for name, _ in part.headers}
    lines = raw.split(b"\r\n")
    assert all(len(line) <= 998 for line in lines)
    assert all(len(line) <= 76 for line in lines if b"=?utf-8?" in line)
    assert all(len(word) <= 75 for word in re.findall(rb"=\?[^?]*\?[BQ]\?[^?]*\?=", raw))
    return headers.value_of(part.headers, property)


@given(PRINTABLE, st.sampled_from(["Subject", "Keywords", "List-Id", "X" * 70]))
@example("x " * 600 + "end", "Subject")
@example("x" * 3000, "Subject")
@example("ü" * 3000, "Subject")
@example(" leading, trailing ", "Subject")
@example("two  spaces" * 100, "Subject")
@example("=?utf-8?q?x?=", "Subject")
@example('"=?utf-8?q?x?= \\" y', "Keywords")
@example("x " + " " * 3000 + "y", "Subject")
def test_any_text_is_read_again(text: str, field: str) -> None:
    """In NFC, as the form says."""
    assert normalize("NFC", text) == read(f"header:{field}:asText", text)


PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.none() | PRINTABLE.filter(bool),
            "email": st.sampled_from(["a@x", "ü@x", '"a b"@x', "nobody", f"{'l' * 400}@x"]),
        }
    ),
    max_size=4,
)


@given(PEOPLE, PRINTABLE)
def test_any_people_are_read_again(people: list[dict[str, str | None]], name: str) -> None:
    """Alone and in a group."""
    expected = [
        {**person, "name": normalize("NFC", person["name"]) if person["name"] else None}
        for person in people
    ]
    assert expected == read("header:To:asAddresses", people)
    groups = [{"name": name, "addresses": people}]
    assert [{"name": normalize("NFC", name), "addresses": expected}] == read(
        "header:Cc:asGroupedAddresses", groups
    )


@pytest.mark.parametrize(
    ("property", "value"),
    [
        ("header:X", " raw\r\n folded\r\n\t\x07 twice ü"),
        ("header:X", ""),
        ("header:X:all", [" a", "b"]),
        ("header:X:asText", "tab\tand  spaces\t x"),
        ("header:X:asText", ""),
        ("header:X:asText:all", ["one", "ü"]),
        ("header:X:asText:all", []),
        ("header:To:asAddresses", []),
        ("header:To:asAddresses:all", [[{"name": "A", "email": "a@x"}], []]),
        ("header:References:asMessageIds", [f"{n}.{'x' * 60}@x" for n in range(50)]),
        ("header:List-Post:asURLs", ["mailto:a@x?subject=(x)", "https://x/" + "y" * 3000]),
        ("header:X-Dates:asDate", "2026-01-02T03:04:05-06:00"),
        ("header:X-Dates:asDate", "0001-01-02T03:04:05-00:00"),
        ("header:X-Dates:asDate:all", ["2026-01-02T03:04:05Z"]),
    ],
)
def test_each_form_is_read_again(property: str, value: object) -> None:
    """Lists of any length, and long values."""
    assert value == read(property, value)


@pytest.mark.parametrize(
    ("property", "value"),
    [
        *(("header:X", value) for value in ("\r\nA: b", " a\r\nB: c", "a\n\n b", "a\r\n\r\n b")),
        *(("header:X", value) for value in ("a\n b", "a\r b", "a\0", "a\r\n \r\n b", "a\r\n ", 1)),
        ("header:X", "a" * 998),
        ("header:X:asText", "a\nb"),
        ("header:X:asText", "ü\tü"),
        ("header:X:asText", "\x7f"),
        ("header:X:asText", "\x85"),
        ("header:X:asText", "\ud800"),
        ("header:X:asText:all", "x"),
        ("header:X:asText:all", [1]),
        ("header:X:asURLs", "a:b"),
        ("header:X:asURLs", ["a:b", "<c:d>"]),
        ("header:X:asMessageIds", ["a b"]),
        ("header:X:asMessageIds", [1]),
        ("header:X:asDate", "yesterday"),
        ("header:X:asAddresses", [{"name": "a"}]),
        ("header:X:asAddresses", [{"name": "a\r\nB: c", "email": "a@x"}]),
        ("header:X:asAddresses", [{"email": "x" * 998}]),
        ("header:X:asGroupedAddresses", [{"name": "a"}]),
        ("header:X:asGroupedAddresses", [{"name": "a", "addresses": [], "more": 1}]),
        ("header:X:asGroupedAddresses", [{"name": "a\n", "addresses": []}]),
        ("header:From:asDate", "2026-01-02T03:04:05Z"),
        ("header:X:asNope", "x"),
        (f"header:{'X' * 998}", "x"),
    ],
)
def test_what_cannot_be_written_is_refused(property: str, value: object) -> None:
    """Nothing gets out of its field."""
    with pytest.raises(SetFailure) as caught:
        compose_headers.given_fields({property: value})
    assert [property] == list(caught.value.properties or ())


def test_what_a_message_must_have_is_generated() -> None:
    """Unless it is given, here or elsewhere; the version is always that of MIME."""
    made = compose_headers.message_fields({"subject": "x"}, now=NOW, message_id="i@x")
    assert ["subject", "date", "message-id", "mime-version"] == list(made)
    values = {"sentAt": "2020-01-01T00:00:00Z", "messageId": [], "header:MIME-Version": " 9"}
    made = compose_headers.message_fields(values, now=NOW, message_id="i@x")
    assert ["MIME-Version: 1.0", "Message-ID: <i@x>"] == [
        made["mime-version"],
        made["message-id"],
    ]
    assert "Date: Wed, 01 Jan 2020 00:00:00 +0000" == made["date"]
    made = compose_headers.message_fields({}, now=NOW, message_id="i@x", others=["date"])
    assert "date" not in made


def test_a_field_is_said_once_and_content_fields_by_parts_only() -> None:
    """In whatever form, and in any case."""
    for values in (
        {"subject": "a", "header:SUBJECT": " b"},
        {"header:X:asText:all": [], "header:x": " b"},
        {"header:Content-Type": " text/plain"},
        {"header:content-anything:asText": "x"},
    ):
        with pytest.raises(SetFailure):
            compose_headers.message_fields(values, now=NOW, message_id="i@x")
