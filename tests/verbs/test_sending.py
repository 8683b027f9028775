"""Sending messages."""

import asyncio
import base64
import logging
import pickle
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from jmap_async import Client, connect
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.mailbox import Mailbox
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.errors import (
    LocalProtocolError,
    MethodError,
    NoAccount,
    NotFound,
    ReadOnlyAccount,
    SetFailed,
    TransportError,
)
from jmap_async.testing import JSONObject
from jmap_async.testing.server import MemoryServer
from tests.serving import Gate, names, turns


def altering(name: str, alter: Callable[[dict[str, Any]], None]) -> Callable[[Any], Any]:
    """Return a hook that changes the responses of one method."""

    def hook(response: dict[str, Any]) -> dict[str, Any]:
        for answer in response["methodResponses"]:
            if answer[0] == name:
                alter(answer[1])
        return response

    return hook


async def test_t144_a_message_is_created_and_sent_in_one_request(
    client: Client, server: MemoryServer
) -> None:
    """The first message looks up where things are, the next ones take one request each."""
    await client.email.send(to="bob@example.net", subject="One", text="x")
    assert 2 == client.stats.posts
    submission = await client.email.send(
        to="Bob <bob@example.net>", cc="carol@example.net", bcc="dave@example.net", subject="Two"
    )
    assert 3 == client.stats.posts
    names = [call[0] for call in server.requests[-1]["methodCalls"]]
    assert ["Email/set", "EmailSubmission/set"] == names
    recipients = {"bob@example.net", "carol@example.net", "dave@example.net"}
    assert recipients == set(server.sent[-1].rcpt_to)
    assert b"dave" not in server.sent[-1].message
    assert submission.id == server.sent[-1].submission_id


async def test_many_messages_are_two_calls_in_one_request(
    client: Client, server: MemoryServer
) -> None:
    """After the look-up tasks that send at the same time share one POST, whatever their number."""
    sending = (
        client.email.send(to="bob@example.net", subject=f"{number}", text="x")
        for number in range(100)
    )
    submissions = await asyncio.gather(*sending)
    assert (2, 4) == (client.stats.posts, client.stats.invocations)
    assert [one.submission_id for one in server.sent] == [one.id for one in submissions]
    emails = await client.email.get([one.email_id for one in submissions])
    assert [f"{number}" for number in range(100)] == [email.subject for email in emails.list]
    sent = {server.mailbox_id("sent"): True}
    assert all((sent, {"$seen": True}) == (one.mailbox_ids, one.keywords) for one in emails.list)


async def test_t99_the_submission_is_whole(client: Client, server: MemoryServer) -> None:
    """What comes back is what was sent and what the server added."""
    submission = await client.email.send(to="bob@example.net")
    assert server.sent[-1].email_id == submission.email_id
    assert "final" == submission.undo_status
    identity = (await client.identity.get()).list[0]
    assert identity.id == submission.identity_id
    email = await client.email.get_one(submission.email_id, properties=["threadId"])
    assert email.thread_id == submission.thread_id


async def test_t144_a_sent_message_is_among_the_sent_ones(
    client: Client, server: MemoryServer
) -> None:
    """It is no draft any more, and was sent as one with a Message-ID of ours."""
    submission = await client.email.send(to="bob@example.net", subject="Hi", text="Hello")
    email = await client.email.get_one(
        submission.email_id,
        properties=["mailboxIds", "keywords", "messageId", "from", "textBody", "bodyValues"],
        fetch_text_body_values=True,
    )
    assert {server.mailbox_id("sent"): True} == email.mailbox_ids
    assert {"$seen": True} == email.keywords
    assert email.message_id is not None
    assert email.message_id[0].endswith("@example.org")
    assert email.from_ is not None
    assert server.user == email.from_[0].email
    assert "Hello" == email.body_values[email.text_body[0].part_id or ""].value


async def test_messages_of_many_tasks_share_requests(client: Client, server: MemoryServer) -> None:
    """What is sent at the same time leaves together."""
    await client.email.send(to="bob@example.net")
    before = client.stats.posts
    await asyncio.gather(*(client.email.send(to=f"u{n}@example.net") for n in range(6)))
    assert 7 == len(server.sent)
    assert {f"u{n}@example.net" for n in range(6)} == {
        address for one in server.sent[1:] for address in one.rcpt_to
    }
    assert client.stats.posts - before < 6


async def test_attachments(client: Client, server: MemoryServer, tmp_path: Path) -> None:
    """They are uploaded, from wherever they are."""
    path = tmp_path / "bill.txt"
    path.write_bytes(b"from a file")
    blob = await client.upload(b"from a blob", type="text/x-blob")
    submission = await client.email.send(
        to="bob@example.net",
        html="<p>Hi",
        attachments=[path, ("a.txt", b"from bytes"), ("b", b"typed", "text/x-b"), blob, b"bare"],
    )
    email = await client.email.get_one(submission.email_id, properties=["attachments"])
    expected = [
        ("bill.txt", "text/plain"),
        ("a.txt", "text/plain"),
        ("b", "text/x-b"),
        (None, "text/x-blob"),
        (None, "application/octet-stream"),
    ]
    assert expected == [(part.name, part.type) for part in email.attachments]
    for content in (b"from a file", b"from bytes", b"typed", b"from a blob", b"bare"):
        message = server.sent[-1].message
        assert content in message or base64.b64encode(content) in message


async def test_an_attachment_that_cannot_be_read(client: Client, server: MemoryServer) -> None:
    """Its own error comes, and nothing is sent."""
    with pytest.raises(FileNotFoundError):
        await client.email.send(to="bob@example.net", attachments="/nonexistent/bill.txt")
    assert [] == server.sent


async def test_the_identity_follows_the_sender(client: Client, server: MemoryServer) -> None:
    """The address decides, and what the identity prescribes applies."""
    identity = Identity(name="Sales", email="*@sales.example", bcc="log@sales.example")
    made = await client.identity.set(create={"k": identity})
    submission = await client.email.send(to="bob@example.net", from_="Amy <amy@sales.example>")
    assert made.created["k"].id == submission.identity_id
    assert ["bob@example.net", "log@sales.example"] == list(server.sent[-1].rcpt_to)
    assert b"Amy <amy@sales.example>" in server.sent[-1].message


async def test_no_identity_fits(client: Client, server: MemoryServer) -> None:
    """The error names the identities; nothing was created."""
    with pytest.raises(NotFound, match=server.user):
        await client.email.send(to="bob@example.net", from_="eve@elsewhere.example")
    assert [] == (await client.email.query()).ids


async def test_an_identity_without_an_address(client: Client, server: MemoryServer) -> None:
    """Where an identity is for any address, the sender stands by itself."""
    server.on_response = altering("Identity/get", lambda one: one["list"][0].update(email=""))
    await client.email.send(to="bob@example.net", from_=server.user)
    await client.email.send(to="bob@example.net")
    assert [server.user] * 2 == [one.mail_from for one in server.sent]


async def test_a_refused_submission_keeps_the_draft(client: Client, server: MemoryServer) -> None:
    """The error says why it was not sent, and which draft was kept."""
    identity = (await client.identity.get()).list[0]
    with pytest.raises(SetFailed, match=r"forbiddenFrom.*kept as draft") as refused:
        await client.email.send(
            to="bob@example.net", from_="eve@elsewhere.example", identity=identity
        )
    (draft_id,) = refused.value.errors
    draft = await client.email.get_one(draft_id, properties=["keywords", "mailboxIds"])
    assert {"$draft": True, "$seen": True} == draft.keywords
    assert {server.mailbox_id("drafts"): True} == draft.mailbox_ids
    assert draft_id in str(refused.value)
    assert [] == server.sent


async def test_a_refused_draft(client: Client, server: MemoryServer) -> None:
    """The error is that of the draft, not that of the submission that lacks it."""
    message = Email(mailbox_ids="nope", to="bob@example.net", subject="Hi")
    with pytest.raises(SetFailed, match="mailboxIds") as refused:
        await client.email.send(message)
    assert ["draft"] == list(refused.value.errors)
    assert [] == server.sent


async def test_a_submission_that_fails_as_a_whole(client: Client, server: MemoryServer) -> None:
    """The error of the method says which draft was kept."""

    def fail(response: dict[str, Any]) -> dict[str, Any]:
        answers = response["methodResponses"]
        for position, answer in enumerate(answers):
            if answer[0] == "EmailSubmission/set":
                answers[position] = ["error", {"type": "serverFail"}, answer[2]]
        return response

    await client.email.send(to="bob@example.net")
    server.on_response = fail
    with pytest.raises(MethodError, match="serverFail") as failed:
        await client.email.send(to="bob@example.net")
    assert "kept as draft" in failed.value.__notes__[0]


async def test_a_server_that_says_nothing(client: Client, server: MemoryServer) -> None:
    """A submission that is neither created nor refused is not taken for sent."""
    server.on_response = altering("EmailSubmission/set", lambda one: one.update(created={}))
    with pytest.raises(SetFailed, match="does not say whether it sent the message"):
        await client.email.send(to="bob@example.net")


async def test_mailboxes_that_moved_are_found_again(client: Client, server: MemoryServer) -> None:
    """Where only the memory was out of date, the message is sent all the same, once."""
    await client.email.send(to="bob@example.net", subject="One")
    drafts = server.mailbox_id("drafts")
    server.process(  # behind the client's back
        {
            "using": ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"],
            "methodCalls": [
                ["Mailbox/set", {"accountId": server.account_id, "destroy": [drafts]}, "0"]
            ],
        }
    )
    moved = server.add_mailbox("Entwürfe", role="drafts")
    await client.email.send(to="bob@example.net", subject="Two")
    assert moved == server.mailbox_id("drafts")
    assert 2 == len(server.sent)


ME = "I1"
"""The identity that the server begins with."""

RENAME: dict[str, Any] = {ME: {"name": "New Name"}}


async def change_by_facade(client: Client, _server: MemoryServer) -> None:
    """As usual."""
    await client.identity.set(update=RENAME)


async def change_by_name(client: Client, _server: MemoryServer) -> None:
    """In wire form."""
    await client.call("Identity/set", {"update": RENAME})


async def change_in_batch(client: Client, _server: MemoryServer) -> None:
    """In a request of its own."""
    async with client.batch() as batch:
        _ = batch.identity.set(update=RENAME)


async def change_merged(client: Client, server: MemoryServer) -> None:
    """By another facade, in one invocation with what another task writes."""
    facades = client.account(server.account_id)
    other = Identity(name="Al", email="al@example.org")
    await asyncio.gather(
        asyncio.create_task(client.identity.set(create={"k": other})),
        asyncio.create_task(facades.identity.set(update=RENAME)),
    )
    assert ["Identity/set"] == names(server.requests[-1])


async def change_in_silence(client: Client, server: MemoryServer) -> None:
    """Without an answer: the outcome is unknown."""

    async def carry_out_and_vanish(request: web.Request, body: JSONObject) -> None:
        server.on_request = None
        server.process(body)
        assert request.transport is not None
        request.transport.abort()

    server.on_request = carry_out_and_vanish
    with pytest.raises(TransportError) as caught:
        await client.identity.set(update=RENAME)
    assert "unknown" == caught.value.outcome


@pytest.mark.parametrize(
    "change",
    [change_by_facade, change_by_name, change_in_batch, change_merged, change_in_silence],
    ids=lambda change: change.__name__,
)
async def test_what_this_client_changes_is_looked_up_again(
    client: Client,
    server: MemoryServer,
    change: Callable[[Client, MemoryServer], Coroutine[Any, Any, None]],
) -> None:
    """Once, for the next message; what else it writes changes nothing of that."""
    await client.email.send(to="bob@example.net")
    await change(client, server)
    await client.email.send(to="bob@example.net")
    assert b"New Name <alice@example.org>" in server.sent[-1].message
    await client.email.set(create={"k": Email(mailbox_ids={server.mailbox_id("inbox"): True})})
    before = client.stats.posts
    await client.email.send(to="bob@example.net")
    assert 1 == client.stats.posts - before


async def test_drafts_go_where_this_client_has_put_them(
    client: Client, server: MemoryServer
) -> None:
    """A role that was moved is heeded, and one that was taken away."""
    await client.email.send(to="bob@example.net")
    old, new = server.mailbox_id("sent"), server.add_mailbox("Sent 2")
    await client.mailbox.set(update={old: {"role": None}})
    await client.mailbox.set(update={new: {"role": "sent"}})
    submission = await client.email.send(to="bob@example.net")
    email = await client.email.get_one(submission.email_id, properties=["mailboxIds"])
    assert {new: True} == email.mailbox_ids


@pytest.mark.parametrize("remembered", [True, False])
async def test_a_message_follows_a_change_that_its_task_did_not_wait_for(
    client: Client, server: MemoryServer, *, remembered: bool
) -> None:
    """A time-out around the change of an identity, and then a message: it has the new name."""
    if remembered:
        await client.email.send(to="bob@example.net")
    server.on_request = gate = Gate()
    neighbour = asyncio.create_task(client.core.echo())
    change = asyncio.ensure_future(client.identity.set(update=RENAME))
    await gate.held.get()
    change.cancel()
    before = client.stats.posts

    async def answer() -> None:
        await turns(10)  # nothing leaves meanwhile
        gate.open()
        assert before == client.stats.posts

    answering = asyncio.create_task(answer())
    await client.email.send(to="bob@example.net")
    await asyncio.gather(neighbour, answering)
    assert b"New Name <alice@example.org>" in server.sent[-1].message


async def test_t43_a_message_that_stays_where_it_is_was_sent(
    client: Client, server: MemoryServer, caplog: pytest.LogCaptureFixture
) -> None:
    """What fails after the message has left is a warning, and is looked up anew."""
    await client.email.send(to="bob@example.net")
    async with connect(server.session_url, auth=server.token) as other:
        await other.mailbox.set(
            destroy=server.mailbox_id("sent"),
            on_destroy_remove_emails=True,
            create={"k": Mailbox(name="Gesendet", role=None)},
        )
    with caplog.at_level(logging.WARNING, "jmap_async"):
        submission = await client.email.send(to="bob@example.net", subject="Two")
    assert submission.email_id in caplog.text
    assert "no mailbox has the role 'sent'" == submission.not_filed
    assert 2 == len(server.sent)
    caplog.clear()
    server.add_mailbox("Verschickt", role="sent")
    submission = await client.email.send(to="bob@example.net", subject="Three")
    assert None is submission.not_filed
    assert "" == caplog.text


def refusing_patches(*methods: str) -> Callable[[Any, Any], Any]:
    """Return a hook by which paths into mailboxIds are wrong in some methods."""

    async def hook(_: object, body: dict[str, Any]) -> None:
        for name, arguments, _id in body["methodCalls"]:
            patches = {**(arguments.get("update") or {})}
            patches |= arguments.get("onSuccessUpdateEmail") or {}
            for patch in patches.values():
                if name in methods and any(path.startswith("mailboxIds") for path in patch):
                    patch["keywords/a b"] = True  # which no server accepts

    return hook


def failing(response: dict[str, Any]) -> dict[str, Any]:
    """Put an error in place of the implicit Email/set."""
    answers = response["methodResponses"]
    if [one[0] for one in answers[1:]] == ["EmailSubmission/set", "Email/set"]:
        answers[2] = ["error", {"type": "serverFail", "description": "busy"}, answers[2][2]]
    return response


def silent(response: dict[str, Any]) -> dict[str, Any]:
    """Leave out the implicit Email/set."""
    if [one[0] for one in response["methodResponses"][1:]] == ["EmailSubmission/set", "Email/set"]:
        del response["methodResponses"][2]
    return response


@pytest.mark.parametrize("refusal", ["patch", "method", "silence"])
async def test_t43_what_was_not_filed_is_filed_later(
    client: Client, server: MemoryServer, caplog: pytest.LogCaptureFixture, refusal: str
) -> None:
    """Where the implicit Email/set did nothing, another one sets the mailboxes as a whole."""
    if refusal == "patch":
        server.on_request = refusing_patches("EmailSubmission/set")
    else:
        server.on_response = failing if refusal == "method" else silent
    submission = await client.email.send(to="bob@example.net")
    assert submission.id == server.sent[-1].submission_id
    assert None is submission.not_filed
    email = await client.email.get_one(submission.email_id, properties=["mailboxIds", "keywords"])
    sent = {server.mailbox_id("sent"): True}
    assert (sent, {"$seen": True}) == (email.mailbox_ids, email.keywords)
    assert ("", 1) == (caplog.text, len(server.sent))


async def test_t43_what_cannot_be_filed_at_all(
    client: Client, server: MemoryServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It was sent: the result and the log say what is left to do."""
    server.on_request = refusing_patches("EmailSubmission/set", "Email/set")
    submission = await client.email.send(to="bob@example.net")
    assert submission.id == server.sent[-1].submission_id
    assert submission.not_filed is not None
    assert "mailboxIds were not changed" in submission.not_filed
    assert submission.not_filed in caplog.text
    copied = pickle.loads(pickle.dumps(submission))  # noqa: S301 - ours
    assert submission == copied


async def test_no_mailbox_for_sent_messages(
    client: Client, server: MemoryServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The message is no draft any more, and leaves the drafts if it is elsewhere, too."""
    drafts, sent = server.mailbox_id("drafts"), server.mailbox_id("sent")
    other = server.add_mailbox("Projects")
    await client.mailbox.set(destroy=sent)
    submission = await client.email.send(to="bob@example.net")
    assert "no mailbox has the role 'sent'" == submission.not_filed
    assert "will stay among the drafts" in caplog.text
    email = await client.email.get_one(submission.email_id, properties=["mailboxIds", "keywords"])
    assert ({drafts: True}, {"$seen": True}) == (email.mailbox_ids, email.keywords)
    caplog.clear()
    submission = await client.email.send(Email(to="bob@example.net", mailbox_ids=[drafts, other]))
    email = await client.email.get_one(submission.email_id, properties=["mailboxIds"])
    assert {other: True} == email.mailbox_ids
    assert (None, "") == (submission.not_filed, caplog.text)


@pytest.mark.parametrize("properties", [["subject"], ["from"], ["mailboxIds"], ["id"]])
async def test_a_draft_of_which_little_was_fetched(
    client: Client, server: MemoryServer, properties: list[Any]
) -> None:
    """Sender, mailboxes and recipients are asked for, not guessed."""
    sales = Identity(name="Sales", email="sales@example.org")
    (await client.identity.set(create={"k": sales})).raise_for_errors()
    archive = server.add_mailbox("Archive", role="archive")
    await client.email.send(to="bob@example.net")
    for mailbox, expected in (("drafts", server.mailbox_id("sent")), (archive, archive)):
        id = server.add_email(from_=sales.email, to="bob@example.net", mailbox=mailbox)
        draft = await client.email.get_one(id, properties=properties)
        await client.email.send(draft)
        assert (sales.email, id) == (server.sent[-1].mail_from, server.sent[-1].email_id)
        email = await client.email.get_one(id, properties=["mailboxIds"])
        assert {expected: True} == email.mailbox_ids
    later = datetime.now(UTC) + timedelta(hours=1)
    id = server.add_email(from_=sales.email, to="bob@example.net", mailbox="drafts")
    submission = await client.email.send(Email(id=id), send_at=later)
    read = (await client.email_submission.get(submission.id)).list[0]
    assert read.envelope is not None
    assert ["bob@example.net"] == [one.email for one in read.envelope.rcpt_to]
    with pytest.raises(NotFound, match="no Email 'nope'"):
        await client.email.send(Email(id="nope"))


async def test_a_draft_that_the_server_has(client: Client, server: MemoryServer) -> None:
    """It is sent by its id, and moved."""
    message = Email(
        mailbox_ids=server.mailbox_id("drafts"),
        keywords=["$draft"],
        from_=server.user,
        to="bob@example.net",
    )
    made = (await client.email.set(create={"k": message})).created["k"]
    draft = await client.email.get_one(made.id)
    submission = await client.email.send(draft)
    assert draft.id == submission.email_id == server.sent[-1].email_id
    moved = await client.email.get_one(draft, properties=["mailboxIds", "keywords"])
    assert {server.mailbox_id("sent"): True} == moved.mailbox_ids
    assert {} == moved.keywords


async def test_an_identity_that_was_replaced(client: Client, server: MemoryServer) -> None:
    """A draft of the server is sent with the new identity: nothing had been done before."""
    sales = Identity(name="Sales", email="sales@example.org")
    old = (await client.identity.set(create={"k": sales})).created["k"]
    await client.email.send(to="bob@example.net", from_=sales.email)
    new = (await client.identity.set(destroy=old.id, create={"k": sales})).created["k"]
    email_id = server.add_email(from_=sales.email, to="carol@example.net", mailbox="drafts")
    submission = await client.email.send(await client.email.get_one(email_id))
    assert new.id == submission.identity_id
    assert 2 == len(server.sent)


async def test_an_identity_that_is_new(client: Client, server: MemoryServer) -> None:
    """An identity that was added since the first message is found."""
    await client.email.send(to="bob@example.net")
    sales = Identity(name="Sales", email="sales@example.org")
    made = await client.identity.set(create={"k": sales})
    submission = await client.email.send(to="bob@example.net", from_=sales.email)
    assert made.created["k"].id == submission.identity_id
    assert 2 == len(server.sent)


async def test_an_account_that_may_not_be_changed(server: MemoryServer) -> None:
    """The draft is refused, and so the error is that of the draft."""
    server.world.accounts[server.account_id].is_read_only = True
    async with connect(server.session_url, auth=server.token) as client:
        with pytest.raises(ReadOnlyAccount, match="Email/set"):
            await client.email.send(to="bob@example.net")


async def test_a_message_as_it_is(client: Client, server: MemoryServer) -> None:
    """Only what is missing is added."""
    submission = await client.email.send(
        Email(to="bob@example.net", subject="Hi", extra={"header:X-Ticket:asText": "42"})
    )
    assert b"X-Ticket: 42" in server.sent[-1].message
    with pytest.raises(LocalProtocolError, match="as it is"):
        await client.email.send(Email(id=submission.email_id), subject="Other")


async def test_t147_a_message_for_later(client: Client, server: MemoryServer) -> None:
    """The server holds it until it is time."""
    later = datetime.now(UTC) + timedelta(hours=1)
    submission = await client.email.send(to="bob@example.net", send_at=later)
    assert "pending" == submission.undo_status
    assert [] == server.sent


async def test_t147_a_server_that_cannot_wait(server: MemoryServer) -> None:
    """It is refused before anything is created."""
    account = server.world.accounts[server.account_id]
    account.capabilities["urn:ietf:params:jmap:submission"]["maxDelayedSend"] = 0
    async with connect(server.session_url, auth=server.token) as client:
        with pytest.raises(LocalProtocolError, match="does not hold"):
            await client.email.send(to="bob@example.net", send_at=datetime.now(UTC))
        assert 0 == client.stats.posts


async def test_t9_identities_have_an_account_of_their_own(server: MemoryServer) -> None:
    """What is sent is created in the account that sends it."""
    server.add_account("A2", name="work@example.org")
    server.world.primary_accounts["urn:ietf:params:jmap:submission"] = "A2"
    async with connect(server.session_url, auth=server.token) as client:
        submission = await client.email.send(to="bob@example.net")
        assert "work@example.org" == server.sent[-1].mail_from
        sent = await client.account("A2").email.get_one(submission.email_id)
        assert {server.mailbox_id("sent", "A2"): True} == sent.mailbox_ids
        await client.account("A1").email.send(to="bob@example.net")
        assert server.user == server.sent[-1].mail_from


async def test_no_account_to_send_from(server: MemoryServer) -> None:
    """Without a primary account for submissions one has to be named."""
    del server.world.primary_accounts["urn:ietf:params:jmap:submission"]
    async with connect(server.session_url, auth=server.token) as client:
        for send_at in (None, datetime.now(UTC)):
            with pytest.raises(NoAccount, match="submission"):
                await client.email.send(to="bob@example.net", send_at=send_at)
