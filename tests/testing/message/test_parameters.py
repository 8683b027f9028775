"""Tests of parameters of MIME header fields."""

import pytest
from hypothesis import example, given, strategies as st

from jmap_async.testing.message import parameters


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("; a=b; C=d", {"a": "b", "c": "d"}),
        (';a="x; y"; b="q\\"u\\\\o"', {"a": "x; y", "b": 'q"u\\o'}),
        (";a=b (c (d)) ; (e) f (g) = (h) i(j)", {"a": "b", "f": "i"}),
        (';a="x"(c);b=y(c)', {"a": "x", "b": "y"}),
        (";a=;b;c = d;;", {"c": "d"}),
        (';a=""', {"a": ""}),
        (";a=1;a=2;A=3", {"a": "1"}),
        (" a=b c=d", {"a": "b", "c": "d"}),
        (';a="b"c=d', {"a": "b", "c": "d"}),
        (";a=b c.txt; d=e", {"a": "b c.txt", "d": "e"}),
        (";a=b(1).txt", {"a": "b(1).txt"}),
        (";a=----=_b/c:d?e=f", {"a": "----=_b/c:d?e=f"}),
        (';a="open; b=c\\"', {"a": 'open; b=c"'}),
        (';junk"; a=b"; c=d', {"c": "d"}),
        (';a=b\t"; c=d', {"a": 'b\t"', "c": "d"}),
        (";a=x\ty", {"a": "x\ty"}),
        # RFC 2231, 3 and 4, with their examples.
        (
            ';URL*0="ftp://";\n URL*1="cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"',
            {"url": "ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"},
        ),
        (";t*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", {"t": "This is ***fun***"}),
        (
            (
                ";t*0*=us-ascii'en'This%20is%20even%20more%20;t*1*=%2A%2A%2Afun%2A%2A%2A%20;"
                't*2="isn\'t it!"'
            ),
            {"t": "This is even more ***fun*** isn't it!"},
        ),
        (";n*1*=%BC;n*0*=utf-8''%C3", {"n": "ü"}),
        (";n*=iso-8859-1''%FC%80", {"n": "ü€"}),
        (";n*=''%C3%BC;", {"n": "ü"}),
        (";n*=%C3%BC", {"n": "ü"}),
        (";n*=\"utf-8''%C3%BC\"", {"n": "ü"}),
        (";n*=x-none''%C3%BC", {"n": "ü"}),
        (";n*=utf-8''%FF%zz%4", {"n": "\ufffd%zz%4"}),
        (";n*=utf-7''a+2AA-b", {"n": "a\ufffdb"}),
        (";n*=utf-8''a%00b%0D%0Ac", {"n": "abc"}),
        (";n*=utf-8'it's", {"n": "s"}),
        (";n=a;n*=utf-8''b", {"n": "b"}),
        (";n*0*=utf-8''b;n*1=c;n=a", {"n": "bc"}),
        (";n*0=%41;n*1*=%41", {"n": "%41A"}),
        (";n*0=a;n*2=c", {"n": "a"}),
        (";n*1=a", {}),
        (";n*00=a;n=b", {"n": "b"}),
        (";n*0=a;n*0=b", {"n": "a"}),
        (";*=a;*0=b;n**=c", {}),
        # Encoded words, in the names of files only, and not where RFC 2231 is kept to.
        (';name="=?utf-8?B?w7w=?=.txt"; a==?utf-8?q?b?=', {"name": "ü.txt", "a": "=?utf-8?q?b?="}),
        (";filename==?utf-8?q?a?=\r\n =?utf-8?q?b?=", {"filename": "ab"}),
        (';name*0="=?utf-8?q?";name*1="a?="', {"name": "a"}),
        (";name*=utf-8''%3D%3Futf-8%3Fq%3Fa%3F%3D", {"name": "=?utf-8?q?a?="}),
    ],
)
def test_parameters(text: str, expected: dict[str, str]) -> None:
    """Comments, quotes, continuations and charsets; and what breaks their rules."""
    assert expected == parameters.read(text, 0)


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=300),
    st.sampled_from(["name", "filename"]),
)
@example('a"b\\c', "name")
@example("=?utf-8?q?x?=", "name")
@example("ü" * 100 + "%41'", "filename")
@example("a b.txt ", "filename")
def test_what_is_written_is_read(value: str, name: str) -> None:
    """Long values are continued, in pieces that fit a line; the others of a field stay."""
    pieces = parameters.write(name, value)
    text = ";\r\n ".join(["", *pieces, "z=1"])
    assert {name: value, "z": "1"} == parameters.read(text, 0)
    assert all(len(piece) <= 75 for piece in pieces)


@pytest.mark.parametrize("value", ["a\r\nb", "a\0", "\t", "\x85"])
def test_controls_are_refused(value: str) -> None:
    """They would be dropped, or begin another field."""
    with pytest.raises(ValueError):
        parameters.write("name", value)


@given(st.text(";=*0'%\"\\() \tan8uft-", max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    """Nothing is raised."""
    assert all("*" not in name for name in parameters.read(text, 0))


@pytest.mark.parametrize("unit", ["a=(", 'a="', '\\"', "a=b(c)", "a b ", ";=", "a*0*="])
def test_long_fields_take_no_longer(unit: str) -> None:
    """Twenty thousand of anything are read in no time."""
    assert isinstance(parameters.read(unit * 20_000, 0), dict)
