"""Tests of messages as trees of parts."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.message.mime import Part, blob_id_of, body_lists
from tests.testing.model import message


def test_a_message_without_mime_is_one_text_part() -> None:
    """Its implicit type and charset are those of the standard."""
    part = Part(message("Subject: Hi", "", "Hello", ""))
    assert [("Subject", " Hi")] == part.headers
    wire = part.to_wire()
    assert ("1", "text/plain", "us-ascii", 7) == tuple(
        wire[name] for name in ("partId", "type", "charset", "size")
    )
    assert blob_id_of(b"Hello\r\n") == part.blob_id
    assert ("Hello\n", False) == part.text


def test_folded_headers_keep_their_folding() -> None:
    """T126: the raw value has everything after the colon."""
    part = Part(b"Subject: a\r\n b\r\nX:\r\n\r\nbody")
    assert [("Subject", " a\r\n b"), ("X", "")] == part.headers


def test_headers_alone_and_a_body_alone() -> None:
    """Without an empty line all is body; with only headers there is no body."""
    assert b"" == Part(b"A: b\r\n\r\n").content
    assert ([], b"hello") == (Part(b"\r\nhello").headers, Part(b"\r\nhello").content)
    assert b"" == Part(b"hello").content


def test_transfer_encodings_are_decoded() -> None:
    """Broken base64 gives what can be read, an unknown encoding is a problem."""

    def part(encoding: str, body: str) -> Part:
        head = ["Content-Type: text/plain; charset=utf-8", f"Content-Transfer-Encoding: {encoding}"]
        return Part(message(*head, "", body))

    assert ("é\n", False) == part("Quoted-Printable", "=C3=A9=\r\n\r\n").text
    assert ("hello", False) == part("base64", "aGVs\r\nbG8=").text
    assert ("hel", False) == part("base64", "aGVsb").text
    assert ("x", True) == part("x-odd", "x").text


@pytest.mark.parametrize(
    ("charset", "body", "expected"),
    [
        ("; charset=iso-8859-1", b"\xfc", ("ü", False)),
        ('; charset="UTF-8" (c)', b"\xc3\xbc", ("ü", False)),
        ("; charset*=us-ascii'en'utf8", b"\xc3\xbc", ("ü", False)),
        ("; charset=utf-16be", b"\0a\0\r\0\n", ("a\n", False)),
        ("; charset=utf-8", b"a\0b\r\nc\rd\ne", ("a\0b\nc\rd\ne", False)),
        # What cannot be decoded is replaced or guessed, and said to be a problem.
        ("", b"\xc3\xbc", ("ü", True)),
        ("; charset=us-ascii", b"\xc3\xbc", ("ü", True)),
        ("; charset=us-ascii", b"a\xfc", ("a\ufffd", True)),
        ("; charset=utf-8", b"\xfc", ("\ufffd", True)),
        ("; charset=nope", b"x", ("x", True)),
        ("; charset=unicode_escape", b"\\n", ("\\n", True)),
        ("; charset=utf-7", b"a+2AA-b", ("a\ufffdb", True)),
        ("; charset=", b"x", ("x", False)),
    ],
)
def test_t120_charsets(charset: str, body: bytes, expected: tuple[str, bool]) -> None:
    """CRLF is LF, and nothing else is changed."""
    assert expected == Part(f"Content-Type: text/plain{charset}\r\n\r\n".encode() + body).text


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"A : b\r\nC:d", [("A", " b"), ("C", "d")]),
        (b"no field: x\r\nA: b\r\nFrom x 10:20\r\n", [("A", " b")]),
        (b"A: b \t\r\n\r\nC: d", [("A", " b \t")]),
        (b"A: b\n c\n\nC: d", [("A", " b\n c")]),
        (b"A: b\rC: d\r\n", [("A", " b\rC: d")]),
        (b"A: \0b\xff\xe3\x81\xffc", [("A", " b\ufffd\ufffd\ufffdc")]),
        (b"A: \xe6\x97\xa5\r\n \r\n", [("A", " 日\r\n ")]),
    ],
)
def test_header_fields(raw: bytes, expected: list[tuple[str, str]]) -> None:
    """A field begins its line; NUL is dropped, what is no UTF-8 is replaced (RFC 8621, 4.1.2.1)."""
    assert expected == Part(raw).headers


def test_a_malformed_type_is_plain_text() -> None:
    """In a digest, too; only a missing type is a message there (RFC 2045, 5.2; RFC 2046, 5.1.5)."""
    raw = multipart("digest", b"Content-Type: odd\r\n\r\nx", b"\r\nSubject: y")
    assert ["multipart/digest", "text/plain", "message/rfc822"] == [
        p.type for p in Part(raw).walk()
    ]
    assert "us-ascii" == Part(b"Content-Type: text; charset=utf-8\r\n\r\n").charset


def test_the_last_of_two_fields_counts() -> None:
    """As for header properties; there may be one only."""
    raw = message("Content-Type: text/html", "content-type: image/png", "", "x")
    assert "image/png" == Part(raw).type


def test_parts_tell_their_names_and_headers() -> None:
    """File names are decoded, values lose parameters, comments and brackets."""
    part = Part(
        message(
            "Content-Type: Image/PNG (a picture); name=x.png",
            "Content-Disposition: ATTACHMENT; filename*=utf-8''%C3%BC.png",
            "Content-ID: <cid@x>",
            "Content-Language: de, en",
            "Content-Location: http://x/y",
            "Content-Transfer-Encoding: base64",
            "",
            "AAAA",
        )
    )
    assert {
        "partId": "1",
        "blobId": blob_id_of(b"\0\0\0"),
        "size": 3,
        "name": "ü.png",
        "type": "image/png",
        "charset": None,
        "disposition": "attachment",
        "cid": "cid@x",
        "language": ["de", "en"],
        "location": "http://x/y",
    } == part.to_wire()
    assert "x.png" == Part(message("Content-Type: a/b; name=x.png", "", "")).name


def multipart(kind: str, *parts: bytes, boundary: str = "b") -> bytes:
    """Return parts as a multipart."""
    inside = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'
    return head.encode() + inside + f"--{boundary}--\r\n".encode()


def leaf(type: str, body: str = "x", *head: str) -> bytes:
    """Return one part."""
    return message(f"Content-Type: {type}", *head, "", body)


def test_t123_multiparts_have_no_id_and_their_parts_are_numbered() -> None:
    """Preamble and epilogue are no parts."""
    raw = multipart("mixed", leaf("text/plain"), multipart("digest", b"\r\nFrom: x", boundary="c"))
    root = Part(raw.replace(b"\r\n\r\n--b", b"\r\n\r\npreamble\r\n--b", 1) + b"epilogue")
    assert [(None, "multipart/mixed"), ("1", "text/plain"), (None, "multipart/digest")] == [
        (part.part_id, part.type) for part in root.walk()
    ][:3]
    inner = list(root.walk())[3]
    assert ("2.1", "message/rfc822") == (inner.part_id, inner.type)
    assert (None, None) == (root.blob_id, root.to_wire()["blobId"])


@pytest.mark.parametrize(
    ("parameter", "line"),
    [
        ("boundary=b (c)", "--b"),
        ('boundary="b " ; x=y', "--b \t"),
        ('boundary="a:b/c=d?(e) f"', "--a:b/c=d?(e) f"),
        ("boundary=a:b/c=d?", "--a:b/c=d?"),
        ('boundary="q\\"u"', '--q"u'),
        ("boundary*0=a; boundary*1=b", "--ab"),
        ("Boundary=ü", "--ü"),
    ],
)
def test_boundaries(parameter: str, line: str) -> None:
    """Comments and white space at the end do not belong to it."""
    head = f"Content-Type: MULTIPART/Mixed; {parameter}"
    raw = message(head, "", line, "", "one", line, "", "two", f"{line.rstrip()}--", "")
    assert [b"one", b"two"] == [part.content for part in Part(raw).sub_parts or ()]


def test_one_boundary_may_begin_like_another() -> None:
    """An inner multipart whose end is missing ends with the outer one."""
    inner = ["Content-Type: multipart/mixed; boundary=bb", "", "--bb", "", "1", "--bb", "", "2"]
    outer = ["Content-Type: multipart/mixed; boundary=b", "", "--b"]
    raw = message(*outer, *inner, "--b", "", "3", "--bx", "--b--", "--b", "", "4")
    parts = [(part.part_id, part.body) for part in Part(raw).walk() if part.part_id]
    assert [("1.1", b"1"), ("1.2", b"2"), ("2", b"3\r\n--bx")] == parts


def test_parts_may_be_empty() -> None:
    """Even without their empty line."""
    raw = message("Content-Type: multipart/mixed; boundary=b", "", "--b", "--b", "", "--b", "A: b")
    parts = Part(raw).sub_parts or []
    assert [b"", b"", b""] == [part.body for part in parts]
    assert [("A", " b")] == parts[2].headers


def test_broken_multiparts_do_their_best() -> None:
    """A missing end, or no boundary at all, still gives a tree."""
    whole = multipart("mixed", leaf("text/plain", "one"), leaf("text/plain", "two"))
    cut = Part(whole[: whole.index(b"two") + 3])
    assert [b"one", b"two"] == [part.content for part in cut.sub_parts or ()]
    lost = Part(b"Content-Type: multipart/mixed\r\n\r\nx")
    assert ("text/plain", b"x", "1", None) == (lost.type, lost.body, lost.part_id, lost.sub_parts)
    assert [] == Part(b"Content-Type: multipart/mixed; boundary=b\r\n\r\nx").sub_parts
    assert [b""] == [p.body for p in Part(whole[: whole.index(b"--b") + 3]).sub_parts or ()]


def test_deep_nesting_ends() -> None:
    """A message cannot exhaust the stack."""
    raw = leaf("text/plain")
    for number in range(200):
        raw = multipart("mixed", raw, boundary=f"b{number}")
    parts = list(Part(raw).walk())
    assert 0 < len(parts) < 100
    # RFC 8621, 4.1.4: null if, and only if, it is a multipart.
    assert all((part.part_id is None) == part.type.startswith("multipart/") for part in parts)


@given(st.binary(max_size=300))
def test_any_bytes_are_some_message(raw: bytes) -> None:
    """Nothing that arrives makes the parser fail."""
    for part in Part(raw).walk():
        part.to_wire()
        assert isinstance(part.text[0], str)


def names(root: Part) -> tuple[str, ...]:
    """Return the contents of textBody, htmlBody and attachments as strings of letters."""
    return tuple("".join(part.content.decode() for part in found) for found in body_lists(root))


def test_t121_the_example_of_the_rfc() -> None:
    """RFC 8621, 4.1.4 works one message out: lists may share parts."""
    inline = "Content-Disposition: inline"
    attached = "Content-Disposition: attachment"
    alternative = multipart(
        "alternative",
        multipart(
            "mixed",
            leaf("text/plain", "B", inline),
            leaf("image/jpeg", "C", inline),
            leaf("text/plain", "D", inline),
            boundary="m2",
        ),
        multipart("related", leaf("text/html", "E"), leaf("image/jpeg", "F"), boundary="r"),
        boundary="a",
    )
    raw = multipart(
        "mixed",
        leaf("text/plain", "A", inline),
        multipart(
            "mixed",
            alternative,
            leaf("image/jpeg", "G", attached),
            leaf("application/x-excel", "H"),
            leaf("message/rfc822", "J"),
            boundary="m1",
        ),
        leaf("text/plain", "K", inline),
    )
    assert ("ABCDK", "AEK", "CFGHJ") == names(Part(raw))


def test_one_kind_of_text_serves_for_both() -> None:
    """An alternative of HTML only, or of plain text only, is in both lists."""
    html = multipart("alternative", leaf("text/html", "H"))
    assert ("H", "H", "") == names(Part(html))
    plain = multipart("alternative", leaf("text/plain", "T"), leaf("application/pdf", "P"))
    assert ("T", "T", "P") == names(Part(plain))
    assert ("T", "T", "") == names(Part(leaf("text/plain", "T")))
    both = multipart("alternative", leaf("text/plain", "T"), leaf("text/html", "H"))
    assert ("T", "H", "") == names(Part(both))
    assert ("", "", "I") == names(Part(multipart("alternative", leaf("image/png", "I"))))


def test_a_decided_side_of_an_alternative_takes_no_more() -> None:
    """What comes inside another alternative there has nowhere else to go."""
    inner = multipart("alternative", leaf("text/plain", "T"), leaf("text/html", "H"), boundary="i")
    mixed = multipart("mixed", leaf("text/plain", "A"), inner, boundary="m")
    raw = multipart("alternative", mixed, leaf("text/html", "B"))
    assert ("AT", "B", "H") == names(Part(raw))


def test_named_text_behind_the_first_part_is_attached() -> None:
    """A text with a file name is a body only if it is the first part."""
    named = leaf("text/plain", "N", "Content-Disposition: inline; filename=n.txt")
    assert ("NT", "NT", "N") == names(
        Part(multipart("mixed", named, leaf("text/plain", "T"), named))
    )
