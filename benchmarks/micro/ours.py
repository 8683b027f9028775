"""What jmap_async does with the bytes of an answer, and with a call until it is bytes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import cast

from jmap_async.capabilities.body import EmailBodyPart
from jmap_async.capabilities.email import Email, EmailProperty
from jmap_async.client import Client
from jmap_async.planner import Planner
from jmap_async.protocol import messages
from jmap_async.protocol.converter import encode
from jmap_async.protocol.objects import DataObject
from jmap_async.protocol.standard import GetResponse

Update = Mapping[str, Mapping[str, object]]


def reader(client: Client, properties: Sequence[str]) -> Callable[[bytes], list[Email]]:
    """Return a function that gives the Emails of a response to Email/get."""
    # Type checkers know the names of properties; these come as plain strings.
    names = cast("Sequence[EmailProperty]", properties)
    decode = client.email.get(["any"], properties=names).method.decode

    def emails(body: bytes) -> list[Email]:
        [answer] = messages.parse_response(body).method_responses
        response: GetResponse[Email] = decode(answer.arguments)
        return response.list

    return emails


def read_four(emails: Iterable[Email]) -> None:
    """Read what a list of messages would show."""
    for email in emails:
        _ = email.id, email.subject, email.received_at, (email.from_ or [])[0].email


def read_all(emails: Iterable[Email]) -> None:
    """Read each property of each object, down to the last header."""
    for email in emails:
        _read(email)


def _read(value: object) -> None:
    if isinstance(value, DataObject):
        for name in _names(value):
            _read(getattr(value, name))
        if isinstance(value, EmailBodyPart) and value.type.startswith("multipart/"):
            _read(value.sub_parts)
    elif isinstance(value, list):
        for item in value:
            _read(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            _read(item)


_NAMES: dict[tuple[type, bool], tuple[str, ...]] = {}


def _names(value: DataObject) -> tuple[str, ...]:
    """Return the properties that are there, which are the same in all objects of a view."""
    key = type(value), hasattr(value, "headers")
    found = _NAMES.get(key)
    if found is None:
        names = (one for one in type(value).__annotations__ if one != "sub_parts")
        found = _NAMES[key] = tuple(one for one in names if hasattr(value, one))
    return found


def arguments_writer(client: Client, update: Update) -> Callable[[], bytes]:
    """Return a function that writes the arguments of a call that was made already."""
    arguments = client.email.set(update=update).arguments
    return lambda: encode(arguments)


def request_writer(client: Client, update: Update) -> Callable[[], bytes]:
    """Return a function that makes a call of these updates, plans it and writes the request."""

    def write() -> bytes:
        planner = Planner()
        planner.submit(client.email.set(update=update), client.session).claim()
        request = planner.next_request(client.session.core)
        if request is None:
            raise AssertionError("nothing to send")
        return request.encode()

    return write
