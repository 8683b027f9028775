"""Responses reach their calls by call id, whatever else comes."""

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import RemoteProtocolError
from jmap_async.planner import Entry
from jmap_async.protocol.messages import parse_response
from tests.planner.desk import (
    Desk,
    error_of,
    found,
    members,
    request_of,
)


def answered(desk: Desk, *responses: object) -> None:
    """Answer the next request with these responses."""
    request = request_of(desk)
    body = orjson.dumps({"methodResponses": responses, "sessionState": "0"})
    desk.planner.settle(request, parse_response(body))


def queries(desk: Desk, n: int) -> list[Entry]:
    """Queue searches that are not merged."""
    return [desk.ask("Email/query", {"filter": {"subject": str(i)}}) for i in range(n)]


@given(st.permutations([0, 1, 2, 3]))
def test_t42_responses_come_in_any_order(order: list[int]) -> None:
    """Each is matched by its call id."""
    desk = Desk()
    entries = queries(desk, 4)
    answered(desk, *(["Email/query", {"ids": [str(i)]}, f"c{i}"] for i in order))
    assert [["0"], ["1"], ["2"], ["3"]] == [members(one)["ids"] for one in entries]


def test_t42_the_first_response_of_a_call_is_its_own() -> None:
    """A second one of the same name is ignored."""
    desk = Desk()
    (entry,) = queries(desk, 1)
    answered(desk, ["Email/query", {"ids": ["a"]}, "c0"], ["Email/query", {"ids": ["b"]}, "c0"])
    assert ["a"] == members(entry)["ids"]


def test_responses_to_nothing_are_ignored() -> None:
    """A call id that was not sent is nobody's."""
    desk = Desk()
    (entry,) = queries(desk, 1)
    answered(desk, ["X/y", {}, "c9"], ["Email/query", {"ids": []}, "c0"])
    assert [] == members(entry)["ids"]


def test_no_responses_at_all() -> None:
    """Everybody is told that nobody knows."""
    desk = Desk()
    entries = queries(desk, 3)
    answered(desk)
    for entry in entries:
        assert isinstance(error_of(entry), RemoteProtocolError)
        assert "Email/query (call c" in str(error_of(entry))


def test_t45_a_method_error_is_the_error_of_its_call_only() -> None:
    """Later calls of the request are answered."""
    desk = Desk()
    first, second = queries(desk, 2)
    answered(desk, ["error", {"type": "serverFail"}, "c0"], ["Email/query", {"ids": []}, "c1"])
    assert "serverFail" == getattr(error_of(first), "type", None)
    assert [] == members(second)["ids"]


@pytest.mark.parametrize("arguments", [{}, {"type": 1}, {"type": "urn:unheard-of"}])
def test_t46_any_method_error_can_be_told(arguments: dict[str, object]) -> None:
    """Unknown types and broken ones are errors like others."""
    desk = Desk()
    (entry,) = queries(desk, 1)
    answered(desk, ["error", arguments, "c0"])
    assert arguments == getattr(error_of(entry), "arguments", None)


def test_answers_of_a_request_that_was_settled_reach_everybody() -> None:
    """Several callers of one invocation are all served."""
    desk = Desk()
    entries = [desk.get("M1"), desk.get("M1", "M2")]
    request = request_of(desk)
    desk.carry(request)
    assert [["M1"], ["M1", "M2"]] == [found(one) for one in entries]
