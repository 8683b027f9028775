"""Every exception of the package, and the set error value.

    JMAPError
    ├── DiscoveryError                 no session URL could be found
    ├── AuthenticationError            401, or a refresh that failed
    ├── TransportError                 no usable answer
    │   └── HTTPError                  an answer that is not JMAP
    ├── RequestError                   the request as a whole was refused (RFC 8620, 3.6.1)
    │   ├── UnknownCapability
    │   ├── NotJSON
    │   ├── NotRequest
    │   ├── LimitExceeded
    │   └── RateLimited
    ├── MethodError                    one method call was refused (RFC 8620, 3.6.2)
    │   └── a subclass for each registered type, see METHOD_ERRORS
    ├── SetFailed                      some objects of a /set were refused (RFC 8620, 5.3)
    ├── NotFound                       a verb that promises one object found none
    ├── LocalProtocolError             the caller asked for what cannot be sent
    │   ├── UnsupportedCapability
    │   ├── NoAccount
    │   ├── ReadOnlyAccount
    │   ├── TooLarge
    │   └── PropertyNotFetched         (an AttributeError too)
    │       └── PropertyLeftOut        (a RemoteProtocolError too)
    ├── RemoteProtocolError            the server broke the RFC; has an outcome, too
    │   └── ResponseTooLarge           an answer beyond `max_response_size`
    └── ClientClosed                   has an outcome, too

Constructors take the message first and everything else by keyword with a default, so that an
error survives `copy` and `pickle`: calls that shared a request each get an error of their own.

What they quote has passed `redaction`: neither texts nor attributes show a credential.
"""

import copy
import reprlib
from collections.abc import Mapping
from typing import Final, Literal, Self

import attrs

from jmap_async.redaction import beginning, redact, redacted

Outcome = Literal["not_sent", "unknown"]

REQUEST_ERROR_PREFIX: Final = "urn:ietf:params:jmap:error:"

_SHOWN: Final = 300
"""Characters of an offending piece that an error keeps: enough to recognise it."""


def shorten(text: str, limit: int = _SHOWN) -> str:
    """Cut `text` to `limit` characters and say how much is missing."""
    # Before it is cut: of what is blanked no part may be left over.
    start = beginning(text)
    if len(start) <= limit:
        return start
    return f"{start[:limit]}... ({len(text)} characters)"


class _Brief(reprlib.Repr):
    """Blanks what is secret before it cuts."""

    def repr_str(self, x: str, level: int) -> str:
        return super().repr_str(beginning(x), level)

    def repr_instance(self, x: object, level: int) -> str:
        return shorten(repr(x), self.maxother)


# A value of the server may be of any size and depth; what a message shows of it is neither.
_brief: Final = _Brief()
_brief.maxlevel = 4
_brief.maxstring = _brief.maxother = _SHOWN


def brief(value: object, limit: int = _SHOWN) -> str:
    """Describe a value in about `limit` characters, however large or deep it is."""
    return shorten(_brief.repr(value), limit)


class JMAPError(Exception):
    """Base of everything that this package raises on purpose."""

    def __init__(self, message: str = "") -> None:
        super().__init__(redact(message))

    def add_note(self, note: str, /) -> None:
        """Add a note; see BaseException.add_note."""
        super().add_note(redact(note))

    def for_caller(self) -> Self:
        """Return a copy of its own for one of several callers that failed together."""
        duplicate = copy.copy(self)
        if hasattr(self, "__notes__"):
            # Else a note for one caller would be one for all.
            duplicate.__notes__ = [*self.__notes__]
        duplicate.__cause__ = self.__cause__
        duplicate.__suppress_context__ = self.__suppress_context__
        return duplicate


class DiscoveryError(JMAPError):
    """No Session resource could be found for the target (RFC 8620, 2.2)."""


class AuthenticationError(JMAPError):
    """The server refused the credential (HTTP 401), or refreshing it failed."""


class TransportError(JMAPError):
    """The server gave no usable answer.

    `outcome` is "not_sent" when the request certainly was not carried out, and "unknown" when it
    may have been: then a write must not be repeated without looking first.
    """

    outcome: Outcome

    def __init__(self, message: str = "", *, outcome: Outcome = "unknown") -> None:
        super().__init__(message)
        self.outcome = outcome


class HTTPError(TransportError):
    """An HTTP answer that is not JMAP: `status`, and `body` as shortened text."""

    status: int
    body: str

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        body: str = "",
        outcome: Outcome = "unknown",
    ) -> None:
        super().__init__(message, outcome=outcome)
        self.status = status
        self.body = shorten(body)


class RequestError(JMAPError):
    """The server refused the whole request with problem details (RFC 8620, 3.6.1; RFC 7807).

    `type` is the problem type as sent, "about:blank" when there was none. `limit` names the limit
    that was exceeded, such as "maxCallsInRequest".
    """

    type: str
    status: int
    detail: str | None
    limit: str | None

    def __init__(
        self,
        message: str = "",
        *,
        type: str = "about:blank",
        status: int = 0,
        detail: str | None = None,
        limit: str | None = None,
    ) -> None:
        super().__init__(message)
        self.type = redact(type)
        self.status = status
        self.detail = redacted(detail)
        self.limit = redacted(limit)


class UnknownCapability(RequestError):
    """`using` held a capability that the server does not know or that the token may not use."""


class NotJSON(RequestError):
    """The server could not parse the request as I-JSON."""


class NotRequest(RequestError):
    """The server parsed the request but it was no JMAP Request object."""


class LimitExceeded(RequestError):
    """The request exceeded a limit of the server; `limit` names it."""


class RateLimited(RequestError):
    """HTTP 429 or 503: try again later, after `retry_after` seconds where the server said so."""

    retry_after: float | None

    def __init__(
        self,
        message: str = "",
        *,
        type: str = "about:blank",
        status: int = 429,
        detail: str | None = None,
        limit: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, type=type, status=status, detail=detail, limit=limit)
        self.retry_after = retry_after


REQUEST_ERRORS: Final[Mapping[str, type[RequestError]]] = {
    "unknownCapability": UnknownCapability,
    "notJSON": NotJSON,
    "notRequest": NotRequest,
    "limit": LimitExceeded,
}
"""Problem type, less its prefix, to class (RFC 8620, 3.6.1)."""


class MethodError(JMAPError):
    """One method call failed (RFC 8620, 3.6.2); the others of its request are not affected.

    `type` is the error type as sent, `arguments` the whole error object, `method` and `call_id`
    say which call it was.
    """

    type: str
    description: str | None
    arguments: Mapping[str, object]
    method: str
    call_id: str

    def __init__(
        self,
        message: str = "",
        *,
        type: str = "serverFail",
        description: str | None = None,
        arguments: Mapping[str, object] | None = None,
        method: str = "",
        call_id: str = "",
    ) -> None:
        super().__init__(message)
        self.type = redact(type)
        self.description = redacted(description)
        self.arguments = {} if arguments is None else redacted(arguments)
        self.method = method
        self.call_id = call_id


class ServerUnavailable(MethodError):
    """An internal resource of the server is down for now; retry later (RFC 8620, 3.6.2)."""


class ServerFail(MethodError):
    """The server failed unexpectedly and changed nothing (RFC 8620, 3.6.2)."""


class ServerPartialFail(MethodError):
    """Some changes were made and some not: resynchronise (RFC 8620, 3.6.2)."""


class UnknownMethod(MethodError):
    """The server does not know this method (RFC 8620, 3.6.2)."""


class InvalidArguments(MethodError):
    """An argument is of the wrong type or value, or missing (RFC 8620, 3.6.2)."""


class InvalidResultReference(MethodError):
    """A result reference did not resolve (RFC 8620, 3.6.2 and 3.7)."""


class Forbidden(MethodError):
    """The method may not be executed with these credentials (RFC 8620, 3.6.2)."""


class AccountNotFound(MethodError):
    """There is no such account (RFC 8620, 3.6.2)."""


class AccountNotSupportedByMethod(MethodError):
    """The account does not support the type or the method (RFC 8620, 3.6.2)."""


class AccountReadOnly(MethodError):
    """The account cannot be changed by these credentials (RFC 8620, 3.6.2)."""


class RequestTooLarge(MethodError):
    """More objects in one call than the server handles (RFC 8620, 5.1 and 5.3)."""


class CannotCalculateChanges(MethodError):
    """The server cannot tell what changed since that state: fetch anew (RFC 8620, 5.2, 5.6)."""


class StateMismatch(MethodError):
    """`if_in_state` is not the current state; nothing was changed (RFC 8620, 5.3)."""


class FromAccountNotFound(MethodError):
    """A /copy names a source account that does not exist (RFC 8620, 5.4)."""


class FromAccountNotSupportedByMethod(MethodError):
    """The source account of a /copy does not support the type (RFC 8620, 5.4)."""


class AnchorNotFound(MethodError):
    """The anchor is not in the results of the query (RFC 8620, 5.5)."""


class UnsupportedSort(MethodError):
    """The server cannot sort like this (RFC 8620, 5.5)."""


class UnsupportedFilter(MethodError):
    """The server cannot filter like this (RFC 8620, 5.5)."""


class TooManyChanges(MethodError):
    """There are more changes than `max_changes` (RFC 8620, 5.6)."""


class UnknownDataType(MethodError):
    """Blob/lookup was asked for a type that the server does not know (RFC 9404, 4.3)."""


METHOD_ERRORS: Final[Mapping[str, type[MethodError]]] = {
    "serverUnavailable": ServerUnavailable,
    "serverFail": ServerFail,
    "serverPartialFail": ServerPartialFail,
    "unknownMethod": UnknownMethod,
    "invalidArguments": InvalidArguments,
    "invalidResultReference": InvalidResultReference,
    "resultReference": InvalidResultReference,  # what Cyrus IMAP 3.6 calls it
    "forbidden": Forbidden,
    "accountNotFound": AccountNotFound,
    "accountNotSupportedByMethod": AccountNotSupportedByMethod,
    "accountReadOnly": AccountReadOnly,
    "requestTooLarge": RequestTooLarge,
    "cannotCalculateChanges": CannotCalculateChanges,
    "stateMismatch": StateMismatch,
    "fromAccountNotFound": FromAccountNotFound,
    "fromAccountNotSupportedByMethod": FromAccountNotSupportedByMethod,
    "anchorNotFound": AnchorNotFound,
    "unsupportedSort": UnsupportedSort,
    "unsupportedFilter": UnsupportedFilter,
    "tooManyChanges": TooManyChanges,
    "unknownDataType": UnknownDataType,
}
"""Error type to class; a type that is not here stays a plain MethodError (RFC 8620, 3.6.2)."""


@attrs.frozen(kw_only=True)
class SetError:
    """Why the server refused one object of a /set, /copy or /import (RFC 8620, 5.3).

    A value, not an exception. Members that only some types have are None elsewhere; `extra` holds
    what no RFC names, by wire name.
    """

    type: str
    description: str | None = None
    properties: list[str] | None = None
    existing_id: str | None = None
    not_found: list[str] | None = None
    max_size: int | None = None
    max_recipients: int | None = None
    invalid_recipients: list[str] | None = None
    extra: Mapping[str, object] = attrs.field(factory=dict[str, object])

    def __attrs_post_init__(self) -> None:
        for name in _QUOTED:
            object.__setattr__(self, name, redacted(getattr(self, name)))

    def __str__(self) -> str:
        named = f" {', '.join(self.properties)}" if self.properties else ""
        said = f": {self.description}" if self.description else ""
        return f"{self.type}{named}{said}"


_QUOTED: Final = tuple(
    attribute.name for attribute in attrs.fields(SetError) if not attribute.name.startswith("max_")
)
"""Members of a SetError in which a server may say a credential back."""


class SetFailed(JMAPError):
    """The server refused some objects; `errors` has a SetError for each, by id or creation id."""

    errors: Mapping[str, SetError]

    def __init__(self, message: str = "", *, errors: Mapping[str, SetError] | None = None) -> None:
        super().__init__(message)
        self.errors = {} if errors is None else errors


class NotFound(JMAPError):
    """A verb that promises one object found none."""


class LocalProtocolError(JMAPError):
    """The call cannot be sent as it stands; nothing was sent."""


class UnsupportedCapability(LocalProtocolError):
    """The session does not list a capability that the call needs (RFC 8620, 3.3)."""


class NoAccount(LocalProtocolError):
    """There is no such account, or no primary account for the capability (RFC 8620, 2)."""


class ReadOnlyAccount(LocalProtocolError):
    """The account is read-only and the call would change it (RFC 8620, 2)."""


class TooLarge(LocalProtocolError):
    """The call exceeds a limit of the server and may not be split."""


class PropertyNotFetched(LocalProtocolError, AttributeError):
    """The object is without this property: nobody asked for it, or the server left it out."""

    def __init__(self, message: str = "") -> None:
        # It quotes nothing, and each `getattr` with a default raises one: no search for secrets.
        AttributeError.__init__(self, message)


class RemoteProtocolError(JMAPError):
    """The server broke the RFC; `piece` is what was wrong, shortened.

    `outcome` is that of a TransportError: an answer that cannot be read, or that does not fit the
    call, leaves it "unknown" whether the call was carried out.
    """

    piece: str
    outcome: Outcome

    def __init__(
        self, message: str = "", *, piece: object = "", outcome: Outcome = "unknown"
    ) -> None:
        super().__init__(message)
        self.piece = shorten(piece) if isinstance(piece, str) else brief(piece)
        self.outcome = outcome


class PropertyLeftOut(PropertyNotFetched, RemoteProtocolError):
    """The server left this property out, though it was asked for, or always has to come."""

    def __init__(
        self, message: str = "", *, piece: object = "", outcome: Outcome = "unknown"
    ) -> None:
        RemoteProtocolError.__init__(self, message, piece=piece, outcome=outcome)


class ResponseTooLarge(RemoteProtocolError):
    """An answer had more octets, decompressed, than `max_response_size` of `connect` allows."""


class ClientClosed(JMAPError):
    """The client was closed, before or while the call was under way.

    `outcome` is that of a TransportError: "unknown" where a part of the request had left.
    """

    outcome: Outcome

    def __init__(self, message: str = "", *, outcome: Outcome = "not_sent") -> None:
        super().__init__(message)
        self.outcome = outcome
