"""Limits are learnt from what the server refuses, and never hinder what it takes."""

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import (
    LimitExceeded,
)
from jmap_async.planner import LearntLimits, Request
from jmap_async.protocol.session import CoreCapability
from tests.planner.desk import (
    Desk,
    Wire,
    error_of,
    failed,
    found,
    request_of,
    with_limits,
)
from tests.planner.failing import poisoned


def enforcing(desk: Desk, limit: str, most: int) -> None:
    """Have the server keep a limit lower than the one it tells."""

    def used(request: Wire) -> int:
        calls = request["methodCalls"]
        if limit == "maxCallsInRequest":
            return len(calls)
        if limit == "maxSizeRequest":
            return len(orjson.dumps(request))
        kind = "/get" if limit == "maxObjectsInGet" else "/set"
        objects = [arguments for name, arguments, _ in calls if name.endswith(kind)]
        return max((len(one.get("ids", one.get("update", ()))) for one in objects), default=0)

    def refuse(request: Wire) -> None:
        if used(request) > most:
            raise LimitExceeded("too much", status=400, limit=limit)

    desk.refuse = refuse


@pytest.mark.parametrize(
    ("limit", "most"),
    [
        ("maxCallsInRequest", 3),
        ("maxSizeRequest", 700),
        ("maxObjectsInGet", 7),
        ("maxObjectsInSet", 7),
    ],
)
def test_t31_t32_a_limit_below_the_session_s_is_learnt(limit: str, most: int) -> None:
    """Everything is sent in smaller requests, and the next ones are small from the start."""
    desk = Desk()
    entries = [desk.get("M1", "M2", *(f"x{i}" for i in range(40)))]
    entries += poisoned(desk, 10, set())
    entries += [desk.flag(*(f"x{i}" for i in range(30)))]
    enforcing(desk, limit, most)
    desk.run()
    assert [] == list(failed(entries))
    assert ["M1", "M2"] == found(entries[0])
    later = [
        desk.get("M1", *(f"x{i}" for i in range(40))),
        desk.flag(*(f"y{i}" for i in range(30))),
    ]
    desk.refuse, refuse = (lambda _: None), desk.refuse
    before = len(desk.posts)
    desk.run()
    for post in desk.posts[before:]:
        refuse(post)
    assert [] == list(failed(later))


def alone(size: int) -> int:
    """Return the octets of a request with just one search."""
    desk = Desk()
    desk.ask("Email/query", {"filter": {"subject": "x" * size}})
    return len(request_of(desk).encode())


@given(st.lists(st.integers(0, 1500), min_size=1, max_size=12))
def test_what_was_learnt_never_refuses_what_the_server_takes(sizes: list[int]) -> None:
    """Learnt limits say how to pack; whether a lone call is too large the server decides."""
    desk = Desk()
    entries = [desk.ask("Email/query", {"filter": {"subject": "x" * size}}) for size in sizes]
    enforcing(desk, "maxSizeRequest", 1000)
    desk.run()
    for entry, size in zip(entries, sizes, strict=True):
        assert isinstance(entry.answer, LimitExceeded) == (alone(size) > 1000), size


def test_a_write_that_may_not_be_cut_up_is_tried_though_a_lower_limit_was_learnt() -> None:
    """What the session allows is sent; and when it is refused, alone."""
    desk = Desk()
    enforcing(desk, "maxObjectsInSet", 50)
    merged = [desk.flag(*(f"x{i}-{j}" for j in range(30))) for i in range(3)]
    desk.run()
    within = desk.flag(*(f"y{i}" for i in range(48)), ifInState="0")
    beyond = desk.flag(*(f"z{i}" for i in range(60)), ifInState="0")
    neighbour = desk.get("M1")
    desk.run()
    assert [] == list(failed(merged))
    assert "stateMismatch" == getattr(error_of(within), "type", None)
    assert isinstance(error_of(beyond), LimitExceeded)
    assert ["M1"] == found(neighbour)


def test_a_batch_teaches_nothing() -> None:
    """A batch that the server finds too large fails with the server's error."""
    desk = Desk()
    calls = [desk.call("Email/query", {"filter": {"subject": str(i)}}) for i in range(10)]
    batch = desk.planner.submit_batch(calls, desk.session)
    for entry in batch:
        entry.claim()
    enforcing(desk, "maxCallsInRequest", 5)
    assert 1 == desk.run()
    assert all(isinstance(entry.answer, LimitExceeded) for entry in batch)
    assert 16 == desk.limits.max_calls_in_request


def test_limits_that_the_session_tells_anew_count_anew() -> None:
    """What was learnt is forgotten with the session that it was learnt under."""
    learnt, request = LearntLimits(), Request(CoreCapability())
    told = CoreCapability()
    learnt.of(told)
    learnt.learn_concurrency(4)
    assert 3 == learnt.of(told).max_concurrent_requests
    assert 4 == learnt.of(CoreCapability()).max_concurrent_requests
    assert learnt.learn(LimitExceeded("", limit="maxVendor"), request), "nothing to learn"


def test_one_request_at_a_time_remains() -> None:
    """However often the server complains, one request may be under way."""
    learnt, told = LearntLimits(), CoreCapability()
    learnt.of(told)
    for _ in range(9):
        learnt.learn_concurrency(1)
    assert 1 == learnt.of(told).max_concurrent_requests


def test_a_limit_of_nothing_allows_one() -> None:
    """A session that forbids everything is not believed."""
    limits = LearntLimits().of(CoreCapability(max_calls_in_request=0, max_objects_in_get=0))
    assert (1, 1) == (limits.max_calls_in_request, limits.max_objects_in_get)


def test_a_limit_that_one_call_alone_exceeds_is_its_own_error() -> None:
    """A single call that cannot be made smaller gets the server's error, its neighbours go."""
    desk = Desk(told=with_limits(max_calls_in_request=2))
    culprit = desk.ask("Email/query", {"filter": {"subject": "p" * 3000}})
    neighbours = [desk.get(f"x{i}") for i in range(5)] + poisoned(desk, 5, set())
    enforcing(desk, "maxSizeRequest", 1500)
    desk.run()
    assert isinstance(error_of(culprit), LimitExceeded)
    assert [] == list(failed(neighbours))
