"""Tests of EmailSubmission."""

from typing import Any

import pytest

from tests.testing.model import Model


def draft(model: Model, **properties: object) -> str:
    """Create a draft and return its id."""
    values = {
        "mailboxIds": {"P2": True},
        "keywords": {"$draft": True},
        "from": [{"name": "Alice", "email": "alice@example.org"}],
        "to": [{"name": None, "email": "bob@example.net"}],
        "bcc": [{"name": None, "email": "carol@example.net"}],
        "subject": "Hi",
        "bodyValues": {"1": {"value": "Hello"}},
        "textBody": [{"partId": "1"}],
    }
    id: str = model.create("Email", **{**values, **properties})["id"]
    return id


def test_t140_creating_a_submission_sends(model: Model) -> None:
    """The message goes to all recipients, without Bcc, once."""
    email = draft(model)
    created = model.create("EmailSubmission", emailId=email, identityId="I1")
    [sent] = model.server.sent
    assert ("alice@example.org", ["bob@example.net", "carol@example.net"]) == (
        sent.mail_from,
        sent.rcpt_to,
    )
    assert b"Subject: Hi" in sent.message
    assert b"carol" not in sent.message
    assert (email, created["id"]) == (sent.email_id, sent.submission_id)
    assert ("final", "2026-03-01T12:00:00Z", []) == tuple(
        created[name] for name in ("undoStatus", "sendAt", "dsnBlobIds")
    )
    assert model.get_one("Email", email)["threadId"] == created["threadId"]
    status = created["deliveryStatus"]["bob@example.net"]
    assert ("unknown", "unknown") == (status["delivered"], status["displayed"])


def test_t142_a_given_envelope_replaces_the_header(model: Model) -> None:
    """Nobody else gets the message."""
    envelope = {
        "mailFrom": {"email": "alice@example.org"},
        "rcptTo": [{"email": "dave@example.net", "parameters": {"NOTIFY": "NEVER"}}],
    }
    created = model.create(
        "EmailSubmission", emailId=draft(model), identityId="I1", envelope=envelope
    )
    assert "envelope" not in created
    assert ["dave@example.net"] == model.server.sent[0].rcpt_to
    assert envelope == model.get_one("EmailSubmission", created["id"])["envelope"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"emailId": "nope"}, "invalidProperties"),
        ({"identityId": "nope"}, "invalidProperties"),
        ({"undoStatus": "pending"}, "invalidProperties"),
        ({"sendAt": "2026-03-01T12:00:00Z"}, "invalidProperties"),
        (
            {"envelope": {"mailFrom": {"email": "eve@x"}, "rcptTo": [{"email": "b@x"}]}},
            "forbiddenMailFrom",
        ),
        ({"envelope": {"mailFrom": {"email": ""}, "rcptTo": []}}, "noRecipients"),
    ],
)
def test_bad_submissions_send_nothing(model: Model, wrong: dict[str, Any], error: str) -> None:
    """Each is refused with its error."""
    failure = model.refused(
        "EmailSubmission", **{"emailId": draft(model), "identityId": "I1", **wrong}
    )
    assert error == failure["type"]
    assert [] == model.server.sent
    assert [] == model.query("EmailSubmission")


def test_a_draft_that_cannot_be_sent_is_refused(model: Model) -> None:
    """Without sender, from somebody else, or to nobody."""
    for properties, error in (
        ({"from": None}, "invalidEmail"),
        ({"from": [{"email": "eve@x"}]}, "forbiddenFrom"),
        ({"to": None, "bcc": None}, "noRecipients"),
        ({"to": [{"email": "nope"}]}, "invalidRecipients"),
    ):
        email = draft(model, **properties)
        assert error == model.refused("EmailSubmission", emailId=email, identityId="I1")["type"]


HELD = {
    "mailFrom": {"email": "alice@example.org", "parameters": {"HOLDFOR": "3600"}},
    "rcptTo": [{"email": "bob@example.net"}],
}


def test_t145_t147_a_held_message_can_be_canceled(model: Model) -> None:
    """It stays pending and nothing is sent; once canceled there is no way back."""
    created = model.create("EmailSubmission", emailId=draft(model), identityId="I1", envelope=HELD)
    assert ("pending", "2026-03-01T13:00:00Z") == (created["undoStatus"], created["sendAt"])
    assert [] == model.server.sent
    id = created["id"]
    assert "queued" == created["deliveryStatus"]["bob@example.net"]["delivered"]
    response = model.update("EmailSubmission", id, undoStatus="final")
    assert ["undoStatus"] == response["notUpdated"][id]["properties"]
    assert {id: None} == model.update("EmailSubmission", id, undoStatus="canceled")["updated"]
    assert [id] == model.query("EmailSubmission", {"undoStatus": "canceled"})
    response = model.update("EmailSubmission", id, undoStatus="pending")
    assert ["undoStatus"] == response["notUpdated"][id]["properties"]


def test_t145_what_is_sent_cannot_be_unsent(model: Model) -> None:
    """The SetError is cannotUnsend; destroying only removes the record."""
    id = model.create("EmailSubmission", emailId=draft(model), identityId="I1")["id"]
    response = model.update("EmailSubmission", id, undoStatus="canceled")
    assert "cannotUnsend" == response["notUpdated"][id]["type"]
    response = model.update("EmailSubmission", id, emailId="M9")
    assert ["emailId"] == response["notUpdated"][id]["properties"]
    assert [id] == model.call("EmailSubmission/set", destroy=[id])["destroyed"]
    assert 1 == len(model.server.sent)


def test_t43_t144_a_draft_is_sent_and_filed_in_one_request(model: Model) -> None:
    """The implicit Email/set answers once, after the submission, under its call id."""
    values = {
        "mailboxIds": {"P2": True},
        "keywords": {"$draft": True},
        "from": [{"email": "alice@example.org"}],
        "to": [{"email": "bob@example.net"}],
    }
    patch = {"mailboxIds/P2": None, "mailboxIds/P3": True, "keywords/$draft": None}
    request = model.request(
        ("Email/set", {"accountId": "A1", "create": {"d": values}}),
        (
            "EmailSubmission/set",
            {
                "accountId": "A1",
                "create": {"s": {"emailId": "#d", "identityId": "I1"}},
                "onSuccessUpdateEmail": {"#s": patch},
            },
        ),
        ("Core/echo", {}),
    )
    names = [(name, call_id) for name, _, call_id in request["methodResponses"]]
    assert [
        ("Email/set", "0"),
        ("EmailSubmission/set", "1"),
        ("Email/set", "1"),
        ("Core/echo", "2"),
    ] == names
    [id] = request["methodResponses"][2][1]["updated"]
    found = model.get_one("Email", id)
    assert ({"P3": True}, {}) == (found["mailboxIds"], found["keywords"])


def test_t141_keys_are_ids_of_submissions(model: Model) -> None:
    """Of those that succeeded in the same call; others are passed over."""
    email = draft(model)
    submission = model.create("EmailSubmission", emailId=email, identityId="I1")["id"]
    patch = {"keywords/$sent": True}
    both = {"onSuccessUpdateEmail": {submission: patch, email: patch, "#nope": patch}}
    assert 1 == len(model.responses(("EmailSubmission/set", both)))
    responses = model.responses(("EmailSubmission/set", {"destroy": [submission], **both}))
    assert {email: None} == responses[1][1]["updated"]
    assert {"$draft": True, "$sent": True} == model.get_one("Email", email)["keywords"]


def test_t43_the_implicit_call_can_fail_by_itself(model: Model) -> None:
    """The message is sent all the same."""
    given = {
        "create": {"s": {"emailId": draft(model), "identityId": "I1"}},
        "onSuccessUpdateEmail": {"#s": {"mailboxIds/P99": True}},
    }
    first, second = model.responses(("EmailSubmission/set", given))
    assert first[1]["created"]
    assert "invalidProperties" == next(iter(second[1]["notUpdated"].values()))["type"]
    assert 1 == len(model.server.sent)


def test_t4_the_implicit_call_needs_its_capability_too(model: Model) -> None:
    """Without mail in `using` Email/set does not exist."""
    email = draft(model)
    model.using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:submission"]
    given = {
        "create": {"s": {"emailId": email, "identityId": "I1"}},
        "onSuccessDestroyEmail": ["#s"],
    }
    first, second = model.responses(("EmailSubmission/set", given))
    assert ("EmailSubmission/set", "error") == (first[0], second[0])
    assert "unknownMethod" == second[1]["type"]


def test_on_success_destroy(model: Model) -> None:
    """The Email goes, the submission keeps its id."""
    email = draft(model)
    given = {
        "create": {"s": {"emailId": email, "identityId": "I1"}},
        "onSuccessDestroyEmail": ["#s"],
    }
    (_, first), (_, second) = model.responses(("EmailSubmission/set", given))
    assert [email] == second["destroyed"]
    found = model.get_one("EmailSubmission", first["created"]["s"]["id"])
    assert email == found["emailId"]
    assert "invalidArguments" == model.error("EmailSubmission/set", onSuccessDestroyEmail=["a b"])


def test_t93_queries(model: Model) -> None:
    """Each condition and sort of RFC 8621, 7.3; the sort is called sentAt."""
    one, two = draft(model), draft(model, subject="Other")
    first = model.create("EmailSubmission", emailId=two, identityId="I1")
    model.clock.forward(hours=1)
    second = model.create("EmailSubmission", emailId=one, identityId="I1", envelope=HELD)
    ids = [first["id"], second["id"]]
    for filter, found in (
        ({"identityIds": ["I1"]}, ids),
        ({"identityIds": []}, []),
        ({"emailIds": [one]}, ids[1:]),
        ({"threadIds": [first["threadId"]]}, ids[:1]),
        ({"undoStatus": "pending"}, ids[1:]),
        ({"before": "2026-03-01T13:00:00Z"}, ids[:1]),
        ({"after": "2026-03-01T12:00:00Z"}, ids),
    ):
        assert found == model.query("EmailSubmission", filter)
    assert ids[::-1] == model.query("EmailSubmission", None, "emailId")
    assert ids[::-1] == model.query("EmailSubmission", None, "threadId")
    assert ids[::-1] == model.query("EmailSubmission", None, "-sentAt")
    assert "unsupportedSort" == model.error("EmailSubmission/query", sort=[{"property": "sendAt"}])
    state = model.call("EmailSubmission/query")["queryState"]
    changes = model.call("EmailSubmission/queryChanges", sinceQueryState=state)
    assert ([], []) == (changes["removed"], changes["added"])
