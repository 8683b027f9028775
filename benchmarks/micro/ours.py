"""What jmap_async does with the bytes of an answer, and with a call until it is bytes."""

from collections.abc import Callable, Mapping
from typing import Any

from jmap_async.capabilities.body import EmailBodyPart
from jmap_async.capabilities.email import Email
from jmap_async.client import Client
from jmap_async.planner import Planner
from jmap_async.protocol import messages
from jmap_async.protocol.converter import decoder
from jmap_async.protocol.objects import DataObject
from jmap_async.protocol.standard import GetResponse

_decode = decoder(GetResponse[Email])


def emails(body: bytes) -> list[Email]:
    """Return the Emails of a response to Email/get."""
    [answer] = messages.parse_response(body).method_responses
    response: GetResponse[Email] = _decode(answer.arguments)
    return response.list


def four_properties(body: bytes) -> None:
    """Decode, and read what a list of messages would show."""
    for email in emails(body):
        _ = email.id, email.subject, email.received_at, (email.from_ or [])[0].email


def everything(body: bytes) -> None:
    """Decode, and read each property of each object, down to the last header."""
    for email in emails(body):
        _read_all(email)


def _read_all(value: object) -> None:
    if isinstance(value, DataObject):
        for name in _names(value):
            _read_all(getattr(value, name))
        if isinstance(value, EmailBodyPart) and value.type.startswith("multipart/"):
            _read_all(value.sub_parts)
    elif isinstance(value, list):
        for item in value:
            _read_all(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            _read_all(item)


_NAMES: dict[type, tuple[str, ...]] = {}


def _names(value: DataObject) -> tuple[str, ...]:
    """Return the properties that are there, which are the same in all objects but for sub_parts."""
    found = _NAMES.get(type(value))
    if found is None:
        names = (one for one in type(value).__annotations__ if one != "sub_parts")
        found = _NAMES[type(value)] = tuple(one for one in names if hasattr(value, one))
    return found


def update_writer(client: Client, update: Mapping[str, Any]) -> Callable[[], bytes]:
    """Return a function that makes a call of these updates, plans it and writes the request."""

    def write() -> bytes:
        planner = Planner()
        planner.submit(client.email.set(update=update), client.session).claim()
        request = planner.next_request(client.session.core)
        if request is None:
            raise AssertionError("nothing to send")
        return request.encode()

    return write
