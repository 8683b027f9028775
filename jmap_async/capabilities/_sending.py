"""Sending a message: what the account needs is looked up once, the rest is one request."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import attrs

from jmap_async.capabilities import _composing
from jmap_async.capabilities._composing import Attachment, Letter
from jmap_async.capabilities._identities import choose_identity, sender_of
from jmap_async.capabilities._sets import created, merged
from jmap_async.capabilities._together import together
from jmap_async.capabilities.email import Email
from jmap_async.capabilities.email_submission import (
    EmailSubmission,
    EmailSubmissionSetResponse,
)
from jmap_async.capabilities.identity import Identity
from jmap_async.capabilities.mailbox import MailboxMethods, by_role
from jmap_async.errors import NotFound, SetError, SetFailed
from jmap_async.protocol.blob import Blob
from jmap_async.protocol.declaring import record
from jmap_async.protocol.types import Id
from jmap_async.redaction import redact

if TYPE_CHECKING:
    from jmap_async.capabilities.body import EmailBodyPart
    from jmap_async.capabilities.email_methods import EmailMethods
    from jmap_async.capabilities.submission import Submission

_log = logging.getLogger("jmap_async")

# Creation ids.
_DRAFT: Final = "draft"
_SUBMISSION: Final = "submission"


@record()
class _Known:
    """What is remembered of an account: who may send, and where messages go."""

    identities: Sequence[Identity]
    roles: Mapping[str, Id]


class Post:
    """Sends messages from one account."""

    def __init__(
        self, emails: "EmailMethods", mailboxes: MailboxMethods, submission: "Submission"
    ) -> None:
        self._emails = emails
        self._mailboxes = mailboxes
        self._submission = submission
        self._known: _Known | None = None

    def check_delay(self, send_at: datetime) -> None:
        """Refuse a time that the server cannot hold a message until."""
        accounts, account_id = self._emails.host.session.accounts, self._submission.account_id
        if account_id is None or account_id not in accounts:
            return  # what is asked of it will fail
        capability = accounts[account_id].account_capabilities.get(self._submission.uri, {})
        _composing.check_delay(send_at, capability, datetime.now(UTC))

    async def upload(self, attachments: Sequence[Attachment]) -> "list[EmailBodyPart]":
        """Upload what is to be attached, all at once, and return the body parts for it."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._upload(one)) for one in attachments]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _upload(self, attachment: Attachment) -> "EmailBodyPart":
        blob = attachment.content
        if not isinstance(blob, Blob):
            blob = await self._emails.host.upload(
                blob, type=attachment.type, account_id=self._submission.account_id
            )
        return attachment.part(blob)

    async def send(self, letter: Letter) -> EmailSubmission:
        """Send a message; where it failed for what was remembered only, look again."""
        remembered = self._known is not None
        try:
            return await self._attempt(letter)
        except (NotFound, SetFailed) as error:
            self._known = None
            if not remembered or not _repeatable(error):
                raise
        return await self._attempt(letter)

    async def _look_up(self) -> _Known:
        if self._known is None:
            identities, mailboxes = await together(
                self._submission.identity.get(), self._mailboxes.get(properties=["role"])
            )
            roles = {role: mailbox.id for role, mailbox in by_role(mailboxes.list).items()}
            self._known = _Known(identities.list, roles)
        return self._known

    async def _attempt(self, letter: Letter) -> EmailSubmission:
        known = await self._look_up()
        username = self._emails.host.session.username
        identity = choose_identity(
            known.identities, wanted=letter.identity, sender=letter.sender, username=username
        )
        sender = letter.sender or sender_of(identity, username)
        email = letter.email
        if not letter.exists:
            mailbox = _composing.draft_mailbox(known.roles)
            email = _composing.complete(letter, sender=sender, identity=identity, mailbox=mailbox)
        submission = EmailSubmission(identity_id=identity.id)
        if letter.send_at is not None:
            envelope = _composing.held_envelope(email, sender, letter.send_at)
            submission = attrs.evolve(submission, envelope=envelope)
        when_sent = _composing.when_sent(letter, known.roles)
        if letter.exists:
            return await self._submit(attrs.evolve(submission, email_id=email.id), when_sent)
        return await self._create_and_submit(email, submission, when_sent)

    async def _submit(
        self, submission: EmailSubmission, when_sent: Mapping[str, object]
    ) -> EmailSubmission:
        """Send an Email that the server has."""
        response = await self._submission.email_submission.set(
            create={_SUBMISSION: submission}, on_success_update_email={f"#{_SUBMISSION}": when_sent}
        )
        return self._sent(submission, response)

    async def _create_and_submit(
        self, email: Email, submission: EmailSubmission, when_sent: Mapping[str, object]
    ) -> EmailSubmission:
        """Create an Email and send it, in one request."""
        creating = self._emails.set(create={_DRAFT: email})
        sending = self._submission.email_submission.set(
            create={_SUBMISSION: attrs.evolve(submission, email_id=creating.created_id(_DRAFT))},
            on_success_update_email={f"#{_SUBMISSION}": when_sent},
        )
        drafts, response = await asyncio.gather(creating, sending, return_exceptions=True)
        if isinstance(drafts, BaseException):
            raise drafts
        draft = created(drafts, _DRAFT)
        if isinstance(response, BaseException):
            response.add_note(f"the message was kept as draft {draft.id}")
            raise response
        if response.not_created:
            raise _kept(draft.id, response.not_created)
        submission = attrs.evolve(submission, email_id=draft.id)
        if "threadId" in draft:
            submission = attrs.evolve(submission, thread_id=draft.thread_id)
        return self._sent(submission, response)

    def _sent(
        self, submission: EmailSubmission, response: EmailSubmissionSetResponse
    ) -> EmailSubmission:
        """Return the submission as it is now; what failed after it is no failure to send."""
        answer = created(response, _SUBMISSION)
        failed = response.on_success.not_updated if response.on_success else {}
        problem = response.on_success_error or ", ".join(map(str, failed.values()))
        if problem:
            self._known = None
            _log.warning(
                "Email %s was sent, but it is still where the drafts are: %s",
                redact(submission.email_id),
                problem,
            )
        return merged(EmailSubmission, submission.to_wire(), answer)


def _kept(draft_id: Id, refused: Mapping[str, SetError]) -> SetFailed:
    reason = next(iter(refused.values()))
    said = "refused to send the message"
    if reason.type == "serverPartialFail":
        said = "does not say whether it sent the message, which is unknown"
    return SetFailed(
        f"the server {said}: {reason}; it was kept as draft {draft_id}",
        errors={draft_id: reason},
    )


def _repeatable(error: NotFound | SetFailed) -> bool:
    """Tell whether nothing was done because what was remembered is out of date."""
    if isinstance(error, NotFound):
        return True
    return all(
        key in {_DRAFT, _SUBMISSION}
        and refusal.type in {"invalidProperties", "notFound"}
        and any(name.startswith(("mailboxIds", "identityId")) for name in refusal.properties or [])
        for key, refusal in error.errors.items()
    )
