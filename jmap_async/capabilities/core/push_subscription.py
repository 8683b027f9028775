"""PushSubscription: where the server announces changes (RFC 8620, 7.2)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final, Literal

import attrs

from jmap_async.capabilities.extensions import needed, usual, written
from jmap_async.capabilities.facade import DataType, method
from jmap_async.capabilities.inputs import items
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol import patch
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import arguments, declared
from jmap_async.protocol.ids import check_creation_id, check_ids, ids_argument
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.standard import Arguments, ByIds, GetResponse, IdList, SetResponse
from jmap_async.protocol.types import ABSENT, Id, Wire

# RFC 8620, 7.2.1: `url` and `keys` cannot be read.
PushSubscriptionProperty = Literal[
    "id", "deviceClientId", "verificationCode", "expires", "types", "emailPush"
]

_EXTENSIONS: Final = {"emailPush": "urn:ietf:params:jmap:emailpush"}


@data_object
@declared(kw_only=True)
class PushKeys(DataObject):
    """The keys with which pushes are encrypted, in URL-safe base64 (RFC 8291)."""

    p256dh: str = attrs.field(repr=False, default=ABSENT)
    auth: str = attrs.field(repr=False, default=ABSENT)


@data_object
@declared(kw_only=True)
class PushSubscription(DataObject):
    """A URL that the server posts changes to (RFC 8620, 7.2).

    `url` and `keys` are given once and never come back. Nothing is pushed until the
    `verification_code` that arrives at the URL has been set. `types` None means all.
    """

    id: Id = ABSENT
    device_client_id: str = ABSENT
    url: str = attrs.field(repr=False, default=ABSENT)
    keys: PushKeys | None = attrs.field(repr=False, default=ABSENT)
    verification_code: str | None = attrs.field(repr=False, default=ABSENT)
    expires: datetime | None = ABSENT
    types: list[str] | None = ABSENT
    email_push: dict[Id, dict[str, object]] | None = ABSENT


@arguments(kw_only=True)
class PushSubscriptionGet(ByIds):
    """Arguments of PushSubscription/get (RFC 8620, 7.2.1)."""

    properties: Sequence[PushSubscriptionProperty] | ResultReference[Sequence[str]] | None = None

    usual_properties: ClassVar[tuple[str, ...] | None] = usual(
        PushSubscriptionProperty, but=_EXTENSIONS
    )

    def check(self) -> None:
        super().check()
        asked: object = self.properties
        if isinstance(asked, Sequence) and ("url" in asked or "keys" in asked):
            raise LocalProtocolError("url and keys of a PushSubscription cannot be read")

    def needs(self) -> Iterable[str]:
        return needed(_EXTENSIONS, items(self.properties))


@arguments(kw_only=True)
class PushSubscriptionSet(Arguments):
    """Arguments of PushSubscription/set (RFC 8620, 7.2.2); there is no state."""

    create: Mapping[str, PushSubscription | Wire] | None = None
    update: Mapping[str, PushSubscription | Wire] | None = None
    destroy: IdList | ResultReference[list[str]] | None = attrs.field(
        default=None, converter=ids_argument
    )

    def check(self) -> None:
        for key in self.create or ():
            check_creation_id(key)
        check_ids(self.update or ())
        patch.check_all((self.update or {}).values(), PushSubscription)
        if isinstance(self.destroy, list):
            check_ids(self.destroy)

    def needs(self) -> Iterable[str]:
        return needed(_EXTENSIONS, written(self.create, self.update))


class PushSubscriptionTable(DataType):
    """The methods of PushSubscription (RFC 8620, 7.2); they take no account."""

    get = method(
        "PushSubscription/get",
        PushSubscriptionGet,
        GetResponse[PushSubscription],
        takes_account_id=False,
    )
    """Fetch the subscriptions made with these credentials (RFC 8620, 7.2.1)."""

    set = method(
        "PushSubscription/set",
        PushSubscriptionSet,
        SetResponse[PushSubscription],
        takes_account_id=False,
    )
    """Create, verify, renew and destroy subscriptions (RFC 8620, 7.2.2)."""
