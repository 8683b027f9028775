"""Sending mail through a Cyrus server in one line: `client.email.send`."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from jmap_async.capabilities.mail.body import EmailBodyPart, EmailBodyValue
from jmap_async.capabilities.mail.email import Email
from jmap_async.client import Client
from jmap_async.errors import LocalProtocolError, NotFound, SetFailed

from .cyrus import User
from .mail import counting, draft, mailbox_id, put
from .smtp_sink import Received, SmtpSink


async def received(sink: SmtpSink) -> Received:
    """Return the one message that came in."""
    [message] = await sink.wait()
    return message


def leaves(message: EmailMessage) -> list[tuple[str, object]]:
    """Return type and content of the parts of a message that hold something."""
    parts = [part for part in message.walk() if not part.is_multipart()]
    return [
        (part.get_content_type(), content.strip() if isinstance(content, str) else content)
        for part in parts
        for content in [part.get_content()]
    ]


async def test_text_is_sent_once_and_kept_among_the_sent(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """One message leaves, as it was given, and its Email is no draft any more.

    The identity of Cyrus has no address, so that the sender is who the caller says.
    """
    submission = await client.email.send(
        to="Bob <bob@example.net>", from_=user.address, subject="Grüße", text="Straße"
    )
    arrived = await received(smtp_sink)
    assert (user.address, ("bob@example.net",)) == (arrived.sender, arrived.recipients)
    message = arrived.message
    assert ("Grüße", user.address) == (message["Subject"], message["From"])
    assert "Bob <bob@example.net>" == message["To"]
    assert [("text/plain", "Straße")] == leaves(message)
    [email] = (await client.email.get(submission.email_id)).list
    assert {await mailbox_id(client, "sent"): True} == email.mailbox_ids
    assert {"$seen": True} == email.keywords
    assert [f"<{one}>" for one in email.message_id or []] == [message["Message-ID"]]
    assert "final" == submission.undo_status
    assert email.thread_id == submission.thread_id


async def test_second_message_takes_one_post(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """What an account needs to send is looked up once; then a message is one POST."""
    with counting(client) as first:
        await client.email.send(to="bob@example.net", from_=user.address, text="one")
    with counting(client) as second:
        await client.email.send(to="bob@example.net", from_=user.address, text="two")
    assert (2, 1) == (first.posts, second.posts)
    assert 2 == len(await smtp_sink.wait(2))


async def test_text_and_html_are_alternatives(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """A message with text and HTML has both, the text first."""
    await client.email.send(
        to="bob@example.net", from_=user.address, text="Straße", html="<p>Straße</p>"
    )
    message = (await received(smtp_sink)).message
    assert "multipart/alternative" == message.get_content_type()
    assert [("text/plain", "Straße"), ("text/html", "<p>Straße</p>")] == leaves(message)


async def test_html_alone_can_be_sent(client: Client, user: User, smtp_sink: SmtpSink) -> None:
    """A message may have HTML and nothing else."""
    await client.email.send(to="bob@example.net", from_=user.address, html="<p>Hi</p>")
    assert [("text/html", "<p>Hi</p>")] == leaves((await received(smtp_sink)).message)


async def test_attachments_of_every_kind_are_sent(
    client: Client, user: User, smtp_sink: SmtpSink, tmp_path: Path
) -> None:
    """Paths, bytes with a name, with a type, and uploaded blobs arrive, with their names."""
    path = tmp_path / "ä b.pdf"
    path.write_bytes(b"%PDF")
    blob = await client.upload(b"\x00\x01", type="application/x-thing")
    await client.email.send(
        to="bob@example.net",
        from_=user.address,
        text="See below",
        attachments=[path, ("notes.txt", b"plain"), ("data", b"{}", "application/json"), blob],
    )
    message = (await received(smtp_sink)).message
    attached = list(message.iter_attachments())
    assert [
        ("application/pdf", "ä b.pdf"),
        ("text/plain", "notes.txt"),
        ("application/json", "data"),
        ("application/x-thing", None),
    ] == [(part.get_content_type(), part.get_filename()) for part in attached]
    contents = [part.get_payload(decode=True) for part in attached]
    assert [b"%PDF", b"plain", b"{}", b"\x00\x01"] == contents


async def test_t144_all_recipients_are_in_the_envelope(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """Everybody gets the message, and the sender remembers who got a blind copy.

    Cyrus 3.6 leaves it to the next mail server to take the field Bcc out.
    """
    submission = await client.email.send(
        to=["bob@example.net", "carol@example.net"],
        cc="dave@example.net",
        bcc="eve@example.net",
        reply_to="answers@example.org",
        from_=f"Ann <{user.address}>",
        subject="All",
        text="Hi",
    )
    arrived = await received(smtp_sink)
    everybody = {f"{name}@example.net" for name in ("bob", "carol", "dave", "eve")}
    assert everybody == set(arrived.recipients)
    assert f"Ann <{user.address}>" == arrived.message["From"]
    assert "answers@example.org" == arrived.message["Reply-To"]
    [email] = (await client.email.get(submission.email_id, properties=["bcc"])).list
    assert ["eve@example.net"] == [address.email for address in email.bcc or []]


async def test_message_of_ones_own_is_sent_as_it_is(client: Client, smtp_sink: SmtpSink) -> None:
    """An Email that was composed by the caller is sent with what it has."""
    email = draft(await mailbox_id(client, "drafts"), "My own")
    submission = await client.email.send(email)
    arrived = await received(smtp_sink)
    assert ("My own", "Ann <ann@example.org>") == (
        arrived.message["Subject"],
        arrived.message["From"],
    )
    stored = await client.email.get_one(submission.email_id, properties=["mailboxIds"])
    assert {await mailbox_id(client, "sent"): True} == stored.mailbox_ids


async def test_draft_that_is_there_is_sent_by_its_id(client: Client, smtp_sink: SmtpSink) -> None:
    """A draft of the server is sent, and not made a second time."""
    new = draft(await mailbox_id(client, "drafts"), "Draft")
    done = await client.email.set(create={"draft": new})
    stored = await client.email.get_one(done.created["draft"].id)
    await client.email.send(stored)
    assert "Draft" == (await received(smtp_sink)).message["Subject"]
    assert [stored.id] == (await client.email.query()).ids


async def test_many_messages_are_sent_at_once(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """Ten tasks that send a message each take two calls in one POST; each message leaves once."""
    await client.email.send(to="first@example.net", from_=user.address, text="Hi")
    with counting(client) as sent:
        await asyncio.gather(
            *(
                client.email.send(to=f"r{n}@example.net", from_=user.address, text=f"Hi {n}")
                for n in range(10)
            )
        )
    messages = await smtp_sink.wait(11)
    assert 11 == len(messages)
    assert {f"r{n}@example.net" for n in range(10)} == {one.recipients[0] for one in messages[1:]}
    assert (1, 2) == (sent.posts, sent.invocations)
    sent_box = await mailbox_id(client, "sent")
    emails = await client.email.get((await client.email.query()).ids, properties=["mailboxIds"])
    assert [{sent_box: True}] * 11 == [one.mailbox_ids for one in emails.list]


async def test_sender_has_to_be_named_where_nothing_says_it(
    client: Client, smtp_sink: SmtpSink
) -> None:
    """Cyrus gives neither identity nor login an address: without `from_` nothing is sent."""
    with pytest.raises(LocalProtocolError, match="from_"):
        await client.email.send(to="bob@example.net", text="Hi")
    assert [] == smtp_sink.received


async def test_unknown_identity_is_not_found(client: Client, user: User) -> None:
    """An identity that is not there is an error that names those that are."""
    with pytest.raises(NotFound, match=user.account_id):
        await client.email.send(
            to="bob@example.net", from_=user.address, text="Hi", identity="nobody"
        )


async def test_t147_cyrus_does_not_say_that_it_holds_messages_back(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """Without FUTURERELEASE among the extensions a time to send at is refused at once."""
    with counting(client) as sent, pytest.raises(LocalProtocolError, match="send_at"):
        await client.email.send(
            to="bob@example.net",
            from_=user.address,
            text="Hi",
            send_at=datetime.now(UTC) + timedelta(hours=1),
        )
    assert (0, []) == (sent.posts, smtp_sink.received)


async def test_refused_message_is_kept_and_named(
    client: Client, user: User, smtp_sink: SmtpSink
) -> None:
    """When the server takes the draft but will not send it, the error has the draft's id."""
    with pytest.raises(SetFailed, match="kept as draft") as caught:
        await client.email.send(
            Email(
                from_=user.address,
                subject="To nobody",
                text_body=[EmailBodyPart(part_id="1", type="text/plain")],
                body_values={"1": EmailBodyValue(value="Hi")},
            )
        )
    [draft_id] = caught.value.errors
    kept = await client.email.get_one(draft_id)
    assert ("To nobody", {await mailbox_id(client, "drafts"): True}) == (
        kept.subject,
        kept.mailbox_ids,
    )
    assert [] == smtp_sink.received


async def test_received_message_is_sent_on(client: Client, user: User, smtp_sink: SmtpSink) -> None:
    """An Email whose blob is attached arrives as a message within the message."""
    [original] = await put(client, b"Subject: Inner\r\n\r\nText\r\n")
    blob = original.blob_id
    async with client.download(blob) as download:
        content = await download.read()
    await client.email.send(
        to="bob@example.net",
        from_=user.address,
        text="See below",
        attachments=("inner.eml", content, "message/rfc822"),
    )
    [part] = (await received(smtp_sink)).message.iter_attachments()
    assert "message/rfc822" == part.get_content_type()
    assert "Inner" == part.get_content()["Subject"]
