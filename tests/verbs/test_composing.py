"""Composing messages, without a server."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.errors import (
    LocalProtocolError,
    NotFound,
    PropertyNotFetched,
)
from jmap_async.protocol.blob import Blob
from jmap_async.protocol.codec.converter import encode
from jmap_async.verbs import composing
from jmap_async.verbs.composing import (
    Attachment,
    AttachmentLike,
    Letter,
    as_attachments,
)

ALICE = EmailAddress(name="Alice", email="alice@example.org")
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def compose(**given: Any) -> Email:  # noqa: ANN401 - whatever is to be composed
    """Compose with little."""
    names = ("to", "cc", "bcc", "reply_to", "subject", "text", "html")
    return composing.compose(**{**dict.fromkeys(names), **given})


def wire(value: object) -> dict[str, Any]:
    """Return an object in wire form."""
    read: dict[str, Any] = orjson.loads(encode(value))
    return read


def test_text_and_html_are_alternatives() -> None:
    """Each is a part of its own, with its text beside it."""
    email = compose(to="bob@example.net", subject="Hi", text="Hello", html="<p>Hello")
    expected = {
        "to": [{"email": "bob@example.net"}],
        "subject": "Hi",
        "textBody": [{"partId": "text", "type": "text/plain"}],
        "htmlBody": [{"partId": "html", "type": "text/html"}],
        "bodyValues": {"text": {"value": "Hello"}, "html": {"value": "<p>Hello"}},
    }
    assert expected == wire(email)


def test_html_alone() -> None:
    """No text is invented for a message in HTML."""
    assert {"html": {"value": "x"}} == wire(compose(to="b@example.net", html="x"))["bodyValues"]


def test_a_message_without_a_body_is_empty() -> None:
    """A body is there, with nothing in it."""
    assert {"text": {"value": ""}} == wire(compose(cc="b@example.net"))["bodyValues"]


@pytest.mark.parametrize("given", [{}, {"to": []}, {"to": [], "cc": (), "bcc": None}])
def test_a_message_needs_a_recipient(given: dict[str, Any]) -> None:
    """A message to nobody is refused before anything is sent."""
    with pytest.raises(LocalProtocolError, match="recipient"):
        compose(text="x", **given)


def test_attachments() -> None:
    """Paths, bytes and blobs, alone or many; names tell the type."""
    blob = Blob(blob_id="B1", type="image/png; x=y", size=1)
    path = Path("some", "bill.pdf")
    expected = [
        Attachment(content=path, name="bill.pdf", type="application/pdf"),
        Attachment(content=path, name="bill.pdf", type="application/pdf"),
        Attachment(content=b"x"),
        Attachment(content=b"x", name="a.html", type="text/html"),
        Attachment(content=b"x", name="a.tar.gz", type="application/octet-stream"),
        Attachment(content=b"x", name="a.html", type="text/plain"),
        Attachment(content=blob, type="image/png"),
    ]
    given: list[AttachmentLike] = [str(path), path, b"x", ("a.html", b"x"), ("a.tar.gz", b"x")]
    assert expected == as_attachments([*given, ("a.html", b"x", "text/plain"), blob])
    assert expected[:1] == as_attachments(path) == as_attachments(str(path))
    assert expected[2:3] == as_attachments(b"x")
    assert expected[3:4] == as_attachments(("a.html", b"x"))
    assert expected[5:6] == as_attachments(("a.html", b"x", "text/plain"))
    assert [Attachment(content=Path("a"), name="a"), expected[2]] == as_attachments(["a", b"x"])
    assert [] == as_attachments(())


@pytest.mark.parametrize("given", [[1], [("a",)], [("a", "b")], [(b"a", "b")]])
def test_what_is_no_attachment(given: Any) -> None:  # noqa: ANN401 - anything at all
    """Anything else is refused."""
    with pytest.raises(LocalProtocolError, match="no attachment"):
        as_attachments(given)


def test_an_attachment_without_a_name_has_none() -> None:
    """The part says where its content is, and the name if there is one."""
    blob = Blob(blob_id="B1", type="text/plain", size=1)
    part = {"blobId": "B1", "type": "text/x", "disposition": "attachment"}
    assert part == wire(Attachment(content=b"", type="text/x").part(blob))
    named = Attachment(content=b"", type="text/x", name="a.x").part(blob)
    assert {**part, "name": "a.x"} == wire(named)


def complete(letter: Letter, identity: Identity | None = None) -> dict[str, Any]:
    """Complete a letter."""
    chosen = identity or Identity(id="I1")
    return wire(composing.complete(letter, sender=ALICE, identity=chosen, mailbox="drafts"))


def test_what_is_missing_is_added() -> None:
    """Sender, mailbox, keywords, and a Message-ID of the sender's domain, without brackets."""
    letter = Letter(email=Email(subject="Hi"))
    expected = {
        "subject": "Hi",
        "from": [{"name": "Alice", "email": "alice@example.org"}],
        "messageId": [f"{letter.unique}@example.org"],
        "mailboxIds": {"drafts": True},
        "keywords": {"$draft": True, "$seen": True},
    }
    assert expected == complete(letter)
    assert complete(letter) == complete(letter)
    assert letter.unique != Letter(email=Email()).unique
    assert set("<>@ ").isdisjoint(letter.unique)


def test_t143_what_the_identity_prescribes() -> None:
    """Its Reply-To and Bcc apply where none are given, and not to a message sent as it is."""
    identity = Identity(id="I1", reply_to="desk@example.org", bcc="log@example.org")
    plain = complete(Letter(email=Email()), identity)
    assert [{"email": "desk@example.org"}] == plain["replyTo"]
    assert [{"email": "log@example.org"}] == plain["bcc"]
    given = complete(Letter(email=Email(bcc=[], reply_to="me@example.org")), identity)
    assert [] == given["bcc"]
    assert [{"email": "me@example.org"}] == given["replyTo"]
    assert "bcc" not in complete(Letter(email=Email(), as_is=True), identity)


def test_a_message_as_it_is_keeps_what_it_has() -> None:
    """What was given, by whatever name, is not given again."""
    email = Email(
        mailbox_ids="MB9",
        keywords=[],
        extra={
            "header:From:asAddresses": [{"email": "al@example.org"}],
            "header:Message-ID": " <x>",
        },
    )
    letter = composing.as_is(email, identity=None, send_at=None)
    assert wire(email) == complete(letter)
    assert EmailAddress(email="al@example.org") == letter.sender


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({"header:From": " Al <al@example.org>"}, "al@example.org"),
        ({"header:from:asAddresses": [EmailAddress(email="al@example.org")]}, "al@example.org"),
        (
            {
                "header:From:asGroupedAddresses": [
                    {"name": "a", "addresses": []},
                    {"name": "b", "addresses": [{"email": "al@example.org"}]},
                ]
            },
            "al@example.org",
        ),
        ({"header:From": " nobody:;", "header:X-From": " bob@example.net"}, None),
    ],
)
def test_the_sender_by_another_name(extra: dict[str, object], expected: str | None) -> None:
    """Whatever form the From field is given in, its address decides."""
    sender = composing.as_is(Email(extra=extra), identity=None, send_at=None).sender
    assert expected == (sender and sender.email)


def test_the_sender_of_a_message_as_it_is() -> None:
    """Its From address decides on the identity."""
    letter = composing.as_is(
        Email(from_=["a@x.example", "b@x.example"]), identity=None, send_at=None
    )
    assert EmailAddress(email="a@x.example") == letter.sender
    assert not letter.exists
    assert composing.as_is(Email(id="M1"), identity=None, send_at=None).exists


def test_t113_where_drafts_are() -> None:
    """Among the drafts, else among what was sent; not every server has either."""
    assert "d" == composing.draft_mailbox({"drafts": "d", "sent": "s"})
    assert "s" == composing.draft_mailbox({"sent": "s"})
    with pytest.raises(NotFound, match="inbox"):
        composing.draft_mailbox({"inbox": "i"})


DRAFT = {"keywords/$draft": None}
MOVED = {"mailboxIds/d": None, "mailboxIds/s": True}
BOTH = {"drafts": "d", "sent": "s"}


@pytest.mark.parametrize(
    ("placed", "roles", "expected"),
    [
        (["d"], BOTH, MOVED),
        (["d", "other"], BOTH, MOVED),
        (["d", "s"], BOTH, {"mailboxIds/d": None}),
        (["other"], BOTH, {}),
        (["s"], {"sent": "s"}, {}),
        (["d"], {"drafts": "d"}, {}),
        (["d", "other"], {"drafts": "d"}, {"mailboxIds/d": None}),
        (["other"], {"drafts": "d"}, {}),
        (
            ["d/1"],
            {"drafts": "d/1", "sent": "s~"},
            {"mailboxIds/d~11": None, "mailboxIds/s~0": True},
        ),
    ],
)
def test_t115_where_sent_messages_go(
    placed: list[str], roles: dict[str, str], expected: dict[str, Any]
) -> None:
    """From the drafts to the sent ones in one patch; an Email is never in no mailbox."""
    before = dict.fromkeys(placed, True)
    assert {**DRAFT, **expected} == composing.when_sent(before, roles)
    left = "drafts" in roles and "sent" not in roles and ["d"] == placed
    assert left == composing.stays(before, roles)
    email = Email(keywords=["$draft", "$seen"], mailbox_ids=before)
    after = composing.places(before, roles)
    whole = {} if after == before else {"mailboxIds": after}
    assert {**DRAFT, **whole} == composing.still_to_file(email, roles)
    filed = Email(keywords=["$seen"], mailbox_ids=after)
    assert {} == composing.still_to_file(filed, roles)


def test_t147_the_envelope_of_a_held_message() -> None:
    """The time is a parameter of the sender, and all recipients are named, once."""
    email = Email(to="b@example.net", cc=["c@example.net"], bcc=["b@example.net", "d@example.net"])
    envelope = composing.held_envelope(email, ALICE, NOW.replace(microsecond=9))
    expected = {
        "mailFrom": {
            "email": "alice@example.org",
            "parameters": {"HOLDUNTIL": "2026-01-02T03:04:05Z"},
        },
        "rcptTo": [{"email": f"{name}@example.net"} for name in "bcd"],
    }
    assert expected == wire(envelope)


def test_t142_a_held_draft_needs_all_its_recipients() -> None:
    """Whom an Email of the server goes to has to be known; no recipient is left out silently."""
    with pytest.raises(PropertyNotFetched, match="cc"):
        composing.held_envelope(Email(id="M1", to="b@example.net"), ALICE, NOW)


ABLE = {"maxDelayedSend": 3600, "submissionExtensions": {"FutureRelease": []}}


def test_t147_a_server_that_can_hold() -> None:
    """Up to its limit, the time is accepted."""
    composing.check_delay(NOW + timedelta(hours=1), ABLE, NOW)


@pytest.mark.parametrize(
    ("send_at", "capability", "problem"),
    [
        (NOW, {}, "does not hold"),
        (NOW, {**ABLE, "maxDelayedSend": 0}, "does not hold"),
        (NOW, {**ABLE, "submissionExtensions": {"SIZE": ["1"]}}, "does not hold"),
        (NOW + timedelta(hours=2), ABLE, "3600 seconds"),
        (NOW.replace(tzinfo=None), ABLE, "time zone"),
    ],
)
def test_t147_a_time_that_cannot_be_kept(
    send_at: datetime, capability: dict[str, Any], problem: str
) -> None:
    """What the server cannot do is refused before anything is sent."""
    with pytest.raises(LocalProtocolError, match=problem):
        composing.check_delay(send_at, capability, NOW)
