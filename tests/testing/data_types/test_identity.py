"""Tests of Identity and VacationResponse."""

import pytest

from tests.testing.model import Model


def test_an_account_has_an_identity_of_its_own(model: Model) -> None:
    """It has the address of the account and cannot be destroyed."""
    found = model.get_one("Identity", "I1")
    assert ("alice@example.org", False, None) == tuple(
        found[name] for name in ("email", "mayDelete", "replyTo")
    )
    response = model.call("Identity/set", destroy=["I1"])
    assert "forbidden" == response["notDestroyed"]["I1"]["type"]


def test_identities_come_and_go(model: Model) -> None:
    """Defaults are told on creation."""
    state = model.state("Identity")
    created = model.create("Identity", email="*@example.org", bcc=[{"email": "a@x"}])
    assert {
        "id": created["id"],
        "name": "",
        "replyTo": None,
        "textSignature": "",
        "htmlSignature": "",
        "mayDelete": True,
    } == created
    assert [created["id"]] == model.call("Identity/changes", sinceState=state)["created"]
    assert [created["id"]] == model.call("Identity/set", destroy=[created["id"]])["destroyed"]


@pytest.mark.parametrize(
    "wrong",
    [{"email": "nope"}, {"email": "@x"}, {"name": None}, {"replyTo": "a@x"}, {"mayDelete": True}],
)
def test_wrong_identities_are_refused(model: Model, wrong: dict[str, object]) -> None:
    """The wrong property is named."""
    assert [*wrong] == model.refused("Identity", **{"email": "a@x", **wrong})["properties"]


def test_t109_t149_the_one_vacation_response(model: Model) -> None:
    """It is there from the beginning, disabled, and takes dates in UTC."""
    [found] = model.call("VacationResponse/get", ids=None)["list"]
    assert ("singleton", False, None) == (found["id"], found["isEnabled"], found["fromDate"])
    patch = {"isEnabled": True, "fromDate": "2026-01-01T00:00:00Z", "textBody": "Away"}
    assert {"singleton": None} == model.update("VacationResponse", "singleton", **patch)["updated"]
    response = model.update("VacationResponse", "singleton", toDate="tomorrow")
    assert ["toDate"] == response["notUpdated"]["singleton"]["properties"]
