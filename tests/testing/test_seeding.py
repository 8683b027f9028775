"""Tests of filling accounts from the outside."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.data_types.messages import content_of
from jmap_async.testing.message.content import Content
from tests.testing.model import Model, message

PRINTABLE = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"]), max_size=40)


@given(
    subject=PRINTABLE,
    name=st.sampled_from(["Bob", "", "Bob B.", "Jörg", 'q"x', "a, b"]),
    text=st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=300),
)
def test_what_is_known_without_parsing_is_what_parsing_gives(
    subject: str, name: str, text: str
) -> None:
    """Plain messages are not parsed when they are first fetched, and nobody can tell."""
    model = Model()
    sender = f'"{name.replace(chr(34), chr(92) + chr(34))}" <bob@x>'
    id = model.server.add_email(subject=subject, from_=sender, to=["a@x", "C <c@x>"], text=text)
    quick = model.get_one("Email", id)
    account = model.server.world.accounts["A1"]
    blob_id = quick["blobId"]
    account.contents[blob_id] = Content(account.blobs[blob_id].data, account.put_blob)
    assert quick == model.get_one("Email", id)


def test_plain_messages_are_not_parsed(model: Model) -> None:
    """That is what makes ten thousand of them bearable."""
    id = model.server.add_email(subject="Hi", text="Hello")
    found = model.get_one("Email", id)
    content = content_of(model.server.world.accounts["A1"], found["blobId"])
    assert "root" not in vars(content)
    assert found["textBody"][0]["blobId"] in model.server.world.accounts["A1"].blobs


def test_all_kinds_of_messages(model: Model) -> None:
    """Text, HTML and attachments; keywords, Mailbox and time."""
    id = model.server.add_email(
        subject="Grüße",
        from_="Bob <bob@x>",
        to=["a@x"],
        text="plain",
        html="<p>html",
        attachments=[("a.bin", b"\0"), ("b.txt", b"b", "text/plain")],
        mailbox="archive",
        keywords=["$seen"],
        received_at=datetime(2020, 1, 1, tzinfo=UTC),
    )
    found = model.get_one("Email", id, fetchAllBodyValues=True)
    assert ("Grüße", "2020-01-01T00:00:00Z", {"P6": True}, {"$seen": True}, True) == tuple(
        found[n] for n in ("subject", "receivedAt", "mailboxIds", "keywords", "hasAttachment")
    )
    types = [(part["name"], part["type"]) for part in found["attachments"]]
    assert [("a.bin", "application/octet-stream"), ("b.txt", "text/plain")] == types
    assert ["plain", "<p>html", "b"] == [v["value"] for v in found["bodyValues"].values()]


def test_a_whole_message_can_be_given(model: Model) -> None:
    """Then its header is what counts."""
    id = model.server.add_email(message=message("Subject: Own", "", ""), subject="Other")
    assert "Own" == model.get_one("Email", id)["subject"]


def test_html_alone_has_no_text(model: Model) -> None:
    """Only without both there is a default text."""
    found = model.get_one("Email", model.server.add_email(html="<p>x"))
    assert ["text/html"] == [part["type"] for part in found["textBody"]]
    assert "Hello." == model.get_one("Email", model.server.add_email())["preview"]


def test_mailboxes_are_found_by_id_or_role(model: Model) -> None:
    """There is an error that says what was looked for."""
    box = model.server.add_mailbox("Box", parent_id="P2")
    assert box == model.server.mailbox_id(box)
    assert "P2" == model.get_one("Mailbox", box)["parentId"]
    assert [model.server.add_email(mailbox=box)] == model.query("Email", {"inMailbox": box})
    with pytest.raises(LookupError, match="nope"):
        model.server.mailbox_id("nope")


def test_accounts_have_what_their_capabilities_need(model: Model) -> None:
    """Without mail there are no Mailboxes, without submission no Identity."""
    world = model.server.world
    model.server.add_account("B", capabilities=[])
    assert ({}, {}) == (
        world.accounts["B"].records("Mailbox"),
        world.accounts["B"].records("Identity"),
    )
    model.server.add_account("C", name="carol@example.org", is_personal=False)
    identity: Any = [*world.accounts["C"].records("Identity").values()]
    assert ["carol@example.org"] == [found["email"] for found in identity]
