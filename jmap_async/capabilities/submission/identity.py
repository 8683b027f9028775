"""Identity: an address that the user may send from (RFC 8621, 6)."""

from collections.abc import Sequence
from typing import ClassVar, Final, Literal

import attrs

from jmap_async.capabilities.facade import DataType, method
from jmap_async.capabilities.inputs import members
from jmap_async.capabilities.mail.address import EmailAddress, as_addresses
from jmap_async.capabilities.mail.header_values import check_one_line
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import arguments, declared
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.standard import (
    ByIds,
    Changes,
    ChangesResponse,
    GetResponse,
    Set,
    SetResponse,
)
from jmap_async.protocol.types import ABSENT, Id

IdentityProperty = Literal[
    "id", "name", "email", "replyTo", "bcc", "textSignature", "htmlSignature", "mayDelete"
]

_IN_HEADERS: Final = ("name", "email", "replyTo", "bcc")
"""The properties that a client puts into header fields of messages."""


@data_object
@declared(kw_only=True)
class Identity(DataObject):
    """An address to send from (RFC 8621, 6).

    `email` may be "*@example.net": any address of the domain. Applying `reply_to`, `bcc` and the
    signatures is left to the client.
    """

    id: Id = ABSENT
    name: str = ABSENT
    email: str = ABSENT
    reply_to: list[EmailAddress] | None = attrs.field(default=ABSENT, converter=as_addresses)
    bcc: list[EmailAddress] | None = attrs.field(default=ABSENT, converter=as_addresses)
    text_signature: str = ABSENT
    html_signature: str = ABSENT
    may_delete: bool = ABSENT


@arguments(kw_only=True)
class IdentityGet(ByIds):
    """Arguments of Identity/get (RFC 8621, 6.1)."""

    properties: Sequence[IdentityProperty] | ResultReference[Sequence[str]] | None = None


@arguments(kw_only=True)
class IdentitySet(Set[Identity]):
    """Arguments of Identity/set (RFC 8621, 6.3)."""

    kind: ClassVar[type | None] = Identity

    def check(self) -> None:
        super().check()
        for one in (*(self.create or {}).values(), *(self.update or {}).values()):
            for name in _IN_HEADERS:
                check_one_line(name, members(one).get(name))


class IdentityTable(DataType):
    """The methods of Identity (RFC 8621, 6)."""

    get = method("Identity/get", IdentityGet, GetResponse[Identity])
    """Fetch identities, all of them without ids (RFC 8621, 6.1)."""

    changes = method("Identity/changes", Changes, ChangesResponse)
    """Tell which identities changed since a state (RFC 8621, 6.2)."""

    set = method("Identity/set", IdentitySet, SetResponse[Identity])
    """Create, change and destroy identities (RFC 8621, 6.3)."""
