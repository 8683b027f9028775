"""Calls on their own: merging of equal ones, references, and whose error is whose."""

import pytest

from jmap_async.errors import (
    RemoteProtocolError,
    TooLarge,
    UnknownMethod,
)
from jmap_async.planner import Entry
from tests.planner.desk import (
    Desk,
    Wire,
    error_of,
    found,
    members,
    with_limits,
)
from tests.planner.model import Task


def find(desk: Desk, **arguments: object) -> Entry:
    """Queue a search."""
    return desk.ask("Email/query", {"sort": [{"property": "subject"}], **arguments})


# Equal calls


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("Email/query", {"filter": {"hasKeyword": "a"}}),
        ("Email/changes", {"sinceState": "email;4"}),
        ("Mailbox/get", {"ids": None}),
        ("Email/parse", {"blobIds": ["x"]}),
    ],
)
def test_equal_reads_are_sent_once(method: str, arguments: Wire) -> None:
    """Each caller has an answer of its own."""
    desk = Desk()
    first, second = desk.ask(method, arguments), desk.ask(method, arguments)
    desk.run()
    assert [method] == desk.names()
    members(first).clear()
    assert members(second)


def test_reads_that_differ_are_not_merged() -> None:
    """Any other argument makes it another call."""
    desk = Desk()
    find(desk)
    find(desk, limit=1)
    find(desk, accountId="A2")
    desk.run()
    assert 3 == len(desk.names())


def test_equal_writes_are_sent_as_often_as_they_were_made() -> None:
    """Somebody who asks twice wants it twice."""
    desk = Desk()
    for _ in range(2):
        desk.ask("Email/set", {"create": {}, "ifInState": None})
    desk.run()
    assert 2 == len(desk.names())


# Creation references


def test_t59_a_created_id_is_put_in_when_requests_are_split() -> None:
    """The follower in a later request names the real id."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    task = Task()
    make = "Mailbox/set"
    parent = desk.ask(make, {"create": {"p": {"name": "parent"}}}, task=task)
    child = desk.ask(make, {"create": {"c": {"name": "c", "parentId": "#p"}}}, task=task)
    assert 2 == desk.run()
    made = members(parent)["created"]["p"]["id"]
    assert made == desk.sent()[0][1]["create"]["c"]["parentId"]
    assert "c" in members(child)["created"]


@pytest.mark.parametrize("calls", [1, 16])
def test_what_could_not_be_created_fails_just_what_needs_it(calls: int) -> None:
    """The other objects of the follower are made."""
    desk = Desk(told=with_limits(max_calls_in_request=calls))
    task = Task()
    make = "Mailbox/set"
    desk.ask(make, {"create": {"p": {"name": ""}}}, task=task)
    create = {"c": {"name": "c", "parentId": "#p"}, "d": {"name": "d", "parentId": None}}
    follower = desk.ask(make, {"create": create}, task=task)
    desk.run()
    assert {"d"} == set(members(follower)["created"])
    assert {"c"} == set(members(follower)["notCreated"])


def test_names_of_two_tasks_never_meet() -> None:
    """What one task calls "p" is nothing to another one, even in one request."""
    desk = Desk()
    make = "Mailbox/set"
    desk.ask(make, {"create": {"p": {"name": "parent"}}}, task=Task())
    stranger = desk.ask(make, {"create": {"c": {"name": "c", "parentId": "#p"}}}, task=Task())
    assert 1 == desk.run()
    assert {"c"} == set(members(stranger)["notCreated"])


@pytest.mark.parametrize("taken", [0, 2])
@pytest.mark.parametrize("calls", [1, 16])
def test_what_leads_nowhere_comes_back_as_it_was_asked_for(taken: int, calls: int) -> None:
    """Whatever stood for it in the request."""
    desk = Desk(told=with_limits(max_calls_in_request=calls))
    for n in range(taken):
        create = {key: {"mailboxIds": {"P1": True}} for key in ("k", "k-missing", f"n{n}")}
        desk.ask("Email/set", {"create": create}, task=Task())
    task = Task()
    failed = desk.ask("Email/set", {"create": {"k": {"mailboxIds": {"#x": True}}}}, task=task)
    changed = desk.ask("Mailbox/set", {"update": {"#k": {"name": "n"}}}, task=task)
    gone = desk.ask("Email/set", {"destroy": ["#k"]}, task=task)
    patch = {"M2": {"mailboxIds/#k": True}}
    moved = desk.ask("Email/set", {"update": patch}, task=task)
    desk.run()
    assert ["k"] == [*members(failed)["notCreated"]]
    assert ["#k"] == [*members(changed)["notUpdated"]]
    assert ["#k"] == [*members(gone)["notDestroyed"]]
    assert "missing" not in str(members(moved))
    assert "#k" in str(members(moved)["notUpdated"]["M2"])


def test_what_was_renamed_comes_back_as_it_was_asked_for() -> None:
    """Also where the server calls it by its name in the request."""
    desk, create = Desk(), {"k": {"name": "box"}}
    desk.ask("Mailbox/set", {"create": create}, task=Task())
    entry = desk.ask("Mailbox/set", {"create": create, "update": {"#k": {"x": 1}}}, task=Task())
    assert 1 == desk.run()
    assert ["k-2"] == [*desk.sent()[1][1]["create"]]
    assert "k-2" not in str(members(entry))


def test_the_stand_in_for_a_long_name_is_a_creation_id() -> None:
    """It has no more than 255 octets (RFC 8620, 1.2)."""
    desk, task, name = Desk(), Task(), "k" * 255
    desk.ask("Mailbox/set", {"create": {name: {"name": ""}}}, task=task)
    desk.run()
    changed = desk.ask("Mailbox/set", {"update": {f"#{name}": {"name": "n"}}}, task=task)
    desk.run()
    (sent,) = desk.sent()[0][1]["update"]
    assert len(sent) <= 256
    assert [f"#{name}"] == [*members(changed)["notUpdated"]]


def test_nobody_reads_what_another_task_calls_by_the_same_name() -> None:
    """Some servers know creation ids of the request in reads, too."""
    desk = Desk()
    desk.ask("Mailbox/set", {"create": {"k": {"name": "box"}}}, task=Task())
    read = desk.ask("Mailbox/get", {"ids": ["#k", "P1"]}, task=Task())

    def alter(response: Wire) -> Wire:
        answer = {"list": [{"id": "P1"}], "notFound": ["#k-missing"]}
        response["methodResponses"][1][:2] = ["Mailbox/get", answer]
        return response

    desk.alter = alter
    assert 1 == desk.run()
    assert ["#k-missing", "P1"] == desk.sent()[1][1]["ids"]
    assert (["P1"], ["#k"]) == (found(read), members(read)["notFound"])


def test_an_exact_reference_needs_no_name() -> None:
    """`created_id` names the call, whichever task it is of."""
    desk = Desk()
    make = "Mailbox/set"
    parent = desk.call(make, {"create": {"p": {"name": "parent"}}}, task=Task())
    child = desk.ask(
        make, {"create": {"c": {"name": "c", "parentId": parent.created_id("p")}}}, task=Task()
    )
    assert 1 == desk.run()
    assert {"c"} == set(members(child)["created"])


@pytest.mark.parametrize("garbage", [None, 1, [1], {"p": None}, {"p": {"id": 1}}, {"p": []}])
def test_a_broken_answer_to_a_creation_fails_what_needs_it(garbage: object) -> None:
    """A server that does not say what it made leaves nothing to refer to."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    task = Task()
    raw = {"create": {"p": {"name": "parent"}}, "ifInState": None}
    desk.ask("Mailbox/set", raw, task=task)

    def alter(response: Wire) -> Wire:
        response["methodResponses"][0][1]["created"] = garbage
        return response

    desk.alter = alter
    request = desk.next_request()
    assert request is not None
    desk.carry(request)
    desk.alter = lambda response: response
    follower = desk.ask(
        "Mailbox/set", {"create": {"c": {"name": "c", "parentId": "#p"}}}, task=task
    )
    desk.run()
    assert {"c"} == set(members(follower)["notCreated"])


# Sizes


def test_t35_a_call_larger_than_a_request_is_an_error_before_sending() -> None:
    """Octets count, not characters; the neighbours go."""
    desk = Desk(told=with_limits(max_size_request=600))
    entry, other = find(desk, filter={"subject": "ü" * 300}), desk.get("M1")
    assert 1 == desk.run()
    assert isinstance(error_of(entry), TooLarge)
    assert "maxSizeRequest" in str(error_of(entry))
    assert ["M1"] == found(other)


def test_calls_go_into_as_few_requests_as_their_size_allows() -> None:
    """Two that do not fit together go one after the other."""
    desk = Desk(told=with_limits(max_size_request=900))
    for size in (400, 500, 50):
        find(desk, filter={"subject": "x" * size})
    assert 2 == desk.run()


# Broken answers


def test_t42_answers_are_found_by_call_id() -> None:
    """Their order means nothing."""
    desk = Desk()
    query, read = find(desk), desk.get("M1")

    def alter(response: Wire) -> Wire:
        response["methodResponses"].reverse()
        return response

    desk.alter = alter
    desk.run()
    assert ["M1", "M2", "M3", "M4"] == members(query)["ids"]
    assert ["M1"] == found(read)


def test_an_answer_that_is_missing_hurts_only_its_callers() -> None:
    """They are told that nobody knows; the neighbours have theirs."""
    desk = Desk()
    query, read = find(desk), desk.get("M1")

    def alter(response: Wire) -> Wire:
        del response["methodResponses"][0]
        return response

    desk.alter = alter
    desk.run()
    assert isinstance(error_of(query), RemoteProtocolError)
    assert "no response for it" in str(error_of(query))
    assert ["M1"] == found(read)


def test_an_answer_under_another_name_is_no_answer() -> None:
    """A response of another method is the server's mistake."""
    desk = Desk()
    query = find(desk)

    def alter(response: Wire) -> Wire:
        response["methodResponses"][0][0] = "Thread/query"
        return response

    desk.alter = alter
    desk.run()
    assert "Thread/query" in str(error_of(query))


def test_t43_a_second_response_under_the_same_call_id_is_kept() -> None:
    """What followed from a call comes with its answer."""
    desk = Desk()
    origin = {"fromAccountId": "A2", "create": {"k": {"id": "M1", "mailboxIds": {"P1": True}}}}
    entry = desk.ask("Email/copy", {**origin, "onSuccessDestroyOriginal": True})
    desk.run()
    implicit = getattr(entry.answer, "implicit", None)
    assert implicit is not None
    assert "Email/set" == implicit.name
    assert ["M1"] == implicit.arguments["destroyed"]


# Errors


def test_one_refused_request_leaves_a_defect_to_nobody() -> None:
    """A call that uses an unknown method fails, and its neighbours are answered."""
    desk = Desk()
    wrong, right = desk.ask("Nothing/get", {"ids": ["x"]}), desk.get("M1")
    desk.run()
    assert isinstance(error_of(wrong), UnknownMethod)
    assert ["M1"] == found(right)
