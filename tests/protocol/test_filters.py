"""Tests of filters and sorts."""

from typing import Any, TypedDict, cast

import attrs
import pytest
from hypothesis import given, strategies as st

from jmap_async.protocol.codec.objects import data_object
from jmap_async.protocol.filters import Comparator, FilterCondition, FilterOperator, as_sort
from jmap_async.protocol.types import ABSENT
from tests.protocol.codec.kinds import wire


@data_object
@attrs.frozen(kw_only=True)
class Condition(FilterCondition):
    """Matches numbers."""

    minimum: int = ABSENT
    is_even: bool = ABSENT
    role: str | None = ABSENT


Any_ = Condition | FilterOperator[Condition]

CONDITIONS = st.builds(
    Condition,
    minimum=st.integers(-3, 3) | st.just(ABSENT),
    is_even=st.booleans() | st.just(ABSENT),
)
FILTERS = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.builds(lambda one, other: one & other, inner, inner),
        st.builds(lambda one, other: one | other, inner, inner),
        st.builds(lambda one: ~one, inner),
    ),
)


class Wire(TypedDict, total=False):
    """A condition or an operator, as the server sees it."""

    operator: str
    conditions: list["Wire"]
    minimum: int
    isEven: bool


def matches(filter: Wire, number: int) -> bool:
    """Evaluate a filter on the wire as RFC 8620, 5.5 reads."""
    if "operator" in filter:
        results = [matches(one, number) for one in filter.get("conditions", [])]
        return {"AND": all(results), "OR": any(results), "NOT": not any(results)}[
            filter["operator"]
        ]
    return number >= filter.get("minimum", number) and (number % 2 == 0) == filter.get(
        "isEven", number % 2 == 0
    )


@given(FILTERS, FILTERS, st.integers(-4, 4))
def test_t87_operators_mean_what_they_look_like(one: Any_, other: Any_, number: int) -> None:
    """`&`, `|` and `~` of any filters are those of their results; NOT is sent as NOR."""
    first, second = matches(wire(one), number), matches(wire(other), number)
    assert (first and second) == matches(wire(one & other), number)
    assert (first or second) == matches(wire(one | other), number)
    assert (not first) == matches(wire(~one), number)


def test_t87_several_conditions_under_not() -> None:
    """None of them may match; they are shown so."""
    neither = FilterOperator("NOT", [Condition(minimum=3), Condition(is_even=True)])
    assert [1] == [number for number in (1, 2, 3, 4) if matches(wire(neither), number)]
    assert "~(Condition(minimum=3) | Condition(is_even=True))" == repr(neither)


def test_operators_are_sent_as_objects() -> None:
    """With their conditions in order; a wire mapping may be among them."""
    both = FilterOperator[Condition]("OR", [Condition(minimum=1) & Condition(), {"vendor": None}])
    assert {
        "operator": "OR",
        "conditions": [
            {"operator": "AND", "conditions": [{"minimum": 1}, {}]},
            {"vendor": None},
        ],
    } == wire(both)


def test_filters_are_shown_as_they_are_written() -> None:
    """So that the repr can be read as Python."""
    one, other = Condition(minimum=1), Condition(role=None)
    assert "(Condition(minimum=1) & Condition(role=None))" == repr(one & other)
    assert "~((Condition(minimum=1) | Condition(role=None)))" == repr(~(one | other))


def test_t62_t88_a_condition_is_what_was_set() -> None:
    """Null is a condition of its own, nothing at all matches everything."""
    assert {"role": None} == wire(Condition(role=None))
    assert {} == wire(Condition())


def test_filters_can_be_compared() -> None:
    """Equal filters are equal queries."""
    assert Condition(minimum=1) & Condition() == Condition(minimum=1) & Condition()
    assert Condition(minimum=1) & Condition() != Condition(minimum=1) | Condition()


DESCENDING = {"property": "receivedAt", "isAscending": False}


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (None, None),
        ([], []),
        ("receivedAt", [{"property": "receivedAt"}]),
        ("-receivedAt", [DESCENDING]),
        (["-receivedAt", "size"], [DESCENDING, {"property": "size"}]),
        (Comparator("receivedAt", is_ascending=False), [DESCENDING]),
        (DESCENDING, [DESCENDING]),
        ((DESCENDING, "size"), [DESCENDING, {"property": "size"}]),
        ((name for name in ["size"]), [{"property": "size"}]),
    ],
)
def test_t86_a_sort_may_be_given_in_many_ways(sort: object, expected: object) -> None:
    """One or many; ascending is the default and not sent."""
    assert expected == wire(as_sort(cast("Any", sort)))


def test_t92_comparators_have_a_collation_and_a_keyword() -> None:
    """Where they are given."""
    by_flag = Comparator("hasKeyword", keyword="$flagged", is_ascending=False)
    assert {"property": "hasKeyword", "keyword": "$flagged", "isAscending": False} == wire(by_flag)
    collated = Comparator("subject", collation="i;unicode-casemap")
    assert {"property": "subject", "collation": "i;unicode-casemap"} == wire(collated)
