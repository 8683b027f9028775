"""Sending a message: what the account needs is looked up once, the rest is one request."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

import attrs

from jmap_async.capabilities.mail.body import EmailBodyPart
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.email_methods import EmailTable
from jmap_async.capabilities.mail.mailbox import MailboxTable
from jmap_async.capabilities.submission.email_submission import (
    EmailSubmission,
    EmailSubmissionSetResponse,
    SentSubmission,
)
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.errors import JMAPError, NotFound, SetError, SetFailed
from jmap_async.protocol.blob import Blob
from jmap_async.protocol.call import Call
from jmap_async.protocol.declaring import record
from jmap_async.protocol.standard import GetResponse
from jmap_async.protocol.types import Id
from jmap_async.redaction import redact
from jmap_async.verbs import composing
from jmap_async.verbs.composing import Attachment, Letter
from jmap_async.verbs.creating import created, merged
from jmap_async.verbs.identities import choose_identity, sender_of
from jmap_async.verbs.mailbox import by_role
from jmap_async.verbs.reading import only
from jmap_async.verbs.submission import Submission

_log = logging.getLogger("jmap_async")

# Creation ids.
_DRAFT: Final = "draft"
_SUBMISSION: Final = "submission"

_NO_PLACE: Final = "no mailbox has the role 'sent'"


@record()
class _Known:
    """What is remembered of an account: who may send, and where messages go.

    `since` is the last write of this client to any of it.
    """

    identities: Sequence[Identity]
    roles: Mapping[str, Id]
    since: object


class Post:
    """Sends messages from one account."""

    def __init__(self, emails: EmailTable, mailboxes: MailboxTable, submission: Submission) -> None:
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
        composing.check_delay(send_at, capability, datetime.now(UTC))

    async def upload(self, attachments: Sequence[Attachment]) -> list[EmailBodyPart]:
        """Upload what is to be attached, all at once, and return the body parts for it."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._upload(one)) for one in attachments]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _upload(self, attachment: Attachment) -> EmailBodyPart:
        blob = attachment.content
        if not isinstance(blob, Blob):
            blob = await self._emails.host.upload(
                blob, type=attachment.type, account_id=self._submission.account_id
            )
        return attachment.part(blob)

    async def send(self, letter: Letter) -> SentSubmission:
        """Send a message; where it failed for what was remembered only, look again."""
        remembered = self._remembered is not None
        try:
            return await self._attempt(letter)
        except (NotFound, SetFailed) as error:
            self._known = None
            if not remembered or not _repeatable(error):
                raise
        return await self._attempt(letter)

    @property
    def _last_write(self) -> object | None:
        return self._emails.host.last_write("Identity", "Mailbox")

    @property
    def _remembered(self) -> _Known | None:
        """What was looked up before, unless this client has changed any of it since."""
        known = self._known
        return known if known is not None and known.since == self._last_write else None

    async def _look_up(self, reading: Call[GetResponse[Email]] | None) -> _Known:
        """Find out what has to be known of the account, in one request with another call."""
        known, since = self._remembered, self._last_write
        # The calls of this task, which keep the order of its others: not those of helpers.
        identities = self._submission.identity.get()
        mailboxes = self._mailboxes.get(properties=["role"])
        calls: list[Call[Any]] = [] if known else [identities, mailboxes]
        if reading is not None:
            calls.append(reading)
        await asyncio.gather(*calls, return_exceptions=True)
        if known is not None:
            return known
        senders, found = (await identities).list, by_role((await mailboxes).list)
        roles = {role: mailbox.id for role, mailbox in found.items()}
        known = _Known(senders, roles, since)
        if "sent" in roles and since is not None:  # else there may be one the next time
            self._known = known
        return known

    async def _filled(self, letter: Letter) -> tuple[_Known, Letter]:
        """Fetch what has to be known of the account, and of an Email that the server has."""
        missing = composing.missing(letter)
        if not missing:
            return await self._look_up(None), letter
        reading = self._emails.get(letter.email, properties=cast("Any", [*missing]))
        known, email = await self._look_up(reading), await only(reading, letter.email.id)
        return known, composing.filled(letter, email)

    async def _attempt(self, letter: Letter) -> SentSubmission:
        known, letter = await self._filled(letter)
        username = self._emails.host.session.username
        identity = choose_identity(
            known.identities, wanted=letter.identity, sender=letter.sender, username=username
        )
        sender = letter.sender or sender_of(identity, username)
        email = letter.email
        if not letter.exists:
            mailbox = composing.draft_mailbox(known.roles)
            email = composing.complete(letter, sender=sender, identity=identity, mailbox=mailbox)
        submission = EmailSubmission(identity_id=identity.id)
        if letter.send_at is not None:
            envelope = composing.held_envelope(email, sender, letter.send_at)
            submission = attrs.evolve(submission, envelope=envelope)
        placed: Mapping[Id, bool] = getattr(email, "mailbox_ids", {})
        stays = composing.stays(placed, known.roles)
        if stays:
            _log.warning("a message will stay among the drafts when it was sent: %s", _NO_PLACE)
        when_sent = composing.when_sent(placed, known.roles)
        if letter.exists:
            submission = attrs.evolve(submission, email_id=email.id)
            sent = await self._submit(submission, when_sent)
        else:
            sent = await self._create_and_submit(email, submission, when_sent)
        if stays and sent.not_filed is None:
            return attrs.evolve(sent, not_filed=_NO_PLACE)
        return sent

    async def _submit(
        self, submission: EmailSubmission, when_sent: Mapping[str, object]
    ) -> SentSubmission:
        """Send an Email that the server has."""
        response = await self._submission.email_submission.set(
            create={_SUBMISSION: submission}, on_success_update_email={f"#{_SUBMISSION}": when_sent}
        )
        return await self._sent(submission, response)

    async def _create_and_submit(
        self, email: Email, submission: EmailSubmission, when_sent: Mapping[str, object]
    ) -> SentSubmission:
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
        return await self._sent(submission, response)

    async def _sent(
        self, submission: EmailSubmission, response: EmailSubmissionSetResponse
    ) -> SentSubmission:
        """Return the submission as it is now; what failed after it is no failure to send."""
        answer = created(response, _SUBMISSION)
        email_id = submission.email_id
        reason = _refusal(response, email_id)
        if reason is not None:
            reason = await self._file(email_id, reason)
        if reason is not None:
            _log.warning(
                "Email %s was sent, but it is still where the drafts are: %s",
                redact(email_id),
                reason,
            )
        wire = {**submission.to_wire(), "notFiled": reason}
        return merged(SentSubmission, wire, answer)

    async def _file(self, email_id: Id, refusal: str) -> str | None:
        """Put a message that was sent where it belongs, which failed; None: now it is there."""
        self._known = None
        try:
            reading = self._emails.get(email_id, properties=["mailboxIds", "keywords"])
            known, email = await self._look_up(reading), await only(reading, email_id)
            changes = composing.still_to_file(email, known.roles)
            if changes:
                (await self._emails.set(update={email_id: changes})).raise_for_errors()
        except JMAPError as error:
            return f"its keywords and mailboxIds were not changed: {refusal}; then: {error}"
        return _NO_PLACE if composing.stays(email.mailbox_ids, known.roles) else None


def _refusal(response: EmailSubmissionSetResponse, email_id: Id) -> str | None:
    """Return why an Email that was sent was not filed; None: it was."""
    if response.on_success_error:
        return str(response.on_success_error)
    done = response.on_success
    if done is not None and email_id in done.updated:
        return None
    refused = done.not_updated.values() if done else ()
    return ", ".join(map(str, refused)) or "the server does not say what it did"


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
