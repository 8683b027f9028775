"""Sending mail through a Cyrus server, call by call (RFC 8621, 6 and 7)."""

import asyncio
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.submission.email_submission import (
    Address,
    EmailSubmission,
    EmailSubmissionFilter,
    Envelope,
)
from jmap_async.client import Client
from jmap_async.errors import LocalProtocolError, UnknownMethod

from .cyrus import User
from .mail import counting, draft, mailbox_id
from .smtp_sink import SmtpSink


async def make_draft(client: Client) -> Email:
    """Create a draft and return it with its id."""
    email = attrs.evolve(draft(await mailbox_id(client, "drafts"), "Hi"), keywords=["$draft"])
    done = await client.email.set(create={"draft": email})
    done.raise_for_errors()
    return done.created["draft"]


def held(email: Email, user: User) -> EmailSubmission:
    """Return a submission that the server shall hold back for an hour."""
    sender = Address(email=user.address, parameters={"HOLDFOR": "3600"})
    return EmailSubmission(
        email_id=email.id,
        identity_id=user.account_id,
        envelope=Envelope(mail_from=sender, rcpt_to=["bob@example.net"]),
    )


async def test_t143_identity_of_cyrus_has_no_address(client: Client, user: User) -> None:
    """Cyrus has one identity, named like the account, with neither a name nor an address."""
    [identity] = (await client.identity.get()).list
    assert (user.account_id, "", "") == (identity.id, identity.name, identity.email)
    assert not identity.may_delete


async def test_t144_draft_is_created_and_sent_in_one_post(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """A submission refers to the draft of the same POST; one message leaves, and it is moved."""
    drafts, sent_box = await asyncio.gather(
        mailbox_id(client, "drafts"), mailbox_id(client, "sent")
    )
    email = attrs.evolve(draft(drafts, "Hi"), keywords=["$draft", "$seen"])
    created = client.email.set(create={"draft": email})
    moved = {
        f"mailboxIds/{drafts}": None,
        f"mailboxIds/{sent_box}": True,
        "keywords/$draft": None,
    }
    submitted = client.email_submission.set(
        create={"s": EmailSubmission(email_id="#draft", identity_id=user.account_id)},
        on_success_update_email={"#s": moved},
    )
    with counting(client) as sent:
        new, done = await asyncio.gather(created, submitted)
    assert (1, 2) == (sent.posts, sent.invocations)
    assert "final" == done.created["s"].undo_status
    [received] = await smtp_sink.wait()
    assert ("bob@example.net",) == received.recipients
    assert ("Hi", "How are you?") == (
        received.message["Subject"],
        received.message.get_content().strip(),
    )
    [stored] = (await client.email.get(new.created["draft"].id)).list
    assert ({sent_box: True}, {"$seen": True}) == (stored.mailbox_ids, stored.keywords)


async def test_t42_t43_implicit_response_is_part_of_the_result(client: Client, user: User) -> None:
    """The Email/set that follows under the same call id is `on_success`."""
    email = await make_draft(client)
    done = await client.email_submission.set(
        create={"s": EmailSubmission(email_id=email.id, identity_id=user.account_id)},
        on_success_destroy_email=["#s"],
    )
    assert done.on_success is not None
    assert [email.id] == done.on_success.destroyed
    assert done.on_success_error is None
    assert [email.id] == (await client.email.get(email.id)).not_found


async def test_t43_sent_message_that_cannot_be_moved_is_sent(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """When only the implicit Email/set is refused, the submission is there all the same."""
    email = await make_draft(client)
    done = await client.email_submission.set(
        create={"s": EmailSubmission(email_id=email.id, identity_id=user.account_id)},
        on_success_update_email={"#s": {"mailboxIds/nowhere": True}},
    )
    done.raise_for_errors()
    assert done.on_success is not None
    assert ["mailboxIds"] == done.on_success.not_updated[email.id].properties
    assert 1 == len(await smtp_sink.wait())


async def test_t146_sent_submission_is_gone_at_once(client: Client, user: User) -> None:
    """Cyrus forgets a submission as soon as the message has left."""
    email = await make_draft(client)
    done = await client.email_submission.set(
        create={"s": EmailSubmission(email_id=email.id, identity_id=user.account_id)}
    )
    submission = done.created["s"]
    assert [submission.id] == (await client.email_submission.get(submission.id)).not_found
    assert datetime.now(UTC) - submission.send_at < timedelta(minutes=1)


async def test_t97_refused_submissions_are_reported_under_their_keys(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """An Email and an identity that do not exist are told apart, and nothing is sent."""
    email = await make_draft(client)
    done = await client.email_submission.set(
        create={
            "email": EmailSubmission(email_id="M0123", identity_id=user.account_id),
            "identity": EmailSubmission(email_id=email.id, identity_id="nobody"),
        }
    )
    assert "emailNotFound" == done.not_created["email"].type
    assert ["identityId"] == done.not_created["identity"].properties
    assert [] == smtp_sink.received


async def test_t147_message_is_held_back_and_cancelled(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """With HOLDFOR a submission is pending, can be found, and cancelling stops it.

    Cyrus removes what was cancelled, instead of keeping it with the status "canceled".
    """
    email = await make_draft(client)
    done = await client.email_submission.set(create={"s": held(email, user)})
    done.raise_for_errors()
    submission = done.created["s"]
    assert "pending" == submission.undo_status
    assert submission.send_at - datetime.now(UTC) > timedelta(minutes=50)
    [stored] = (await client.email_submission.get(submission.id)).list
    assert ("pending", email.id) == (stored.undo_status, stored.email_id)
    assert stored.envelope is not None
    assert {"HOLDFOR": "3600"} == stored.envelope.mail_from.parameters
    cancelled = await client.email_submission.set(
        update={submission.id: {"undoStatus": "canceled"}}
    )
    assert [submission.id] == list(cancelled.updated)
    assert [submission.id] == (await client.email_submission.get(submission.id)).not_found
    assert [] == smtp_sink.received


async def test_t93_submissions_are_found_and_sorted(client: Client, user: User) -> None:
    """A query filters by the Email and the status, and sorts by "sentAt" as the RFC has it."""
    first, second = await make_draft(client), await make_draft(client)
    done = await client.email_submission.set(
        create={"a": held(first, user), "b": held(second, user)}
    )
    pending = EmailSubmissionFilter(undo_status="pending")
    found = await client.email_submission.query(pending, sort="sentAt")
    assert {one.id for one in done.created.values()} == set(found.ids)
    found = await client.email_submission.query(EmailSubmissionFilter(email_ids=second.id))
    assert [done.created["b"].id] == found.ids


async def test_submission_changes_follow_from_state_to_state(client: Client, user: User) -> None:
    """A submission that is held back is reported as created."""
    state = (await client.email_submission.get([])).state
    done = await client.email_submission.set(create={"s": held(await make_draft(client), user)})
    changes = await client.email_submission.changes(state)
    assert [done.created["s"].id] == changes.created


async def test_t141_success_action_on_no_submission_is_not_sent(client: Client) -> None:
    """The id of an Email where that of a submission belongs is refused before it is sent."""
    with counting(client) as sent, pytest.raises(LocalProtocolError, match="submission"):
        await client.email_submission.set(on_success_destroy_email=["M0123"])
    assert 0 == sent.posts


async def test_methods_that_cyrus_lacks_are_unknown(client: Client, user: User) -> None:
    """Cyrus has no Identity/set and no push subscriptions, which is said as such."""
    with pytest.raises(UnknownMethod, match="Identity/set"):
        await client.identity.set(create={"i": {"name": "Ann", "email": user.address}})
    with pytest.raises(UnknownMethod, match="PushSubscription/get"):
        await client.push_subscription.get()
    with pytest.raises(UnknownMethod, match="Identity/changes"):
        await client.identity.changes("0")
