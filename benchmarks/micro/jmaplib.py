"""What jmaplib 3.0.1 does with the bytes of an answer, and with a call until it is bytes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jmap.batch import Batch
from jmap.core.ijson import dumps, loads
from jmap.core.response import Response
from jmap.core.session import Session
from jmap.defaults import default_registry

from benchmarks.round_trips.answers import ACCOUNT, session


def reader(properties: Sequence[str]) -> Callable[[bytes], object]:
    """Return a function that decodes a response to Email/get."""

    def read(body: bytes) -> object:
        batch = _batch()
        get = batch.add("Email/get", {"ids": ["any"], "properties": properties})
        list(batch.requests())
        # The answers are made for one call, whose id is this one.
        batch.absorb(Response.from_wire(loads(body)))
        emails: object = get.result.items
        return emails

    return read


def update_writer(update: Mapping[str, Any]) -> Callable[[], bytes]:
    """Return a function that makes a call of these updates and writes the request."""

    def write() -> bytes:
        batch = _batch()
        batch.add("Email/set", {"update": update})
        [request] = batch.requests()
        written: str = dumps(request.to_wire())
        return written.encode()

    return write


_SESSION = Session.from_wire(session("http://127.0.0.1"), base_url="http://127.0.0.1/session")
_CAPABILITIES = default_registry().resolve(_SESSION, ACCOUNT)


def _batch() -> Batch:
    return Batch(_CAPABILITIES, default_account=ACCOUNT)
