"""What went wrong on the way: from the errors of aiohttp and the system to TransportError."""

from typing import Final

import aiohttp

from jmap_async.errors import LocalProtocolError, TransportError
from jmap_async.redaction import bare
from jmap_async.transport.wording import one_line

FAILURES: Final = (aiohttp.ClientError, OSError, ValueError)
"""What a request can raise, time-outs among them; anything else is a bug and stays as it is."""

_NO_ANSWER: Final = (OSError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)

_NO_CONNECTION: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


def failure(
    error: Exception, *, request: str, sent: bool | None
) -> TransportError | LocalProtocolError:
    """Return the error to raise, outside the `except`, for one of FAILURES.

    `request` names what was attempted. `sent` says whether any of it may have reached the server,
    None that this makes no difference; unless False, the outcome is "unknown". aiohttp's error is
    left out of the chain where it holds the request's headers or a proxy's password: what caused
    it takes its place.
    """
    if isinstance(error, _NO_CONNECTION):
        sent = False
    made = _failure(error, request, sent=sent)
    made.__cause__ = bare(_shareable(error))
    return made


def is_lost(error: BaseException) -> bool:
    """Tell whether a request got no answer, or one that passes: nobody has refused anything."""
    if isinstance(error, aiohttp.ClientResponseError):
        return error.status == 429 or error.status >= 500
    return isinstance(error, _NO_ANSWER)


def is_stale(error: Exception) -> bool:
    """Tell whether there was a connection, at least it seemed so, and it is gone."""
    return isinstance(error, aiohttp.ClientConnectionError) and not isinstance(
        error, _NO_CONNECTION
    )


def _failure(
    error: Exception, request: str, *, sent: bool | None
) -> TransportError | LocalProtocolError:
    if _is_refusal(error) and not sent:
        return LocalProtocolError(f"{request}: this cannot be sent: {_words(error)}.")
    ends = {None: "", False: "; nothing was sent", True: "; it may have been carried out"}
    return TransportError(
        f"{request}: {_reason(error)}{ends[sent]}.",
        outcome="not_sent" if sent is False else "unknown",
    )


def _is_refusal(error: Exception) -> bool:
    """Tell whether the request itself was objected to, such as the value of a header."""
    return isinstance(error, ValueError) and not isinstance(error, OSError)


def _reason(error: Exception) -> str:  # noqa: PLR0911 - a table of classes, subclasses first
    cause = _shareable(error) or error
    match error:
        case aiohttp.ClientConnectorCertificateError():
            found = error.certificate_error
            return (
                "the server's certificate was not accepted "
                f"({getattr(found, 'verify_message', None) or found}); for an authority of your "
                "own, pass http=aiohttp.ClientSession(...) with a connector that trusts it"
            )
        case aiohttp.ClientConnectorSSLError():
            return f"no TLS connection came about ({_words(cause)})"
        case aiohttp.ClientConnectorDNSError():
            return f"the name {error.host} could not be resolved ({_words(cause)})"
        case aiohttp.ClientConnectorError():
            return f"cannot connect to {error.host}:{error.port} ({_words(cause)})"
        case aiohttp.ConnectionTimeoutError():
            return "no connection within the time allowed"
        case TimeoutError():
            return "no complete answer within the time allowed"
        case aiohttp.ServerDisconnectedError():
            return "the server closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return "the answer broke off or could not be decoded"
        case aiohttp.ClientResponseError():
            return f"the answer could not be understood ({one_line(error.message)})"
        case _:
            return f"the connection failed ({_words(error)})"


def _words(error: BaseException) -> str:
    """Return what an error says, or its type if it says nothing."""
    said = error.strerror if isinstance(error, OSError) else None
    return one_line(said or str(error) or type(error).__name__)


def _shareable(error: Exception) -> BaseException | None:
    """Return the nearest error of the chain that quotes nothing of the request."""
    quotes = isinstance(error, (aiohttp.ClientConnectorError, aiohttp.ClientResponseError))
    return error.__cause__ if quotes else error
