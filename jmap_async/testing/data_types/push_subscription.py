"""PushSubscription, which belongs to a credential and to no account (RFC 8620, 7.2)."""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from typing import ClassVar, Final
from urllib.parse import urlsplit

from yarl import URL

from jmap_async.testing.checks import (
    is_object,
    is_string,
    list_of,
    nullable,
)
from jmap_async.testing.failures import MethodFailure, invalid_properties
from jmap_async.testing.instants import instant, is_utc_date, to_utc_date
from jmap_async.testing.methods import Call, Method
from jmap_async.testing.standard.datatype import ID_PROPERTY, DataType, Property
from jmap_async.testing.standard.getting import GET_ARGUMENTS, get, method
from jmap_async.testing.standard.setting import set_method
from jmap_async.testing.state_changes import states_of
from jmap_async.testing.store import Push, Table
from jmap_async.testing.types import CORE, JSONObject

_LONGEST: Final = timedelta(days=7)
_WRITE_ONLY: Final = ("url", "keys")


def _is_url(value: object) -> bool:
    if not is_string(value) or not value.startswith("https://"):
        return False
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_keys(value: object) -> bool:
    return is_object(value) and is_string(value.get("p256dh")) and is_string(value.get("auth"))


class PushSubscriptionType(DataType):
    """Subscriptions: created, verified, extended and destroyed here, pushed to by a Pusher."""

    name = "PushSubscription"
    capability = CORE
    takes_account = False
    default_properties = ("id", "deviceClientId", "verificationCode", "expires", "types")
    properties: ClassVar[Mapping[str, Property]] = {
        "id": ID_PROPERTY,
        "deviceClientId": Property(is_string, immutable=True),
        "url": Property(_is_url, immutable=True),
        "keys": Property(nullable(_is_keys), None, immutable=True),
        "verificationCode": Property(nullable(is_string), None),
        "expires": Property(nullable(is_utc_date), None),
        "types": Property(nullable(list_of(is_string)), None),
    }

    def table(self, call: Call) -> Table:
        """Return the subscriptions of whoever asks."""
        return call.world.subscriptions(call.credential)

    def create(self, call: Call, values: JSONObject, options: JSONObject) -> JSONObject:
        """Store a subscription and push its verification."""
        if values["verificationCode"] is not None:
            raise invalid_properties("verificationCode", description="The server makes it.")
        record = {
            **values,
            "id": self.table(call).next_id(),
            "expires": _expiry(call, values),
            "secret": secrets.token_urlsafe(),
        }
        call.world.pushes.append(Push(url=values["url"], body=verification(record)))
        self.table(call).insert(record)
        return record

    def update(
        self, call: Call, old: JSONObject, new: JSONObject, options: JSONObject
    ) -> JSONObject:
        """Verify a subscription, or extend it by at most a week from now."""
        if new["verificationCode"] not in (old["verificationCode"], old["secret"]):
            raise invalid_properties("verificationCode", description="It is not the one pushed.")
        if old["verificationCode"] is None:
            # What changes from now on is pushed.
            new = {**new, "known": states_of(call.world)}
        return super().update(call, old, {**new, "expires": _expiry(call, new)}, options)


def _expiry(call: Call, values: JSONObject) -> str:
    latest = to_utc_date(call.world.clock() + _LONGEST)
    return min(values["expires"] or latest, latest, key=instant)


def verification(subscription: JSONObject) -> JSONObject:
    """Return the PushVerification object of a subscription (RFC 8620, 7.2.2)."""
    return {
        "@type": "PushVerification",
        "pushSubscriptionId": subscription["id"],
        "verificationCode": subscription["secret"],
    }


def is_reached(subscription: JSONObject) -> bool:
    """Say whether its pushes leave the server: its URL is of this machine, nothing is encrypted."""
    # RFC 8620, 7.2: what was given keys must not be sent without encryption (RFC 8291).
    return subscription["keys"] is None and _is_local(subscription["url"])


def _is_local(url: str) -> bool:
    try:
        host = URL(url).host
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _get(call: Call, given: JSONObject) -> JSONObject:
    """Answer PushSubscription/get; what is private to a device is not told (RFC 8620, 7.2.1)."""
    if set(_WRITE_ONLY) & set(given["properties"] or ()):
        raise MethodFailure("forbidden", "url and keys are never returned.")
    return get(call, PUSH_SUBSCRIPTIONS, given)


PUSH_SUBSCRIPTIONS: Final = PushSubscriptionType()
METHODS: Final[dict[str, Method]] = {
    "PushSubscription/get": method(PUSH_SUBSCRIPTIONS, _get, GET_ARGUMENTS),
    "PushSubscription/set": set_method(PUSH_SUBSCRIPTIONS),
}
