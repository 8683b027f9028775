"""Tests of the standard /copy and of Blob/copy."""

from typing import Any

import pytest

from tests.testing.model import Model


@pytest.fixture
def two(model: Model) -> Model:
    """A server with two accounts and one Email in the first."""
    model.server.add_account("B")
    model.server.add_email()
    return model


def arguments(**given: object) -> dict[str, Any]:
    """Return the arguments that copy M1 of A1 to B."""
    create = {"k": {"id": "M1", "mailboxIds": {"P1": True}}}
    return {"fromAccountId": "A1", "accountId": "B", "create": create, **given}


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"fromAccountId": "nope"}, "fromAccountNotFound"),
        ({"accountId": "nope"}, "accountNotFound"),
        ({"fromAccountId": "B"}, "invalidArguments"),
        ({"ifInState": "x"}, "stateMismatch"),
        ({"ifFromInState": "x"}, "stateMismatch"),
        ({"create": None}, "invalidArguments"),
    ],
)
def test_t110_the_call_is_checked_first(two: Model, given: dict[str, Any], error: str) -> None:
    """Accounts must exist and differ, states must match."""
    assert error == two.error("Email/copy", **arguments(**given))


def test_the_source_has_to_have_the_type(two: Model) -> None:
    """An account without mail has no Emails to copy."""
    two.server.add_account("C", capabilities=[])
    error = two.error("Email/copy", **arguments(fromAccountId="C"))
    assert "fromAccountNotSupportedByMethod" == error


def test_a_read_only_account_is_no_target_but_a_source(two: Model) -> None:
    """Copying changes only the account that it copies to."""
    two.server.world.accounts["A1"].is_read_only = True
    assert two.call("Email/copy", **arguments())["created"]
    two.server.world.accounts["B"].is_read_only = True
    assert "accountReadOnly" == two.error("Email/copy", **arguments())


def test_t110_each_record_is_copied_for_itself(two: Model) -> None:
    """What is missing or misses its id fails alone."""
    good = arguments()["create"]["k"]
    create = {"good": good, "gone": {**good, "id": "M9"}, "none": {"mailboxIds": {}}}
    response = two.call("Email/copy", **arguments(create=create))
    assert ["good"] == [*response["created"]]
    assert {"gone": "notFound", "none": "invalidProperties"} == {
        key: failure["type"] for key, failure in response["notCreated"].items()
    }
    assert ("A1", "B") == (response["fromAccountId"], response["accountId"])
    assert response["oldState"] != response["newState"]


def test_too_many_copies_are_too_large(two: Model) -> None:
    """The limit of /set holds."""
    two.server.limits.max_objects_in_set = 0
    assert "requestTooLarge" == two.error("Email/copy", **arguments())


def test_t43_originals_are_destroyed_by_an_implicit_set(two: Model) -> None:
    """It answers under the same call id, for the source account, and may fail by itself."""
    first, second = two.responses(
        ("Email/copy", arguments(onSuccessDestroyOriginal=True, destroyFromIfInState="x"))
    )
    assert ("Email/copy", "error", "stateMismatch") == (first[0], second[0], second[1]["type"])
    request = two.request(("Email/copy", arguments(onSuccessDestroyOriginal=True)))
    names = [(name, call_id) for name, _, call_id in request["methodResponses"]]
    assert [("Email/copy", "0"), ("Email/set", "0")] == names
    destroyed = request["methodResponses"][1][1]
    assert ("A1", ["M1"]) == (destroyed["accountId"], destroyed["destroyed"])
    assert [] == two.query("Email")


def test_without_a_copy_nothing_is_destroyed(two: Model) -> None:
    """There is no second response then."""
    given = arguments(onSuccessDestroyOriginal=True, create={"k": {"id": "M9"}})
    assert 1 == len(two.responses(("Email/copy", given)))
    assert ["M1"] == two.query("Email")


def test_copies_have_creation_ids(two: Model) -> None:
    """A later call can refer to the copy, and an earlier one to the Mailbox."""
    create = {"k": {"id": "M1", "mailboxIds": {"#m": True}}}
    *_, (_, response) = two.responses(
        ("Mailbox/set", {"accountId": "B", "create": {"m": {"name": "M"}}}),
        ("Email/copy", arguments(create=create)),
        ("Email/set", {"accountId": "B", "update": {"#k": {"keywords/$seen": True}}}),
    )
    assert [None] == [*response["updated"].values()]


def test_t40_blobs_are_copied_between_accounts(two: Model) -> None:
    """A blob id belongs to one account until then."""
    blob_id = two.server.world.accounts["A1"].put_blob(b"x", "text/plain")
    given = {"fromAccountId": "A1", "accountId": "B"}
    response = two.call("Blob/copy", **given, blobIds=[blob_id, "nope"])
    copied = response["copied"][blob_id]
    assert b"x" == two.server.world.accounts["B"].blobs[copied].data
    assert "notFound" == response["notCopied"]["nope"]["type"]
    response = two.call("Blob/copy", **given, blobIds=[])
    assert (None, None) == (response["copied"], response["notCopied"])
    wrong = {"fromAccountId": "nope", "accountId": "B", "blobIds": []}
    assert "fromAccountNotFound" == two.error("Blob/copy", **wrong)
