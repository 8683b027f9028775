"""Tests of MaskedEmail."""

import pytest

from tests.testing.model import Model


def test_a_masked_email_is_pending_unless_told_otherwise(model: Model) -> None:
    """What the server made up is told."""
    created = model.create("MaskedEmail", forDomain="https://shop.example")
    assert "pending" == created["state"]
    assert {"id", "email", "state", "description", "url"} <= set(created)
    assert ("2026-03-01T12:00:00Z", None) == (created["createdAt"], created["lastMessageAt"])
    assert created["email"].endswith("@masked.example")
    other = model.create("MaskedEmail", state="enabled")
    assert created["email"] != other["email"]


def test_a_prefix_begins_the_address_and_is_never_returned(model: Model) -> None:
    """Nor can it be asked for or changed."""
    created = model.create("MaskedEmail", emailPrefix="shop_1")
    assert created["email"].startswith("shop_1.")
    assert "emailPrefix" not in created
    assert "emailPrefix" not in model.get_one("MaskedEmail", created["id"])
    assert "invalidArguments" == model.error("MaskedEmail/get", properties=["emailPrefix"])
    response = model.update("MaskedEmail", created["id"], emailPrefix="x")
    assert ["emailPrefix"] == response["notUpdated"][created["id"]]["properties"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "nope"},
        {"state": "deleted"},
        {"forDomain": None},
        {"description": None},
        {"emailPrefix": "UPPER"},
        {"emailPrefix": "x" * 65},
        {"email": "a@x"},
        {"createdBy": "me"},
    ],
)
def test_wrong_properties_are_named(model: Model, wrong: dict[str, object]) -> None:
    """Server-set ones among them."""
    assert [*wrong] == model.refused("MaskedEmail", **wrong)["properties"]


def test_states_change_but_never_to_pending(model: Model) -> None:
    """Deleted ones stay in the list; destroying removes the record."""
    id = model.create("MaskedEmail")["id"]
    for state in ("pending", "enabled", "disabled", "deleted", "enabled"):
        assert {id: None} == model.update("MaskedEmail", id, state=state)["updated"]
    response = model.update("MaskedEmail", id, state="pending")
    assert ["state"] == response["notUpdated"][id]["properties"]
    model.update("MaskedEmail", id, state="deleted", description="x", url="app://1")
    [found] = model.call("MaskedEmail/get", ids=None)["list"]
    assert ("deleted", "x", "app://1") == (found["state"], found["description"], found["url"])
    assert [id] == model.call("MaskedEmail/set", destroy=[id])["destroyed"]


def test_there_are_no_other_methods(model: Model) -> None:
    """Neither changes nor queries."""
    assert "unknownMethod" == model.error("MaskedEmail/query")
    assert "unknownMethod" == model.error("MaskedEmail/changes", sinceState="x")
