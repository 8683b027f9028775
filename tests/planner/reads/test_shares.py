"""Shares: each caller's part of a merged read."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.planner import Request
from jmap_async.planner.reads.shares import (
    Share,
    Wanted,
    add,
    handed_out,
    handed_to_one,
    untake,
)
from jmap_async.protocol.session import CoreCapability
from tests.planner.desk import Desk

ids = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=6)


def share(*wanted: str) -> Share:
    """Return the share of a caller who waits for these."""
    return Share(Desk().get(*wanted), [*wanted])


def request(*, dry_run: bool = False) -> Request:
    """Return an empty request."""
    return Request(CoreCapability(), dry_run=dry_run)


@given(ids, st.permutations(["a", "b", "c"]))
def test_the_answer_is_in_the_order_of_the_caller(wanted: list[str], came: list[str]) -> None:
    """Each object once, in whatever order they came; what did not come was not found."""
    one = share(*wanted)
    one.state = "s"
    one.rows += [{"id": id} for id in came if id in wanted]
    answer = one.answer({"accountId": "A1"}).arguments
    once = dict.fromkeys(wanted)
    assert {
        "accountId": "A1",
        "list": [{"id": id} for id in once if id != "d"],
        "notFound": [id for id in once if id == "d"],
        "state": "s",
    } == answer


def test_an_answer_without_a_state() -> None:
    """What the server left out is not made up."""
    one = share("a")
    one.state = None
    assert {"list": [], "notFound": ["a"]} == one.answer({}).arguments


def test_further_parts_wait_for_the_first_one() -> None:
    """Until it has come back, or is to be sent again; those of its own request need not."""
    one, first, second = share("a", "b"), request(), request()
    seen = [one.must_wait(second)]
    one.first_in = first.token
    seen += [one.must_wait(first), one.must_wait(second), one.must_wait(request(dry_run=True))]
    one.state = "s"
    seen.append(one.must_wait(second))
    assert [False, False, True, False, False] == seen


@pytest.mark.parametrize("answered", [False, True])
def test_what_is_taken_back_may_go_first_again(*, answered: bool) -> None:
    """Unless a part of it has come back before."""
    one = share("a", "b")
    one.first_in = request().token
    if answered:
        one.state = "s"
    untake({"a": [one]})
    assert answered is one.taken
    assert not one.must_wait(request())


def test_nobody_waits_for_the_part_of_one_who_left() -> None:
    """Others may want the same object."""
    one = share("a")
    one.first_in = request().token
    one.entry.release()
    assert not one.must_wait(request())


@given(st.lists(ids, min_size=1, max_size=5), st.sets(st.sampled_from(["a", "b", "c", "d"])))
def test_everybody_gets_what_was_found_of_what_they_wanted(
    callers: list[list[str]], there: set[str]
) -> None:
    """Objects of their own, whoever else wanted the same."""
    wanted: Wanted = {}
    shares = [share(*some) for some in callers]
    for one in shares:
        add(wanted, one)
    assert {id: [one for one in shares if id in one.ids] for id in wanted} == {
        id: [*takers] for id, takers in wanted.items()
    }
    rows = {id: {"id": id, "keywords": {}} for id in there}
    missing = {*wanted} - there
    assert shares == sorted(handed_out(wanted, rows, missing, "s"), key=shares.index)
    for one, some in zip(shares, callers, strict=True):
        assert there & {*some} == {row["id"] for row in one.rows}
    given = [row for one in shares for row in one.rows]
    assert len(given) == len({id(row) for row in given})


some = st.sets(st.sampled_from(["a", "b", "c", "d"]))


@given(ids, some, some)
def test_one_caller_gets_what_many_would_get(
    wanted: list[str], there: set[str], missing: set[str]
) -> None:
    """Without a look at each object."""
    rows = {id: {"id": id} for id in there}
    one, other = share(*wanted), share(*wanted)
    part: Wanted = dict.fromkeys(one.ids, (one,))
    parts: Wanted = dict.fromkeys(other.ids, (other,))
    assert [one] == handed_to_one(part, rows, missing, "s")
    assert [other] == handed_out(parts, rows, missing, "s")
    for name in ("rows", "state", "unsettled", "left_out"):
        assert getattr(other, name) == getattr(one, name)
    assert {*wanted} - there - missing == {*one.left_out}
