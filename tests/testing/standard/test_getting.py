"""Tests of the standard /get and /changes."""

from hypothesis import given, strategies as st

from tests.testing.model import Model


def test_get_returns_everything_for_null(model: Model) -> None:
    """Ids null are all records, and notFound is empty."""
    response = model.call("Mailbox/get", ids=None)
    assert 6 == len(response["list"])
    assert [] == response["notFound"]
    assert "A1" == response["accountId"]


def test_t62_no_ids_are_no_records(model: Model) -> None:
    """An empty list is not null."""
    assert [] == model.call("Mailbox/get", ids=[])["list"]


def test_t65_the_order_is_that_of_the_store(model: Model) -> None:
    """Duplicates come once, and what is missing is in notFound, once too."""
    response = model.call("Mailbox/get", ids=["P3", "x", "P1", "P3", "x"])
    assert ["P1", "P3"] == [found["id"] for found in response["list"]]
    assert ["x"] == response["notFound"]


def test_t66_only_the_id_comes_unasked(model: Model) -> None:
    """The id is always there, and nothing else that was not named."""
    assert {"id": "P1", "role": "inbox"} == model.get_one("Mailbox", "P1", "role")


def test_t64_too_many_ids_are_too_large() -> None:
    """Ids are counted as given; null counts the records."""
    model = Model(max_objects_in_get=3)
    assert "requestTooLarge" == model.error("Mailbox/get", ids=["a", "a", "a", "a"])
    assert "requestTooLarge" == model.error("Mailbox/get", ids=None)
    assert [] == model.call("Mailbox/get", ids=["a", "b", "c"])["list"]


def test_changes_sort_ids_by_what_happened(model: Model) -> None:
    """What was created, updated and destroyed since a state is told apart."""
    old = model.create("Mailbox", name="Old")["id"]
    gone = model.create("Mailbox", name="Gone")["id"]
    since = model.state("Mailbox")
    new = model.create("Mailbox", name="New")["id"]
    brief = model.create("Mailbox", name="Brief")["id"]
    model.update("Mailbox", new, name="Newer")
    model.update("Mailbox", old, name="Older")
    model.call("Mailbox/set", destroy=[gone, brief])

    response = model.call("Mailbox/changes", sinceState=since)

    assert ([new], [old], [gone]) == tuple(
        response[name] for name in ("created", "updated", "destroyed")
    )
    assert (since, model.state("Mailbox")) == (response["oldState"], response["newState"])
    assert response["hasMoreChanges"] is False


def test_nothing_changed_is_the_same_state(model: Model) -> None:
    """An update to what is already there makes no new state."""
    state = model.state("Mailbox")
    model.update("Mailbox", "P2", name="Drafts", totalEmails=0)
    assert state == model.state("Mailbox")
    assert state == model.call("Mailbox/changes", sinceState=state)["newState"]


def test_t72_an_unknown_or_forgotten_state_has_no_changes(model: Model) -> None:
    """States of the future, of another type, or too old are refused."""
    state = model.state("Mailbox")
    model.create("Mailbox", name="Box")
    for wrong in ("", "mailbox;99", "email;1", "mailbox;01", "mailbox;-1", "x"):
        assert "cannotCalculateChanges" == model.error("Mailbox/changes", sinceState=wrong)
    model.server.forget_changes()
    assert "cannotCalculateChanges" == model.error("Mailbox/changes", sinceState=state)
    now = model.state("Mailbox")
    assert now == model.call("Mailbox/changes", sinceState=now)["newState"]


def test_t73_max_changes_is_above_zero(model: Model) -> None:
    """Zero is invalid."""
    state = model.state("Mailbox")
    assert "invalidArguments" == model.error("Mailbox/changes", sinceState=state, maxChanges=0)


@given(
    actions=st.lists(
        st.tuples(st.sampled_from(["create", "update", "destroy"]), st.integers(0, 20)),
        max_size=25,
    ),
    step=st.integers(1, 4) | st.none(),
)
def test_t71_the_log_replays_to_the_present(
    actions: list[tuple[str, int]], step: int | None
) -> None:
    """Whoever follows /changes from any state, in steps of any size, arrives at what is there."""
    model = Model()
    since = model.state("Identity")
    known = {found["id"]: found for found in model.call("Identity/get")["list"]}
    for number, (action, pick) in enumerate(actions):
        ids = [found["id"] for found in model.call("Identity/get")["list"][1:]]
        if action == "create":
            model.create("Identity", email=f"a{number}@example.org")
        elif ids and action == "update":
            model.update("Identity", ids[pick % len(ids)], name=f"name {number}")
        elif ids:
            model.call("Identity/set", destroy=[ids[pick % len(ids)]])
    more = True
    while more:
        response = model.call("Identity/changes", sinceState=since, maxChanges=step)
        ids = [*response["created"], *response["updated"]]
        assert step is None or len([*ids, *response["destroyed"]]) <= step
        known |= {id: {} for id in ids}
        for id in response["destroyed"]:
            known.pop(id, None)
        more, since = response["hasMoreChanges"], response["newState"]
    assert sorted(known) == sorted(found["id"] for found in model.call("Identity/get")["list"])
    assert since == model.state("Identity")
