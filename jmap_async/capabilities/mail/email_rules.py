"""What the RFC forbids in Emails to create and in patches of them (RFC 8621, 4.1.1 and 4.6)."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from jmap_async.capabilities.inputs import check_keyword, items, members
from jmap_async.capabilities.mail.body import PART_FIELDS
from jmap_async.capabilities.mail.email import HEADER_FIELDS
from jmap_async.capabilities.mail.header_values import check_header_value
from jmap_async.capabilities.mail.headers import check_header_property, header_field
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol import pointer
from jmap_async.protocol.types import Wire

_BODIES: Final = {"textBody": "text/plain", "htmlBody": "text/html"}


def check_creation(key: str, email: object) -> None:
    """Refuse an Email that may not be sent for creation (RFC 8621, 4.6).

    Raises:
        LocalProtocolError: names the creation id and says what is wrong.
    """
    try:
        _check_email(members(email))
    except LocalProtocolError as error:
        raise LocalProtocolError(f"create[{key!r}]: {error}") from None


def check_updates(updates: Mapping[str, object]) -> None:
    """Refuse patches, by id, whose keywords or mailboxes no server accepts (RFC 8621, 4.1.1).

    Raises:
        LocalProtocolError: names the id and says what is wrong.
    """
    for key, changes in updates.items():
        for path, value in members(changes).items():
            if _leads_into_set(path) and value is not True and value is not None:
                raise LocalProtocolError(
                    f"update[{key!r}]: {path!r} is set to {value!r}: "
                    "True puts it into the set, None takes it out"
                )


@lru_cache(maxsize=1000)  # most patches have one of a few paths
def _leads_into_set(path: str) -> bool:
    """Tell whether a path of a patch leads to a keyword, which is checked, or to a mailbox id."""
    property, *steps = path.split("/")
    if property not in {"keywords", "mailboxIds"}:
        return False
    if property == "keywords" and len(steps) == 1:
        check_keyword(pointer.unescape(steps[0]))
    return bool(steps)


def _check_email(email: Wire) -> None:
    fields = _check_headers(email, HEADER_FIELDS)
    for field in fields:
        if field.startswith("content-"):
            raise LocalProtocolError(f"the header field {field} belongs to a body part")
    _check_values(members(email.get("bodyValues")))
    if "bodyStructure" in email:
        _check_structure(email, fields)
    for name, type in _BODIES.items():
        if name in email:
            _check_body(name, type, _parts(email[name]))
    for name in (*_BODIES, "attachments", "bodyStructure"):
        for part in _parts(email.get(name)):
            _check_part(part, members(email.get("bodyValues")))


def _check_structure(email: Wire, fields: set[str]) -> None:
    for name in (*_BODIES, "attachments"):
        if name in email:
            raise LocalProtocolError(f"give either bodyStructure or {name}, not both")
    for name in members(email["bodyStructure"]):
        if header_field(name) in fields:
            raise LocalProtocolError(f"{name} is given by the Email already")


def _check_body(name: str, type: str, parts: Sequence[Wire]) -> None:
    types = [part.get("type", type) for part in parts]
    if types != [type]:
        raise LocalProtocolError(
            f"{name} is exactly one part of type {type}, not {types}: "
            "give other parts as attachments, or all of them as bodyStructure"
        )


def _check_headers(properties: Wire, convenient: Mapping[str, str]) -> set[str]:
    """Check that each header field is given once, and may be written; return those given.

    They are returned in lower case.
    """
    if "headers" in properties:
        raise LocalProtocolError(
            "headers can only be read: give header fields one by one, like 'header:X-Ticket:asText'"
        )
    fields = {convenient[name] for name in properties if name in convenient}
    for name, value in properties.items():
        if name in convenient:
            check_header_value(name, value)
        field = header_field(name)
        if field is None:
            continue
        check_header_property(name)
        check_header_value(name, value)
        if field in fields:
            raise LocalProtocolError(f"the header field {field} is given twice, once as {name}")
        fields.add(field)
    return fields


def _check_part(part: Wire, values: Wire) -> None:
    fields = _check_headers(part, PART_FIELDS)
    if "content-transfer-encoding" in fields:
        raise LocalProtocolError("the server chooses the Content-Transfer-Encoding of a part")
    part_id = part.get("partId")
    if part_id is None:
        for sub_part in _parts(part.get("subParts")):
            _check_part(sub_part, values)
        return
    if part.get("blobId") is not None:
        raise LocalProtocolError(f"part {part_id!r} has a blobId, too: give one of both")
    if part_id not in values:
        raise LocalProtocolError(f"part {part_id!r} has no text in bodyValues")
    for name in ("charset", "size"):
        if part.get(name) is not None:
            raise LocalProtocolError(f"part {part_id!r} has a {name}: the server finds it out")


def _check_values(values: Wire) -> None:
    for part_id, value in values.items():
        wire = members(value)
        # What was cut short or damaged must not become a message (RFC 8621, 4.6).
        for name in ("isTruncated", "isEncodingProblem"):
            if wire.get(name):
                raise LocalProtocolError(f"bodyValues[{part_id!r}] is incomplete: {name} is true")


def _parts(value: object) -> list[Wire]:
    """Return the parts in a list of them, or the only one."""
    return [members(value)] if members(value) else [members(one) for one in items(value)]
