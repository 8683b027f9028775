"""What jmapc 0.4.0 does with the bytes of an answer, and with a call until it is bytes."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from jmapc.api import APIRequest, APIResponse
from jmapc.methods import EmailSet

from benchmarks.round_trips.answers import ACCOUNT


def read(body: bytes) -> object:
    """Return the Emails of a response to Email/get."""
    emails: object = APIResponse.from_dict(json.loads(body)).method_responses[0].response.data
    return emails


def update_writer(update: Mapping[str, Any]) -> Callable[[], bytes]:
    """Return a function that makes a call of these updates and writes the request."""
    changes = {id: dict(patch) for id, patch in update.items()}

    def write() -> bytes:
        request = APIRequest.from_calls(ACCOUNT, EmailSet(update=changes))
        written: str = request.to_json()
        return written.encode()

    return write
