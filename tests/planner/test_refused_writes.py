"""Merged writes that the server refuses: the culprit is found, in as few requests as possible."""

from math import ceil, log

import pytest
from hypothesis import given, settings, strategies as st

from jmap_async.errors import InvalidArguments
from jmap_async.planner import Entry
from tests.planner.desk import SUBMISSION, Desk, Wire, error_of, failed, found, members, mentions
from tests.planner.model import MAIL, Task

BOX = "Mailbox/set"


def boxes(desk: Desk, count: int) -> list[Entry]:
    """Queue the creation of mailboxes by as many callers, each by its own name."""
    return [desk.ask(BOX, {"create": {"k": {"name": f"box-{i}"}}}) for i in range(count)]


def reject(desk: Desk, *poison: str, kind: str = "invalidArguments") -> None:
    """Have every call refused that says one of these."""
    is_bad = mentions(*poison)
    desk.reject = lambda _, arguments: kind if is_bad(arguments) else None


def invocations(desk: Desk) -> int:
    """Return how many calls were sent."""
    return sum(len(post["methodCalls"]) for post in desk.posts)


def names(desk: Desk) -> list[str]:
    """Return the mailboxes that the server has."""
    desk.reject = lambda _name, _arguments: None
    read = desk.ask("Mailbox/get", {"ids": None, "properties": ["name"]})
    desk.run()
    return sorted(row["name"] for row in members(read)["list"] if row["name"].startswith("box"))


@pytest.mark.parametrize(
    ("count", "posts", "calls"), [(1, 1, 1), (2, 2, 3), (16, 2, 17), (100, 3, 23), (1000, 4, 36)]
)
def test_one_culprit_is_found_in_a_few_rounds(count: int, posts: int, calls: int) -> None:
    """A refused write goes again in sixteen parts each time, which one request holds."""
    desk = Desk()
    entries = boxes(desk, count)
    reject(desk, f"box-{count // 2}")
    assert posts == desk.run()
    assert calls == invocations(desk)
    assert [count // 2] == list(failed(entries))


@settings(max_examples=20)
@given(st.integers(2, 200), st.data(), st.sampled_from(["invalidArguments", "serverFail"]))
def test_culprits_fail_alone_and_nothing_is_done_twice(
    count: int, data: st.DataObject, kind: str
) -> None:
    """Whoever did nothing wrong has what it wanted, once."""
    bad = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=3))
    desk = Desk()
    entries = boxes(desk, count)
    reject(desk, *(f"box-{i}" for i in bad), kind=kind)
    # Each round is a request for each culprit at most, and parts of a part are counted up.
    assert desk.run() <= 1 + 2 * len(bad) * ceil(log(count, 16))
    assert sorted(bad) == list(failed(entries))
    assert sorted(f"box-{i}" for i in range(count) if i not in bad) == names(desk)


@pytest.mark.parametrize("count", [2, 30, 1000])
def test_an_error_of_everybody_ends_the_division_early(count: int) -> None:
    """When one after the other fails alone and nothing succeeds, the rest is not tried."""
    desk = Desk()
    entries = boxes(desk, count)
    desk.reject = lambda _name, _arguments: "serverFail"
    assert desk.run() <= 6
    assert list(range(count)) == list(failed(entries))


@pytest.mark.parametrize(
    "said",
    [
        {"description": "create/k-17/name is too rude"},
        {"arguments": ["create[k-17]"]},
        {"description": "there is no property isRude"},
    ],
)
def test_a_culprit_that_the_error_names_is_found_at_once(said: Wire) -> None:
    """A creation id, an id or a property that only one caller has said is told from the rest."""
    desk = Desk()
    entries = boxes(desk, 16)
    entries.append(desk.ask(BOX, {"create": {"k": {"name": "box-rude", "isRude": True}}}))
    entries += boxes(desk, 1000)
    is_bad = mentions("box-rude")
    desk.reject = lambda _, arguments: (
        {"type": "invalidArguments", **said} if is_bad(arguments) else None
    )
    assert 2 == desk.run()
    assert 6 == invocations(desk)
    assert [16] == list(failed(entries))


def test_an_error_that_names_the_wrong_one_only_takes_longer() -> None:
    """What an error says is a hint."""
    desk = Desk()
    entries = [desk.flag(f"N{i}") for i in range(100)]
    is_bad = mentions("N50")
    desk.reject = lambda _, arguments: (
        {"type": "invalidArguments", "description": "as for N7, see N8"}
        if is_bad(arguments)
        else None
    )
    assert desk.run() <= 4
    assert [50] == list(failed(entries))
    assert {"N7"} == set(members(entries[7])["notUpdated"])


# Order


def test_a_later_write_of_the_same_object_waits_for_a_merged_one() -> None:
    """Else it would be undone by what is sent again."""
    desk = Desk()
    desk.flag("M1", keyword="first")
    bad = desk.flag("M2", keyword="poison")
    desk.ask("Email/set", {"update": {"M1": {"keywords": {"last": True}}}})
    reject(desk, "keywords/poison")
    assert 2 == desk.run()
    assert 1 == len(desk.posts[0]["methodCalls"])
    assert isinstance(error_of(bad), InvalidArguments)
    assert {"last"} == desk.keywords("M1")


def test_a_conditional_write_waits_for_a_merged_one_of_its_type() -> None:
    """Nobody knows what it touches."""
    desk = Desk()
    desk.flag("M1", keyword="first")
    desk.flag("M2", keyword="poison")
    desk.flag("M1", keyword="last", ifInState=None)
    reject(desk, "keywords/poison")
    desk.run()
    assert {"first", "last"} == desk.keywords("M1")
    assert "last" in str(desk.posts[-1])


def test_writes_of_other_types_and_objects_stay_in_the_request() -> None:
    """Only what may get into a wrong order waits."""
    desk = Desk()
    desk.flag("M1")
    desk.flag("M2")
    boxes(desk, 2)
    desk.flag("M3", "M4")
    assert 1 == desk.run()


def test_a_read_behind_a_write_that_is_repeated_waits_for_it() -> None:
    """It must see what the write does, however often that is sent."""
    desk = Desk()
    entries = [desk.flag("M1"), desk.flag("M2", keyword="poison"), desk.flag("M3")]
    read = desk.get("M1", "M3", properties=["keywords"])
    reject(desk, "keywords/poison")
    desk.run()
    assert [1] == list(failed(entries))
    assert [{"a": True}, {"a": True}] == [row["keywords"] for row in members(read)["list"]]


def test_a_read_that_is_repeated_sees_no_later_write() -> None:
    """What was awaited after the read waits until that was answered."""
    desk = Desk()
    desk.flag("M1")
    desk.flag("M2", keyword="poison")
    read = desk.get("M1", "M3", properties=["keywords"])
    desk.flag("M3")
    reject(desk, "keywords/poison")
    desk.run()
    assert [{"a": True}, {}] == [row["keywords"] for row in members(read)["list"]]
    assert {"a"} == desk.keywords("M3")


def test_writes_of_two_accounts_are_divided_side_by_side() -> None:
    """What goes again in one does not keep the other waiting."""
    desk = Desk()
    entries = [
        desk.flag("M1", keyword=keyword, accountId=account)
        for account in ("A1", "A2")
        for keyword in ("poison",)
    ]
    others = [desk.flag("M2", accountId=account) for account in ("A1", "A2")]
    reject(desk, "keywords/poison")
    assert 2 == desk.run()
    assert [0, 1] == list(failed(entries))
    assert [] == list(failed(others))


# What builds on a write that is sent again


def family(desk: Desk, name: str) -> tuple[Entry, Entry]:
    """Queue the creation of a mailbox and of an email in it, by one task."""
    task = Task()
    box = desk.ask(BOX, {"create": {"k": {"name": name}}}, task=task)
    put = desk.ask("Email/set", {"update": {"M1": {"mailboxIds/#k": True}}}, task=task)
    return box, put


def test_what_builds_on_a_refused_write_goes_again_with_it() -> None:
    """A follower whose maker was refused for the sake of others is not to blame either."""
    desk = Desk()
    others = boxes(desk, 3)
    box, put = family(desk, "box-parent")
    reject(desk, "box-1")
    assert 2 == desk.run()
    assert [1] == list(failed(others))
    made = members(box)["created"]["k"]["id"]
    assert {"M1"} == set(members(put)["updated"])
    read = desk.get("M1", properties=["mailboxIds"])
    desk.run()
    assert made in members(read)["list"][0]["mailboxIds"]


def test_what_builds_on_the_culprit_fails_for_want_of_it() -> None:
    """As it would have, had both been sent alone."""
    desk = Desk()
    others = boxes(desk, 3)
    box, put = family(desk, "box-bad")
    reject(desk, "box-bad")
    desk.run()
    assert isinstance(error_of(box), InvalidArguments)
    assert {"M1"} == set(members(put)["notUpdated"])
    assert [] == list(failed(others))


@pytest.mark.parametrize("count", [1, 5])
def test_only_what_needs_the_refused_write_goes_again(count: int) -> None:
    """What else its follower did is done, and not a second time."""
    desk = Desk()
    boxes(desk, 1)
    task = Task()
    parent = desk.ask(BOX, {"create": {"p": {"name": "box-parent"}}}, task=task)
    child = desk.ask(
        BOX,
        {
            "create": {
                "c": {"name": "box-child", "parentId": "#p"},
                **{f"x{i}": {"name": f"box-x{i}"} for i in range(count)},
            }
        },
        task=task,
    )
    reject(desk, "box-0")
    desk.run()
    assert "p" in members(parent)["created"]
    assert {"c", *(f"x{i}" for i in range(count))} == set(members(child)["created"])
    assert ["box-child", "box-parent", *(f"box-x{i}" for i in range(count))] == names(desk)


def test_a_server_that_refuses_the_whole_follower_is_asked_again() -> None:
    """That it knows no such creation may be an error of the call."""
    desk = Desk()
    others = boxes(desk, 3)
    box, put = family(desk, "box-parent")
    is_bad = mentions("box-1")
    desk.reject = lambda name, arguments: (
        "invalidArguments"
        if is_bad(arguments) or (name == "Email/set" and len(desk.posts) == 1)
        else None
    )
    assert 2 == desk.run()
    assert [1] == list(failed(others))
    assert "k" in members(box)["created"]
    assert {"M1"} == set(members(put)["updated"])


def test_a_chain_of_three_is_sent_again_in_order() -> None:
    """What builds on what builds on a refused write waits for both."""
    desk = Desk()
    boxes(desk, 2)
    task = Task()
    chain = [desk.ask(BOX, {"create": {"a": {"name": "box-a"}}}, task=task)]
    for name, parent in (("b", "a"), ("c", "b")):
        create = {name: {"name": f"box-{name}", "parentId": f"#{parent}"}}
        chain.append(desk.ask(BOX, {"create": create}, task=task))
    reject(desk, "box-0")
    assert 2 == desk.run()
    made = [members(one)["created"][name]["id"] for one, name in zip(chain, "abc", strict=True)]
    read = desk.ask("Mailbox/get", {"ids": made, "properties": ["parentId"]})
    desk.run()
    assert made == found(read)
    assert [None, *made[:2]] == [row["parentId"] for row in members(read)["list"]]


def test_a_submission_waits_for_a_merged_write_of_its_email() -> None:
    """What it does on success is done to what that write has left."""
    desk = Desk(capabilities=(SUBMISSION,))
    desk.flag("M1", keyword="a")
    desk.flag("M2", keyword="poison")
    for email in ("M1", "M3"):
        create = {"s": {"identityId": "I1", "emailId": email}}
        then = {"#s": {"keywords/a": None}}
        call = desk.call(
            "EmailSubmission/set",
            {"create": create, "onSuccessUpdateEmail": then},
            capability=SUBMISSION,
        )
        call.using = (MAIL,)
        desk.submit(call)
    reject(desk, "keywords/poison")
    desk.run()
    assert set() == desk.keywords("M1")
