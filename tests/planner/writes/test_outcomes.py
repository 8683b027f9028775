"""What became of changes: found in the answer, and told under the caller's own keys."""

import pytest

from jmap_async.planner.writes.changes import UPDATE, Writer, changes_of
from jmap_async.planner.writes.outcomes import note, outcomes, tell, with_rest
from tests.planner.desk import Desk, refused


def writer(**arguments: object) -> Writer:
    """Return a writer of emails, with what it wants."""
    made = Writer(Desk().ask("Email/set", arguments))
    made.wanted = changes_of(made)
    return made


@pytest.mark.parametrize("garbage", [None, 1, "text", {"notUpdated": [1]}, {"updated": [1]}])
def test_garbage_says_nothing(garbage: object) -> None:
    """What cannot be understood has not been said."""
    members = garbage if isinstance(garbage, dict) else {"updated": garbage, "notUpdated": garbage}
    assert ({}, {}) == outcomes(members)[UPDATE]


def test_a_list_where_a_map_belongs_is_understood() -> None:
    """Which is how `destroyed` is told anyway."""
    assert ({"M1": None}, {}) == outcomes({"updated": ["M1"]})[UPDATE]


def test_each_object_is_told_by_its_phase() -> None:
    """Created, updated, destroyed, refused; and what was not mentioned is unknown."""
    made = writer(create={"k": {}}, update={"M1": {}, "M2": {}}, destroy=["M3", "M4"])
    answer = outcomes(
        {
            "created": {"k-2": {"id": "M9"}},
            "updated": {"M1": None},
            "destroyed": ["M3"],
            "notDestroyed": {"M4": {"type": "notFound"}},
        }
    )
    made.wanted[0].name = "k-2"
    for change in made.wanted:
        tell(change, *answer[change.phase])
    unknown = made.result["notUpdated"].pop("M2")
    assert "serverPartialFail" == unknown["type"]
    assert {
        "created": {"k": {"id": "M9"}},
        "updated": {"M1": None},
        "notUpdated": {},
        "destroyed": ["M3"],
        "notDestroyed": {"M4": {"type": "notFound"}},
    } == made.result


def test_a_call_that_failed_half_way_says_of_each_object_what_is_known() -> None:
    """What was done, what was refused, and what was given up."""
    made = writer(create={"k": {}, "l": {}}, update={"M1": {}})
    made.result["created"] = {"k": {"id": "M9"}}
    note(made.wanted[1], {"type": "tooLarge"})
    result = with_rest(made, refused())
    assert {"k": {"id": "M9"}} == result["created"]
    assert {"l": {"type": "tooLarge"}} == result["notCreated"]
    assert "serverFail" == result["notUpdated"]["M1"]["type"]
    assert "notUpdated" not in made.result
