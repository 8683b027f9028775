"""Patches of many callers: sent and answered as a whole, to the same end as one by one."""

from typing import cast

import attrs
import orjson
import pytest
from hypothesis import example, given, settings, strategies as st

from jmap_async.errors import TransportError
from jmap_async.planner import Answer, Entry
from jmap_async.planner.writes.patches import Patches
from tests.planner.desk import Desk, Wire, mentions, with_limits

ID = "[a-z]{1,3}"
ids = st.lists(st.from_regex(ID, fullmatch=True), min_size=1, max_size=4, unique=True)


def patches_of(*keys: list[str]) -> Patches:
    """Return calls that patch these objects."""
    desk = Desk()
    return Patches([desk.flag(*some) for some in keys], 1)


@given(st.lists(ids, min_size=1, max_size=8), st.integers(0, 12), st.integers(0, 300))
def test_as_many_calls_fit_as_number_and_octets_allow(
    keys: list[list[str]], most: int, room: int
) -> None:
    """Of a call that does not fit as a whole, a part may: that has to be found out."""
    patches = patches_of(*keys)
    fitting = patches.fitting(most=most, room=room)
    count = 0
    for entry, some in zip(patches.entries, keys, strict=True):
        if len(some) > most or len(entry.patches) + 1 > room:
            break
        most -= len(some)
        room -= len(entry.patches) + 1
        count += 1
    apart = most > 0 and count < len(keys) and len(keys[count]) > 1
    assert (None if apart else count) == fitting


def test_whoever_has_left_is_left_out() -> None:
    """Of those whose turn it is: the others may come back."""
    patches = patches_of(["M1"], ["M2"], ["M3"], ["M4"])
    for position in (1, 3):
        patches.entries[position].release()

    def left(entry: Entry) -> bool:
        return not entry.claims

    assert [True, False] == [patches.drop(left, among=2) for _ in range(2)]
    assert [("M1",), ("M3",), ("M4",)] == patches.ids


def test_those_who_stay_are_still_sent_as_a_whole() -> None:
    """However many have left."""
    desk = Desk(told=with_limits(max_objects_in_set=2))
    entries = [desk.flag(f"N{number}") for number in range(10)]
    for number in (0, 1, 2, 5, 6, 9):
        entries[number].release()
    request = desk.next_request()
    assert request is not None
    assert [["N3", "N4"], ["N7", "N8"]] == [
        [key for piece in cast("list[Patches]", one.payload) for some in piece.ids for key in some]
        for one in request.invocations
    ]
    assert [0, 1, 2, 5, 6, 9] == [n for n, one in enumerate(entries) if one.abandoned]


def test_the_first_calls_can_be_taken_out() -> None:
    """Both parts know where they stand."""
    patches = patches_of(["M1"], ["M2"], ["M3"])
    first = patches.cut(2)
    assert ([("M1",), ("M2",)], 1) == (first.ids, first.position)
    assert ([("M3",)], 3) == (patches.ids, patches.position)


def test_each_caller_has_what_is_its_own() -> None:
    """It may do with that what it likes."""
    answers = patches_of(["M1", "M2"], ["M3"]).answers(
        {"accountId": "A1", "newState": "2", "updated": {"M3": {"size": 1}, "M2": None, "M1": None}}
    )
    assert answers is not None
    common = {"accountId": "A1", "oldState": None, "newState": "2"}
    expected = [
        {**common, "updated": {"M1": None, "M2": None}},
        {**common, "updated": {"M3": {"size": 1}}},
    ]
    answers[0].arguments.clear()
    assert expected == [one.arguments for one in answers]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"updated": {"M1": None}},
        {"updated": ["M1", "M2"]},
        {"updated": None, "notUpdated": {"M1": {}, "M2": {}}},
        {"updated": {"M1": None, "M2": None}, "notUpdated": {"M2": {}}},
    ],
)
def test_what_is_not_all_well_is_told_one_by_one(told: Wire) -> None:
    """Somebody was refused, or was not mentioned, or all of it is garbage."""
    assert patches_of(["M1"], ["M2"]).answers(told) is None


# The law


@attrs.frozen
class Program:
    """Updates and whether they are usual ones, who leaves, the limits, and what goes wrong."""

    updates: list[tuple[list[str], str, bool]]
    leaving: set[int]
    limits: dict[str, int]
    fault: str


emails = st.sampled_from(["M1", "M2", "M3", "M4", "nope"])
programs = st.builds(
    Program,
    updates=st.lists(
        st.tuples(
            st.lists(emails, min_size=1, max_size=1) | st.lists(emails, min_size=1, unique=True),
            st.sampled_from(["a", "poison", "x" * 200]),
            st.integers(0, 3).map(bool),
        ),
        min_size=1,
        max_size=8,
    ),
    leaving=st.sets(st.integers(0, 20), max_size=2),
    limits=st.fixed_dictionaries(
        {
            "max_objects_in_set": st.integers(1, 6),
            "max_calls_in_request": st.integers(1, 3),
            "max_size_request": st.integers(400, 700) | st.just(10_000),
        }
    ),
    fault=st.sampled_from(["none", "poison", "loss", "silence", "denial", "additions", "garbage"]),
)


def carried_out(program: Program, *, usual: bool) -> object:
    """Return what was sent, and what each caller got."""
    desk = Desk(told=with_limits(**program.limits), slots=2)
    break_something(desk, program.fault)
    entries = [
        desk.flag(*keys, keyword=keyword) if usual and is_usual else by_hand(desk, keys, keyword)
        for keys, keyword, is_usual in program.updates
    ]
    for position in program.leaving & {*range(len(entries))}:
        entries[position].release()
    desk.run()
    # As text: in which order things stand matters, too.
    return orjson.dumps(desk.posts), [*map(outcome, entries)]


def by_hand(desk: Desk, keys: list[str], keyword: str) -> Entry:
    """Queue an update that is looked at with care."""
    update = {one: {f"keywords/{keyword}": True} for one in keys}
    return desk.ask("Email/set", {"update": update})


def outcome(entry: Entry) -> object:
    """Return what can be compared of an answer."""
    if isinstance(entry.answer, Answer):
        return entry.answer.arguments
    return type(entry.answer), str(entry.answer)


def break_something(desk: Desk, fault: str) -> None:
    """Have something go wrong."""
    if fault == "poison":
        is_bad = mentions("keywords/poison")
        desk.reject = lambda _, arguments: "invalidArguments" if is_bad(arguments) else None
    elif fault == "loss":
        desk.refuse = lambda request: lose_first(desk, request)
    elif fault != "none":
        desk.alter = lambda response: altered(response, fault)


def lose_first(desk: Desk, request: Wire) -> None:
    """Have the first request not get there."""
    if request is desk.posts[0]:
        raise TransportError("lost", outcome="not_sent")


def altered(response: Wire, fault: str) -> Wire:
    """Say other things of what was updated than the server did."""
    for _, arguments, _ in response["methodResponses"]:
        updated = arguments.get("updated") or {}
        if fault == "garbage":
            arguments["updated"] = [*updated]
        elif fault == "additions":
            arguments["updated"] = {one: {"size": len(one)} for one in updated}
        elif fault == "silence":
            updated.pop("M1", None)
        elif "M1" in updated:
            arguments["notUpdated"] = {"M1": {"type": "forbidden"}}
    return response


WAITING_BEHIND = Program(
    updates=[
        (["M1"], "a", False),
        (["M3", "M4"], "a", False),
        (["M1"], "a", False),
        (["M2"], "a", True),
        (["M3"], "a", True),
    ],
    leaving=set(),
    limits={"max_objects_in_set": 1, "max_calls_in_request": 1, "max_size_request": 10_000},
    fault="none",
)
"""The last one has to wait, and must not stand in front of the one before it then."""


LEFT_BETWEEN = Program(
    updates=[
        (["M1", "M2"], "a", False),
        (["M1", "M2", "M3"], "a", True),
        (["M3"], "a", False),
    ],
    leaving={1},
    limits={"max_objects_in_set": 1, "max_calls_in_request": 1, "max_size_request": 10_000},
    fault="none",
)
"""Whoever has left keeps nobody waiting."""


@example(WAITING_BEHIND)
@example(LEFT_BETWEEN)
@settings(max_examples=300)
@given(programs)
def test_usual_patches_come_to_the_same_as_those_that_are_looked_at(program: Program) -> None:
    """The same requests leave, and everybody is told the same."""
    assert carried_out(program, usual=False) == carried_out(program, usual=True)
