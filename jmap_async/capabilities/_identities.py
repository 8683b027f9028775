"""Whom to send as: pure functions of the identities that there are (RFC 8621, 6)."""

from collections.abc import Iterable

from jmap_async.capabilities.address import EmailAddress
from jmap_async.capabilities.identity import Identity
from jmap_async.errors import LocalProtocolError, NotFound
from jmap_async.protocol.objects import check_readable, is_readable
from jmap_async.protocol.types import Id


def choose_identity(
    identities: Iterable[Identity], *, wanted: Identity | Id | None, sender: EmailAddress | None
) -> Identity:
    """Return the identity to send as (RFC 8621, 6).

    Without a wish it is the one for the sender's address or domain, else one that is for any
    address; without a sender it is the first with an address of its own, if there is one.

    Raises:
        NotFound: none fits; names those that there are.
        RemoteProtocolError: none fits, but one is malformed.
    """
    if isinstance(wanted, Identity):
        return wanted
    identities = list(identities)
    # One that cannot be read costs nobody the others.
    candidates = [one for one in identities if is_readable(one, "id", "email")]
    if wanted is not None:
        fitting = [one for one in candidates if one.id == wanted]
    elif sender is not None:
        email = sender.email.lower()
        patterns = (email, f"*@{email.rpartition('@')[2]}", "")
        fitting = [one for want in patterns for one in candidates if _pattern(one) == want]
    else:
        fitting = sorted(candidates, key=lambda one: not is_address(_pattern(one)))
    if not fitting:
        check_readable(identities, "id", "email")
        known = ", ".join(f"{one.id} ({_pattern(one) or 'any address'})" for one in candidates)
        asked = wanted or (sender.email if sender else "anybody")
        raise NotFound(f"no identity to send as {asked!r}; there are: {known or 'none'}")
    return fitting[0]


def _pattern(identity: Identity) -> str:
    return _address(identity).lower()


def is_address(text: str) -> bool:
    """Tell whether this is the address of somebody, not the pattern of an identity."""
    return "@" in text.strip("@") and "*" not in text


def sender_of(identity: Identity, username: str) -> EmailAddress:
    """Return the address to send from when the caller named none.

    Raises:
        LocalProtocolError: neither the identity nor the login says it.
    """
    email = next((one for one in (_address(identity), username) if is_address(one)), None)
    if email is None:
        raise LocalProtocolError(
            f"the identity {identity.id} has no address of its own: say whom the message is "
            "from with from_"
        )
    # It is sent without a name rather than not at all.
    name = getattr(identity, "name", "") if is_readable(identity, "name") else ""
    return EmailAddress(name=name, email=email) if name else EmailAddress(email=email)


def _address(identity: Identity) -> str:
    return str(getattr(identity, "email", ""))
