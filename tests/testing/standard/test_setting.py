"""Tests of the standard /set."""

import pytest

from tests.testing.model import Model


def test_t99_created_tells_what_the_client_does_not_know(model: Model) -> None:
    """What was sent is left out, defaults and server-set properties are in."""
    created = model.create("Mailbox", name="Box", sortOrder=3)
    assert {"name", "sortOrder"}.isdisjoint(created)
    assert {"parentId": None, "role": None, "isSubscribed": True, "totalEmails": 0} == {
        name: created[name] for name in ("parentId", "role", "isSubscribed", "totalEmails")
    }


def test_t61_empty_maps_are_null(model: Model) -> None:
    """A call without work answers with null everywhere, and the same state."""
    response = model.call("Mailbox/set")
    names = ("created", "updated", "destroyed", "notCreated", "notUpdated", "notDestroyed")
    assert [None] * 6 == [response[name] for name in names]
    assert response["oldState"] == response["newState"]


def test_t97_objects_fail_one_by_one(model: Model) -> None:
    """One call can create one object and refuse another."""
    response = model.call(
        "Mailbox/set",
        create={"good": {"name": "Box"}, "bad": {"name": ""}},
        update={"P2": {"name": "Entwürfe"}, "nope": {"name": "x"}},
        destroy=["P6", "gone"],
    )
    assert ["good"] == list(response["created"])
    assert "invalidProperties" == response["notCreated"]["bad"]["type"]
    assert {"P2": None} == response["updated"]
    assert "notFound" == response["notUpdated"]["nope"]["type"]
    assert ["P6"] == response["destroyed"]
    assert "notFound" == response["notDestroyed"]["gone"]["type"]
    assert response["oldState"] != response["newState"]


def test_t98_too_many_objects_are_too_large() -> None:
    """Create, update and destroy count together."""
    model = Model(max_objects_in_set=2)
    arguments = {"create": {"a": {"name": "A"}}, "update": {"P2": {}}, "destroy": ["P6"]}
    assert "requestTooLarge" == model.error("Mailbox/set", **arguments)
    assert 6 == len(model.call("Mailbox/get", ids=None)["list"])


def test_t101_another_state_than_the_current_one_stops_the_call(model: Model) -> None:
    """A mismatch does nothing; the current state, or null, lets it go on."""
    state = model.state("Mailbox")
    wrong = {"ifInState": "mailbox;0", "create": {"a": {"name": "A"}}}
    assert "stateMismatch" == model.error("Mailbox/set", **wrong)
    assert state == model.state("Mailbox")
    response = model.call("Mailbox/set", ifInState=state, create={"a": {"name": "A"}})
    assert state == response["oldState"]
    assert model.call("Mailbox/set", ifInState=None)


def test_t106_server_set_properties_are_not_created(model: Model) -> None:
    """All the wrong ones are named, the unknown and missing ones too."""
    failure = model.refused("Mailbox", id="P9", totalEmails=0, nope=1, sortOrder=-1)
    assert "invalidProperties" == failure["type"]
    assert {"id", "totalEmails", "nope", "sortOrder", "name"} == set(failure["properties"])


def test_t106_a_whole_object_can_be_sent_back(model: Model) -> None:
    """Server-set properties may be there with their current value, and with no other."""
    whole = model.get_one("Mailbox", "P2")
    response = model.call("Mailbox/set", update={"P2": {**whole, "name": "Drafts 2"}})
    assert {"P2": None} == response["updated"]
    response = model.call("Mailbox/set", update={"P2": {**whole, "totalEmails": 7}})
    assert ["totalEmails"] == response["notUpdated"]["P2"]["properties"]


def test_t107_immutable_properties_stay(model: Model) -> None:
    """Another value is refused, the same one is not."""
    assert {"I1": None} == model.update("Identity", "I1", email="alice@example.org")["updated"]
    response = model.update("Identity", "I1", email="bob@example.org", name="Bob")
    assert ["email"] == response["notUpdated"]["I1"]["properties"]
    assert "alice@example.org" == model.get_one("Identity", "I1")["name"]


def test_t103_a_bad_patch_is_invalid_patch(model: Model) -> None:
    """A path into nothing is another error than an unknown property."""
    response = model.call("Mailbox/set", update={"P2": {"name/x": 1}, "P3": {"nope": 1}})
    assert "invalidPatch" == response["notUpdated"]["P2"]["type"]
    assert "invalidProperties" == response["notUpdated"]["P3"]["type"]


def test_t104_null_resets_to_the_default(model: Model) -> None:
    """What has a default gets it; what needs a value is refused."""
    box = model.create("Mailbox", name="Box", sortOrder=3)["id"]
    model.update("Mailbox", box, sortOrder=None)
    assert {"id": box, "sortOrder": 0} == model.get_one("Mailbox", box, "sortOrder")
    response = model.update("Mailbox", box, name=None)
    assert ["name"] == response["notUpdated"][box]["properties"]


def test_t57_creates_are_ordered_by_their_references(model: Model) -> None:
    """A child may stand before its parent in one call."""
    response = model.call(
        "Mailbox/set",
        create={
            "leaf": {"name": "Leaf", "parentId": "#branch"},
            "branch": {"name": "Branch", "parentId": "#root"},
            "root": {"name": "Root"},
        },
    )
    created = response["created"]
    leaf = model.get_one("Mailbox", created["leaf"]["id"], "parentId")
    assert created["branch"]["id"] == leaf["parentId"]


def test_references_in_a_ring_or_to_nothing_are_refused(model: Model) -> None:
    """Nothing was created under those names when they are needed."""
    ring = {"a": {"name": "A", "parentId": "#b"}, "b": {"name": "B", "parentId": "#a"}}
    response = model.call("Mailbox/set", create=ring)
    assert {"a": ["parentId"], "b": ["parentId"]} == {
        key: failure["properties"] for key, failure in response["notCreated"].items()
    }
    response = model.update("Mailbox", "P2", parentId="#nope")
    assert ["parentId"] == response["notUpdated"]["P2"]["properties"]


def test_t54_creation_ids_stand_for_ids_in_the_same_call(model: Model) -> None:
    """What was just created can be updated, referred to in a patch, and destroyed."""
    response = model.call(
        "Mailbox/set",
        create={"a": {"name": "A"}, "b": {"name": "B"}},
        update={"#a": {"name": "AA", "parentId": "#b"}},
    )
    a, b = (response["created"][key]["id"] for key in "ab")
    assert {a: None} == response["updated"]
    assert {"id": a, "name": "AA", "parentId": b} == model.get_one("Mailbox", a, "name", "parentId")
    response = model.call("Mailbox/set", create={"c": {"name": "C"}}, destroy=["#c", "#d"])
    assert [response["created"]["c"]["id"]] == response["destroyed"]
    assert ["#d"] == list(response["notDestroyed"])


def test_t54_creation_ids_stand_for_keys_of_maps(model: Model) -> None:
    """In mailboxIds of a patch they are the last token, or keys of the whole map."""
    email = model.server.add_email()
    *_, (_, response) = model.responses(
        ("Mailbox/set", {"create": {"m": {"name": "M"}, "n": {"name": "N"}}}),
        ("Email/set", {"update": {email: {"mailboxIds/#m": True, "mailboxIds/P1": None}}}),
        ("Email/set", {"update": {email: {"mailboxIds": {"#n": True}}}}),
    )
    assert {email: None} == response["updated"]
    [mailbox] = model.get_one("Email", email, "mailboxIds")["mailboxIds"]
    assert "N" == model.get_one("Mailbox", mailbox, "name")["name"]


def test_t108_what_will_be_destroyed_is_not_updated(model: Model) -> None:
    """The update is refused, the destroy goes on; twice the same id is one destroy."""
    response = model.call("Mailbox/set", update={"P6": {"name": "x"}}, destroy=["P6", "P6"])
    assert "willDestroy" == response["notUpdated"]["P6"]["type"]
    assert ["P6"] == response["destroyed"]
    assert response["notDestroyed"] is None


def test_t109_singletons_are_neither_created_nor_destroyed(model: Model) -> None:
    """Both get the SetError "singleton"."""
    response = model.call(
        "VacationResponse/set", create={"a": {"isEnabled": True}}, destroy=["singleton"]
    )
    assert "singleton" == response["notCreated"]["a"]["type"]
    assert "singleton" == response["notDestroyed"]["singleton"]["type"]


def test_names_can_be_swapped_in_one_call(model: Model) -> None:
    """Invalid states in between are allowed when the final one is valid."""
    response = model.call("Mailbox/set", update={"P2": {"name": "Sent"}, "P3": {"name": "Drafts"}})
    assert {"P2": None, "P3": None} == response["updated"]
    response = model.call(
        "Mailbox/set", create={"t": {"name": "Trash", "role": "trash"}}, destroy=["P4"]
    )
    assert ["P4"] == response["destroyed"]


def test_a_final_state_that_is_invalid_is_done_step_by_step(model: Model) -> None:
    """Then each object stands on its own, and nothing of the first attempt is left."""
    state = model.state("Mailbox")
    response = model.call(
        "Mailbox/set",
        create={"x": {"name": "New"}, "y": {"name": "New"}},
        update={"P2": {"name": "Sent"}, "P5": {"name": "Spam"}},
    )
    assert ["x"] == list(response["created"])
    assert "alreadyExists" == response["notCreated"]["y"]["type"]
    assert {"P5": None} == response["updated"]
    assert "alreadyExists" == response["notUpdated"]["P2"]["type"]
    changes = model.call("Mailbox/changes", sinceState=state)
    assert [response["created"]["x"]["id"]] == changes["created"]
    assert ["P5"] == changes["updated"]


def test_counts_are_right_after_a_first_attempt_was_undone(model: Model) -> None:
    """Nothing that was worked out in between is believed."""
    box = model.create("Mailbox", name="Box")["id"]
    model.server.add_email(mailbox=box)
    model.call(
        "Mailbox/set",
        create={"x": {"name": "Sent"}, "y": {"name": "New"}},
        destroy=[box],
        onDestroyRemoveEmails=True,
    )
    found = model.call("Mailbox/get")["list"]
    assert [0] * len(found) == [mailbox["totalEmails"] for mailbox in found]


@pytest.mark.parametrize(
    "arguments",
    [
        {"create": {"#a": {"name": "x"}}},
        {"create": {"a.b": {"name": "x"}}},
        {"create": {"a": None}},
        {"update": {"P1": []}},
        {"destroy": "P1"},
        {"destroy": ["a b"]},
    ],
)
def test_t56_malformed_arguments_are_refused(model: Model, arguments: dict[str, object]) -> None:
    """Creation ids are Ids, objects are objects."""
    assert "invalidArguments" == model.error("Mailbox/set", **arguments)
