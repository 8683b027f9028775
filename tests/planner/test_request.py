"""One request: what fits, what is in it, and how its answers are matched."""

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import RemoteProtocolError
from jmap_async.planner import Entry, Request
from jmap_async.planner.limits import LIMITS
from jmap_async.protocol.messages import parse_response
from jmap_async.protocol.session import CoreCapability
from tests.planner.desk import (
    CORE,
    SUBMISSION,
    Desk,
    error_of,
    found,
    members,
    with_limits,
)
from tests.planner.model import MAIL


def filled(desk: Desk) -> Request:
    """Return the next request."""
    request = desk.next_request()
    assert request is not None
    return request


@given(st.lists(st.text(max_size=30), min_size=1, max_size=10))
def test_t35_the_size_is_known_before_encoding(words: list[str]) -> None:
    """It is never less than what is sent, and little more."""
    desk = Desk()
    for word in words:
        desk.ask("Email/query", {"filter": {"subject": word.encode(errors="replace").decode()}})
    request = filled(desk)
    size = len(request.encode())
    # Call ids are reckoned with as long as they can become, and so is a comma.
    assert size <= request.size <= size + 16 * len(request.invocations)


def test_t1_t2_using_is_what_the_calls_need() -> None:
    """Sorted, each once, and core."""
    desk = Desk(capabilities=[SUBMISSION])
    desk.get("M1")
    desk.ask("Identity/get", {"ids": ["x"]}, capability=SUBMISSION)
    assert sorted([CORE, MAIL, SUBMISSION]) == orjson.loads(filled(desk).encode())["using"]


def test_t44_call_ids_are_unique() -> None:
    """Also where one unit has several calls."""
    desk = Desk(told=with_limits(max_objects_in_get=1))
    desk.get("M1", "M2", "M3")
    ids = [one.call_id for one in filled(desk).invocations]
    assert len(ids) == len(set(ids)) == 3


def test_what_is_used_of_each_limit() -> None:
    """Which is what a limit below the session's is learnt from."""
    desk = Desk()
    desk.get("M1", "M2", "M3")
    desk.flag("M1", "M2")
    request = filled(desk)
    assert 2 == request.used(LIMITS["maxCallsInRequest"])
    assert len(request.encode()) == request.used(LIMITS["maxSizeRequest"])
    assert 3 == request.used(LIMITS["maxObjectsInGet"])
    assert 2 == request.used(LIMITS["maxObjectsInSet"])
    assert 0 == Request(CoreCapability()).used(LIMITS["maxObjectsInGet"])


def test_a_request_is_full_by_number_of_calls() -> None:
    """Or when it is closed."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    desk.get("M1")
    request = filled(desk)
    assert request.full
    assert not Request(desk.session.core).full


@pytest.mark.parametrize(("chain", "expected"), [(1, False), (2, True), (3, True), (4, False)])
def test_a_chain_would_be_split(chain: int, expected: bool) -> None:  # noqa: FBT001
    """If it is too long for what is left here, and not for a new request."""
    desk = Desk(told=with_limits(max_calls_in_request=3))
    desk.get("M1")
    desk.get("M1", properties=["threadId"])
    assert expected is filled(desk).would_split(chain)


def test_room_of_what_was_learnt_and_of_what_the_session_says() -> None:
    """The first call may use what the session allows; the next ones only what was learnt."""
    told = CoreCapability(max_size_request=1000)
    request = Request(CoreCapability(max_size_request=400), told=told)
    assert 600 == request.slack
    desk = Desk()
    desk.get("M1")
    assert 0 == filled(desk).slack


def test_nobody_to_tell_apart() -> None:
    """One caller, or several that asked the same."""
    desk = Desk()
    desk.ask("Email/query", {})
    desk.ask("Email/query", {})
    assert filled(desk).indivisible
    desk.get("M1")
    desk.get("M2")
    assert not filled(desk).indivisible


def test_deserted() -> None:
    """When nobody waits for any of its calls; and somebody may come back."""
    desk = Desk()
    first, second = desk.get("M1"), desk.get("M2")
    request = filled(desk)
    seen: list[bool] = []
    for step in (first.claim, first.release, first.release, second.release, second.claim):
        step()
        seen.append(request.deserted)
    assert [False, False, False, True, False] == seen
    request.close()
    assert request.deserted


def test_dropped_calls_are_not_waited_for() -> None:
    """What was failed already is no reason to go on."""
    desk = Desk()
    desk.get("M1")
    write = desk.flag("M1")
    request = filled(desk)
    request.drop(request.invocations[0])
    assert [write] == [entry for one in request.invocations for entry in one.entries]
    write.release()
    assert request.deserted


def answered(desk: Desk, *responses: object) -> None:
    """Answer the next request with these responses."""
    request = filled(desk)
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


def test_a_request_says_what_it_carries() -> None:
    """Names only: arguments may be private."""
    desk = Desk()
    desk.get("M1")
    desk.flag("M1")
    assert "Email/get" in repr(filled(desk))
    assert "M1" not in repr(desk.planner)


def test_answers_of_a_request_that_was_settled_reach_everybody() -> None:
    """Several callers of one invocation are all served."""
    desk = Desk()
    entries = [desk.get("M1"), desk.get("M1", "M2")]
    request = filled(desk)
    desk.carry(request)
    assert [["M1"], ["M1", "M2"]] == [found(one) for one in entries]
