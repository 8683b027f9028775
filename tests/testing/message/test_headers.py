"""Tests of header fields and their forms."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.message import headers

HEADERS: list[headers.Header] = [
    ("Received", " first"),
    ("Subject", " =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n an alle"),
    ("Received", " second"),
    ("To", ' "Doe, J." <j@x>, b@y (Bob)'),
    ("X-List", " <mailto:a@x>, <https://x/\r\n  y>"),
]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("header:Subject", " =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n an alle"),
        ("header:subject:asText", "Grüße an alle"),
        ("header:Received", " second"),
        ("header:Received:all", [" first", " second"]),
        ("header:Missing", None),
        ("header:Missing:asAddresses", None),
        ("header:Missing:asAddresses:all", []),
        (
            "header:To:asAddresses",
            [{"name": "Doe, J.", "email": "j@x"}, {"name": "Bob", "email": "b@y"}],
        ),
        ("header:X-List:asURLs", ["mailto:a@x", "https://x/y"]),
    ],
)
def test_t124_the_last_instance_or_all(name: str, expected: object) -> None:
    """Names match in any case; without `:all` it is the last one, or null."""
    assert expected == headers.value_of(HEADERS, name)


@pytest.mark.parametrize(
    "name",
    [
        "header:From:asDate",
        "header:Date:asText",
        "header:Received:asText",
        "header:Subject:asAddresses",
        "header:Message-ID:asText",
        "header:List-Post:asText",
        "header:From:asaddresses",
        "header:From:all:asAddresses",
        "header:From:asRaw",
        "header:From:asNope",
        "header:From:asAddresses:every",
        "header:",
        "header:a b",
        "header",
        "from",
    ],
)
def test_t124_t125_malformed_and_forbidden_properties(name: str) -> None:
    """Each field has its forms, and suffixes have their order."""
    assert headers.parse_property(name) is None
    with pytest.raises(ValueError, match=name or "header"):
        headers.value_of(HEADERS, name)


@pytest.mark.parametrize(
    "name",
    [
        "header:From",
        "header:Resent-To:asGroupedAddresses",
        "header:References:asMessageIds:all",
        "header:Date:asDate",
        "header:List-Unsubscribe:asURLs",
        "header:List-Id:asText",
        "header:X-Own:asDate:all",
        "header:all",
        "header:asText:asText",
    ],
)
def test_t125_allowed_properties(name: str) -> None:
    """Fields outside of the two RFCs may have any form."""
    assert headers.parse_property(name) is not None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n an alle", "Grüße an alle"),
        ("   padded \t", "padded \t"),
        ("\r\n folded\r\n\t twice", "folded\t twice"),
        (" \t a", "\t a"),
        (" U\u0308 =?utf-8?q?u?= \u0308", "Ü u \u0308"),
        (" =?utf-8?q?u?= =?utf-8?q?=CC=88?=", "ü"),
        (' "=?utf-8?q?a?= b" =?utf-8?q?c?=', '"=?utf-8?q?a?= b" c'),
        (" =?x?y?z?=", "=?x?y?z?="),
    ],
)
def test_text_is_unfolded_decoded_and_normalised(value: str, expected: str) -> None:
    """Spaces at the beginning go, and no others (RFC 8621, 4.1.2.2)."""
    assert expected == headers.value_of([("Subject", value)], "header:Subject:asText")


def test_quoted_strings_in_structured_fields_are_not_decoded() -> None:
    """A Subject has none, a List-Id does."""
    value = ' "x =?utf-8?q?a?= y" =?utf-8?q?b?='
    quoted = '"x =?utf-8?q?a?= y" b'
    fields = [(name, value) for name in ("Subject", "Keywords", "List-Id")]
    assert '"x a y" b' == headers.value_of(fields, "header:Subject:asText")
    for name in ("Keywords", "List-Id"):
        assert quoted == headers.value_of(fields, f"header:{name}:asText")


@given(
    st.text('a@<>()[],:;"\\ \t\r=?utf8-q_0é/', max_size=60),
    st.sampled_from(sorted(headers.FORMS)),
)
def test_every_form_of_any_value_can_be_read(value: str, form: str) -> None:
    """One by one and all of them; what is read once is not shared with who changes it."""
    fields = [("X", value), ("x", value)]
    suffix = "" if form == "Raw" else f":as{form}"
    one, every = (headers.value_of(fields, f"header:X{suffix}{tail}") for tail in ("", ":all"))
    assert [one, one] == every
