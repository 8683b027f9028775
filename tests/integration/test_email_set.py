"""Making, changing and destroying Emails on a Cyrus server (RFC 8621, 4.6 and 4.8)."""

import asyncio
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from jmap_async.capabilities.mail.body import EmailBodyPart, EmailBodyValue
from jmap_async.capabilities.mail.email import Email, EmailImport
from jmap_async.client import Client
from jmap_async.errors import LocalProtocolError, SetFailed, StateMismatch

from .letter import letter
from .mail import counting, create, draft, mailbox_id, put


async def fetch(client: Client, email_id: str) -> Email:
    """Fetch one Email with the properties that can change."""
    [email] = (await client.email.get(email_id, properties=["keywords", "mailboxIds"])).list
    return email


async def test_uploaded_message_is_imported(client: Client) -> None:
    """An uploaded message becomes an Email with the keywords and the time that were given."""
    received = datetime(2025, 5, 6, 7, 8, 9, tzinfo=UTC)
    [new] = await put(client, letter("Grüße"), keywords=["$seen"], received_at=received)
    [email] = (await client.email.get(new.id)).list
    assert ("Grüße", received) == (email.subject, email.received_at)
    assert {"$seen": True} == email.keywords
    assert {await mailbox_id(client): True} == email.mailbox_ids
    assert (new.blob_id, new.thread_id, new.size) == (email.blob_id, email.thread_id, email.size)


async def test_t132_message_that_is_there_already_is_refused_with_its_id(client: Client) -> None:
    """Importing a message twice is refused, and the error has the id of the first Email."""
    message = letter()
    [new] = await put(client, message)
    with pytest.raises(SetFailed) as caught:
        await put(client, message)
    [error] = caught.value.errors.values()
    assert ("alreadyExists", new.id) == (error.type, error.existing_id)


async def test_import_of_what_was_not_uploaded_is_refused(client: Client) -> None:
    """A blob that does not exist is named as the property at fault."""
    inbox = await mailbox_id(client)
    missing = EmailImport(blob_id="G0123", mailbox_ids=inbox)
    done = await client.email.import_({"missing": missing})
    assert ["blobId"] == done.not_created["missing"].properties


async def test_email_is_created_with_text_html_and_attachment(client: Client) -> None:
    """An Email made of parts is the message that it should be."""
    blob = await client.upload(b"\x00\x01\x02", type="application/octet-stream")
    email = Email(
        mailbox_ids=[await mailbox_id(client, "drafts")],
        keywords=["$draft", "$seen"],
        subject="Grüße",
        from_="Ann Ö <ann@example.org>",
        to=["bob@example.net", "Carol <carol@example.net>"],
        text_body=[EmailBodyPart(part_id="t", type="text/plain")],
        html_body=[EmailBodyPart(part_id="h", type="text/html")],
        attachments=[
            EmailBodyPart(blob_id=blob.blob_id, type=blob.type, name="ä.bin", disposition="inline")
        ],
        body_values={
            "t": EmailBodyValue(value="Straße\n"),
            "h": EmailBodyValue(value="<p>Straße</p>"),
        },
        extra={"header:X-Ticket:asText": "nº 42"},
    )
    done = await client.email.set(create={"new": email})
    done.raise_for_errors()
    async with client.download(done.created["new"].blob_id) as download:
        message = message_from_bytes(await download.read(), policy=policy.default)
    assert ("Grüße", "nº 42") == (message["Subject"], message["X-Ticket"])
    assert "Ann Ö <ann@example.org>" == message["From"]
    assert "bob@example.net, Carol <carol@example.net>" == message["To"]
    contents = {
        part.get_content_type(): part.get_content()
        for part in message.walk()
        if not part.is_multipart()
    }
    assert "Straße" == contents["text/plain"].strip()
    assert "<p>Straße</p>" == contents["text/html"].strip()
    assert b"\x00\x01\x02" == contents["application/octet-stream"]


async def test_t131_server_makes_message_id_and_date(client: Client) -> None:
    """Only ids and size come back from creating; the rest is fetched."""
    [new] = await create(client, "Hello")
    [email] = (await client.email.get(new, properties=["messageId", "sentAt"])).list
    assert 1 == len(email.message_id or [])
    assert email.sent_at is not None


async def test_t130_what_no_server_accepts_is_not_sent(client: Client) -> None:
    """An Email that gives one header field twice is refused before anything is sent."""
    email = Email(mailbox_ids="x", from_="ann@example.org", extra={"header:From": " Ann"})
    with counting(client) as sent, pytest.raises(LocalProtocolError, match="from is given twice"):
        await client.email.set(create={"new": email})
    assert 0 == sent.posts


async def test_t97_email_without_mailbox_is_refused(client: Client) -> None:
    """The server's refusal of one Email is reported under its creation id."""
    inbox = await mailbox_id(client)
    done = await client.email.set(
        create={"good": draft(inbox, "Hello"), "bad": Email(subject="Nowhere")}
    )
    assert ["good"] == list(done.created)
    assert ("invalidProperties", ["mailboxIds"]) == (
        done.not_created["bad"].type,
        done.not_created["bad"].properties,
    )


async def test_t105_patch_changes_one_keyword(client: Client) -> None:
    """A keyword is set and removed by its path; the others stay."""
    [new] = await put(client, letter(), keywords=["$seen"])
    await client.email.set(update={new.id: {"keywords/$flagged": True}})
    assert {"$seen": True, "$flagged": True} == (await fetch(client, new.id)).keywords
    await client.email.set(update={new.id: {"keywords/$seen": None}})
    assert {"$flagged": True} == (await fetch(client, new.id)).keywords


async def test_t102_keyword_with_a_slash_is_set_as_a_whole(client: Client) -> None:
    """A keyword that holds a slash is set outside of a path: Cyrus does not unescape paths."""
    [new] = await create(client, "Hello")
    (await client.email.set(update={new: {"keywords": {"a/b": True}}})).raise_for_errors()
    assert {"a/b": True} == (await fetch(client, new)).keywords


async def test_t116_keywords_come_back_in_lower_case(client: Client) -> None:
    """Keywords are compared without case, and Cyrus keeps them in lower case."""
    [new] = await put(client, letter(), keywords=["MyKeyword"])
    assert {"mykeyword": True} == (await fetch(client, new.id)).keywords


async def test_t115_email_is_moved_in_one_update(client: Client) -> None:
    """Adding one mailbox and removing another moves an Email."""
    [new] = await create(client, "Hello")
    inbox, archive = await mailbox_id(client), await mailbox_id(client, "archive")
    patch = {f"mailboxIds/{archive}": True, f"mailboxIds/{inbox}": None}
    (await client.email.set(update={new: patch})).raise_for_errors()
    assert {archive: True} == (await fetch(client, new)).mailbox_ids


async def test_t115_email_may_not_lose_its_last_mailbox(client: Client) -> None:
    """An Email stays where it is if it would be nowhere."""
    [new] = await create(client, "Hello")
    inbox = await mailbox_id(client)
    done = await client.email.set(update={new: {f"mailboxIds/{inbox}": None}})
    assert ["mailboxIds"] == done.not_updated[new].properties
    assert {inbox: True} == (await fetch(client, new)).mailbox_ids


async def test_email_is_put_into_a_mailbox_of_the_same_request(client: Client) -> None:
    """A patch refers to a mailbox that another call creates, and both go in one POST."""
    [new] = await create(client, "Hello")
    boxes = client.mailbox.set(create={"box": {"name": "Work"}})
    move = client.email.set(update={new: {"mailboxIds": {"#box": True}}})
    with counting(client) as sent:
        created, moved = await asyncio.gather(boxes, move)
    assert 1 == sent.posts
    moved.raise_for_errors()
    box = created.created["box"].id
    assert {box: True} == (await fetch(client, new)).mailbox_ids


async def test_emails_are_destroyed(client: Client) -> None:
    """A destroyed Email is not found any more."""
    kept, gone = await create(client, "one", "two")
    assert [gone] == (await client.email.set(destroy=gone)).destroyed
    answer = await client.email.get([kept, gone], properties=["subject"])
    assert ([gone], [kept]) == (answer.not_found, [one.id for one in answer.list])


async def test_unknown_email_is_reported_as_destroyed_by_cyrus(client: Client) -> None:
    """Cyrus calls an Email that was never there destroyed, which is the state asked for."""
    assert ["M0123"] == (await client.email.set(destroy="M0123")).destroyed


async def test_update_of_an_unknown_email_is_refused(client: Client) -> None:
    """An update of an Email that is not there is reported under its id."""
    done = await client.email.set(update={"M0123": {"keywords/$seen": True}})
    assert "notFound" == done.not_updated["M0123"].type


async def test_t107_cyrus_accepts_changes_of_what_cannot_change(client: Client) -> None:
    """Cyrus says that an update of a subject was made, and makes none."""
    [new] = await create(client, "Hello")
    assert {new: None} == (await client.email.set(update={new: {"subject": "Bye"}})).updated
    [email] = (await client.email.get(new, properties=["subject"])).list
    assert "Hello" == email.subject


async def test_t101_other_state_is_a_mismatch(client: Client) -> None:
    """With `if_in_state` nothing happens when somebody else was quicker."""
    [new] = await create(client, "Hello")
    state = (await client.email.get([])).state
    first = await client.email.set(update={new: {"keywords/$seen": True}}, if_in_state=state)
    assert (state, True) == (first.old_state, first.new_state != state)
    with pytest.raises(StateMismatch):
        await client.email.set(update={new: {"keywords/$flagged": True}}, if_in_state=state)
    assert {"$seen": True} == (await fetch(client, new)).keywords


async def test_state_that_has_not_come_yet_can_be_referred_to(client: Client) -> None:
    """`if_in_state` takes the state of a get that goes in the same POST."""
    [new] = await create(client, "Hello")
    seen = client.email.get([new], properties=["keywords"])
    change = client.email.set(
        update={new: {"keywords/$seen": True}}, if_in_state=seen.ref("/state")
    )
    with counting(client) as sent:
        (await change).raise_for_errors()
    assert 1 == sent.posts
