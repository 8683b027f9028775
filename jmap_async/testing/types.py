"""Names for the plain JSON that the server works on, and the capabilities it can have."""

from typing import Any, Final

JSONObject = dict[str, Any]
"""A JSON object as orjson reads it: the server never turns it into classes."""


def or_empty(value: JSONObject | None) -> JSONObject:
    """Return the object, an empty one for null."""
    return {} if value is None else value


CORE: Final = "urn:ietf:params:jmap:core"
MAIL: Final = "urn:ietf:params:jmap:mail"
SUBMISSION: Final = "urn:ietf:params:jmap:submission"
VACATION: Final = "urn:ietf:params:jmap:vacationresponse"
MASKED_EMAIL: Final = "https://www.fastmail.com/dev/maskedemail"

CAPABILITIES: Final = (CORE, MAIL, SUBMISSION, VACATION, MASKED_EMAIL)
