"""Merged writes: who wrote what, in which order, and what each writer is told."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import (
    HTTPError,
    MethodError,
    RemoteProtocolError,
    TooLarge,
    TransportError,
)
from jmap_async.planner import Entry, Remedy, Verdict
from jmap_async.protocol.call import Call, raw_method
from tests.planner.desk import (
    CORE,
    SUBMISSION,
    Desk,
    Wire,
    error_of,
    failed,
    members,
    mentions,
    refused,
    with_limits,
)
from tests.planner.model import ADDRESSES, MAIL, Task


def draft(subject: str) -> Wire:
    """Return an email that can be created, and sent."""
    return {
        "mailboxIds": {"P2": True},
        "subject": subject,
        "from": [{"email": ADDRESSES["A1"]}],
        "to": [{"email": "bob@example.net"}],
    }


def drafts(desk: Desk, *subjects: str, task: Task | None = None) -> Entry:
    """Queue the creation of emails, each under its subject as the creation id."""
    return desk.ask("Email/set", {"create": {one: draft(one) for one in subjects}}, task=task)


def writes(desk: Desk) -> list[Wire]:
    """Return the arguments of every /set that was sent, in order."""
    return [
        arguments
        for post in range(len(desk.posts))
        for name, arguments in desk.sent(post)
        if name.endswith("/set")
    ]


def test_writes_of_many_callers_are_one_call() -> None:
    """Creates, updates and destroys of one type and account go together."""
    desk = Desk()
    made, changed, gone = drafts(desk, "one"), drafts(desk, "two"), drafts(desk, "three")
    desk.run()
    assert 1 == len(writes(desk))
    for entry, key in ((made, "one"), (changed, "two"), (gone, "three")):
        assert {key} == set(members(entry)["created"])


def test_t55_equal_creation_ids_of_two_callers_never_meet() -> None:
    """Each creation has a name of its own in the request, and its own name for its caller."""
    desk = Desk()
    entries = [
        desk.ask("Email/set", {"create": {"k": draft(f"draft {i}")}}, task=Task()) for i in range(5)
    ]
    desk.run()
    (sent,) = writes(desk)
    assert 5 == len(sent["create"])
    ids = [members(entry)["created"]["k"]["id"] for entry in entries]
    assert 5 == len(set(ids))


def test_a_refused_creation_is_told_under_the_callers_own_name() -> None:
    """`notCreated` has the key that the caller chose."""
    desk = Desk()
    good, bad = drafts(desk, "k"), desk.ask("Email/set", {"create": {"k": {}}})
    desk.run()
    assert {"k"} == set(members(good)["created"])
    assert {"k"} == set(members(bad)["notCreated"])


def test_two_patches_of_one_object_never_share_a_call() -> None:
    """Both are carried out, in order."""
    desk = Desk()
    desk.flag("M1", keyword="a")
    desk.ask("Email/set", {"update": {"M1": {"keywords": {"b": True}}}})
    desk.flag("M1", keyword="c")
    desk.run()
    assert 3 == len(writes(desk))
    assert {"b", "c"} == desk.keywords("M1")


def test_what_is_destroyed_is_not_updated_in_the_same_call() -> None:
    """A call joins only where the server's order of work keeps it behind the others."""
    desk = Desk()
    gone = desk.ask("Email/set", {"destroy": ["M1"]})
    late = desk.flag("M1")
    after = desk.flag("M2")
    desk.run()
    assert ["M1"] == members(gone)["destroyed"]
    assert {"M1"} == set(members(late)["notUpdated"])
    assert {"M2"} == set(members(after)["updated"])


@pytest.mark.parametrize("guard", [{"ifInState": "email;4"}, {"ifInState": None}])
def test_a_write_does_not_overtake_one_that_may_touch_the_same(guard: Wire) -> None:
    """Behind a write that cannot be merged nobody joins what stands before it."""
    desk = Desk()
    desk.ask("Email/set", {"update": {"M2": {"keywords/x": True}}, **guard})
    desk.flag("M1")
    desk.ask("Email/set", {"update": {"M2": {"keywords/x": True}}, "ifInState": None})
    desk.ask("Email/set", {"update": {"M2": {"keywords/x": None}}})
    desk.run()
    assert "x" not in desk.keywords("M2")


def test_a_batch_of_writes_is_not_overtaken() -> None:
    """What was awaited after a batch does not go before it."""
    desk = Desk()
    desk.flag("M1")
    batch = desk.call("Email/set", {"update": {"M2": {"keywords": {"x": True}}}})
    for entry in desk.planner.submit_batch([batch], desk.session):
        entry.claim()
    desk.ask("Email/set", {"update": {"M2": {"keywords": {}}}})
    desk.run()
    assert set() == desk.keywords("M2")


# Cut up


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 5), st.integers(1, 3))
def test_writes_over_the_limit_are_cut_up(counts: list[int], most: int, calls: int) -> None:
    """Each caller gets all of its own results, and the server no more than it takes."""
    desk = Desk(told=with_limits(max_objects_in_set=most, max_calls_in_request=calls))
    entries = [drafts(desk, *(f"draft-{i}-{j}" for j in range(n))) for i, n in enumerate(counts)]
    desk.run()
    for i, (entry, n) in enumerate(zip(entries, counts, strict=True)):
        assert [f"draft-{i}-{j}" for j in range(n)] == list(members(entry)["created"])
    assert all(len(one["create"]) <= most for one in writes(desk))
    assert sum(counts) == sum(len(one["create"]) for one in writes(desk))


def test_states_of_a_write_in_parts() -> None:
    """The old state is that before the first part, the new one that after the last."""
    desk = Desk(told=with_limits(max_objects_in_set=1))
    before = desk.get()
    desk.run()
    entry = desk.flag("M1", "M2", "M3")
    desk.run()
    after = desk.get()
    desk.run()
    assert members(before)["state"] == members(entry)["oldState"]
    assert members(after)["state"] == members(entry)["newState"]


@pytest.mark.parametrize(
    "extra", [{"ifInState": "email;4"}, {"create": {"k": {"mailboxIds": {"#l": True}}}}]
)
def test_what_must_stay_whole_is_never_cut_up(extra: Wire) -> None:
    """A conditional write, or one whose creations name each other, is sent whole or not at all."""
    desk = Desk(told=with_limits(max_objects_in_set=2))
    entry = desk.flag("M1", "M2", "M3", **extra)
    other = desk.flag("M4")
    desk.run()
    assert isinstance(error_of(entry), TooLarge)
    assert "maxObjectsInSet" in str(error_of(entry))
    assert {"M4"} == set(members(other)["updated"])
    assert 1 == len(writes(desk))


@given(st.lists(st.integers(0, 400), min_size=1, max_size=8))
def test_t35_writes_are_cut_up_by_octets(sizes: list[int]) -> None:
    """What fits into no request is refused by itself; the rest is carried out."""
    desk = Desk(told=with_limits(max_size_request=500))
    entries = [
        desk.ask(
            "Email/set", {"create": {"k": {"mailboxIds": {"P1": True}, "subject": "x" * size}}}
        )
        for i, size in enumerate(sizes)
    ]
    desk.run()
    for entry, size in zip(entries, sizes, strict=True):
        if size > 400:
            assert isinstance(error_of(entry), TooLarge)
        elif size < 200:
            assert {"k"} == set(members(entry)["created"])


def test_one_change_that_is_too_large_leaves_its_neighbours_in_the_call_alone() -> None:
    """A caller is told which of its objects fits into no request."""
    desk = Desk(told=with_limits(max_size_request=600))
    entry = drafts(desk, "one", "x" * 700, "two")
    desk.run()
    assert {"one", "two"} == set(members(entry)["created"])
    assert "tooLarge" == members(entry)["notCreated"]["x" * 700]["type"]


# Half-way


def refusing_second(desk: Desk, error: Exception) -> None:
    """Have the second request fail, and all after it."""

    def refuse(_: Wire) -> None:
        if len(desk.posts) > 1:
            raise error

    desk.refuse = refuse


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused(), "serverFail"),
        (TransportError("lost", outcome="not_sent"), "serverFail"),
        (TransportError("lost", outcome="unknown"), "serverPartialFail"),
        (RemoteProtocolError("what?"), "serverPartialFail"),
    ],
)
def test_what_was_acknowledged_is_never_hidden_by_a_later_failure(
    error: Exception, kind: str
) -> None:
    """A write that failed half-way reports what was done, and why the rest was not."""
    desk = Desk(told=with_limits(max_objects_in_set=1, max_calls_in_request=1))
    entry = desk.flag("M1", "M2", "M3")
    refusing_second(desk, error)
    desk.run()
    answer = members(entry)
    assert {"M1": None} == answer["updated"]
    assert {"M2": kind, "M3": kind} == {
        key: one["type"] for key, one in answer["notUpdated"].items()
    }
    assert answer["oldState"] != answer["newState"]
    assert ({"a"}, set()) == (desk.keywords("M1"), desk.keywords("M2"))


def test_a_write_of_which_nothing_was_done_fails_as_a_whole() -> None:
    """Then there is no result to report."""
    desk = Desk(told=with_limits(max_objects_in_set=1, max_calls_in_request=1))
    entry = desk.flag("M1", "M2")

    def refuse(_: Wire) -> None:
        raise refused()

    desk.refuse = refuse
    desk.run()
    assert isinstance(error_of(entry), HTTPError)


def test_a_write_that_was_left_half_way_can_be_awaited_again() -> None:
    """Who comes back learns what was done, and that the rest was given up."""
    desk = Desk(told=with_limits(max_objects_in_set=1, max_calls_in_request=1))
    call = desk.call("Email/set", {"update": {one: {"keywords/a": True} for one in ("M1", "M2")}})
    entry = desk.submit(call)
    request = desk.next_request()
    assert request is not None
    desk.carry(request)
    entry.release()
    desk.run()
    again = desk.submit(call)
    desk.run()
    assert {"M1"} == set(members(again)["updated"])
    assert {"M2"} == set(members(again)["notUpdated"])
    assert set() == desk.keywords("M2")


def test_a_write_that_was_left_before_it_was_sent_never_is() -> None:
    """Its neighbours are carried out, and who awaits it again has it sent."""
    desk = Desk()
    call = desk.call("Email/set", {"update": {"M1": {"keywords/a": True}}})
    leaving, staying = desk.submit(call), desk.flag("M2")
    leaving.release()
    desk.run()
    assert ({"M2"}, set()) == (set(members(staying)["updated"]), desk.keywords("M1"))
    desk.submit(call)
    desk.run()
    assert {"a"} == desk.keywords("M1")


# Isolation


def test_t47_a_partial_failure_is_everybodys_error() -> None:
    """When something was changed, nobody is carried out once more."""
    desk = Desk()
    entries = [drafts(desk, f"draft-{i}") for i in range(5)]
    desk.reject = lambda _name, _arguments: "serverPartialFail"
    assert 1 == desk.run()
    assert list(range(5)) == list(failed(entries))
    assert "serverPartialFail" == getattr(error_of(entries[0]), "type", None)


def test_writers_of_a_refused_request_are_divided_and_nothing_is_done_twice() -> None:
    """Parts of a division replace what they are parts of."""
    desk = Desk(slots=3)
    entries = [drafts(desk, f"draft-{i}") for i in range(6)]

    def refuse(request: Wire) -> None:
        if mentions("draft-2")(request):
            raise refused()

    desk.refuse = refuse
    desk.run()
    assert [2] == list(failed(entries))
    carried_out = [one["create"] for one in writes(desk) if "draft-2" not in one["create"]]
    assert ["draft-0", "draft-1", "draft-3", "draft-4", "draft-5"] == sorted(
        name for one in carried_out for name in one
    )


# Broken answers


@pytest.mark.parametrize("garbage", [None, 1, [1], {"x": 1}, "text"])
def test_an_answer_that_says_nothing_of_a_change_leaves_it_unknown(garbage: object) -> None:
    """Neither done nor refused: then whoever wanted it is told that nobody knows."""
    desk = Desk()
    entry = desk.flag("M1")

    def alter(response: Wire) -> Wire:
        response["methodResponses"][0][1].update(updated=garbage, notUpdated=garbage)
        return response

    desk.alter = alter
    desk.run()
    assert "serverPartialFail" == members(entry)["notUpdated"]["M1"]["type"]


@pytest.mark.parametrize("empty", [{}, {"created": None}, {"created": {}, "notCreated": None}])
def test_t61_maps_may_be_left_out(empty: Wire) -> None:
    """Absent, null and empty are alike."""
    desk = Desk()
    entry = desk.flag("M1")

    def alter(response: Wire) -> Wire:
        arguments = response["methodResponses"][0][1]
        for name in ("created", "notCreated", "destroyed", "notDestroyed", "notUpdated"):
            del arguments[name]
        arguments.update(empty)
        return response

    desk.alter = alter
    desk.run()
    assert {"M1": None} == members(entry)["updated"]


# Sent again


def test_a_repeated_write_keeps_what_it_wants() -> None:
    """All parts are sent again, under names that are unique in the new request."""
    desk = Desk(told=with_limits(max_objects_in_set=2))
    entry = drafts(desk, "one", "two", "three")
    request = desk.next_request()
    assert request is not None
    desk.planner.recover(request, refused(429), Verdict(Remedy.REPEAT))
    desk.run()
    assert {"one", "two", "three"} == set(members(entry)["created"])


def test_a_write_that_is_referred_to_is_merged_all_the_same() -> None:
    """Its follower stands behind it in the same request."""
    desk = Desk(capabilities=(SUBMISSION,))
    task = Task()
    drafts(desk, "other")
    email = drafts(desk, "mine", task=task)
    create = {"s": {"identityId": "I1", "emailId": "#mine"}}
    call = desk.call("EmailSubmission/set", {"create": create}, task=task, capability=SUBMISSION)
    call.using = (MAIL,)
    desk.submit(call)
    assert 1 == desk.run()
    assert [["other", "mine"], ["s"]] == [list(one["create"]) for one in writes(desk)]
    read = desk.ask("EmailSubmission/get", {"ids": None}, capability=SUBMISSION)
    desk.run()
    made = members(email)["created"]["mine"]["id"]
    assert [made] == [row["emailId"] for row in members(read)["list"]]


def test_a_method_error_of_one_caller_alone_is_its_error() -> None:
    """There is nobody to tell apart."""
    desk = Desk()
    entry = desk.flag("M1")
    desk.reject = lambda _name, _arguments: "forbidden"
    assert 1 == desk.run()
    assert isinstance(error_of(entry), MethodError)


def test_an_account_where_the_type_has_none_is_for_the_server_to_refuse() -> None:
    """It is not left out silently."""
    desk = Desk(capabilities=[CORE])
    method = raw_method("PushSubscription/set", capability=CORE, takes_account_id=False)
    arguments = {"accountId": "nobody", "destroy": ["P1"]}
    desk.submit(Call(method, arguments, sender=desk._teller))
    desk.run()
    assert [("PushSubscription/set", arguments)] == desk.sent()
