"""Tests of header fields and their forms."""

import pytest

from jmap_async.testing import headers

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
        (" a@x", [(None, [(None, "a@x")])]),
        ("A: a@x, B <b@x>;, c@x", [("A", [(None, "a@x"), ("B", "b@x")]), (None, [(None, "c@x")])]),
        ("Empty:;", [("Empty", [])]),
        (r'"My \"group\"": a@x;', [('My "group"', [(None, "a@x")])]),
        ("a@x, G: b@x;", [(None, [(None, "a@x")]), ("G", [(None, "b@x")])]),
        ("G: a@x, b@x", [("G", [(None, "a@x"), (None, "b@x")])]),
        ('"a:b, c;" <a@x>', [(None, [("a:b, c;", "a@x")])]),
        (r'"q\"u" <a@x>', [(None, [('q"u', "a@x")])]),
        ("=?utf-8?q?J=C3=B6rg?= <j@x>", [(None, [("Jörg", "j@x")])]),
        ("a@x (comment, (nested) \\) still)", [(None, [("comment, nested ) still", "a@x")])]),
        ("", []),
        (" , ,", []),
    ],
)
def test_addresses_in_groups(
    value: str, expected: list[tuple[str | None, list[tuple[str | None, str]]]]
) -> None:
    """Consecutive addresses outside of groups share a null group; quotes and comments protect."""
    found = headers.as_grouped_addresses(value)
    flat = [(g["name"], [(a["name"], a["email"]) for a in g["addresses"]]) for g in found]
    assert expected == flat
    assert [address for _, group in expected for address in group] == [
        (a["name"], a["email"]) for a in headers.as_addresses(value)
    ]


def test_t129_what_is_no_address_is_still_shown() -> None:
    """The text becomes the email, with no name."""
    assert [{"name": None, "email": "<>"}] == headers.as_addresses(" <>")


def test_t126_message_ids_have_no_brackets() -> None:
    """Folding does not matter; without any it is null."""
    assert ["a@x", "b@x"] == headers.as_message_ids(" <a@x>\r\n <b@x>")
    assert headers.as_message_ids(" nothing") is None
    assert headers.as_urls(" nothing") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"),
        (" 21 Nov 1997 09:55:06 +0000", "1997-11-21T09:55:06Z"),
        (" 21 Nov 1997 09:55:06 -0000", "1997-11-21T09:55:06-00:00"),
        (" yesterday", None),
        (" 99 Nov 1997 09:55:06 +0000", None),
        ("", None),
    ],
)
def test_t127_dates_keep_their_offset(value: str, expected: str | None) -> None:
    """What cannot be parsed is null."""
    assert expected == headers.as_date(value)


@pytest.mark.parametrize("value", ["=?x?y?z?=", "=?nope?q?a?="])
def test_broken_encoded_words_stay(value: str) -> None:
    """Nothing is raised, and nothing is lost."""
    assert headers.as_text(value)
