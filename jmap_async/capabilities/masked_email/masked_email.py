"""MaskedEmail: Fastmail's throw-away addresses."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final, Literal

from jmap_async.capabilities.extensions import usual
from jmap_async.capabilities.facade import DataType, method
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import arguments, declared
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.standard import ByIds, GetResponse, Set, SetResponse
from jmap_async.protocol.types import ABSENT, Id

# What was given as `emailPrefix` is part of `email` and cannot be read.
MaskedEmailProperty = Literal[
    "id",
    "email",
    "state",
    "forDomain",
    "description",
    "lastMessageAt",
    "createdAt",
    "createdBy",
    "url",
]

MaskedEmailState = Literal["pending", "enabled", "disabled", "deleted"]

_PREFIX: Final = r"[a-z0-9_]{1,64}"


@data_object
@declared(kw_only=True)
class MaskedEmail(DataObject):
    """An address that delivers to the user until it is disabled or deleted.

    `state` is one of MaskedEmailState: mail to an "enabled" address arrives, to a "disabled" one
    goes to the trash, to a "deleted" one bounces; a "pending" one is enabled by its first mail and
    goes away after a day without one. `for_domain` is the origin of the site that it is for, `url`
    a link into the program that made it. `email_prefix` is for creation only.
    """

    id: Id = ABSENT
    email: str = ABSENT
    state: str = ABSENT
    for_domain: str = ABSENT
    description: str = ABSENT
    last_message_at: datetime | None = ABSENT
    created_at: datetime = ABSENT
    created_by: str = ABSENT
    url: str | None = ABSENT
    email_prefix: str = ABSENT


@arguments(kw_only=True)
class MaskedEmailGet(ByIds):
    """Arguments of MaskedEmail/get."""

    properties: Sequence[MaskedEmailProperty] | ResultReference[Sequence[str]] | None = None

    usual_properties: ClassVar[tuple[str, ...] | None] = usual(MaskedEmailProperty)


@arguments(kw_only=True)
class MaskedEmailSet(Set[MaskedEmail]):
    """Arguments of MaskedEmail/set."""

    kind: ClassVar[type | None] = MaskedEmail

    def check(self) -> None:
        super().check()
        for key, masked in (self.create or {}).items():
            wire = masked.to_wire() if isinstance(masked, MaskedEmail) else masked
            prefix = wire.get("emailPrefix", "_")
            if not isinstance(prefix, str) or re.fullmatch(_PREFIX, prefix) is None:
                raise LocalProtocolError(
                    f"create[{key!r}]: {prefix!r:.80} is no email prefix: use 1 to 64 of a-z 0-9 _"
                )


class MaskedEmailTable(DataType):
    """The methods of MaskedEmail."""

    get = method("MaskedEmail/get", MaskedEmailGet, GetResponse[MaskedEmail])
    """Fetch masked addresses, all of them without ids; deleted ones are among them."""

    set = method("MaskedEmail/set", MaskedEmailSet, SetResponse[MaskedEmail])
    """Create, change and destroy masked addresses."""
