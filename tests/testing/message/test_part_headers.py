"""Tests of the header fields of body parts that Email/set creates."""

from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from jmap_async.testing.failures import SetFailure
from jmap_async.testing.message import part_headers
from jmap_async.testing.message.mime import Part

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=200)


def read(spec: dict[str, Any]) -> Part:
    """Write the head of a part and read it again."""
    head = part_headers.read(spec)
    lines = [head.content_type(), *head.others, "", "body"]
    raw = "\r\n".join(lines).encode()
    assert all(len(line) <= 200 + 76 for line in raw.split(b"\r\n"))
    part = Part(raw)
    assert b"body" == part.body
    return part


@given(NAMES, st.sampled_from([None, "attachment", "inline", "x-own"]))
@example('a"b\\c.txt', "attachment")
@example("日本" * 60 + ".txt", "attachment")
@example("=?utf-8?q?a?=", None)
def test_any_name_is_read_again(name: str, disposition: str | None) -> None:
    """As a parameter of the disposition, or of the type without one."""
    part = read({"type": "a/b", "name": name, "disposition": disposition})
    assert (name, disposition, "a/b") == (part.name, part.disposition, part.type)


@pytest.mark.parametrize(
    ("property", "value"),
    [
        ("type", "application/vnd.own+xml"),
        ("charset", "iso-8859-1"),
        ("cid", "a.b@x"),
        ("cid", '"a b"@x'),
        ("cid", "no-at"),
        ("language", ["en", "de-AT", "i-klingon"] * 30),
        ("location", "http://x/a(b);c=" + "d" * 2000),
        ("location", "cid:ü@x"),
        ("disposition", "attachment"),
    ],
)
def test_each_property_is_read_again(property: str, value: object) -> None:
    """Long ones are folded."""
    assert value == read({"type": "text/plain", property: value}).to_wire()[property]


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "text"},
        {"type": ""},
        {"type": "text/plain; charset=x"},
        {"type": "text/plain\r\nX: y"},
        {"type": "text/" + "x" * 200},
        {"charset": "a b"},
        {"charset": "utf-8\r\nX: y"},
        {"charset": ""},
        {"disposition": ""},
        {"disposition": "a b"},
        {"disposition": 'attachment; filename="x"'},
        {"name": "a\r\nX: y"},
        {"name": "a\0", "disposition": "inline"},
        {"cid": ""},
        {"cid": "a b"},
        {"cid": "a>"},
        {"cid": "a\r\nX: y"},
        {"cid": "x" * 999},
        {"language": ["en us"]},
        {"language": [""]},
        {"language": ["en\r\nX: y"]},
        {"location": ""},
        {"location": "a b"},
        {"location": "(a)"},
        {"location": "a\r\nX: y"},
        {"location": "=?utf-8?q?a?="},
        {"header:X": " a\r\n\r\nbody"},
        {"header:X": " a", "header:x:asText": "b"},
        {"header:Content-Type": " a/b", "type": "a/b"},
        {"header:Content-Type:all": [" a/b", " c/d"]},
        {"header:Content-Type": " a/b", "charset": "x"},
        {"header:Content-Type:asText": "a/b", "name": "x"},
        {"header:Content-Disposition": " inline", "disposition": "inline"},
        {"header:Content-Disposition": " inline", "name": "x"},
        {"header:Content-ID": " <a@x>", "cid": "a@x"},
        {"header:content-language": " en", "language": ["en"]},
        {"header:Content-Location": " a", "location": "a"},
    ],
)
def test_what_cannot_be_written_is_refused(spec: dict[str, Any]) -> None:
    """No value gets out of its field, and no field is said twice."""
    with pytest.raises((SetFailure, ValueError)):
        part_headers.read(spec)


def test_types_have_defaults() -> None:
    """Parts inside make a multipart."""
    assert "text/plain" == part_headers.read({}).type
    assert "multipart/mixed" == part_headers.read({"subParts": []}).type
    assert "image/png" == part_headers.read({"type": "IMAGE/Png"}).type
    for spec in ({"type": "a/b"}, {"header:Content-type": " a/b;c=d"}):
        assert "a/b" == part_headers.type_of(spec)
    assert part_headers.type_of({}) is None


def test_a_given_content_type_stays_as_it_is() -> None:
    """Unless a parameter has to be added or altered."""
    head = part_headers.read({"header:Content-Type": " Text/X ; (c) charset=x; b=c"})
    assert "text/x" == head.type
    assert "Content-Type: Text/X ; (c) charset=x; b=c" == head.content_type()
    assert "Content-Type: text/x; charset=utf-8; b=c" == head.content_type(charset="utf-8")
    assert "multipart/x" == part_headers.read({"header:Content-Type": " multipart/x"}).type
