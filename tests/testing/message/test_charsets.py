"""Tests of charsets and their names."""

from encodings.aliases import aliases

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.message import charsets

NAMES = sorted(charsets._CODECS)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_has_a_codec_that_reads_what_it_writes(name: str) -> None:
    """A name in the table is good for decoding, on every Python."""
    text = "Az 19"
    codec = charsets._CODECS[name]
    assert (text, False) == charsets.decode(text.encode(codec), name.upper())


@pytest.mark.parametrize(
    "name",
    [
        *("", "x-unknown", "undefined", "punycode", "idna", "mbcs", "oem", "unicode_escape"),
        *("raw_unicode_escape", "rot13", "rot_13", "hex", "base64", "zlib", "bz2", "uu", "quopri"),
        *("utf-8-sig\0", "utf_8 ", "../utf-8", "palmos", "charmap"),
    ],
)
def test_other_codecs_of_python_are_no_charsets(name: str) -> None:
    """Octets are never given to what runs escapes or is no charset at all."""
    assert not charsets.is_known(name)
    assert charsets.decode(b"a", name) is None


@pytest.mark.parametrize(
    ("octets", "charset", "expected"),
    [
        (b"a\xe9", "us-ascii", ("a\ufffd", True)),
        (b"a\xe9", "ANSI_X3.4-1968", ("a\ufffd", True)),
        ("ü".encode(), "UTF8", ("ü", False)),
        (b"a\xffb", "utf-8", ("a\ufffdb", True)),
        (b"\xed\xa0\x80", "utf-8", ("\ufffd" * 3, True)),
        (b"\xfc\x80\x93", "iso-8859-1", ("ü€“", False)),
        (b"\x81", "iso-8859-1", ("\x81", False)),
        (b"\x80", "windows-1252", ("€", False)),
        (b"\x81", "windows-1252", ("\ufffd", True)),
        (b"\xa4", "ISO-8859-15", ("€", False)),
        (b"a+2AA-b", "utf-7", ("a\ufffdb", True)),
        (b"+2D3eAA-", "utf-7", ("\U0001f600", False)),
        (b"\x00a", "utf-16", ("a", False)),
        (b"\xff\xfea\x00", "utf-16", ("a", False)),
        (b"\x00\x00\x00a", "utf-32", ("a", False)),
        (b"\x00a\xd8\x00", "utf-16be", ("a\ufffd", True)),
        (b"\x1b$B%F\x1b(B", "iso-2022-jp", ("テ", False)),
        (b"\x83e", "Shift_JIS", ("テ", False)),
        (b"\x87\x40", "shift_jis", ("①", False)),
        (b"\xc1\xa4", "EUC-KR", ("정", False)),
    ],
)
def test_octets_become_text(octets: bytes, charset: str, expected: tuple[str, bool]) -> None:
    """Malformed octets are replaced, and what a charset is commonly mistaken for is read."""
    assert expected == charsets.decode(octets, charset)


def test_the_best_is_made_of_what_does_not_fit() -> None:
    """UTF-8 under another name is read, but it is a problem."""
    assert ("ü", True) == charsets.best_effort("ü".encode(), "us-ascii")
    assert ("ü", True) == charsets.best_effort("ü".encode(), "x-unknown")
    assert ("\ufffd", True) == charsets.best_effort(b"\xfc", "x-unknown")
    assert ("a\ufffd", True) == charsets.best_effort(b"a\xfc", "us-ascii")
    assert ("a", False) == charsets.best_effort(b"a", "us-ascii")


@given(st.binary(max_size=60), st.sampled_from([*NAMES, *aliases, *aliases.values()]) | st.text())
def test_text_is_always_text(octets: bytes, charset: str) -> None:
    """Nothing is raised, and no lone surrogate comes out."""
    text, _ = charsets.best_effort(octets, charset)
    assert text == text.encode().decode()
