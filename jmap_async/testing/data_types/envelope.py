"""The SMTP envelope of a submission, and who may send what (RFC 8621, 7)."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from jmap_async.testing.checks import is_object, is_string, list_of
from jmap_async.testing.failures import SetFailure, invalid_properties
from jmap_async.testing.instants import instant, is_utc_date, to_utc_date
from jmap_async.testing.message.addresses import is_addr_spec
from jmap_async.testing.message.content import Content
from jmap_async.testing.message.mime import split_head
from jmap_async.testing.types import JSONObject, or_empty

MAX_RECIPIENTS: Final = 1000
_BCC: Final = re.compile(
    rb"^bcc[ \t]*:.*(?:\n|\Z)(?:[ \t].*(?:\n|\Z))*", re.IGNORECASE | re.MULTILINE
)


def is_envelope(value: object) -> bool:
    """Say whether it is an Envelope."""
    return (
        is_object(value)
        and value.keys() == {"mailFrom", "rcptTo"}
        and _is_address(value["mailFrom"])
        and list_of(_is_address)(value["rcptTo"])
    )


def _is_address(value: object) -> bool:
    if not is_object(value) or not is_string(value.get("email")):
        return False
    parameters = value.get("parameters")
    return parameters is None or (
        is_object(parameters) and all(v is None or is_string(v) for v in parameters.values())
    )


def is_allowed(address: str, identity: JSONObject) -> bool:
    """Say whether an Identity covers an address; "*@domain" covers its whole domain."""
    allowed: str = identity["email"].lower()
    if allowed.startswith("*@"):
        return address.lower().endswith(allowed[1:])
    return address.lower() == allowed


def check_from(content: Content, identity: JSONObject) -> None:
    """Refuse a message that has no sender or another than the Identity allows."""
    senders = addresses(content, ["from"])
    if not senders:
        raise SetFailure("invalidEmail", "It has no From.", properties=["from"])
    if not all(is_allowed(sender, identity) for sender in senders):
        raise SetFailure("forbiddenFrom", f"The Identity does not allow {senders}.")


def addresses(content: Content, names: Iterable[str]) -> list[str]:
    """Return the addresses of header fields, each once."""
    found: list[str] = []
    for name in names:
        value: Any = content.value(name)
        found += [address["email"] for address in value or ()]
    return list(dict.fromkeys(found))


def build(content: Content, identity: JSONObject) -> JSONObject:
    """Make the envelope out of the header fields."""
    senders = addresses(content, ["sender"]) or addresses(content, ["from"])
    if len(senders) > 1:
        raise SetFailure("invalidEmail", "It has more than one sender.", properties=["from"])
    sender = senders[0] if is_allowed(senders[0], identity) else identity["email"]
    return {
        "mailFrom": {"email": sender, "parameters": None},
        "rcptTo": [
            {"email": email, "parameters": None}
            for email in addresses(content, ["to", "cc", "bcc"])
        ],
    }


def check(envelope: JSONObject, identity: JSONObject) -> None:
    """Refuse an envelope that cannot be used."""
    sender, recipients = envelope["mailFrom"]["email"], envelope["rcptTo"]
    if sender and not is_allowed(sender, identity):
        raise SetFailure("forbiddenMailFrom", f"The Identity does not allow {sender!r}.")
    if not recipients:
        raise SetFailure("noRecipients", "There is nobody to send it to.")
    if len(recipients) > MAX_RECIPIENTS:
        raise SetFailure("tooManyRecipients", "Too many.", maxRecipients=MAX_RECIPIENTS)
    wrong = [r["email"] for r in recipients if not is_addr_spec(r["email"])]
    if wrong:
        raise SetFailure("invalidRecipients", "Not addresses.", invalidRecipients=wrong)


def release_time(envelope: JSONObject, now: datetime, longest: int) -> str:
    """Return when to send, a UTCDate: now, or as HOLDFOR or HOLDUNTIL ask for (RFC 4865)."""
    parameters = or_empty(envelope["mailFrom"].get("parameters"))
    given: dict[str, str | None] = {name.upper(): value for name, value in parameters.items()}
    until, seconds = given.get("HOLDUNTIL"), given.get("HOLDFOR")
    moment = to_utc_date(now)
    if seconds is not None:
        if not seconds.isdecimal() or len(seconds) > 9:
            raise invalid_properties("envelope", description="HOLDFOR is a number of seconds.")
        moment = to_utc_date(now + timedelta(seconds=int(seconds)))
    elif until is not None:
        if not is_utc_date(until):
            raise invalid_properties("envelope", description="HOLDUNTIL is a UTCDate.")
        moment = until
    if instant(moment) > instant(to_utc_date(now + timedelta(seconds=longest))):
        raise invalid_properties("envelope", description=f"The hold is over {longest} seconds.")
    return max(moment, to_utc_date(now), key=instant)


def without_bcc(raw: bytes) -> bytes:
    """Return the message as it is delivered: without Bcc (RFC 8621, 7.5)."""
    head, _ = split_head(raw)
    return _BCC.sub(b"", raw[: len(head) + 2]) + raw[len(head) + 2 :]
