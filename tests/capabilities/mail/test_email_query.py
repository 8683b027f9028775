"""Conditions and sort orders of Email/query."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from jmap_async.capabilities.mail.email_query import (
    EmailFilter,
    as_email_sort,
    check_filter,
    check_sort,
    condition_names,
)
from jmap_async.capabilities.mail.mailbox import Mailbox
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.converter import encode
from jmap_async.protocol.filters import Comparator


def test_conditions_on_the_wire() -> None:
    """Names, objects, keywords and moments are spelt as the RFC has them."""
    filter = EmailFilter(
        in_mailbox=Mailbox(id="MB1"),
        in_mailbox_other_than="MB2",
        after=datetime(2026, 1, 2, tzinfo=UTC),
        has_keyword="$Flagged",
        from_="bob",
        header="List-Id",
    )
    expected = {
        "inMailbox": "MB1",
        "inMailboxOtherThan": ["MB2"],
        "after": "2026-01-02T00:00:00Z",
        "hasKeyword": "$flagged",
        "from": "bob",
        "header": ["List-Id"],
    }
    assert expected == orjson.loads(encode(filter))


def test_t87_operators() -> None:
    """Conditions are combined; NOT means none of them."""
    filter = EmailFilter(text="a") & ~(EmailFilter(text="b") | EmailFilter(text="c"))
    expected = {
        "operator": "AND",
        "conditions": [
            {"text": "a"},
            {
                "operator": "NOT",
                "conditions": [{"operator": "OR", "conditions": [{"text": "b"}, {"text": "c"}]}],
            },
        ],
    }
    assert expected == orjson.loads(encode(filter))
    assert ["text", "text", "text"] == list(condition_names(filter))
    assert ["text", "text", "text"] == list(condition_names(expected))


@pytest.mark.parametrize("header", [[], ["a", "b", "c"], [1]])
def test_t90_a_header_condition_has_one_or_two_strings(header: list[Any]) -> None:
    """Anything else is refused, where it is made and in wire mappings."""
    with pytest.raises(LocalProtocolError, match="header condition"):
        EmailFilter(header=header)
    with pytest.raises(LocalProtocolError, match="header condition"):
        check_filter({"operator": "NOT", "conditions": [{"text": "a"}, {"header": header}]})


def test_t90_right_header_conditions() -> None:
    """A name, or a name and a text."""
    assert ["X-Ticket"] == EmailFilter(header="X-Ticket").header
    assert ["X-Ticket", "42"] == EmailFilter(header=("X-Ticket", "42")).header
    check_filter({"header": ["X-Ticket", "42"]})
    check_filter(None)


def test_t92_a_keyword_sort_needs_its_keyword() -> None:
    """Sorting by keyword says by which one."""
    check_sort([Comparator("hasKeyword", keyword="$flagged"), Comparator("size")])
    check_sort([{"property": "someInThreadHaveKeyword", "keyword": "$flagged"}])
    for sort in (Comparator("hasKeyword"), {"property": "allInThreadHaveKeyword"}):
        with pytest.raises(LocalProtocolError, match="needs a keyword"):
            check_sort([sort])


def test_t86_descending_order() -> None:
    """A minus sign turns the order; by default it is ascending."""
    sort = as_email_sort(["-receivedAt", "size"])
    assert [{"property": "receivedAt", "isAscending": False}, {"property": "size"}] == orjson.loads(
        encode(sort)
    )
    assert None is as_email_sort(None)
