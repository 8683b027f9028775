"""Whom to send as."""

import pytest

from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.errors import LocalProtocolError, NotFound, RemoteProtocolError
from jmap_async.protocol.codec.converter import decoder
from jmap_async.verbs.identities import choose_identity, sender_of

ALICE = EmailAddress(name="Alice", email="alice@example.org")

IDENTITIES = [
    Identity(id="any", email=""),
    Identity(id="domain", email="*@example.org"),
    Identity(id="sales", email="Sales@example.org"),
]


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("sales@EXAMPLE.org", "sales"),
        ("support@example.org", "domain"),
        ("me@elsewhere.example", "any"),
        (None, "sales"),
    ],
)
def test_t143_the_identity_fits_the_sender(sender: str | None, expected: str) -> None:
    """The address itself, else its domain, else an identity for any address."""
    address = None if sender is None else EmailAddress(email=sender)
    chosen = choose_identity(IDENTITIES, wanted=None, sender=address)
    assert expected == chosen.id


LOGINS = [
    Identity(id="sales", email="sales@example.org", may_delete=True),
    Identity(id="info", email="info@example.org", may_delete=False),
    Identity(id="any", email=""),
    Identity(id="domain", email="*@Example.net"),
    Identity(id="other case", email="Alice@example.org"),
    Identity(id="alice", email="alice@Example.org"),
]


@pytest.mark.parametrize(
    ("username", "there", "expected"),
    [
        ("alice@EXAMPLE.org", LOGINS, "alice"),
        ("Alice@example.org", LOGINS, "other case"),
        ("ALICE@example.org", LOGINS[:5], "other case"),
        ("bob@example.net", LOGINS, "domain"),
        ("bob@sub.example.net", LOGINS, "any"),
        ("bob@example.org", LOGINS[:3], "any"),
        ("bob@example.org", LOGINS[:2], "info"),
        ("alice", LOGINS, "other case"),
        ("alice@internal", [*LOGINS[:2], *LOGINS[3:]], "other case"),
        ("bob", LOGINS, "info"),
        ("", LOGINS[:1], "sales"),
        ("bob", LOGINS[2:4], "any"),
    ],
)
def test_t143_the_identity_of_the_login(
    username: str, there: list[Identity], expected: str
) -> None:
    """Without a sender the login decides; an alias comes last, whatever the server's order."""
    chosen = choose_identity(there, wanted=None, sender=None, username=username)
    assert expected == chosen.id


def test_an_identity_may_be_named() -> None:
    """By its id or itself; that it fits the sender is the server's to say."""
    assert "domain" == choose_identity(IDENTITIES, wanted="domain", sender=ALICE).id
    other = Identity(id="other")
    assert other is choose_identity(IDENTITIES, wanted=other, sender=None)


@pytest.mark.parametrize(
    ("identities", "wanted"),
    [([], None), (IDENTITIES, "nope"), (IDENTITIES[2:], None)],
)
def test_no_identity_fits(identities: list[Identity], wanted: str | None) -> None:
    """The error names the identities that there are."""
    with pytest.raises(NotFound, match="no identity") as failed:
        choose_identity(identities, wanted=wanted, sender=ALICE)
    for identity in identities:
        assert identity.id in str(failed.value)


def test_a_malformed_identity_costs_nobody_the_others() -> None:
    """It is passed over; where none fits then, the server is blamed. A name is not needed."""
    odd, good = decoder(list[Identity])(
        [
            {"id": "odd", "email": 5},
            {"id": "good", "email": "alice@example.org", "name": ["Alice"]},
        ]
    )
    for sender in (EmailAddress(email="alice@example.org"), None):
        assert good is choose_identity([odd, good], wanted=None, sender=sender)
    with pytest.raises(RemoteProtocolError, match="malformed Identity 'odd': email: expected"):
        choose_identity([odd], wanted=None, sender=None)
    assert EmailAddress(email="alice@example.org") == sender_of(good, "")


@pytest.mark.parametrize(
    ("identity", "username", "name"),
    [
        (Identity(id="1", name="Al", email="al@example.org"), "x", "Al"),
        (Identity(id="1", name="", email=""), "al@example.org", None),
        (Identity(id="1", email="*@example.org"), "al@example.org", None),
    ],
)
def test_the_sender_without_a_wish(identity: Identity, username: str, name: str | None) -> None:
    """The identity's address, else the login, where that is an address."""
    sender = sender_of(identity, username)
    assert ("al@example.org", name) == (sender.email, sender.name if "name" in sender else None)


@pytest.mark.parametrize("username", ["alice", "alice@example.com", ""])
def test_no_sender_at_all(username: str) -> None:
    """A login that is no address, or one of another domain, does not help a wildcard."""
    with pytest.raises(LocalProtocolError, match="from_"):
        sender_of(Identity(id="1", email="*@example.org"), username)
