"""Reading Emails and Threads of a Cyrus server (RFC 8621, 3, 4.2 and 4.9)."""

import copy
import pickle
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.headers import header
from jmap_async.client import Client
from jmap_async.errors import InvalidArguments, LocalProtocolError, RequestTooLarge

from .letter import letter
from .mail import counting, put

HTML = "<p>Wie geht's?</p>\n"


def rich_letter() -> bytes:
    """Return a message with alternatives, an attachment and header fields of many kinds."""
    headers = {
        "To": "Friends: bob@example.org, Carol <carol@example.org>;",
        "List-Unsubscribe": "<mailto:u@example.net>, <https://example.net/u>",
        "X-Ticket": "nº 42",
    }
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Grüße"
    message["From"] = "Ann <ann@example.net>"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    message["Message-ID"] = "<rich@example.net>"
    message["References"] = "<one@example.net> <two@example.net>"
    message["X-Many"] = "one"
    message["X-Many"] = "two"
    for name, value in headers.items():
        message[name] = value
    message.set_content("Straße und Schloß\n")
    message.add_alternative(HTML, subtype="html")
    message.add_attachment(
        b"\x00\x01", maintype="application", subtype="octet-stream", filename="ä.bin"
    )
    return message.as_bytes()


async def rich_email(client: Client) -> str:
    """Import the message and return its id."""
    [new] = await put(client, rich_letter())
    return new.id


async def test_default_properties_are_decoded(client: Client) -> None:
    """Without `properties` an Email comes with what the RFC calls the default, typed."""
    [email] = (await client.email.get(await rich_email(client))).list
    assert "Grüße" == email.subject
    assert [("Ann", "ann@example.net")] == [(one.name, one.email) for one in email.from_ or []]
    assert [None, "Carol"] == [one.name for one in email.to or []]
    assert (None, None, None) == (email.cc, email.in_reply_to, email.sender)
    assert ["rich@example.net"] == email.message_id
    assert ["one@example.net", "two@example.net"] == email.references
    assert datetime(2026, 3, 2, 9, tzinfo=UTC) == email.sent_at
    assert email.has_attachment
    assert email.preview.startswith("Straße und Schloß")
    assert ["text/plain"] == [part.type for part in email.text_body]
    assert ["text/html"] == [part.type for part in email.html_body]
    assert [("ä.bin", "attachment", 2)] == [
        (part.name, part.disposition, part.size) for part in email.attachments
    ]


async def test_every_property_of_the_rfc_can_be_fetched(client: Client) -> None:
    """All properties of RFC 8621 that need no further capability come when asked for."""
    answer = await client.email.get(
        await rich_email(client),
        properties=[
            "id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "headers",
            "messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo",
            "subject", "sentAt", "bodyStructure", "bodyValues", "textBody", "htmlBody",
            "attachments", "hasAttachment", "preview",
        ],
    )  # fmt: skip
    [email] = answer.list
    assert 26 == len(email.to_wire())
    assert "Subject" in [one.name for one in email.headers]
    assert (email, email) == (pickle.loads(pickle.dumps(email)), copy.deepcopy(email))  # noqa: S301


async def test_t65_objects_come_in_the_order_asked_for(client: Client) -> None:
    """Each caller gets objects in its own order, each once, and what is missing apart."""
    one, two = await put(client, letter("one"), letter("two"))
    answer = await client.email.get([two.id, "M0123", one.id, two.id], properties=["subject"])
    assert ["two", "one"] == [email.subject for email in answer.list]
    assert ["M0123"] == answer.not_found


async def test_t119_text_comes_only_on_demand(client: Client) -> None:
    """`body_values` stays empty without one of the arguments that ask for text."""
    email_id = await rich_email(client)
    [email] = (await client.email.get(email_id, properties=["bodyValues"])).list
    assert {} == email.body_values
    answer = await client.email.get(
        email_id, properties=["bodyValues", "htmlBody"], fetch_html_body_values=True
    )
    [email] = answer.list
    [part] = email.html_body
    assert HTML == email.body_values[part.part_id or ""].value


async def test_t120_long_text_is_cut_and_says_so(client: Client) -> None:
    """Text is cut to whole characters within the octets asked for, and marked as truncated."""
    answer = await client.email.get(
        await rich_email(client),
        properties=["bodyValues", "textBody"],
        fetch_text_body_values=True,
        max_body_value_bytes=5,
    )
    [email] = answer.list
    text = email.body_values[email.text_body[0].part_id or ""]
    assert ("Stra", True, False) == (text.value, text.is_truncated, text.is_encoding_problem)


async def test_t122_structure_of_the_body_is_a_tree(client: Client) -> None:
    """With `subParts` the whole structure comes; containers have no part id and no blob."""
    answer = await client.email.get(
        await rich_email(client),
        properties=["bodyStructure"],
        body_properties=["partId", "blobId", "type", "subParts", "header:Content-Type"],
    )
    root = answer.list[0].body_structure
    assert ("multipart/mixed", None, None) == (root.type, root.part_id, root.blob_id)
    alternative, attachment = root.sub_parts or []
    assert ["text/plain", "text/html"] == [part.type for part in alternative.sub_parts or []]
    assert str(attachment["header:Content-Type"]).strip().startswith("application/octet-stream")


async def test_t123_part_is_downloaded_by_its_blob(client: Client) -> None:
    """An attachment is a blob of its own."""
    [email] = (await client.email.get(await rich_email(client), properties=["attachments"])).list
    [part] = email.attachments
    async with client.download(part.blob_id or "", name=part.name, type=part.type) as download:
        assert b"\x00\x01" == await download.read()


async def test_t124_header_fields_come_in_the_form_asked_for(client: Client) -> None:
    """Header fields are readable by the property asked for; the last instance counts."""
    forms = {
        header("X-Ticket", "asText"): "nº 42",
        header("X-Many"): " two",
        header("X-Many", "asText", all=True): ["one", "two"],
        header("X-Nothing"): None,
        header("Date", "asDate"): "2026-03-02T10:00:00+01:00",
        header("List-Unsubscribe", "asURLs"): ["mailto:u@example.net", "https://example.net/u"],
        header("Message-ID", "asMessageIds"): ["rich@example.net"],
        header("To", "asGroupedAddresses"): [
            {
                "name": "Friends",
                "addresses": [
                    {"name": None, "email": "bob@example.org"},
                    {"name": "Carol", "email": "carol@example.org"},
                ],
            }
        ],
    }
    [email] = (await client.email.get(await rich_email(client), properties=[*forms])).list
    assert forms == {form: email[form] for form in forms}


async def test_t125_forbidden_form_is_not_sent(client: Client) -> None:
    """A form that the header field may not have is refused before anything is sent."""
    with counting(client) as sent, pytest.raises(LocalProtocolError, match="asDate"):
        await client.email.get("M0123", properties=[header("X-Ticket"), "header:From:asDate"])  # type: ignore[list-item]
    assert 0 == sent.posts


async def test_t67_unknown_property_is_an_error_with_the_servers_words(client: Client) -> None:
    """What the server objects to is in the error, which Cyrus gives without a description."""
    with pytest.raises(InvalidArguments, match=r"Email/get .*properties.*nope") as caught:
        await client.email.get("M0123", properties=["nope"])  # type: ignore[list-item]
    assert ["properties[0:nope]"] == caught.value.arguments["arguments"]


async def test_t64_all_emails_are_not_to_be_had(client: Client) -> None:
    """Cyrus wants ids for Emails: without them it answers `requestTooLarge`."""
    with pytest.raises(RequestTooLarge):
        await client.email.get()


async def test_t133_message_is_read_without_importing_it(client: Client) -> None:
    """Email/parse reads an uploaded message; Cyrus says {} where the RFC has null."""
    blob = await client.upload(letter("Grüße", text="Straße"), type="message/rfc822")
    answer = await client.email.parse(
        [blob.blob_id, "G0123"],
        properties=["subject", "mailboxIds", "bodyValues", "textBody"],
        fetch_text_body_values=True,
    )
    assert ([blob.blob_id], ["G0123"]) == (list(answer.parsed), answer.not_found)
    email: Email = answer.parsed[blob.blob_id]
    assert ("Grüße", {}) == (email.subject, email.mailbox_ids)
    assert "Straße" == email.body_values[email.text_body[0].part_id or ""].value.strip()


async def test_answers_are_one_thread(client: Client) -> None:
    """Messages that answer each other are in one Thread, oldest first."""
    question = letter("Lunch?", headers={"Message-ID": "<q@example.net>"})
    references = {"In-Reply-To": "<q@example.net>", "References": "<q@example.net>"}
    answer = letter("Re: Lunch?", headers=references, date="Mon, 02 Mar 2026 11:00:00 +0100")
    [first] = await put(client, question, received_at=datetime(2026, 3, 2, 9, tzinfo=UTC))
    [second] = await put(client, answer, received_at=datetime(2026, 3, 2, 10, tzinfo=UTC))
    [other] = await put(client, letter("Another"))
    assert first.thread_id == second.thread_id != other.thread_id
    threads = await client.thread.get([first.thread_id, other.thread_id, "T0123"])
    assert [[first.id, second.id], [other.id]] == [one.email_ids for one in threads.list]
    assert ["T0123"] == threads.not_found


async def test_thread_changes_follow_new_mail(client: Client) -> None:
    """A new message is a created Thread, an answer to it an updated one."""
    state = (await client.thread.get([])).state
    [question] = await put(client, letter("Lunch?", headers={"Message-ID": "<lunch@example.net>"}))
    changes = await client.thread.changes(state)
    assert [question.thread_id] == changes.created
    await put(client, letter("Re: Lunch?", headers={"In-Reply-To": "<lunch@example.net>"}))
    assert [question.thread_id] == (await client.thread.changes(changes.new_state)).updated
