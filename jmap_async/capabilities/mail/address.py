"""Addresses in header fields (RFC 8621, 4.1.2), and the ways in which a caller may give them."""

import re
from collections.abc import Iterable
from typing import Final

from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import declared
from jmap_async.protocol.types import ABSENT


@data_object
@declared(kw_only=True)
class EmailAddress(DataObject):
    """A mailbox of RFC 5322; the `email` of a received message may be malformed (4.1.2.3)."""

    name: str | None = ABSENT
    email: str = ABSENT


@data_object
@declared(kw_only=True)
class EmailAddressGroup(DataObject):
    """A named group of addresses; `name` is None for those outside of any group (4.1.2.4)."""

    name: str | None = ABSENT
    addresses: list[EmailAddress] = ABSENT


AddressLike = str | EmailAddress
"""An address: "bob@example.net", "Bob <bob@example.net>" or an EmailAddress."""

AddressesLike = AddressLike | Iterable[AddressLike]
"""One address or many."""

_ADDRESS: Final = r"[^\s<>,;\"@]+@[^\s<>,;\"@]+"
# Compiled when it is needed first: to import this takes less time then.
_PARSED: Final = (
    r'(?:(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^"<>]*?))\s*'
    rf"<\s*(?P<angle>{_ADDRESS})\s*>|(?P<bare>{_ADDRESS}))"
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def parse_address(text: str) -> EmailAddress:
    """Read one address, with or without a name.

    >>> parse_address("Bob <bob@example.net>")
    EmailAddress(name='Bob', email='bob@example.net')

    Raises:
        LocalProtocolError: it is no address, or more than one.
    """
    match = re.fullmatch(_PARSED, text.strip())
    # An unquoted name with a comma and an "@" is rather a list of addresses.
    listed = match and match["plain"] and "@" in match["plain"] and "," in match["plain"]
    if match is None or listed or _CONTROL.search(text):
        raise LocalProtocolError(
            f"{text!r:.200} is no email address: write 'bob@example.net' or "
            "'Bob <bob@example.net>', and give several as a list"
        )
    email = match["bare"] or match["angle"]
    name = match["plain"] or re.sub(r"\\(.)", r"\1", match["quoted"] or "")
    return EmailAddress(name=name, email=email) if name else EmailAddress(email=email)


def as_addresses(value: AddressesLike | None) -> list[EmailAddress] | None:
    """Return a list of addresses, whatever way they were given; None stays None.

    Raises:
        LocalProtocolError: one of them is no address.
    """
    if value is None:
        return None
    if isinstance(value, str | EmailAddress):
        value = [value]
    return [parse_address(one) if isinstance(one, str) else one for one in value]
