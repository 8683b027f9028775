"""Whom to send as: pure functions of the identities that there are (RFC 8621, 6)."""

from collections.abc import Iterable

from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.errors import LocalProtocolError, NotFound
from jmap_async.protocol.codec.objects import check_readable, is_readable
from jmap_async.protocol.types import Id


def choose_identity(
    identities: Iterable[Identity],
    *,
    wanted: Identity | Id | None,
    sender: EmailAddress | None,
    username: str = "",
) -> Identity:
    """Return the identity to send as (RFC 8621, 6).

    Without a wish it is the one for the sender's address or domain, else one that is for any
    address; without a sender it is in the same way the one for the login's address. Where there is
    none, it is one with an address of its own, if possible that of the login at another domain.

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
        fitting = _for_address(candidates, sender.email)
    else:
        fitting = _for_login(candidates, username)
    if not fitting:
        check_readable(identities, "id", "email")
        known = ", ".join(f"{one.id} ({_pattern(one) or 'any address'})" for one in candidates)
        asked = wanted or (sender.email if sender else "anybody")
        raise NotFound(f"no identity to send as {asked!r}; there are: {known or 'none'}")
    return fitting[0]


def _for_address(candidates: Iterable[Identity], email: str) -> list[Identity]:
    """Return the identities that an address may be sent from, the closest first."""
    fitting = [one for one in candidates if fits(_address(one), email)]
    # Most servers ignore case in what is before the "@", but not all have to (RFC 5321, 2.4).
    local = email.rpartition("@")[0]
    return sorted(
        fitting,
        key=lambda one: (
            _address(one) == "",
            not is_address(_address(one)),
            _address(one).rpartition("@")[0] != local,
        ),
    )


def _for_login(candidates: Iterable[Identity], username: str) -> list[Identity]:
    """Return the identities by how well they stand for whoever is logged in, the best first.

    The order of the server says nothing (RFC 8620, 5.1).
    """
    candidates = list(candidates)
    local = username.lower().partition("@")[0]
    others = sorted(
        candidates,
        key=lambda one: (
            not is_address(_address(one)),
            _pattern(one).rpartition("@")[0] != local,
            # RFC 8621, 6: what may not be deleted is the user's default address.
            not is_readable(one, "may_delete") or getattr(one, "may_delete", None) is not False,
        ),
    )
    return (_for_address(candidates, username) if is_address(username) else []) or others


def fits(pattern: str, email: str) -> bool:
    """Tell whether an identity is for an address: that itself, its domain, or any address.

    >>> fits("*@example.net", "bob@EXAMPLE.net")
    True
    """
    email = email.lower()
    return pattern.lower() in {email, f"*@{email.rpartition('@')[2]}", ""}


def _pattern(identity: Identity) -> str:
    return _address(identity).lower()


def is_address(text: str) -> bool:
    """Tell whether this is the address of somebody, not the pattern of an identity."""
    return "@" in text.strip("@") and "*" not in text


def sender_of(identity: Identity, username: str) -> EmailAddress:
    """Return the address to send from when the caller named none.

    Raises:
        LocalProtocolError: neither the identity says it, nor the login, if it fits the identity.
    """
    email = _address(identity)
    if not is_address(email):
        email = username if is_address(username) and fits(email, username) else ""
    if not email:
        raise LocalProtocolError(
            f"the identity {identity.id} has no address of its own: say whom the message is "
            "from with from_"
        )
    # It is sent without a name rather than not at all.
    name = getattr(identity, "name", "") if is_readable(identity, "name") else ""
    return EmailAddress(name=name, email=email) if name else EmailAddress(email=email)


def _address(identity: Identity) -> str:
    return str(getattr(identity, "email", ""))
