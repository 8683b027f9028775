"""Tests of filters and sorts of Email/query."""

import pytest

from jmap_async.testing.data_types.email_query import search_terms
from tests.testing.model import Model, message


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("one two", ["one", "two"]),
        ('"one two" three', ["one two", "three"]),
        ("'one two'", ["one two"]),
        (r'"a \"b\" \\ c"', [r'a "b" \ c']),
        ("don't", ["don't"]),
        ('odd "quote', ["odd", '"quote']),
        ("", []),
        ('""', []),
        ("ÄPFEL", ["äpfel"]),
    ],
)
def test_t95_search_terms(text: str, terms: list[str]) -> None:
    """White space divides, quotes keep together, a backslash escapes inside them."""
    assert terms == search_terms(text)


@pytest.fixture
def filled(model: Model) -> Model:
    """A server with three Emails, M1 to M3, two of them in a Thread."""
    server, clock = model.server, model.clock
    server.add_email(
        message=message(
            "From: Ann <ann@x>",
            "To: Zoe <zoe@y>",
            "Cc: carol@z",
            "Subject: Re: Lunch",
            "Message-ID: <1@x>",
            "X-Test: some =?utf-8?q?v=C3=A4lue?=",
            "Date: Sun, 01 Mar 2026 10:00:00 +0200",
            "",
            "Noodles or soup?",
        ),
        keywords=["$seen", "$flagged"],
    )
    clock.forward(hours=1)
    server.add_email(
        message=message(
            "From: bob@x",
            "Bcc: dave@z",
            "Subject: Lunch",
            "References: <1@x>",
            "Date: Sun, 01 Mar 2026 09:00:00 +0000",
            "",
            "Soup" + " is warm" * 50,
        ),
        mailbox="archive",
        keywords=["$seen"],
    )
    clock.forward(hours=1)
    server.add_email(
        from_="Cleo <cleo@x>",
        subject="Ärger",
        html="<style>noodles</style><p>Nothing",
        attachments=[("a.txt", b"x" * 5000)],
    )
    return model


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"inMailbox": "P1"}, "13"),
        ({"inMailbox": "P9"}, ""),
        ({"inMailboxOtherThan": ["P1"]}, "2"),
        ({"inMailboxOtherThan": []}, "123"),
        ({"before": "2026-03-01T13:00:00Z"}, "1"),
        ({"after": "2026-03-01T13:00:00Z"}, "23"),
        ({"minSize": 5000}, "3"),
        ({"maxSize": 5000}, "12"),
        ({"hasKeyword": "$flagged"}, "1"),
        ({"notKeyword": "$flagged"}, "23"),
        ({"allInThreadHaveKeyword": "$seen"}, "12"),
        ({"allInThreadHaveKeyword": "$flagged"}, ""),
        ({"someInThreadHaveKeyword": "$flagged"}, "12"),
        ({"noneInThreadHaveKeyword": "$flagged"}, "3"),
        ({"hasAttachment": True}, "3"),
        ({"hasAttachment": False}, "12"),
        ({"text": "lunch"}, "12"),
        ({"text": "ann"}, "1"),
        ({"text": "noodles"}, "1"),
        ({"text": "dave"}, "2"),
        ({"from": "ann"}, "1"),
        ({"from": "@x"}, "123"),
        ({"to": "zoe@y"}, "1"),
        ({"cc": "carol"}, "1"),
        ({"bcc": "dave"}, "2"),
        ({"subject": "ÄRGER"}, "3"),
        ({"body": "soup"}, "12"),
        ({"body": "'or soup'"}, "1"),
        ({"body": "style"}, ""),
        ({"header": ["x-test"]}, "1"),
        ({"header": ["X-Test", "välue"]}, "1"),
        ({"header": ["X-Test", "other"]}, ""),
        ({"hasKeyword": "$seen", "inMailbox": "P1"}, "1"),
    ],
)
def test_t89_t90_conditions(filled: Model, filter: dict[str, object], found: str) -> None:
    """Each condition of RFC 8621, 4.4.1 by itself, and two together."""
    assert [f"M{number}" for number in found] == filled.query("Email", filter)


@pytest.mark.parametrize(
    "filter",
    [
        {"header": []},
        {"header": ["a", "b", "c"]},
        {"header": "x"},
        {"before": "2026-03-01"},
        {"before": "2026-03-01T13:00:00+01:00"},
        {"minSize": -1},
        {"hasKeyword": "a b"},
        {"inMailbox": None},
    ],
)
def test_t90_t91_mistyped_conditions(model: Model, filter: dict[str, object]) -> None:
    """They are invalid, not unsupported."""
    assert "invalidArguments" == model.error("Email/query", filter=filter)


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("receivedAt", "123"),
        ("-receivedAt", "321"),
        ("size", "123"),
        ("from", "123"),
        ("to", "231"),
        ("sentAt", "123"),
        ("-sentAt", "321"),
        ("subject", "123"),
    ],
)
def test_sorts(filled: Model, sort: str, found: str) -> None:
    """By time, size, first person, base subject."""
    assert [f"M{number}" for number in found] == filled.query("Email", None, sort)


@pytest.mark.parametrize(
    ("property", "found"),
    [("hasKeyword", "231"), ("allInThreadHaveKeyword", "123"), ("someInThreadHaveKeyword", "312")],
)
def test_t92_sorts_by_keyword(filled: Model, property: str, found: str) -> None:
    """False comes before true; the Comparator has to name the keyword."""
    comparator = {"property": property, "keyword": "$Flagged"}
    response = filled.call("Email/query", sort=[comparator])
    assert [f"M{number}" for number in found] == response["ids"]
    assert "invalidArguments" == filled.error("Email/query", sort=[{"property": property}])


def test_an_email_without_date_sorts_first(filled: Model) -> None:
    """It is older than any other."""
    id = filled.server.add_email(message=message("Subject: x", "", ""))
    assert id == filled.query("Email", None, "sentAt")[0]


def test_t94_collapsed_threads(filled: Model) -> None:
    """Each Thread once, at its first Email in the sort order; totals count Threads."""
    assert ["M1", "M3"] == filled.query("Email", collapseThreads=True)
    response = filled.call(
        "Email/query",
        collapseThreads=True,
        calculateTotal=True,
        sort=[{"property": "receivedAt", "isAscending": False}],
        anchor="M2",
    )
    assert (["M2"], 1, 2) == (response["ids"], response["position"], response["total"])
