"""Submissions: what may be asked, and what comes back."""

from typing import Any

import orjson
import pytest

from jmap_async import Client
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.submission.email_submission import (
    Address,
    EmailSubmission,
    EmailSubmissionFilter,
    EmailSubmissionSet,
    EmailSubmissionSetResponse,
    Envelope,
)
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.converter import decoder, encode
from jmap_async.testing.server import MemoryServer

SUBMISSION = EmailSubmission(identity_id="I1", email_id="M1")
SENT: dict[str, Any] = {"keywords/$draft": None}


def test_objects_stand_for_their_ids() -> None:
    """An Email and an Identity may be given themselves, and addresses as text."""
    submission = EmailSubmission(
        identity_id=Identity(id="I1"),
        email_id=Email(id="M1"),
        envelope=Envelope(mail_from="alice@example.org", rcpt_to="bob@example.net"),
    )
    expected = {
        "identityId": "I1",
        "emailId": "M1",
        "envelope": {
            "mailFrom": {"email": "alice@example.org"},
            "rcptTo": [{"email": "bob@example.net"}],
        },
    }
    assert expected == orjson.loads(encode(submission))


def test_t142_parameters() -> None:
    """Parameters of SMTP are strings or null."""
    address = Address(email="bob@example.net", parameters={"NOTIFY": "NEVER", "X": None})
    envelope = Envelope(mail_from=address, rcpt_to=[address, "carol@example.net"])
    wire = orjson.loads(encode(envelope))
    assert {"NOTIFY": "NEVER", "X": None} == wire["mailFrom"]["parameters"]
    assert "carol@example.net" == wire["rcptTo"][1]["email"]


def test_t4_what_happens_to_emails_needs_mail() -> None:
    """The implicit Email/set needs the mail capability."""
    assert set() == set(EmailSubmissionSet(create={"k": SUBMISSION}).needs())
    changing = EmailSubmissionSet(create={"k": SUBMISSION}, on_success_update_email={"#k": SENT})
    assert {"urn:ietf:params:jmap:mail"} == set(changing.needs())
    destroying = EmailSubmissionSet(destroy="S1", on_success_destroy_email="S1")
    assert {"urn:ietf:params:jmap:mail"} == set(destroying.needs())


@pytest.mark.parametrize(
    "arguments",
    [
        EmailSubmissionSet(create={"k": SUBMISSION}, on_success_update_email={"#k": SENT}),
        EmailSubmissionSet(create={"k": SUBMISSION}, on_success_destroy_email=["#k"]),
        EmailSubmissionSet(update={"S1": {}}, on_success_update_email={"S1": SENT}),
        EmailSubmissionSet(destroy=["S1"], on_success_destroy_email=["S1"]),
    ],
)
def test_t141_submissions_are_named(arguments: EmailSubmissionSet) -> None:
    """What happens on success is by submission, or "#" and its creation id."""
    arguments.check()


@pytest.mark.parametrize(
    "arguments",
    [
        EmailSubmissionSet(create={"k": SUBMISSION}, on_success_update_email={"k": SENT}),
        EmailSubmissionSet(create={"k": SUBMISSION}, on_success_update_email={"M1": SENT}),
        EmailSubmissionSet(create={"k": SUBMISSION}, on_success_destroy_email=["#other"]),
        EmailSubmissionSet(destroy=["S1"], on_success_destroy_email=["M1"]),
    ],
)
def test_t141_emails_are_not(arguments: EmailSubmissionSet) -> None:
    """An Email's id there would do nothing, silently."""
    with pytest.raises(LocalProtocolError, match="not of the Email"):
        arguments.check()


def test_patches_of_emails_are_checked() -> None:
    """The patches on success are patches like others."""
    arguments = EmailSubmissionSet(
        create={"k": SUBMISSION}, on_success_update_email={"#k": {"keywords/$seen": False}}
    )
    with pytest.raises(LocalProtocolError, match="takes it out"):
        arguments.check()


async def test_t43_the_implicit_response(client: Client, server: MemoryServer) -> None:
    """What became of the Email comes with the response of the submission."""
    email_id = server.add_email(from_=server.user, keywords=["$draft"])
    identity = (await client.identity.get()).list[0]
    response = await client.email_submission.set(
        create={"k": EmailSubmission(identity_id=identity, email_id=email_id)},
        on_success_update_email={"#k": SENT},
    )
    assert isinstance(response, EmailSubmissionSetResponse)
    assert response.on_success is not None
    assert [email_id] == list(response.on_success.updated)
    assert None is response.on_success_error
    assert 1 == len(server.sent)


async def test_query(client: Client, server: MemoryServer) -> None:
    """Submissions are found by what they send."""
    email_id = server.add_email(from_=server.user)
    identity = (await client.identity.get()).list[0]
    submission = EmailSubmission(identity_id=identity, email_id=email_id)
    made = (await client.email_submission.set(create={"k": submission})).created["k"]
    filter = EmailSubmissionFilter(email_ids=email_id)
    found = await client.email_submission.query(filter, sort="-sentAt")
    assert [made.id] == found.ids
    got = await client.email_submission.get(found.ids, properties=["undoStatus"])
    assert "final" == got.list[0].undo_status


def test_t170_an_unknown_status_is_kept() -> None:
    """The server may know states that the RFC does not."""
    read = decoder(EmailSubmission)(
        {"undoStatus": "odd", "deliveryStatus": {"bob@example.net": {"delivered": "odd"}}}
    )
    assert "odd" == read.undo_status
    assert read.delivery_status is not None
    assert "odd" == read.delivery_status["bob@example.net"].delivered
