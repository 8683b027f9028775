"""One request: what fits, what is in it, and how its answers are matched."""

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.planner import Request
from jmap_async.planner.base.limits import LIMITS
from jmap_async.protocol.session import CoreCapability
from tests.planner.desk import (
    CORE,
    SUBMISSION,
    Desk,
    request_of,
    with_limits,
)
from tests.planner.model import MAIL


@given(st.lists(st.text(max_size=30), min_size=1, max_size=10))
def test_t35_the_size_is_known_before_encoding(words: list[str]) -> None:
    """It is never less than what is sent, and little more."""
    desk = Desk()
    for word in words:
        desk.ask("Email/query", {"filter": {"subject": word.encode(errors="replace").decode()}})
    request = request_of(desk)
    size = len(request.encode())
    # Call ids are reckoned with as long as they can become, and so is a comma.
    assert size <= request.size <= size + 16 * len(request.invocations)


def test_t1_t2_using_is_what_the_calls_need() -> None:
    """Sorted, each once, and core."""
    desk = Desk(capabilities=[SUBMISSION])
    desk.get("M1")
    desk.ask("Identity/get", {"ids": ["x"]}, capability=SUBMISSION)
    assert sorted([CORE, MAIL, SUBMISSION]) == orjson.loads(request_of(desk).encode())["using"]


def test_t44_call_ids_are_unique() -> None:
    """Also where one unit has several calls."""
    desk = Desk(told=with_limits(max_objects_in_get=1))
    desk.get("M1", "M2", "M3")
    ids = [one.call_id for one in request_of(desk).invocations]
    assert len(ids) == len(set(ids)) == 3


def test_what_is_used_of_each_limit() -> None:
    """Which is what a limit below the session's is learnt from."""
    desk = Desk()
    desk.get("M1", "M2", "M3")
    desk.flag("M1", "M2")
    request = request_of(desk)
    assert 2 == request.used(LIMITS["maxCallsInRequest"])
    assert len(request.encode()) == request.used(LIMITS["maxSizeRequest"])
    assert 3 == request.used(LIMITS["maxObjectsInGet"])
    assert 2 == request.used(LIMITS["maxObjectsInSet"])
    assert 0 == Request(CoreCapability()).used(LIMITS["maxObjectsInGet"])


def test_a_request_is_full_by_number_of_calls() -> None:
    """Or when it is closed."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    desk.get("M1")
    request = request_of(desk)
    assert request.full
    assert not Request(desk.session.core).full


@pytest.mark.parametrize(("chain", "expected"), [(1, False), (2, True), (3, True), (4, False)])
def test_a_chain_would_be_split(chain: int, expected: bool) -> None:  # noqa: FBT001
    """If it is too long for what is left here, and not for a new request."""
    desk = Desk(told=with_limits(max_calls_in_request=3))
    desk.get("M1")
    desk.get("M1", properties=["threadId"])
    assert expected is request_of(desk).would_split(chain)


def test_room_of_what_was_learnt_and_of_what_the_session_says() -> None:
    """The first call may use what the session allows; the next ones only what was learnt."""
    told = CoreCapability(max_size_request=1000)
    request = Request(CoreCapability(max_size_request=400), announced=told)
    assert 600 == request.slack
    desk = Desk()
    desk.get("M1")
    assert 0 == request_of(desk).slack


def test_nobody_to_tell_apart() -> None:
    """One caller, or several that asked the same."""
    desk = Desk()
    desk.ask("Email/query", {})
    desk.ask("Email/query", {})
    assert request_of(desk).indivisible
    desk.get("M1")
    desk.get("M2")
    assert not request_of(desk).indivisible


def test_deserted() -> None:
    """When nobody waits for any of its calls; and somebody may come back."""
    desk = Desk()
    first, second = desk.get("M1"), desk.get("M2")
    request = request_of(desk)
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
    request = request_of(desk)
    request.drop(request.invocations[0])
    assert [write] == [entry for one in request.invocations for entry in one.entries]
    write.release()
    assert request.deserted


def test_a_request_says_what_it_carries() -> None:
    """Names only: arguments may be private."""
    desk = Desk()
    desk.get("M1")
    desk.flag("M1")
    assert "Email/get" in repr(request_of(desk))
    assert "M1" not in repr(desk.planner)
