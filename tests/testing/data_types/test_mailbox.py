"""Tests of the Mailbox type."""

import pytest

from tests.testing.model import Model


def test_t113_an_account_has_the_usual_roles(model: Model) -> None:
    """They are found by role, whatever the Mailboxes are called."""
    roles = {m["role"] for m in model.call("Mailbox/get")["list"]}
    assert {"inbox", "drafts", "sent", "trash", "junk", "archive"} == roles
    assert ["P4"] == model.query("Mailbox", {"role": "trash"})


@pytest.mark.parametrize(
    "properties",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"name": "ü" * 246},
        {"name": None},
        {"sortOrder": 2**31},
        {"sortOrder": -1},
        {"role": "Inbox"},
        {"role": "inbox"},
        {"parentId": "P99"},
        {"isSubscribed": None},
        {"myRights": {}},
    ],
)
def test_t138_wrong_properties_are_named(model: Model, properties: dict[str, object]) -> None:
    """Sizes are in octets, roles are unique, parents exist."""
    failure = model.refused("Mailbox", **{"name": "Box", **properties})
    assert ("invalidProperties", [*properties]) == (failure["type"], failure["properties"])


def test_t138_names_are_unique_among_siblings(model: Model) -> None:
    """The same name elsewhere in the tree is fine."""
    box = model.create("Mailbox", name="Box")["id"]
    assert {"type": "alreadyExists", "existingId": box} == {
        k: v for k, v in model.refused("Mailbox", name="Box").items() if k != "description"
    }
    inner = model.create("Mailbox", name="Box", parentId=box)["id"]
    response = model.update("Mailbox", inner, parentId=None)
    assert "alreadyExists" == response["notUpdated"][inner]["type"]


def test_a_mailbox_cannot_be_inside_itself(model: Model) -> None:
    """Neither directly nor further down."""
    outer = model.create("Mailbox", name="Outer")["id"]
    inner = model.create("Mailbox", name="Inner", parentId=outer)["id"]
    for parent in (outer, inner):
        response = model.update("Mailbox", outer, parentId=parent)
        assert ["parentId"] == response["notUpdated"][outer]["properties"]


def test_the_inbox_stays(model: Model) -> None:
    """It may not be renamed, moved or destroyed; its rights say so."""
    rights = model.get_one("Mailbox", "P1", "myRights")["myRights"]
    assert (False, False, True) == tuple(
        rights[name] for name in ("mayRename", "mayDelete", "mayAddItems")
    )
    assert "forbidden" == model.update("Mailbox", "P1", name="x")["notUpdated"]["P1"]["type"]
    response = model.call("Mailbox/set", destroy=["P1"])
    assert "forbidden" == response["notDestroyed"]["P1"]["type"]
    assert {"P1": None} == model.update("Mailbox", "P1", isSubscribed=False)["updated"]


def test_rights_in_a_read_only_account(model: Model) -> None:
    """Only reading is allowed."""
    model.server.add_account("B", is_read_only=True)
    [found] = model.call("Mailbox/get", accountId="B", ids=["P2"])["list"]
    assert ["mayReadItems"] == [name for name, may in found["myRights"].items() if may]


def test_t137_children_go_before_their_parents(model: Model) -> None:
    """A Mailbox with a child stays, unless the child goes in the same call, in any order."""
    outer = model.create("Mailbox", name="Outer")["id"]
    inner = model.create("Mailbox", name="Inner", parentId=outer)["id"]
    model.server.add_email(mailbox=outer)
    arguments = {"destroy": [outer], "onDestroyRemoveEmails": True}
    response = model.call("Mailbox/set", **arguments)
    assert "mailboxHasChild" == response["notDestroyed"][outer]["type"]
    assert ["M1"] == model.query("Email")
    arguments = {"destroy": [outer, inner], "onDestroyRemoveEmails": True}
    assert {outer, inner} == set(model.call("Mailbox/set", **arguments)["destroyed"])


def test_a_mailbox_with_emails_stays_unless_told_otherwise(model: Model) -> None:
    """Emails in other Mailboxes too stay there, the others are destroyed."""
    box = model.create("Mailbox", name="Box")["id"]
    both, only = model.server.add_email(), model.server.add_email(mailbox=box)
    model.update("Email", both, **{f"mailboxIds/{box}": True})
    response = model.call("Mailbox/set", destroy=[box])
    assert "mailboxHasEmail" == response["notDestroyed"][box]["type"]
    response = model.call("Mailbox/set", destroy=[box], onDestroyRemoveEmails=True)
    assert [box] == response["destroyed"]
    assert {"P1": True} == model.get_one("Email", both, "mailboxIds")["mailboxIds"]
    assert [only] == model.call("Email/get", ids=[only])["notFound"]


def test_t62_null_is_a_condition(model: Model) -> None:
    """A null parent or role is not the same as no condition."""
    box = model.create("Mailbox", name="Box", parentId="P2", isSubscribed=False)["id"]
    assert [box] == model.query("Mailbox", {"role": None})
    assert [box] == model.query("Mailbox", {"parentId": "P2"})
    assert box not in model.query("Mailbox", {"parentId": None})
    assert [box] == model.query("Mailbox", {"isSubscribed": False})
    assert [box] == model.query("Mailbox", {"hasAnyRole": False})
    assert [box] == model.query("Mailbox", {"name": "BOX", "role": None})


def tree(model: Model) -> dict[str, str]:
    """Make a small tree and return the ids by name."""
    ids: dict[str, str] = {}
    for name, parent in (("b", None), ("a", "b"), ("d", None), ("c", "d"), ("e", "a")):
        parent_id = ids[parent] if parent else None
        ids[name] = model.create("Mailbox", name=name, parentId=parent_id, sortOrder=50)["id"]
    return ids


def test_sort_as_tree(model: Model) -> None:
    """Children follow their parents, siblings are in order; what is filtered out still counts."""
    ids = tree(model)
    names = {id: name for name, id in ids.items()}
    none = {"hasAnyRole": False}
    flat = model.query("Mailbox", none, "-name")
    assert "edcba" == "".join(names[id] for id in flat)
    ordered = model.query("Mailbox", none, "-name", sortAsTree=True)
    assert "dcbae" == "".join(names[id] for id in ordered)
    some = {"operator": "NOT", "conditions": [{"name": "b"}, {"hasAnyRole": True}]}
    ordered = model.query("Mailbox", some, "-name", sortAsTree=True)
    assert "dcae" == "".join(names[id] for id in ordered)


def test_filter_as_tree(model: Model) -> None:
    """A Mailbox is in the results only if all above it are."""
    ids = tree(model)
    filter = {"operator": "NOT", "conditions": [{"hasAnyRole": True}, {"name": "a"}]}
    assert ids["e"] in model.query("Mailbox", filter)
    found = model.query("Mailbox", filter, filterAsTree=True)
    assert [ids["b"], ids["d"], ids["c"]] == found


def test_t96_trees_have_no_query_changes(model: Model) -> None:
    """Mailbox/queryChanges does not know the arguments, and the query says so."""
    response = model.call("Mailbox/query", sortAsTree=True)
    assert response["canCalculateChanges"] is False
    state = response["queryState"]
    assert "cannotCalculateChanges" == model.error("Mailbox/queryChanges", sinceQueryState=state)
    arguments = {"sinceQueryState": state, "sortAsTree": True}
    assert "invalidArguments" == model.error("Mailbox/queryChanges", **arguments)
