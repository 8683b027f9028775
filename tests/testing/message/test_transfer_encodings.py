"""Tests of quoted-printable and base64."""

import quopri

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.message import transfer_encodings


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a=3Db=e9=E9", b"a=b\xe9\xe9"),
        (b"one \t\r\ntwo\t \nthree  ", b"one\r\ntwo\nthree"),
        (b"kept=20\r\nkept=09 \r\n", b"kept \r\nkept\t\r\n"),
        (b"soft=\r\nline=\nbreaks= \t\r\nend=", b"softlinebreaksend"),
        (b"=3D\r\n=3D=\r\n20", b"=\r\n=20"),
        (b"=ZZ =4 =\t=4G =", b"=ZZ =4 =\t=4G "),
        (b"a = b", b"a = b"),
        (b"=\r\n=\r\n=\r\nx", b"x"),
        (b"lone\rCR \rkept", b"lone\rCR \rkept"),
        (b"eight \xfc bit", b"eight \xfc bit"),
        (b"", b""),
    ],
)
def test_quoted_printable(body: bytes, expected: bytes) -> None:
    """White space at the ends of lines goes, what is no escape stays (RFC 2045, 6.7)."""
    assert expected == transfer_encodings.decode(body, "quoted-printable")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"aGVs\r\nbG8=", b"hello"),
        (b"aGVsbG8", b"hello"),
        (b"aGVsb", b"hel"),
        (b"a!G-V_s*b\xffG.8=", b"hello"),
        (b"aGVs==bG8=", b"hello"),
        (b"YQ==Yg==", b"ab"),
        (b"=", b""),
        (b"", b""),
    ],
)
def test_base64(body: bytes, expected: bytes) -> None:
    """Other characters are ignored, and padding is not needed (RFC 2045, 6.8)."""
    assert expected == transfer_encodings.decode(body, "base64")


@given(st.binary())
def test_what_is_encoded_comes_back(data: bytes) -> None:
    """In base64, and in the quoted-printable that others write."""
    encoded = transfer_encodings.to_base64(data)
    assert data == transfer_encodings.decode(encoded, "base64")
    assert all(len(line) <= 76 for line in encoded.split(b"\r\n"))
    quoted = quopri.encodestring(data, quotetabs=True).replace(b"=\n", b"=\r\n")
    assert data.replace(b"\n", b"") == transfer_encodings.decode(
        quoted, "quoted-printable"
    ).replace(b"\n", b"")


def test_unknown_encodings_change_nothing() -> None:
    """So do the identities."""
    for encoding in ("x-uuencode", "8bit", ""):
        assert b"=20 \r\n" == transfer_encodings.decode(b"=20 \r\n", encoding)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a\r\nb", "7bit"),
        (b"x" * 998, "7bit"),
        (b"\xfc", "8bit"),
        (b"x" * 999, "binary"),
        (b"\0", "binary"),
        (b"a\rb", "binary"),
        (b"a\nb", "binary"),
        (b"a\n\r\n", "binary"),
    ],
)
def test_each_identity_has_its_limits(data: bytes, expected: str) -> None:
    """Lines of at most 998 octets without NUL, and CR and LF only together."""
    assert expected == transfer_encodings.identity_for(data)
