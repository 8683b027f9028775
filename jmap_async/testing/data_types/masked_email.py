"""MaskedEmail, a vendor's data type with /get and /set only."""

import hashlib
import re
from collections.abc import Mapping
from typing import ClassVar, Final

from jmap_async.testing.checks import (
    is_string,
    nullable,
    one_of,
)
from jmap_async.testing.failures import invalid_properties
from jmap_async.testing.instants import is_utc_date, to_utc_date
from jmap_async.testing.methods import Call, Method
from jmap_async.testing.standard.datatype import ID_PROPERTY, DataType, Property, server_set
from jmap_async.testing.standard.getting import get_method
from jmap_async.testing.standard.setting import set_method
from jmap_async.testing.types import MASKED_EMAIL, JSONObject

_PREFIX: Final = re.compile(r"[a-z0-9_]{1,64}")


def _is_prefix(value: object) -> bool:
    return is_string(value) and _PREFIX.fullmatch(value) is not None


class MaskedEmailType(DataType):
    """Addresses that stand for the user's own, one for each site."""

    name = "MaskedEmail"
    capability = MASKED_EMAIL
    properties: ClassVar[Mapping[str, Property]] = {
        "id": ID_PROPERTY,
        "email": server_set(is_string),
        "state": Property(one_of("pending", "enabled", "disabled", "deleted"), "pending"),
        "forDomain": Property(is_string, ""),
        "description": Property(is_string, ""),
        "lastMessageAt": server_set(nullable(is_utc_date)),
        "url": Property(nullable(is_string), None),
        "createdAt": server_set(is_utc_date),
        "createdBy": server_set(is_string),
        "emailPrefix": Property(nullable(_is_prefix), None, immutable=True),
    }
    default_properties = (
        *("id", "email", "state", "forDomain", "description"),
        *("lastMessageAt", "url", "createdAt", "createdBy"),
    )

    def knows(self, name: str) -> bool:
        """Hide emailPrefix, which is never returned."""
        return name in self.shown()

    def create(self, call: Call, values: JSONObject, options: JSONObject) -> JSONObject:
        """Make up an address, beginning with the prefix if there is one."""
        if values["state"] == "deleted":
            raise invalid_properties("state", description="It cannot be created as deleted.")
        table, prefix = self.table(call), values["emailPrefix"]
        id = table.next_id()
        digest = hashlib.sha1(id.encode(), usedforsecurity=False).hexdigest()[:8]
        made: JSONObject = {
            "id": id,
            "email": f"{prefix + '.' if prefix else ''}{digest}@masked.example",
            "createdAt": to_utc_date(call.world.clock()),
            "createdBy": call.world.username,
        }
        record = {name: made.get(name, values[name]) for name in self.shown()}
        table.insert(record)
        return record

    def update(
        self, call: Call, old: JSONObject, new: JSONObject, options: JSONObject
    ) -> JSONObject:
        """Change it; nothing goes back to pending."""
        if new["state"] == "pending" != old["state"]:
            raise invalid_properties("state", description='Nothing goes back to "pending".')
        return super().update(call, old, new, options)


MASKED_EMAILS: Final = MaskedEmailType()
METHODS: Final[dict[str, Method]] = {
    "MaskedEmail/get": get_method(MASKED_EMAILS),
    "MaskedEmail/set": set_method(MASKED_EMAILS),
}
