"""Tests of the standard /queryChanges."""

from typing import Any

from hypothesis import given, strategies as st

from jmap_async.testing.standard import query_changes
from tests.testing.model import Model


def spliced(old: list[str], removed: list[str], added: list[dict[str, Any]]) -> list[str]:
    """Apply changes as a client does: first take out, then put in (RFC 8620, 5.6)."""
    result = [id for id in old if id not in removed]
    for item in added:
        result.insert(item["index"], item["id"])
    return result


LISTS = st.lists(st.sampled_from("abcdefghij"), unique=True)


@given(old=LISTS, new=LISTS, extra=st.sets(st.sampled_from("abcdefghij")))
def test_t79_the_difference_leads_from_the_old_to_the_new(
    old: list[str], new: list[str], extra: set[str]
) -> None:
    """For any two lists, also when more than needed is taken out and put back."""
    moved = query_changes.moved(old, new) | (extra & set(old) & set(new))
    removed, added = query_changes.difference(old, new, moved)
    assert new == spliced(old, removed, added)
    assert [item["index"] for item in added] == sorted(item["index"] for item in added)


@given(old=LISTS)
def test_what_keeps_its_order_is_not_moved(old: list[str]) -> None:
    """Taking out some and adding others at the end moves nothing."""
    assert set() == query_changes.moved(old, [*old[::2], "x"])


def test_one_of_many_moves() -> None:
    """The fewest are taken out: one, not all the others."""
    assert {"a"} == query_changes.moved(list("abcd"), list("bcda"))


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["create", "destroy", "flag", "unflag", "move"]), st.integers(0, 9)),
    max_size=12,
)
QUERIES = st.sampled_from(
    [
        {"filter": None, "sort": [{"property": "receivedAt", "isAscending": False}]},
        {"filter": {"inMailbox": "P1"}, "sort": [{"property": "subject"}]},
        {"filter": {"hasKeyword": "$flagged"}, "sort": None},
        {"filter": {"operator": "NOT", "conditions": [{"inMailbox": "P4"}]}, "sort": None},
        {
            "filter": None,
            "sort": [{"property": "hasKeyword", "keyword": "$flagged"}, {"property": "size"}],
        },
        {"filter": None, "sort": [{"property": "subject"}], "collapseThreads": True},
    ]
)


def act(model: Model, action: str, pick: int, number: int) -> None:
    """Change something about the Emails."""
    ids = model.query("Email")
    if action == "create" or not ids:
        model.server.add_email(subject=f"{pick} {number}", text="x" * pick)
        return
    id = ids[pick % len(ids)]
    if action == "destroy":
        model.call("Email/set", destroy=[id])
    elif action == "move":
        model.update("Email", id, mailboxIds={f"P{pick % 4 + 1}": True})
    else:
        value = True if action == "flag" else None
        model.update("Email", id, **{"keywords/$flagged": value})


@given(before=ACTIONS, after=ACTIONS, query=QUERIES)
def test_t79_a_cached_query_can_be_brought_up_to_date(
    before: list[tuple[str, int]], after: list[tuple[str, int]], query: dict[str, Any]
) -> None:
    """Whatever happened in between, the changes lead to what a new query finds."""
    model = Model()
    for number, (action, pick) in enumerate(before):
        act(model, action, pick, number)
    cached = model.call("Email/query", **query)
    for number, (action, pick) in enumerate(after):
        act(model, action, pick, 100 + number)

    changes = model.call(
        "Email/queryChanges", **query, sinceQueryState=cached["queryState"], calculateTotal=True
    )

    fresh = model.call("Email/query", **query, calculateTotal=True)
    assert fresh["ids"] == spliced(cached["ids"], changes["removed"], changes["added"])
    assert (fresh["queryState"], fresh["total"]) == (changes["newQueryState"], changes["total"])
    assert cached["queryState"] == changes["oldQueryState"]


def test_t72_t77_an_unknown_state_or_another_query_is_refused(model: Model) -> None:
    """A query state belongs to its filter and sort."""
    state = model.call("Mailbox/query", filter={"hasAnyRole": True})["queryState"]
    assert "cannotCalculateChanges" == model.error("Mailbox/queryChanges", sinceQueryState="x")
    assert "cannotCalculateChanges" == model.error("Mailbox/queryChanges", sinceQueryState=state)
    model.server.forget_changes()
    assert "cannotCalculateChanges" == model.error(
        "Mailbox/queryChanges", sinceQueryState=state, filter={"hasAnyRole": True}
    )


def test_t81_more_changes_than_wanted_are_refused(model: Model) -> None:
    """Removed and added count together."""
    state = model.call("Email/query")["queryState"]
    model.server.add_email()
    model.server.add_email()
    arguments = {"sinceQueryState": state, "maxChanges": 1}
    assert "tooManyChanges" == model.error("Email/queryChanges", **arguments)
    assert 2 == len(model.call("Email/queryChanges", **{**arguments, "maxChanges": 2})["added"])


def test_the_total_comes_only_when_asked_for(model: Model) -> None:
    """As with /query."""
    state = model.call("Email/query")["queryState"]
    assert "total" not in model.call("Email/queryChanges", sinceQueryState=state)


def test_t80_what_lies_behind_the_last_known_id_is_left_out(model: Model) -> None:
    """Only for filters and sorts that cannot change, and if the id is still there."""
    for subject in "bdf":
        model.server.add_email(subject=subject)
    model.server.add_email(subject="z")
    by_subject = {"sort": [{"property": "subject"}]}
    state = model.call("Email/query", **by_subject)["queryState"]
    first, last = model.server.add_email(subject="a"), model.server.add_email(subject="e")
    model.call("Email/set", destroy=["M4"])

    changes = model.call("Email/queryChanges", **by_subject, sinceQueryState=state, upToId="M2")
    assert ([], [{"id": first, "index": 0}]) == (changes["removed"], changes["added"])

    changes = model.call("Email/queryChanges", **by_subject, sinceQueryState=state, upToId="M9")
    assert (["M4"], [first, last]) == (changes["removed"], [a["id"] for a in changes["added"]])


def test_t80_a_mutable_query_tells_everything(model: Model) -> None:
    """The last known id is ignored, and what was updated is put in anew."""
    for subject in "ab":
        model.server.add_email(subject=subject)
    query = {"filter": {"inMailbox": "P1"}}
    state = model.call("Email/query", **query)["queryState"]
    model.update("Email", "M1", **{"keywords/$seen": True})
    changes = model.call("Email/queryChanges", **query, sinceQueryState=state, upToId="M1")
    assert (["M1"], [{"id": "M1", "index": 0}]) == (changes["removed"], changes["added"])
