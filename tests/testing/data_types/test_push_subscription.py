"""Tests of PushSubscription."""

from typing import Any

import pytest

from jmap_async.testing.data_types.push_subscription import is_reached
from tests.testing.model import Model

DEVICE: dict[str, Any] = {"deviceClientId": "d", "url": "https://push.example/1"}


def test_t161_a_subscription_has_to_be_verified(model: Model) -> None:
    """The code is pushed to the URL, and another one is refused."""
    created = model.create("PushSubscription", **DEVICE)
    [push] = model.server.pushes
    assert ("https://push.example/1", "PushVerification", created["id"]) == (
        push.url,
        push.body["@type"],
        push.body["pushSubscriptionId"],
    )
    id, code = created["id"], push.body["verificationCode"]
    assert model.get_one("PushSubscription", id)["verificationCode"] is None
    response = model.update("PushSubscription", id, verificationCode="wrong")
    assert ["verificationCode"] == response["notUpdated"][id]["properties"]
    assert {id: None} == model.update("PushSubscription", id, verificationCode=code)["updated"]
    assert code == model.get_one("PushSubscription", id)["verificationCode"]


def test_t63_t70_no_account_and_no_state(model: Model) -> None:
    """Neither as argument nor in the response."""
    assert {"list", "notFound"} == set(model.call("PushSubscription/get"))
    response = model.call("PushSubscription/set", create={"k": DEVICE})
    assert {"accountId", "oldState", "newState"}.isdisjoint(response)
    [[name, error, _]] = model.request(("PushSubscription/get", {"accountId": "A1"}))[
        "methodResponses"
    ]
    assert ("error", "invalidArguments") == (name, error["type"])
    assert "invalidArguments" == model.error("PushSubscription/set", ifInState="x")


def test_t162_what_is_private_to_a_device_is_not_told(model: Model) -> None:
    """Asking for it is forbidden, changing it needs a new subscription."""
    keys = {"p256dh": "a", "auth": "b"}
    created = model.create("PushSubscription", **DEVICE, keys=keys)
    assert {"id", "expires", "verificationCode", "types"} == set(created)
    for name in ("url", "keys"):
        assert "forbidden" == model.error("PushSubscription/get", properties=[name])
    response = model.update("PushSubscription", created["id"], url="https://other.example/")
    assert ["url"] == response["notUpdated"][created["id"]]["properties"]


def test_t162_subscriptions_expire_within_a_week(model: Model) -> None:
    """A longer time is cut, on create and on update, and the client is told."""
    created = model.create("PushSubscription", **DEVICE, expires="2030-01-01T00:00:00Z")
    week = "2026-03-08T12:00:00Z"
    assert week == created["expires"]
    assert "expires" not in model.create(
        "PushSubscription", **DEVICE, expires="2026-03-02T00:00:00Z"
    )
    model.clock.forward(days=1)
    id = created["id"]
    response = model.update("PushSubscription", id, expires="2030-01-01T00:00:00Z")
    assert {id: {"expires": "2026-03-09T12:00:00Z"}} == response["updated"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://push.example"},
        {"url": "https://"},
        {"url": "https://[push.example"},
        {"url": "https://push.example:99999/"},
        {"keys": {"auth": "x"}},
        {"verificationCode": "x"},
        {"types": "Email"},
        {"expires": "soon"},
        {"deviceClientId": None},
    ],
)
def test_wrong_subscriptions_are_refused(model: Model, wrong: dict[str, object]) -> None:
    """The wrong property is named."""
    assert [*wrong] == model.refused("PushSubscription", **{**DEVICE, **wrong})["properties"]


def test_t163_a_new_token_ends_the_subscriptions(model: Model) -> None:
    """They belonged to the old one."""
    model.create("PushSubscription", **DEVICE, types=["Email"])
    model.server.rotate_token("new")
    assert [] == model.call("PushSubscription/get", ids=None)["list"]


@pytest.mark.parametrize(
    ("url", "keys", "expected"),
    [
        ("https://127.0.0.1:8443/x", None, True),
        ("https://localhost/x", None, True),
        ("https://[::1]/x", None, True),
        ("https://127.0.0.1/x", {"p256dh": "a", "auth": "b"}, False),
        ("https://push.example/x", None, False),
        ("https://127.0.0.1.example/x", None, False),
        ("https://127.0.0.1@push.example/x", None, False),
        ("https://192.0.2.1/x", None, False),
        ("https://\u2028/", None, False),
    ],
)
def test_only_this_machine_is_reached(url: str, keys: object, *, expected: bool) -> None:
    """And nothing is sent in plain text that was to be encrypted."""
    assert expected == is_reached({"url": url, "keys": keys})
