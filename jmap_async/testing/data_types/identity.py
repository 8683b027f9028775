"""Identity and VacationResponse (RFC 8621, 6 and 8)."""

from collections.abc import Mapping
from typing import ClassVar, Final

from jmap_async.testing.checks import (
    is_address,
    is_boolean,
    is_id,
    is_string,
    list_of,
    nullable,
)
from jmap_async.testing.failures import SetFailure
from jmap_async.testing.instants import is_utc_date
from jmap_async.testing.methods import Call, Method
from jmap_async.testing.standard.datatype import ID_PROPERTY, DataType, Property, server_set
from jmap_async.testing.standard.getting import changes_method, get_method
from jmap_async.testing.standard.setting import set_method
from jmap_async.testing.types import SUBMISSION, VACATION, JSONObject

_ADDRESSES: Final = nullable(list_of(is_address))


def _is_email(value: object) -> bool:
    return is_string(value) and "@" in value[1:-1]


class IdentityType(DataType):
    """Identities: addresses that the user may send from; "*@domain" is any of a domain."""

    name = "Identity"
    capability = SUBMISSION
    properties: ClassVar[Mapping[str, Property]] = {
        "id": ID_PROPERTY,
        "name": Property(is_string, ""),
        "email": Property(_is_email, immutable=True),
        "replyTo": Property(_ADDRESSES, None),
        "bcc": Property(_ADDRESSES, None),
        "textSignature": Property(is_string, ""),
        "htmlSignature": Property(is_string, ""),
        "mayDelete": server_set(is_boolean, default=True),
    }

    def destroy(self, call: Call, record: JSONObject, options: JSONObject) -> None:
        """Destroy an Identity, unless it came with the account."""
        if not record["mayDelete"]:
            raise SetFailure("forbidden", "This Identity cannot be destroyed.")
        super().destroy(call, record, options)


class VacationResponseType(DataType):
    """The one VacationResponse of an account, whose id is "singleton"."""

    name = "VacationResponse"
    capability = VACATION
    singleton = True
    properties: ClassVar[Mapping[str, Property]] = {
        "id": server_set(is_id),
        "isEnabled": Property(is_boolean, default=False),
        "fromDate": Property(nullable(is_utc_date), None),
        "toDate": Property(nullable(is_utc_date), None),
        "subject": Property(nullable(is_string), None),
        "textBody": Property(nullable(is_string), None),
        "htmlBody": Property(nullable(is_string), None),
    }


IDENTITY: Final = IdentityType()
VACATION_RESPONSE: Final = VacationResponseType()
METHODS: Final[dict[str, Method]] = {
    "Identity/get": get_method(IDENTITY),
    "Identity/changes": changes_method(IDENTITY),
    "Identity/set": set_method(IDENTITY),
    "VacationResponse/get": get_method(VACATION_RESPONSE),
    "VacationResponse/set": set_method(VACATION_RESPONSE),
}
