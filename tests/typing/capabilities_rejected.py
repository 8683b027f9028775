"""Calls of the facades that type checkers must reject; never run.

Each mistake is marked, and both checkers complain about a mark without a mistake.
"""
# mypy: disable-error-code="unused-awaitable"
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.email_query import EmailFilter
from jmap_async.capabilities.mail.headers import header
from jmap_async.capabilities.mail.mailbox import Mailbox, MailboxFilter
from jmap_async.verbs.mail import Mail
from jmap_async.verbs.masked_email import MaskedEmails
from jmap_async.verbs.submission import Submission
from jmap_async.verbs.vacation_response import Vacation


def arguments(mail: Mail) -> None:
    """An argument that a method does not have, or of the wrong type, is a mistake."""
    mail.email.get(idz=["M1"])  # type: ignore[call-arg]
    mail.email.get(["M1"], ["subject"])  # type: ignore[call-arg]
    mail.email.get(1)  # type: ignore[arg-type]
    mail.email.query(calculate_total="yes")  # type: ignore[arg-type]
    mail.email.changes()  # type: ignore[call-arg]
    mail.email.fetch("M1")  # type: ignore[attr-defined]
    mail.mailbox.query_changes("q1", sort_as_tree=True)  # type: ignore[call-arg]
    mail.thread.query()  # type: ignore[attr-defined]


def properties(mail: Mail) -> None:
    """A property, header form or sort order that does not exist is a mistake."""
    mail.email.get("M1", properties=["subjct"])  # type: ignore[list-item]
    mail.email.get("M1", properties="subject")  # type: ignore[arg-type]
    mail.email.get("M1", properties=["header:Subject:asDate"])  # type: ignore[list-item]
    mail.email.get("M1", body_properties=["subject"])  # type: ignore[list-item]
    mail.mailbox.get(properties=["subject"])  # type: ignore[list-item]
    mail.email.query(sort="recievedAt")  # type: ignore[arg-type]
    mail.email.query(sort="hasKeyword")  # type: ignore[arg-type]
    header("Subject", "text")  # type: ignore[arg-type]


def filters(mail: Mail) -> None:
    """A condition of another type is a mistake, and so is one that does not exist."""
    mail.email.query(MailboxFilter(role="inbox"))  # type: ignore[arg-type]
    EmailFilter(subjekt="x")  # type: ignore[call-arg]
    EmailFilter(has_attachment="yes")  # type: ignore[arg-type]
    EmailFilter(text="x") & MailboxFilter(name="x")  # type: ignore[operator]


def objects(email: Email, mail: Mail) -> None:
    """An object has the properties of its type, and does not change."""
    email.subject = "Hi"  # type: ignore[misc]
    email.titel  # type: ignore[attr-defined] # noqa: B018
    Email(subject=1)  # type: ignore[arg-type]
    Email(mailbox_ids=1)  # type: ignore[arg-type]
    mail.email.set(create={"m": Mailbox(name="x")})  # type: ignore[dict-item]


async def verbs(mail: Mail, submission: Submission, masked: MaskedEmails) -> None:
    """So with verbs."""
    await mail.email.send(recipient="bob@example.net")  # type: ignore[call-arg]
    await mail.email.get_one("M1", properties=["subjct"])  # type: ignore[list-item]
    await mail.mailbox.get_one("MB1", properties=["subject"])  # type: ignore[list-item]
    await mail.thread.get_one("T1", fetch_all_body_values=True)  # type: ignore[call-arg]
    mail.mailbox.iter(EmailFilter(text="x"))  # type: ignore[arg-type]
    mail.mailbox.iter(sort="receivedAt")  # type: ignore[arg-type]
    mail.mailbox.iter(collapse_threads=True)  # type: ignore[call-arg]
    mail.thread.iter()  # type: ignore[attr-defined]
    await mail.search_snippet.get_one("M1")  # type: ignore[attr-defined]
    await masked.masked_email.create(state="active")  # type: ignore[arg-type]
    masked.masked_email.changes("s1")  # type: ignore[attr-defined]
    submission.email_submission.query(sort="sendAt")  # type: ignore[arg-type]


def vacation(vacation: Vacation) -> None:
    """There is only one vacation response, and nothing to query."""
    vacation.vacation_response.query()  # type: ignore[attr-defined]
