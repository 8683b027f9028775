"""Headers that go with each request of a client: what was asked for, and what a session carries."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Final

from multidict import CIMultiDict

from jmap_async.errors import LocalProtocolError
from jmap_async.transport.wording import one_line

_NAME: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, 5.6.2

_CREDENTIALS: Final = {
    "authorization": "pass auth=",
    "proxy-authorization": "pass http= with a session whose proxy is set",
}

# They describe one message, and are written with it (RFC 9110, 6.4, 7, 8, 10.1.1, 13 and 14).
_OF_A_MESSAGE: Final = frozenset(
    {
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "expect",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "proxy-connection",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

# A cookie tells one user from another. Who wants it for a client says so to that client.
_NOT_SHARED: Final = frozenset({*_OF_A_MESSAGE, *_CREDENTIALS, "cookie"})


def checked_headers(headers: Mapping[str, str] | None) -> CIMultiDict[str]:
    """Return headers that a user wants to have sent with each request.

    Raises LocalProtocolError, which shows no value, for what cannot be one.
    """
    checked: CIMultiDict[str] = CIMultiDict()
    for name, value in (headers or {}).items():
        if not re.fullmatch(_NAME, name):
            raise LocalProtocolError(f"headers: {one_line(name)!r} is not the name of a header.")
        if name.lower() in _CREDENTIALS:
            raise LocalProtocolError(
                f"headers: {name} is a credential: {_CREDENTIALS[name.lower()]}."
            )
        if name.lower() in _OF_A_MESSAGE:
            raise LocalProtocolError(f"headers: {name} is written by the client for each request.")
        if not _is_value(value):
            raise LocalProtocolError(
                f"headers: the value of {name} must be text without control characters."
            )
        checked[name] = value
    return checked


def _is_value(value: object) -> bool:
    return isinstance(value, str) and not any(
        unicodedata.category(character) in {"Cc", "Cs"} for character in value
    )


def sent_headers(
    given: Mapping[str, str],
    carried: Mapping[str, str],
    user_agent: str,
    left_out: Collection[str] = (),
) -> CIMultiDict[str]:
    """Return what goes with each request: what was `given`, else what a shared session carries.

    `left_out` are the headers that such a session wants to do without.
    """
    sent = CIMultiDict(
        (name, value)
        for name, value in carried.items()
        if name.lower() not in _NOT_SHARED and name not in given
    )
    sent.extend(given)
    if "User-Agent" not in sent and "user-agent" not in map(str.lower, left_out):
        sent["User-Agent"] = user_agent
    return sent
