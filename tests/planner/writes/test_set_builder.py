"""Invocations of /set that are put together: what fits, and what is written."""

import attrs
import orjson
from hypothesis import given, strategies as st

from jmap_async.planner.base.request import Request
from jmap_async.planner.writes.changes import Change, Writer, changes_of
from jmap_async.planner.writes.set_builder import SetBuilder, octets
from jmap_async.protocol.session import CoreCapability
from tests.planner.desk import SUBMISSION, Desk, Wire, members, with_limits
from tests.planner.model import MAIL


def load_of(*, most: int = 500, room: int = 10_000, account: str | None = "A1") -> SetBuilder:
    """Return an empty invocation."""
    return SetBuilder(Request(CoreCapability(max_objects_in_set=most)), room=room, account=account)


def put(load: SetBuilder, change: Change) -> bool:
    """Put a change in, if it fits."""
    pieces = change.bind(Request(CoreCapability()), load.names)
    return load.add(change, pieces or ())


def changes(method: str = "Email/set", **arguments: object) -> list[Change]:
    """Return what a write changes."""
    capability = SUBMISSION if method.startswith("EmailSubmission") else MAIL
    desk = Desk(capabilities=(SUBMISSION,))
    call = desk.ask(method, arguments, capability=capability)
    return changes_of(Writer(call))


def written(load: SetBuilder) -> Wire:
    """Return the arguments."""
    arguments: Wire = orjson.loads(load.arguments())
    return arguments


def test_only_what_is_there_is_written() -> None:
    """An invocation has the arguments that somebody has given."""
    load = load_of()
    assert {"accountId": "A1"} == written(load)
    (change,) = changes(destroy=["M1", "M2"])
    assert put(load, change)
    assert {"accountId": "A1", "destroy": ["M1", "M2"]} == written(load)
    assert {} == written(load_of(account=None))


def test_members_of_many_callers_are_one_object() -> None:
    """Creations under names of their own."""
    load = load_of()
    for subject in ("a", "b"):
        for change in changes(create={"k": {"subject": subject}}, update={f"M{subject}": {}}):
            assert put(load, change)
    expected = {
        "accountId": "A1",
        "create": {"k": {"subject": "a"}, "k-2": {"subject": "b"}},
        "update": {"Ma": {}, "Mb": {}},
    }
    assert expected == written(load)


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(100, 600))
def test_the_arguments_are_never_larger_than_their_room(sizes: list[int], room: int) -> None:
    """Whatever was taken in; what does not fit is not there."""
    load = load_of(room=room)
    for number, size in enumerate(sizes):
        (change,) = changes(update={f"M{number}": {"x" * size: True}})
        put(load, change)
    assert len(load.arguments()) <= room or not load.pieces
    assert len(written(load).get("update", {})) == len(load.pieces)


def test_objects_are_counted_also_those_of_what_follows() -> None:
    """The server makes one more Email/set of what submissions do on success."""
    both = {"onSuccessUpdateEmail": {"#s": {}}, "onSuccessDestroyEmail": ["#s"]}
    load = load_of(most=3)
    taken = [
        put(load, one)
        for email in ("M1", "M2")
        for one in changes("EmailSubmission/set", create={"s": {"emailId": email}}, **both)
    ]
    assert [True, False] == taken
    assert ({"#s": {}}, ["#s"]) == (
        written(load)["onSuccessUpdateEmail"],
        written(load)["onSuccessDestroyEmail"],
    )


def test_no_email_is_sent_twice() -> None:
    """The second submission goes into another invocation."""
    load = load_of()
    (first,) = changes("EmailSubmission/set", create={"s": {"emailId": "M1"}})
    (second,) = changes("EmailSubmission/set", create={"s": {"emailId": "M1"}})
    assert (True, False) == (put(load, first), put(load, second))


def test_octets_count_the_commas() -> None:
    """One for each piece."""
    assert 9 == octets([(0, b"abc"), (1, b"defg")])


def test_a_change_that_cannot_be_made_smaller_may_use_all_that_the_session_allows() -> None:
    """What was learnt since is a guess about how to pack: the server decides; others go apart."""
    desk = Desk()
    learnt = attrs.evolve(desk.session.core, max_size_request=600)
    sizes = (10, 500, 10)
    for size in sizes:
        desk.ask("Email/set", {"create": {"k": {"subject": "x" * size}}})
    sent: list[list[int]] = []
    while (request := desk.planner.next_request(learnt)) is not None:
        [(_, arguments, _)] = orjson.loads(request.encode())["methodCalls"]
        sent.append([len(one["subject"]) for one in arguments["create"].values()])
        desk.carry(request)
    assert [[10], [500], [10]] == sent


def test_what_refers_to_a_write_that_was_cut_up_waits_for_all_of_it() -> None:
    """No invocation of the request has all that the call will have answered."""
    desk = Desk(told=with_limits(max_objects_in_set=2))
    patches = {one: {"keywords/a": True} for one in ("M1", "M2", "M3")}
    write = desk.call("Email/set", {"update": patches})
    desk.submit(write)
    behind = desk.ask("Email/changes", {"sinceState": write.ref("/newState")})
    desk.run()
    assert [["Email/set", "Email/set"], ["Email/changes"]] == [desk.names(0), desk.names(1)]
    assert [] == members(behind)["updated"]
