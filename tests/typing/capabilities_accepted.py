"""Calls of the facades that type checkers must accept, with the types of results; never run."""
# mypy: disable-error-code="unused-awaitable"
# pyright: strict

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import assert_type

from jmap_async.capabilities.core.blob import BlobCopyResponse
from jmap_async.capabilities.core.push_subscription import PushKeys, PushSubscription
from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.capabilities.mail.body import EmailBodyPart, EmailBodyValue
from jmap_async.capabilities.mail.email import Email, EmailImport, EmailProperty
from jmap_async.capabilities.mail.email_arguments import EmailImportResponse, EmailParseResponse
from jmap_async.capabilities.mail.email_query import EmailFilter
from jmap_async.capabilities.mail.headers import header
from jmap_async.capabilities.mail.mailbox import Mailbox, MailboxFilter
from jmap_async.capabilities.mail.search_snippet import SearchSnippet
from jmap_async.capabilities.mail.thread import Thread
from jmap_async.capabilities.masked_email.masked_email import MaskedEmail
from jmap_async.capabilities.set_errors import SetErrorType
from jmap_async.capabilities.submission.email_submission import (
    Address,
    EmailSubmission,
    EmailSubmissionFilter,
    EmailSubmissionSetResponse,
    Envelope,
    SentSubmission,
)
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.capabilities.vacation_response.vacation_response import VacationResponse
from jmap_async.errors import SetError
from jmap_async.protocol.blob import Blob
from jmap_async.protocol.call import Call
from jmap_async.protocol.filters import Comparator
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.standard import (
    ChangesResponse,
    CopyResponse,
    GetResponse,
    QueryChangesResponse,
    QueryResponse,
    SetResponse,
)
from jmap_async.verbs.core import Core
from jmap_async.verbs.mail import Mail
from jmap_async.verbs.masked_email import MaskedEmails
from jmap_async.verbs.submission import Submission
from jmap_async.verbs.vacation_response import Vacation


def emails(mail: Mail, known: Email, ids: list[str]) -> None:
    """Ids come one or many, as strings, objects or references; properties as literals."""
    query = mail.email.query({"inMailbox": "inbox"}, sort=["-receivedAt"], limit=10)
    assert_type(query, Call[QueryResponse])
    assert_type(query.ids, ResultReference[list[str]])
    emails = mail.email.get(query.ids, properties=["subject", "from", "receivedAt", "threadId"])
    assert_type(emails, Call[GetResponse[Email]])
    mail.email.get()
    mail.email.get("M1")
    mail.email.get(known)
    mail.email.get(ids)
    mail.email.get([known, "M2"])
    mail.email.get(("M1", "M2"), properties=("subject",))
    mail.email.get(ids, properties=["header:List-Id:asText", header("X-Ticket", "asText")])
    mail.email.get(
        ids,
        properties=["bodyStructure", "bodyValues"],
        body_properties=["partId", "subParts", "header:Content-Type"],
        fetch_html_body_values=True,
        max_body_value_bytes=1000,
    )
    mail.email.get(emails.ref("/list/*/id"), properties=emails.ref("/list/0/keywords"))
    assert_type(mail.thread.get(emails.ref("/list/*/threadId")), Call[GetResponse[Thread]])
    chosen: Sequence[EmailProperty] = ["id", "subject"]
    mail.email.get(ids, properties=chosen)
    changes = mail.email.changes("s1", max_changes=100)
    assert_type(changes, Call[ChangesResponse])
    mail.email.get(changes.created)


def queries(mail: Mail, trash: Mailbox, moment: datetime) -> None:
    """Filters are typed, combined, or wire mappings; sorts are names, Comparators or mappings."""
    recent = EmailFilter(after=moment, has_keyword="$flagged") & ~EmailFilter(in_mailbox=trash)
    mail.email.query(recent | EmailFilter(header="List-Id"), sort="-receivedAt")
    mail.email.query(EmailFilter(header=["X-Ticket", "42"], in_mailbox_other_than=[trash]))
    mail.email.query(EmailFilter(from_="bob"), sort=["-size", Comparator("receivedAt")])
    mail.email.query(sort=Comparator("hasKeyword", keyword="$flagged"), collapse_threads=True)
    mail.email.query(sort=[{"property": "receivedAt", "isAscending": False}])
    mail.email.query({"operator": "NOT", "conditions": [{"hasKeyword": "$seen"}]})
    delta = mail.email.query_changes("q1", filter=recent, sort="-receivedAt", max_changes=9)
    assert_type(delta, Call[QueryChangesResponse])
    mail.email.get(delta.added_ids)
    found = mail.email.query(recent)
    snippets = mail.search_snippet.get(found.ids, filter=recent)
    assert_type(snippets, Call[GetResponse[SearchSnippet]])


async def writing(mail: Mail, alice: EmailAddress, moment: datetime) -> None:
    """Objects are made of what is convenient, and give what the RFC says."""
    draft = Email(
        mailbox_ids={"drafts"},
        keywords=["$draft"],
        from_=alice,
        to=["Bob <bob@example.net>", alice],
        cc="carol@example.net",
        subject="Hi",
        received_at=moment,
        body_values={"1": EmailBodyValue(value="Hello")},
        text_body=[EmailBodyPart(part_id="1", type="text/plain")],
        extra={"header:X-Ticket:asText": "42"},
    )
    assert_type(draft.from_, list[EmailAddress] | None)
    assert_type(draft.mailbox_ids, dict[str, bool])
    assert_type(draft.received_at, datetime)
    creating = mail.email.set(create={"a": draft, "b": {"mailboxIds": {"drafts": True}}})
    assert_type(creating, Call[SetResponse[Email]])
    assert_type((await creating).created["a"], Email)
    mail.email.set(update={"M1": {"keywords/$seen": True}}, destroy=["M2"], if_in_state="s1")
    assert_type(mail.email.copy("A2", create={"c": {"id": "M1"}}), Call[CopyResponse[Email]])
    imports = {"i": EmailImport(blob_id="B1", mailbox_ids="inbox", keywords={"$seen": True})}
    assert_type(mail.email.import_(imports), Call[EmailImportResponse])
    parsing = mail.email.parse(["B1"], properties=["subject"], fetch_all_body_values=True)
    assert_type(parsing, Call[EmailParseResponse])
    assert_type(
        await mail.email.update([draft, "M2"], {"keywords/$seen": None}), SetResponse[Email]
    )
    assert_type(await mail.email.get_one("M1", properties=["subject"]), Email)
    async for email in mail.email.iter({"inMailbox": "x"}, sort="receivedAt", page_size=50):
        assert_type(email, Email)
    async for email in mail.email.iter(EmailFilter(text="x"), properties=["header:Subject"]):
        assert_type(email.keywords, dict[str, bool])


async def sending(mail: Mail, bill: Blob, me: Identity, moment: datetime) -> None:
    """A message needs little."""
    submission = await mail.email.send(to="bob@example.net", subject="Hi", text="Hello")
    assert_type(submission, SentSubmission)
    await mail.email.send(
        to=["Bob <bob@example.net>", EmailAddress(email="carol@example.net")],
        cc="dave@example.net",
        html="<p>Hello",
        attachments=["a.txt", Path("b.txt"), ("c.txt", b"c"), ("d", b"d", "text/plain"), bill],
        identity=me,
        send_at=moment,
    )
    await mail.email.send(Email(subject="Hi"), identity="I1")
    await mail.email.send(to="bob@example.net", attachments=bill)


async def mailboxes(mail: Mail) -> None:
    """A mailbox may be created inside of one that is being created."""
    assert_type(await mail.mailbox.by_role("inbox"), Mailbox)
    assert_type(await mail.mailbox.get_one("MB1", properties=["name", "role"]), Mailbox)
    assert_type((await mail.thread.get_one("T1")).email_ids, list[str])
    async for mailbox in mail.mailbox.iter(MailboxFilter(role="inbox"), sort=["-name"]):
        assert_type(mailbox, Mailbox)
    parent = mail.mailbox.set(create={"p": Mailbox(name="Work", parent_id=None)})
    mail.mailbox.set(create={"c": Mailbox(name="Bills", parent_id=parent.created_id("p"))})
    mail.mailbox.set(destroy="MB1", on_destroy_remove_emails=True)
    mail.mailbox.query(MailboxFilter(role=None), sort=["sortOrder", "-name"], sort_as_tree=True)
    changes = mail.mailbox.changes("s1")
    mail.mailbox.get(changes.updated, properties=changes.updated_properties)


async def submissions(submission: Submission, draft: Email, me: Identity) -> None:
    """The response has that of the implicit Email/set."""
    sending = submission.email_submission.set(
        create={
            "s": EmailSubmission(
                email_id=draft,
                identity_id=me,
                envelope=Envelope(mail_from="alice@example.org", rcpt_to=["bob@example.net"]),
            )
        },
        on_success_update_email={"#s": {"keywords/$draft": None}},
        on_success_destroy_email=["#s"],
    )
    assert_type(sending, Call[EmailSubmissionSetResponse])
    assert_type((await sending).on_success, SetResponse[Email] | None)
    submission.email_submission.query(EmailSubmissionFilter(undo_status="pending"), sort="-sentAt")
    assert_type(submission.identity.get(), Call[GetResponse[Identity]])
    assert_type(Address(email="bob@example.net", parameters={"NOTIFY": "NEVER"}).email, str)


async def others(core: Core, vacation: Vacation, masked: MaskedEmails) -> None:
    """The small capabilities have their types, too."""
    assert_type(core.core.echo({"a": 1}), Call[dict[str, object]])
    assert_type(core.blob.copy("A2", blob_ids=["B1"]), Call[BlobCopyResponse])
    keys = PushKeys(p256dh="p", auth="a")
    subscription = PushSubscription(device_client_id="d", url="https://example.net", keys=keys)
    core.push_subscription.set(create={"p": subscription})
    core.push_subscription.get(properties=["expires"])
    vacation.vacation_response.set(update={"singleton": {"isEnabled": True}})
    reply = (await vacation.vacation_response.get()).list[0]
    assert_type(reply, VacationResponse)
    mask = await masked.masked_email.create(for_domain="https://shop.example", state="pending")
    assert_type(mask, MaskedEmail)
    await masked.masked_email.disable(mask)
    await masked.masked_email.enable(mask.id)


def refusal(error: SetError) -> bool:
    """The types of SetError have names."""
    expected: SetErrorType = "mailboxHasChild"
    return error.type == expected
