"""Tests of entities and their encodings."""

from hypothesis import given, strategies as st

from jmap_async.testing.message import entities
from jmap_async.testing.message.mime import Part

DATA = st.binary(max_size=200) | st.sampled_from([b"x" * 2000, b"a\r\n" * 9, b"\xfc\r\n", b"a\rb"])


@given(DATA)
def test_files_come_back(data: bytes) -> None:
    """In base64, or a message as it is, with the encoding that it needs."""
    for type in ("a/b", "text/plain", "message/rfc822", "message/global"):
        part = Part(entities.file(data, type, [f"Content-Type: {type}"]).to_bytes())
        assert data == part.content
        assert (part.encoding == "base64") == (not type.startswith("message/"))


@given(st.lists(DATA, max_size=4))
def test_multiparts_come_back(contents: list[bytes]) -> None:
    """Whatever is in the parts, even another one of the same."""
    files = [entities.file(data, "message/x", ["Content-Type: message/x"]) for data in contents]
    inner = nested(files)
    root = Part(nested([inner, *files, inner]).to_bytes())
    found = [part.content for part in root.walk() if part.part_id]
    assert contents * 3 == found


def nested(parts: list[entities.Entity]) -> entities.Entity:
    """Return a multipart."""
    boundary = entities.boundary_for(parts)
    return entities.multipart(
        [f'Content-Type: multipart/x; boundary="{boundary}"'], parts, boundary
    )


def test_a_multipart_declares_what_its_parts_need() -> None:
    """RFC 2045, 6.4: the most that any part inside has, and nothing for seven bits."""
    plain, eight, binary = (
        entities.file(data, "message/x", []) for data in (b"x", b"\xfc", b"\xfc" * 999)
    )
    encoded = entities.file(b"\xfc\0", "a/b", [])
    for parts, expected in (
        ([plain, encoded], "7bit"),
        ([plain, eight], "8bit"),
        ([binary, eight], "binary"),
        ([nested([nested([eight]), plain])], "8bit"),
        ([], "7bit"),
    ):
        made = nested(parts)
        assert expected == Part(made.to_bytes()).encoding == made.identity


def test_texts_are_readable_if_they_can_be() -> None:
    """Lines end with CRLF; long ones and odd characters need base64."""
    assert (b"a\r\nb\r\n", "7bit") == (entities.text("a\nb\r\n", []).body, "7bit")
    for value, expected in (
        ("plain", "7bit"),
        ("grün", "8bit"),
        ("x" * 998, "7bit"),
        ("ü" * 500, "base64"),
        ("a\0", "base64"),
        ("a\rb", "base64"),
    ):
        made = entities.text(value, ["Content-Type: text/plain; charset=utf-8"])
        part = Part(made.to_bytes())
        assert (expected, expected == "base64") == (part.encoding, made.is_encoded)
        assert (value, False) == part.text
