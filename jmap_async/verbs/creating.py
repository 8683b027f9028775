"""What a verb that creates one object makes of the response (RFC 8620, 5.3)."""

from typing import TypeVar

from jmap_async.errors import RemoteProtocolError
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.codec.objects import DataObject
from jmap_async.protocol.standard import SetResponse
from jmap_async.protocol.types import Wire

D = TypeVar("D", bound=DataObject)


def created(response: SetResponse[D], key: str) -> D:
    """Return what the server says about an object that was to be created.

    Raises:
        SetFailed: the server refused it.
        RemoteProtocolError: the server does not say what became of it.
    """
    response.raise_for_errors()
    if key not in response.created:
        raise RemoteProtocolError(
            "the server neither created nor refused the object; whether it exists is unknown",
            piece=response,
        )
    return response.created[key]


def merged(kind: type[D], sent: Wire, answer: DataObject) -> D:
    """Return the whole object: what was sent, and what the server added to it."""
    whole: D = decoder(kind)({**sent, **answer.to_wire()})
    return whole
