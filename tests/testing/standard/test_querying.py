"""Tests of the standard /query."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from tests.testing.model import Model


def test_filter_null_and_an_empty_condition_match_all(model: Model) -> None:
    """Both give all records, in a stable order."""
    everything = ["P1", "P2", "P3", "P4", "P5", "P6"]
    assert everything == model.query("Mailbox")
    assert everything == model.query("Mailbox", {})


def test_t87_operators(model: Model) -> None:
    """AND needs all, OR needs one, NOT needs none of its conditions."""
    inbox, drafts = {"role": "inbox"}, {"role": "drafts"}
    named = {"name": "dra"}

    def found(operator: str, *conditions: object) -> list[str]:
        return model.query("Mailbox", {"operator": operator, "conditions": list(conditions)})

    assert ["P1", "P2"] == found("OR", inbox, drafts)
    assert ["P2"] == found("AND", drafts, named)
    assert ["P3", "P4", "P5", "P6"] == found("NOT", inbox, drafts)
    assert ["P1"] == found("AND", {"operator": "NOT", "conditions": [named]}, inbox)
    assert (6, 0, 6) == (len(found("AND")), len(found("OR")), len(found("NOT")))


def test_members_of_one_condition_are_anded(model: Model) -> None:
    """All of them have to match."""
    assert ["P2"] == model.query("Mailbox", {"hasAnyRole": True, "name": "Drafts"})
    assert [] == model.query("Mailbox", {"hasAnyRole": False, "name": "Drafts"})


@pytest.mark.parametrize(
    ("error", "filter"),
    [
        ("unsupportedFilter", {"nope": 1}),
        ("unsupportedFilter", {"operator": "AND", "conditions": [{"nope": 1}]}),
        ("invalidArguments", {"name": 1}),
        ("invalidArguments", {"operator": "XOR", "conditions": []}),
        ("invalidArguments", {"operator": "AND"}),
        ("invalidArguments", {"operator": "AND", "conditions": [None]}),
        ("invalidArguments", {"operator": "AND", "conditions": ["x"]}),
        ("invalidArguments", {"operator": "AND", "conditions": [], "name": "x"}),
        ("invalidArguments", "name"),
    ],
)
def test_t88_wrong_filters(model: Model, error: str, filter: object) -> None:
    """What is unknown is unsupported, what is malformed is invalid."""
    assert error == model.error("Mailbox/query", filter=filter)


@pytest.mark.parametrize(
    ("error", "comparator"),
    [
        ("unsupportedSort", {"property": "nope"}),
        ("unsupportedSort", {"property": "name", "collation": "i;nope"}),
        ("invalidArguments", {}),
        ("invalidArguments", {"property": "name", "isAscending": "yes"}),
        ("invalidArguments", {"property": "name", "collation": 1}),
        ("invalidArguments", None),
    ],
)
def test_wrong_sorts(model: Model, error: str, comparator: object) -> None:
    """Unknown properties and collations are unsupported, malformed ones invalid."""
    assert error == model.error("Mailbox/query", sort=[comparator])


def test_t86_sorts_ascend_by_default(model: Model) -> None:
    """Later comparators decide between equals; reversed ones keep the sort stable."""
    for name in ("b", "A", "a"):
        model.create("Mailbox", name=name, sortOrder=9)
    names = {m["id"]: m["name"] for m in model.call("Mailbox/get")["list"]}
    by_name = [names[id] for id in model.query("Mailbox", {"hasAnyRole": False}, "name")]
    assert ["A", "a", "b"] == by_name
    descending = [names[id] for id in model.query("Mailbox", None, "-sortOrder", "name")]
    assert ["A", "a", "b", "Archive", "Junk"] == descending[:5]


def test_collations(model: Model) -> None:
    """Octets put upper case first, the others ignore case."""
    for name in ("b", "B", "a"):
        model.create("Mailbox", name=name)
    names = {m["id"]: m["name"] for m in model.call("Mailbox/get")["list"]}

    def ordered(collation: str) -> list[str]:
        comparator = {"property": "name", "collation": collation}
        response = model.call("Mailbox/query", filter={"hasAnyRole": False}, sort=[comparator])
        return [names[id] for id in response["ids"]]

    assert ["B", "a", "b"] == ordered("i;octet")
    assert ["a", "b", "B"] == ordered("i;ascii-casemap") == ordered("i;unicode-casemap")


def test_t85_the_total_comes_only_when_asked_for(model: Model) -> None:
    """And then it counts all results, not only the page."""
    assert "total" not in model.call("Mailbox/query")
    assert 6 == model.call("Mailbox/query", limit=1, calculateTotal=True)["total"]


def test_t82_a_limit_of_the_server_is_told() -> None:
    """Only when it differs from the one asked for."""
    model = Model(max_query_limit=4)
    response = model.call("Mailbox/query")
    assert (4, 4) == (response["limit"], len(response["ids"]))
    assert 4 == model.call("Mailbox/query", limit=9)["limit"]
    assert "limit" not in model.call("Mailbox/query", limit=4)
    assert "invalidArguments" == model.error("Mailbox/query", limit=-1)


def test_t84_an_anchor_that_is_gone_is_not_found(model: Model) -> None:
    """It may exist as a record and still not be among the results."""
    assert "anchorNotFound" == model.error("Mailbox/query", anchor="nope")
    assert "anchorNotFound" == model.error("Mailbox/query", anchor="P1", filter={"role": "sent"})


def window(everything: list[str], arguments: dict[str, Any]) -> tuple[int, list[str]]:
    """Return position and ids of a page: RFC 8620, 5.5 word by word."""
    anchor = arguments.get("anchor")
    if anchor is not None:
        start = everything.index(anchor) + arguments.get("anchorOffset", 0)
        start = max(start, 0)
    else:
        start = arguments.get("position", 0)
        if start < 0:
            start = max(start + len(everything), 0)
    limit = arguments.get("limit")
    page = [id for index, id in enumerate(everything) if index >= start]
    return start, page if limit is None else page[:limit]


@given(
    arguments=st.fixed_dictionaries(
        {},
        optional={
            "position": st.integers(-9, 9),
            "anchor": st.none() | st.sampled_from(["P1", "P2", "P3", "P4", "P5", "P6"]),
            "anchorOffset": st.integers(-9, 9),
            "limit": st.none() | st.integers(0, 9),
        },
    )
)
def test_t83_windows(arguments: dict[str, Any]) -> None:
    """Every position, anchor, offset and limit gives the page that the RFC describes."""
    model = Model()
    response = model.call("Mailbox/query", **arguments)
    everything = ["P1", "P2", "P3", "P4", "P5", "P6"]
    assert window(everything, arguments) == (response["position"], response["ids"])


def test_the_query_state_changes_with_the_results_only(model: Model) -> None:
    """Another property of a record in the results leaves it as it is."""
    state = model.call("Mailbox/query", filter={"hasAnyRole": True})["queryState"]
    model.create("Mailbox", name="Box")
    model.update("Mailbox", "P2", sortOrder=99)
    assert state == model.call("Mailbox/query", filter={"hasAnyRole": True})["queryState"]
    model.update("Mailbox", "P6", role=None)
    assert state != model.call("Mailbox/query", filter={"hasAnyRole": True})["queryState"]
