"""Emails as objects."""

from datetime import UTC, datetime, timedelta, timezone

import attrs
import orjson
import pytest

from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.capabilities.mail.email import Email, EmailImport
from jmap_async.errors import LocalProtocolError, PropertyNotFetched, RemoteProtocolError
from jmap_async.protocol.codec.converter import decoder, encode


def test_creating_an_email_sends_what_was_set() -> None:
    """Addresses, sets and moments are given as is convenient, and sent as the RFC has them."""
    email = Email(
        mailbox_ids=["MB1"],
        keywords={"$Draft"},
        from_="Alice <alice@example.org>",
        to=["bob@example.net", EmailAddress(name="Carol", email="carol@example.net")],
        reply_to=None,
        subject="Hi",
        received_at=datetime(2026, 1, 2, 4, 4, 5, tzinfo=timezone(timedelta(hours=1))),
        extra={"header:X-Ticket:asText": "42"},
    )
    expected = {
        "mailboxIds": {"MB1": True},
        "keywords": {"$draft": True},
        "from": [{"name": "Alice", "email": "alice@example.org"}],
        "to": [{"email": "bob@example.net"}, {"name": "Carol", "email": "carol@example.net"}],
        "replyTo": None,
        "subject": "Hi",
        "receivedAt": "2026-01-02T03:04:05Z",
        "header:X-Ticket:asText": "42",
    }
    assert expected == orjson.loads(encode(email))


def test_t66_what_was_not_fetched_is_not_null() -> None:
    """Reading what was not asked for says how to ask for it."""
    email = decoder(Email)({"id": "M1", "subject": None})
    assert None is email.subject
    with pytest.raises(PropertyNotFetched, match="preview"):
        _ = email.preview
    assert "none" == getattr(email, "preview", "none")


def test_t124_header_properties_are_read_by_wire_name() -> None:
    """A header property is read under the name by which it was asked for."""
    email = decoder(Email)({"id": "M1", "header:list-id:asText": "a list"})
    assert "a list" == email["header:list-id:asText"]
    with pytest.raises(PropertyNotFetched):
        _ = email["header:List-Id:asText"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("2026-01-02T03:04:05+01:00", datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05-00:00", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("2026-01-02T03:04:05.5Z", datetime(2026, 1, 2, 3, 4, 5, 500_000, tzinfo=UTC)),
        (None, None),
    ],
)
def test_t127_sent_at_may_have_any_offset(sent: str | None, expected: datetime | None) -> None:
    """The Date header of a message is kept by the sender; it may also be missing."""
    assert expected == decoder(Email)({"sentAt": sent}).sent_at


def test_a_malformed_property_does_not_spoil_the_others() -> None:
    """Reading the odd value is an error, reading another one is not."""
    email = decoder(Email)({"subject": "Hi", "receivedAt": "yesterday", "from": "bob"})
    assert "Hi" == email.subject
    for name in ("received_at", "from_"):
        with pytest.raises(RemoteProtocolError):
            getattr(email, name)


def test_evolve() -> None:
    """A changed copy takes what the constructor takes, and keeps the rest."""
    email = decoder(Email)({"id": "M1", "from": [{"email": "a@example.org"}], "x:y": 1})
    changed = attrs.evolve(email, from_="b@example.org", keywords="$Seen")
    assert [EmailAddress(email="b@example.org")] == changed.from_
    assert {"$seen": True} == changed.keywords
    assert 1 == changed["x:y"]
    assert [EmailAddress(email="a@example.org")] == email.from_


def test_t170_an_unknown_smime_status_is_kept() -> None:
    """What an enumeration may hold is the server's choice."""
    assert "signed/odd" == decoder(Email)({"smimeStatus": "signed/odd"}).smime_status


def test_wrong_names_are_refused() -> None:
    """A property that does not exist cannot be set."""
    with pytest.raises(TypeError, match="subjekt"):
        Email(subjekt="x")  # type: ignore[call-arg]
    with pytest.raises(LocalProtocolError):
        Email(to="nobody")


def test_t132_import() -> None:
    """A message to import needs its blob and a mailbox."""
    wire = orjson.loads(encode(EmailImport(blob_id="B1", mailbox_ids="MB1", keywords=["$Seen"])))
    assert {"blobId": "B1", "mailboxIds": {"MB1": True}, "keywords": {"$seen": True}} == wire
