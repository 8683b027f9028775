"""Batches: all of their calls in one request, in order, or none."""

import re

import pytest

from jmap_async.errors import (
    JMAPError,
    LocalProtocolError,
    RateLimited,
    TooLarge,
    TransportError,
)
from jmap_async.planner import Entry
from jmap_async.protocol.call import AnyCall
from tests.planner.desk import Desk, Wire, error_of, failed, found, members, with_limits


def batch_of(desk: Desk, calls: list[AnyCall]) -> list[Entry]:
    """Queue calls that go together."""
    entries = desk.planner.submit_batch(calls, desk.session)
    for entry in entries:
        entry.claim()
    desk.entries.extend(entries)
    return entries


def reading(desk: Desk, *ids: str) -> AnyCall:
    """Make a read of emails."""
    return desk.call("Email/get", {"ids": [*ids], "properties": ["subject"]})


def flagging(desk: Desk, *ids: str, **arguments: object) -> AnyCall:
    """Make a write that sets a keyword."""
    update = {one: {"keywords/a": True} for one in ids}
    return desk.call("Email/set", {"update": update, **arguments})


def test_a_batch_has_a_request_of_its_own() -> None:
    """Nothing is merged into it or put behind it."""
    desk = Desk()
    before = desk.get("M3")
    batch = batch_of(desk, [reading(desk, "M1"), reading(desk, "M1")])
    later = desk.get("M4")
    assert 2 == desk.run()
    # Reads have no order among themselves, so the later one joins the first.
    assert [["Email/get"], ["Email/get", "Email/get"]] == [desk.names(post) for post in (0, 1)]
    assert [["M3"], ["M1"], ["M1"], ["M4"]] == [found(one) for one in (before, *batch, later)]


def test_calls_of_a_batch_are_sent_in_order() -> None:
    """Writes and reads stand as they were made."""
    desk = Desk()
    calls = [flagging(desk, "M1"), reading(desk, "M1"), flagging(desk, "M2"), flagging(desk, "M3")]
    batch_of(desk, calls)
    desk.run()
    assert ["Email/set", "Email/get", "Email/set", "Email/set"] == desk.names()


def test_calls_of_a_batch_may_refer_to_each_other() -> None:
    """By results, and by creation ids."""
    desk = Desk()
    query = desk.call("Email/query", {})
    emails = desk.call("Email/get", {"ids": query.ref("/ids"), "properties": ["subject"]})
    entries = batch_of(desk, [query, emails])
    assert 1 == desk.run()
    assert ["M1", "M2", "M3", "M4"] == sorted(found(entries[1]))


def test_a_batch_waits_for_what_it_refers_to() -> None:
    """An answer from outside is put in as a value."""
    desk = Desk()
    query = desk.call("Email/query", {"sort": [{"property": "subject"}]})
    emails = desk.call("Email/get", {"ids": query.ref("/ids"), "properties": ["subject"]})
    (entry,) = batch_of(desk, [emails])
    desk.submit(query)
    assert 2 == desk.run()
    assert ["M1", "M2", "M3", "M4"] == desk.sent()[0][1]["ids"]
    assert ["M1", "M2", "M3", "M4"] == found(entry)


def test_a_batch_whose_reference_failed_is_not_sent() -> None:
    """The reason is told to every call of it."""
    desk = Desk()
    wrong = desk.call("Email/query", {"filter": {"nonsense": 1}})
    needing = desk.call("Email/get", {"ids": wrong.ref("/ids")})
    entries = batch_of(desk, [reading(desk, "M1"), needing])
    desk.submit(wrong)
    assert 1 == desk.run()
    assert [0, 1] == list(failed(entries))
    assert isinstance(error_of(entries[0]), LocalProtocolError)
    assert "one of its calls failed" in str(error_of(entries[0]))


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"max_calls_in_request": 2}, "3 calls, more than the 2 .*maxCallsInRequest.*: make"),
        ({"max_size_request": 300}, " 300 octets .*maxSizeRequest.*only 2 of its 3 calls do: make"),
        ({"max_objects_in_get": 2}, "Email/get: 3 objects .* the 2 .*maxObjectsInGet.*name fewer"),
    ],
    ids=["calls", "size", "objects"],
)
def test_a_batch_that_is_too_large_is_an_error_before_sending(
    limits: dict[str, int], said: str
) -> None:
    """It is never cut up, and the error says what to do; its neighbours are sent."""
    desk = Desk(told=with_limits(**limits))
    calls = [reading(desk, "M1"), reading(desk, "M2"), reading(desk, "M3", "M1", "M2")]
    entries = batch_of(desk, calls)
    other = desk.get("M4")
    assert 1 == desk.run()
    for one in entries:
        error = error_of(one)
        assert isinstance(error, TooLarge)
        assert re.search(said, str(error))
    assert ["M4"] == found(other)


def test_a_batch_is_tried_in_vain_without_a_trace() -> None:
    """Creation ids are chosen for the request that is sent, not for the attempt."""
    desk = Desk()
    make = "Mailbox/set"
    calls = [desk.call(make, {"create": {"k": {"name": f"box {i}"}}}) for i in range(2)]
    entries = batch_of(desk, calls)
    desk.run()
    assert [{"k"}, {"k"}] == [set(members(one)["created"]) for one in entries]


def test_whoever_left_a_batch_takes_it_out_of_the_queue() -> None:
    """A batch that nobody waits for is not sent."""
    desk = Desk()
    entries = batch_of(desk, [reading(desk, "M1"), reading(desk, "M2")])
    for entry in entries:
        entry.release()
    other = desk.get("M3")
    assert 1 == desk.run()
    assert ["M3"] == found(other)


@pytest.mark.parametrize(
    ("error", "posts"),
    [
        (TransportError("", outcome="not_sent"), 2),
        (RateLimited(""), 2),
        (TransportError("", outcome="unknown"), 1),
    ],
)
def test_t33_a_batch_with_a_write_is_sent_again_only_if_it_was_not_sent(
    error: JMAPError, posts: int
) -> None:
    """One write that may have been carried out keeps the whole of it from being repeated."""
    desk = Desk()
    entries = batch_of(desk, [reading(desk, "M1"), flagging(desk, "M2")])
    errors = iter([error])

    def refuse(_: Wire) -> None:
        for one in errors:
            raise one

    desk.refuse = refuse
    assert posts == desk.run()
    assert ([0, 1] if posts == 1 else []) == list(failed(entries))


def test_a_batch_of_reads_is_repeated_as_it_was() -> None:
    """In one request, in order."""
    desk = Desk()
    entries = batch_of(desk, [reading(desk, "M1"), reading(desk, "M2")])
    errors = iter([TransportError("", outcome="unknown")])

    def refuse(_: Wire) -> None:
        for one in errors:
            raise one

    desk.refuse = refuse
    assert 2 == desk.run()
    assert desk.posts[0] == desk.posts[1]
    assert [["M1"], ["M2"]] == [found(one) for one in entries]


def test_a_failed_call_of_a_batch_leaves_the_others_alone() -> None:
    """As a method-level error does in any request."""
    desk = Desk()
    wrong = desk.call("Email/get", {"ids": ["M1"], "properties": ["nonsense"]})
    entries = batch_of(desk, [wrong, reading(desk, "M1")])
    desk.run()
    assert [0] == list(failed(entries))


def test_a_batch_with_a_conditional_write_is_repeated() -> None:
    """Such a write cannot be applied twice."""
    desk = Desk()
    entries = batch_of(desk, [flagging(desk, "M1", ifInState="email;4")])
    errors = iter([TransportError("", outcome="unknown")])

    def refuse(_: Wire) -> None:
        for one in errors:
            raise one

    desk.refuse = refuse
    assert 2 == desk.run()
    assert {"M1"} == set(members(entries[0])["updated"])
