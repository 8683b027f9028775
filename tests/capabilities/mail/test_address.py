"""Addresses as callers write them."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.capabilities.mail.address import (
    EmailAddress,
    EmailAddressGroup,
    as_addresses,
    parse_address,
)
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.converter import decoder


@pytest.mark.parametrize(
    ("text", "name", "email"),
    [
        ("bob@example.net", None, "bob@example.net"),
        (" <bob@example.net> ", None, "bob@example.net"),
        ("Bob <bob@example.net>", "Bob", "bob@example.net"),
        ("Bob B. Baker<bob@example.net>", "Bob B. Baker", "bob@example.net"),
        ('"Baker, Bob" <bob@example.net>', "Baker, Bob", "bob@example.net"),
        ("Baker, Bob <bob@example.net>", "Baker, Bob", "bob@example.net"),
        (r'"Bob \"Bo\" Baker" <bob@example.net>', 'Bob "Bo" Baker', "bob@example.net"),
        ("bob@example.net <bob@example.net>", "bob@example.net", "bob@example.net"),
        ("Zoë <zoë@exämple.net>", "Zoë", "zoë@exämple.net"),
    ],
)
def test_parse(text: str, name: str | None, email: str) -> None:
    """A name is optional, and may be quoted."""
    parsed = parse_address(text)
    assert email == parsed.email
    assert name == getattr(parsed, "name", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bob",
        "@example.net",
        "bob@",
        "bob@example.net, carol@example.net",
        "bob@example.net, Carol <carol@example.net>",
        "Bob <bob@example.net>, Carol <carol@example.net>",
        "Bob <bob@example.net",
        "Bob\r\nBcc: eve <bob@example.net>",
        "bob@example.net\nBcc: eve@example.net",
        "Bob <b ob@example.net>",
    ],
)
def test_what_is_no_address(text: str) -> None:
    """Anything but one address is refused, so that nothing goes where nobody meant it to."""
    with pytest.raises(LocalProtocolError, match="no email address"):
        parse_address(text)


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text(text: str) -> None:
    """Whatever is written, an address comes out or an error that says so."""
    try:
        parsed = parse_address(text)
    except LocalProtocolError:
        return
    assert parsed.email in text
    assert 1 == parsed.email.count("@")


@given(st.from_regex(r"[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]{0,20}[^\x00-\x1f\x7f\s]", fullmatch=True))
def test_any_quoted_name(name: str) -> None:
    """A quoted name comes back as it was."""
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    assert name == parse_address(f'"{quoted}" <bob@example.net>').name


def test_one_or_many() -> None:
    """Addresses come as text or objects, one or many; None is not an empty list."""
    bob = EmailAddress(email="bob@example.net")
    assert [bob] == as_addresses("bob@example.net")
    assert [bob] == as_addresses(bob)
    assert [bob, bob] == as_addresses(("bob@example.net", bob))
    assert [] == as_addresses([])
    assert None is as_addresses(None)


def test_t129_addresses_of_others_may_be_malformed() -> None:
    """What a message held is shown, however odd; a group's name may be null."""
    read = decoder(EmailAddressGroup)({"name": None, "addresses": [{"email": "me", "name": None}]})
    assert None is read.name
    assert "me" == read.addresses[0].email
    assert None is read.addresses[0].name
