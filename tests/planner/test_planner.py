"""The planner as a whole: counting, cost, and what it does with servers that talk nonsense."""

import gc
import random
import sys
import weakref
from collections.abc import Callable
from types import FrameType

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import JMAPError, TransportError, UnsupportedCapability
from jmap_async.planner import Answer, Request
from jmap_async.protocol.call import AnyCall
from jmap_async.protocol.messages import parse_response
from tests.planner.desk import Desk, Wire, error_of, found, members, refused, with_limits
from tests.planner.model import Task


def taken(desk: Desk) -> Request:
    """Take the next request out, as if it were under way."""
    request = desk.next_request()
    assert request is not None
    return request


# Counting


def test_waiting_counts_what_was_not_sent() -> None:
    """However a call leaves the queue, it is counted once."""
    desk = Desk(told=with_limits(max_objects_in_get=1, max_calls_in_request=1))
    sent, withdrawn, failed = desk.get("M1", "M2"), desk.get("M3"), desk.get("x" * 200)
    assert 3 == desk.planner.waiting
    request = taken(desk)
    assert 2 == desk.planner.waiting
    withdrawn.release()
    desk.carry(request)
    desk.run()
    assert 0 == desk.planner.waiting
    assert ["M1", "M2"] == found(sent)
    assert members(failed)["notFound"]


def test_finished_calls_are_told_once() -> None:
    """For whoever wakes those that wait."""
    desk = Desk()
    entry = desk.get("M1")
    desk.run()
    assert [entry] == desk.finished
    assert [] == list(desk.planner.finished())


def test_submitted_calls_are_told() -> None:
    """With all that they refer to."""
    desk = Desk()
    told: list[str] = []
    desk.planner._submitted = lambda entry: told.append(entry.method.name)
    query = desk.call("Email/query", {})
    desk.ask("Email/get", {"ids": query.ref("/ids")})
    assert ["Email/query", "Email/get"] == told


def kept(desk: Desk, *, batch: bool = False) -> int:
    """Carry calls of many kinds out and drop them; return how many are kept all the same."""
    query = desk.call("Email/query", {})
    calls = [
        query,
        desk.call("Email/get", {"ids": query.ref("/ids"), "properties": ["subject"]}),
        desk.call("Email/get", {"ids": ["M1", "M2"], "properties": ["threadId"]}),
        desk.call("Email/get", {"ids": ["M2"], "properties": ["threadId"]}),
        desk.call("Email/set", {"update": {"M1": {}}, "ifInState": "x"}),
    ]
    if batch:
        entries = desk.planner.submit_batch(calls, desk.session)
    else:
        entries = [desk.planner.submit(call, desk.session) for call in calls]
    for entry in entries:
        entry.claim()
    desk.run()
    assert all(one.answer is not None for one in entries)
    alive = [weakref.ref(one) for one in entries]
    assert len(entries) == len(desk.finished)
    desk.finished.clear()
    del calls, query, entries, entry
    return sum(one() is not None for one in alive)


@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("calls", [1, 16])
def test_nothing_is_kept_of_calls_that_were_answered(calls: int, *, batch: bool) -> None:
    """They are gone with the last who knows them: no cycle waits for the garbage collector."""
    desk = Desk(told=with_limits(max_calls_in_request=16 if batch else calls))
    gc.disable()
    try:
        assert 0 == kept(desk, batch=batch)
    finally:
        gc.enable()


def test_a_batch_that_cannot_be_prepared_queues_nothing() -> None:
    """Not even its first calls."""
    desk = Desk()
    calls = [desk.call("Email/query", {}), desk.call("X/get", {}, capability="urn:x")]
    with pytest.raises(UnsupportedCapability):
        desk.planner.submit_batch(calls, desk.session)
    assert 0 == desk.planner.waiting
    assert desk.next_request() is None


# Leaving, and coming back


def test_a_cancelled_request_spares_whoever_came_meanwhile() -> None:
    """Its reads are sent again for those who still want them."""
    desk = Desk()
    call = desk.call("Email/get", {"ids": ["M1"], "properties": ["subject"]})
    entry = desk.submit(call)
    request = taken(desk)
    entry.release()
    assert request.deserted
    again = desk.submit(call)
    desk.planner.abandon(request, TransportError("cancelled"))
    desk.run()
    assert ["M1"] == found(again)


def test_a_cancelled_write_may_have_been_carried_out() -> None:
    """Whoever awaits it again is told so; it is not sent a second time."""
    desk = Desk()
    call = desk.call("Email/set", {"update": {"M1": {"keywords/a": True}}})
    entry = desk.submit(call)
    request = taken(desk)
    entry.release()
    desk.planner.abandon(request, TransportError("cancelled", outcome="unknown"))
    again = desk.submit(call)
    desk.run()
    assert "unknown" == getattr(error_of(again), "outcome", None)
    assert [] == desk.posts


def test_a_call_that_was_never_sent_can_be_awaited_again() -> None:
    """It is as if it had not been made before."""
    desk = Desk()
    call = desk.call("Email/query", {})
    desk.submit(call).release()
    assert desk.next_request() is None
    entry = desk.submit(call)
    assert 1 == desk.run()
    assert members(entry)["ids"]


def test_only_the_newest_names_are_remembered() -> None:
    """A task that creates for ever does not fill the memory."""
    desk = Desk()
    task = Task()
    make = "Mailbox/set"
    for i in range(0, 1200, 100):
        create = {f"k{n}": {"name": f"box {n}"} for n in range(i, i + 100)}
        desk.ask(make, {"create": create}, task=task)
    assert 1000 == len(desk.planner._creators[task])
    old = desk.ask(make, {"create": {"x": {"parentId": "#k0"}}}, task=task)
    assert ("k0",) == old.unknown_names


# Nonsense


GARBAGE: st.SearchStrategy[object] = st.sampled_from(
    [None, 1, "x", True, [], {}, [1], ["x"], [None], {"x": 1}, [{"id": []}]]
)


def mangled(response: Wire, rng: random.Random, garbage: object) -> Wire:
    """Make nonsense of a response in one place."""
    listed = response["methodResponses"]
    at = rng.randrange(len(listed))
    match rng.randrange(6):
        case 0:
            del listed[at]
        case 1:
            rng.shuffle(listed)
        case 2:
            listed.append(listed[at])
        case 3:
            listed[at][0] = rng.choice(["error", "Foo/get", "Email/set"])
        case _ if listed[at][1]:
            listed[at][1][rng.choice(list(listed[at][1]))] = garbage
        case _:
            pass
    return response


@given(st.randoms(use_true_random=False), st.integers(1, 4), st.integers(1, 6), GARBAGE)
def test_nonsense_of_the_server_settles_every_call(
    rng: random.Random, most: int, calls: int, garbage: object
) -> None:
    """Each call has an answer or an error of ours, whatever the server says."""
    limits = with_limits(
        max_objects_in_get=most, max_objects_in_set=most, max_calls_in_request=calls
    )
    desk = Desk(told=limits, slots=rng.randint(1, 3))
    task = Task()
    desk.alter = lambda response: mangled(response, rng, garbage)
    query = desk.call("Email/query", {})
    emails = desk.call("Email/get", {"ids": query.ref("/ids"), "properties": ["threadId"]})
    desk.submit(emails)
    desk.ask("Thread/get", {"ids": emails.ref("/list/*/threadId")})
    desk.get("M1", "M2")
    desk.get("M2", "x")
    desk.flag("M1", "M3")
    desk.ask("Mailbox/set", {"create": {"k": {"name": "n"}}, "ifInState": None}, task=task)
    desk.ask("Mailbox/set", {"create": {"l": {"name": "m", "parentId": "#k"}}}, task=task)
    desk.get("M1")
    desk.run(most=400)
    for entry in desk.entries:
        assert isinstance(entry.answer, Answer | JMAPError), entry.answer


# Cost


def searches(desk: Desk, n: int) -> None:
    """Queue calls that cannot be merged."""
    for i in range(n):
        desk.ask("Email/query", {"filter": {"subject": str(i)}})


def reads(desk: Desk, n: int) -> None:
    """Queue reads that are merged, of two accounts."""
    for i in range(n):
        desk.get(f"x{i}", accountId=f"A{i % 2 + 1}")


def writes(desk: Desk, n: int) -> None:
    """Queue writes that are merged."""
    for i in range(n):
        desk.flag(f"x{i}")


def both(desk: Desk, n: int) -> None:
    """Queue reads and writes by turns."""
    for i in range(n // 2):
        desk.get(f"x{i}")
        desk.flag(f"x{i}")


def chains(desk: Desk, n: int) -> None:
    """Queue searches and reads of what they find; one place of each request stays empty."""
    for i in range(n // 2):
        query = desk.call("Email/query", {"filter": {"subject": str(i)}})
        desk.ask("Email/get", {"ids": query.ref("/ids")})


def followers(desk: Desk, n: int) -> None:
    """Queue calls that all need the answer of one."""
    query = desk.call("Email/query", {})
    for _ in range(n):
        desk.ask("Email/get", {"ids": query.ref("/ids")})


def families(desk: Desk, n: int) -> None:
    """Queue creations, each with another one that needs it."""
    task = Task()
    for i in range(n // 2):
        desk.ask("Mailbox/set", {"create": {f"k{i}": {"name": "n"}}}, task=task)
        create = {f"l{i}": {"name": "n", "parentId": f"#k{i}"}}
        desk.ask("Mailbox/set", {"create": create}, task=task)


def cost(queue: Callable[[Desk, int], None], n: int) -> int:
    """Return how many functions are called to plan n calls and to hand their answers out."""
    desk = Desk(told=with_limits(max_calls_in_request=15))
    queue(desk, n)
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    members = {"list": [], "ids": [], "state": "0", "created": {}, "updated": {}}
    sys.setprofile(count)
    try:
        while (request := desk.next_request()) is not None:
            answers = [[one.name, members, one.call_id] for one in request.invocations]
            body = orjson.dumps({"methodResponses": answers, "sessionState": "0"})
            desk.planner.settle(request, parse_response(body))
    finally:
        sys.setprofile(None)
    assert 0 == desk.planner.waiting
    return calls


@pytest.mark.parametrize("queue", [searches, reads, writes, both, chains, followers, families])
def test_ten_times_the_calls_are_ten_times_the_work(queue: Callable[[Desk, int], None]) -> None:
    """Planning never looks at the whole queue for each request."""
    assert cost(queue, 2_500) <= 12 * cost(queue, 250)


def test_a_division_among_many_does_not_look_at_all_the_others_each_time() -> None:
    """Finding a culprit costs little beside the thousands that wait behind it."""
    desk = Desk()
    searches(desk, 2_000)
    bad = orjson.dumps("0")

    def refuse(request: Wire) -> None:
        if bad in orjson.dumps(request):
            raise refused()

    desk.refuse = refuse
    assert desk.run() <= 2_000 // 16 + 12
    assert isinstance(error_of(desk.entries[0]), JMAPError)


# Left, and come back to


def test_what_was_dropped_is_queued_again_with_what_needs_it() -> None:
    """A tree of calls of which the root was dropped: each is sent once, behind what it needs."""
    desk, task = Desk(told=with_limits(max_calls_in_request=1)), Task()

    def below(parent: str, key: str) -> AnyCall:
        create = {key: {"name": key, "parentId": f"#{parent}"}}
        return desk.call("Mailbox/set", {"create": create}, task=task)

    root = desk.call("Mailbox/set", {"create": {"r": {"name": "r"}}}, task=task)
    calls = [root, below("r", "a"), below("r", "b"), below("a", "c")]
    waiting = [desk.submit(root), desk.flag("M1"), *map(desk.submit, calls[1:])]
    for number in (0, 2, 3, 4):
        waiting[number].release()
    request = desk.next_request()  # the root is dropped, and those below it are not looked at
    assert request is not None
    again = {number: desk.submit(calls[number]) for number in (2, 3, 0, 1)}
    desk.carry(request)
    desk.run()
    made = [members(again[n])["created"][key]["id"] for n, key in enumerate("rabc")]
    assert ["Email/set", *["Mailbox/set"] * 4] == [desk.names(n)[0] for n in range(5)]
    read = desk.ask("Mailbox/get", {"ids": made, "properties": ["parentId"]})
    desk.run()
    parents = {row["id"]: row["parentId"] for row in members(read)["list"]}
    assert [None, made[0], made[0], made[1]] == [parents[one] for one in made]
    assert again[0] is desk.submit(root)
