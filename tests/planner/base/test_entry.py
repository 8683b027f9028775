"""Entries: what is known of a call, and what it was answered."""

import orjson
import pytest

from jmap_async.planner import Answer, Entry
from jmap_async.protocol.call import raw_method
from tests.planner.model import MAIL

GET = raw_method("Email/get", capability=MAIL)


@pytest.mark.parametrize("others", [{}, {"accountId": "A1"}])
def test_a_read_is_its_ids_and_the_rest(others: dict[str, object]) -> None:
    """Put together only when somebody looks at all of it."""
    entry = Entry(GET, frozenset(), ("A1",), others, ids=["M1", "M2"])
    assert {**others, "ids": ["M1", "M2"]} == entry.arguments == orjson.loads(entry.encoded)


def test_an_answer_may_have_a_list() -> None:
    """Those of /get have; what it is, nobody has checked."""
    assert [None, 1] == [Answer({}).rows, Answer({"list": 1}).rows]


def test_claims_are_counted_by_the_requests() -> None:
    """So that a request knows when nobody waits for it any more."""
    entry = Entry(GET, frozenset(), ("A1",), {})
    withdrawn = [entry.withdrawn]
    for step in (entry.claim, entry.claim, entry.release, entry.release):
        step()
        withdrawn.append(entry.withdrawn)
    assert [True, False, False, False, True] == withdrawn


def test_the_latest_stands_for_all_before_it() -> None:
    """However often it was queued anew."""
    first, second, third = (Entry(GET, frozenset(), ("A1",), {}) for _ in range(3))
    first.successor, second.successor = second, third
    assert third is first.latest is second.latest is third.latest
