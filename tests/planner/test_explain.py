"""What would be sent, without sending it."""

import orjson
import pytest

from jmap_async.errors import TooLarge, UnsupportedCapability
from jmap_async.planner import PlannedRequest, explain
from jmap_async.protocol.call import AnyCall
from tests.planner.desk import CORE, Desk, with_limits
from tests.planner.model import MAIL, Task


def explained(desk: Desk, *calls: AnyCall) -> list[PlannedRequest]:
    """Explain calls under the limits of the session."""
    return explain(calls, desk.session, desk.session.core)


def test_merged_reads_are_shown_merged() -> None:
    """As they would leave, with capabilities and size."""
    desk = Desk()
    (request,) = explained(desk, *(desk.call("Email/get", {"ids": [one]}) for one in ("M1", "M2")))
    assert [CORE, MAIL] == request.using
    assert [["Email/get", {"accountId": "A1", "ids": ["M1", "M2"]}, "c0"]] == request.method_calls
    document = {"using": request.using, "methodCalls": request.method_calls}
    assert request.size == len(orjson.dumps(document))


def test_the_plan_is_what_is_sent() -> None:
    """Explaining changes nothing of what the calls become."""
    desk = Desk()
    query = desk.call("Email/query", {})
    emails = desk.call("Email/get", {"ids": query.ref("/ids"), "properties": ["threadId"]})
    threads = desk.call("Thread/get", {"ids": emails.ref("/list/*/threadId")})
    (planned,) = explained(desk, query, emails, threads)
    assert [] == desk.posts
    desk.submit(threads)
    desk.run()
    assert [{"using": planned.using, "methodCalls": planned.method_calls}] == desk.posts


def test_several_requests() -> None:
    """Each is shown, in the order of sending."""
    desk = Desk(told=with_limits(max_objects_in_get=1, max_calls_in_request=2))
    requests = explained(desk, desk.call("Email/get", {"ids": ["M1", "M2", "M3"]}))
    assert [2, 1] == [len(one.method_calls) for one in requests]


def test_an_answer_that_is_still_to_come_is_said_in_words() -> None:
    """Where a limit splits a chain, the later request says what it will hold."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    query = desk.call("Email/query", {})
    emails = desk.call("Email/get", {"ids": query.ref("/ids")})
    _, second = explained(desk, query, emails)
    assert "</ids of the answer to Email/query>" == second.method_calls[0][1]["ids"]


def test_a_created_id_that_is_still_to_come_is_said_in_words() -> None:
    """As for results."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    task = Task()
    make = "Mailbox/set"
    parent = desk.call(make, {"create": {"p": {"name": "parent"}}}, task=task)
    child = desk.call(make, {"create": {"c": {"parentId": "#p"}}}, task=task)
    _, second = explained(desk, parent, child)
    assert "<the id of #p>" == second.method_calls[0][1]["create"]["c"]["parentId"]


def test_writes_and_reads_in_turn() -> None:
    """What has to wait is in a later place, not left out."""
    desk = Desk(told=with_limits(max_calls_in_request=1)).by("me")
    flag = desk.call("Email/set", {"update": {"M1": {"keywords/a": True}}})
    read = desk.call("Email/get", {"ids": ["M1"]})
    requests = explained(desk, read, flag, desk.call("Email/get", {"ids": ["M2"]}))
    assert ["Email/get", "Email/set", "Email/get"] == [one.method_calls[0][0] for one in requests]


def test_nothing_is_remembered() -> None:
    """The calls can still be sent, whole."""
    desk = Desk()
    call = desk.call("Email/get", {"ids": ["M1"], "properties": ["subject"]})
    explained(desk, call)
    explained(desk, call)
    entry = desk.submit(call)
    assert 1 == desk.run()
    assert entry.answer is not None


def test_what_cannot_be_sent_is_an_error() -> None:
    """The same as sending it would give."""
    desk = Desk(told=with_limits(max_size_request=300))
    with pytest.raises(UnsupportedCapability):
        explained(desk, desk.call("X/get", {}, capability="urn:x"))
    with pytest.raises(TooLarge):
        explained(desk, desk.call("Email/query", {"filter": {"subject": "x" * 400}}))


def test_no_calls_are_no_requests() -> None:
    """There is nothing to show."""
    assert [] == explained(Desk())
