"""Which writes may share an invocation: what can be told apart, and what they touch."""

import pytest

from jmap_async.planner import Entry
from jmap_async.planner.writes.merging import key, suits, touched
from tests.planner.desk import SUBMISSION, Desk, Wire, members
from tests.planner.model import Task


def write(method: str = "Email/set", **arguments: object) -> Entry:
    """Return a write that waits."""
    return Desk().ask(method, arguments)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"update": {"M1": {}}}, True),
        ({"create": {"k": {"mailboxIds": {"P1": True}}}, "destroy": ["M1"]}, True),
        ({}, False),
        ({"update": {"M1": {}}, "ifInState": None}, False),
        ({"update": [1]}, False),
        ({"create": {"k": {"inReplyToId": "#l"}, "l": {}}}, False),
        ({"update": {"#k": {}}, "create": {"k": {}}}, False),
    ],
)
def test_what_speaks_of_single_objects_that_can_be_told_apart_suits(
    arguments: Wire, *, expected: bool
) -> None:
    """All else is left as it is, for the server to judge."""
    assert expected == suits(write(**arguments))


def test_patches_suit_unless_they_are_to_stay_apart() -> None:
    """They are known to have no other arguments."""
    entry = Desk().flag("M1")
    assert suits(entry)
    entry.mergeable = False
    assert not suits(entry)


@pytest.mark.parametrize(
    ("patch", "expected"), [({"sortOrder": 1}, True), ({"name": "x"}, False), ("text", False)]
)
def test_what_constrains_other_objects_has_nothing_in_common_with_them(
    patch: object, *, expected: bool
) -> None:
    """A Mailbox that changes its name, for instance."""
    assert expected == (key(write("Mailbox/set", update={"P1": patch})) is not None)


def test_writes_have_type_capabilities_and_account_in_common() -> None:
    """Whether they were made by hand or are usual ones."""
    desk = Desk()
    first, second = desk.flag("M1"), desk.ask("Email/set", {"destroy": ["M2"]})
    other = desk.ask("Email/set", {"accountId": "A2", "destroy": ["M2"]})
    assert key(first) == key(second)
    assert key(first) != key(other)


def test_what_is_touched_is_what_was_there_before() -> None:
    """Creations touch nothing; submissions touch what they send, by its id or its draft."""
    desk, task = Desk(capabilities=(SUBMISSION,)), Task()
    made = desk.ask("Email/set", {"create": {"d": {}}}, task=task)
    changed = desk.ask("Email/set", {"update": {"M1": {}}, "destroy": ["M2"]})
    create = {"s": {"emailId": "#d"}, "t": {"emailId": "M3"}, "u": {}}
    sent = desk.ask("EmailSubmission/set", {"create": create}, task=task, capability=SUBMISSION)
    assert set() == touched(made)
    assert {"M1", "M2"} == touched(changed)
    assert {(made, "#d"), "M3"} == touched(sent)
    assert ("M3", "M4") == touched(desk.flag("M3", "M4"))


# Objects that constrain each other


def change_box(desk: Desk, id: str, **patch: object) -> Entry:
    """Queue a change of a mailbox."""
    return desk.ask("Mailbox/set", {"update": {id: patch}})


def box(desk: Desk, name: str, parent: str | None = None) -> str:
    """Create a mailbox and return its id."""
    entry = desk.ask("Mailbox/set", {"create": {"k": {"name": name, "parentId": parent}}})
    desk.run()
    return str(members(entry)["created"]["k"]["id"])


def test_a_parent_is_not_destroyed_with_its_child() -> None:
    """Who destroys it first is refused, though the server would destroy both in one call."""
    desk = Desk()
    parent = box(desk, "parent")
    child = box(desk, "child", parent)
    first = desk.ask("Mailbox/set", {"destroy": [parent]})
    second = desk.ask("Mailbox/set", {"destroy": [child]})
    assert 1 == desk.run()
    assert "mailboxHasChild" == members(first)["notDestroyed"][parent]["type"]
    assert [child] == members(second)["destroyed"]


def test_a_name_is_not_taken_before_it_is_free() -> None:
    """Two callers do not change their names with each other, though one call could."""
    desk = Desk()
    one, other = box(desk, "one"), box(desk, "other")
    first, second = change_box(desk, one, name="other"), change_box(desk, other, name="one")
    assert 1 == desk.run()
    assert ([one], [other]) == tuple([*members(entry)["notUpdated"]] for entry in (first, second))


@pytest.mark.parametrize(
    "arguments",
    [
        {"create": {"k": {"name": "box"}}},
        {"destroy": ["P5"]},
        {"update": {"P5": {"name": "box"}}},
        {"update": {"P5": {"parentId": "P1"}}},
        {"update": {"P5": {"role": None}}},
        {"update": {"P5": {"sortOrder": 1}, "P6": {"sortOrder": 1, "name": "box"}}},
        {"update": {"P5": "no patch"}},
    ],
)
def test_a_mailbox_that_others_depend_on_is_changed_by_a_call_of_its_own(arguments: Wire) -> None:
    """It stands between those before it and those after it of its task, in the same request."""
    desk = Desk().by("me")
    change_box(desk, "P2", sortOrder=1)
    desk.ask("Mailbox/set", arguments)
    change_box(desk, "P3", sortOrder=1)
    assert 1 == desk.run()
    assert [["P2"], ["P3"]] == [[*desk.sent()[n][1]["update"]] for n in (0, 2)]


def test_what_no_other_mailbox_depends_on_is_merged() -> None:
    """Such as where a mailbox stands in a list, and whether it is shown."""
    desk = Desk()
    change_box(desk, "P2", sortOrder=1)
    change_box(desk, "P3", isSubscribed=True)
    desk.ask("Mailbox/set", {"update": {"P4": {"sortOrder": 1}, "P5": {"sortOrder": 2}}})
    desk.run()
    ((_, sent),) = desk.sent()
    assert ["P2", "P3", "P4", "P5"] == [*sent["update"]]
