"""Requests and responses on the wire (RFC 8620, 3.2 to 3.6)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, cast

import orjson

from jmap_async.errors import METHOD_ERRORS, MethodError, RemoteProtocolError, brief, shorten
from jmap_async.protocol.declaring import state
from jmap_async.protocol.json import JSONObject
from jmap_async.protocol.strict_json import load_unique
from jmap_async.redaction import beginning


def encode_invocation(name: str, arguments: bytes, call_id: str) -> bytes:
    """Write an invocation whose arguments are JSON already; the names need no escaping."""
    return b'["%b",%b,"%b"]' % (name.encode(), arguments, call_id.encode())


def encode_request(using: Iterable[str], invocations: Iterable[bytes]) -> bytes:
    """Write a Request object from invocations that are JSON already (RFC 8620, 3.3)."""
    return b'{"using":%b,"methodCalls":[%b]}' % (
        orjson.dumps(list(using)),
        b",".join(invocations),
    )


ENVELOPE_SIZE: Final = len(encode_request((), ()))
"""Octets of a request without capabilities and calls."""


@state()
class MethodResponse:
    """One response: `name` is the method's, or "error" (RFC 8620, 3.2)."""

    name: str
    arguments: JSONObject
    call_id: str


@state()
class Response:
    """A Response object (RFC 8620, 3.4); `session_state` is None where the server left it out."""

    method_responses: Sequence[MethodResponse]
    session_state: str | None


def parse_response(body: bytes, *, at_least: int = 0) -> Response:
    """Read a Response object.

    If it has fewer than `at_least` responses, it is looked at again, with more care.

    Raises:
        RemoteProtocolError: it is not JSON, or no Response object.
    """
    document = _load(body, orjson.loads)
    members = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    responses = members.get("methodResponses")
    if not isinstance(responses, list):
        raise RemoteProtocolError(
            "the server's answer is no JMAP Response object: it has no methodResponses. "
            "Is the session's apiUrl right?",
            piece=beginning(body),
        )
    found = [_method_response(item) for item in cast("list[object]", responses)]
    if len(found) < at_least and body.count(b'"methodResponses"') > 1:
        # orjson keeps the last of two equal keys: those of the first list may be lost.
        _load(body, load_unique)
    state = members.get("sessionState")
    return Response(found, state if isinstance(state, str) else None)


def _load(body: bytes, load: Callable[[bytes], object]) -> object:
    try:
        return load(body)
    except (ValueError, RecursionError) as error:
        reason = str(error)
    # Not as its cause: that would hold the whole answer.
    raise RemoteProtocolError(
        f"the server's answer is not I-JSON ({reason}); it may have been cut short",
        piece=beginning(body),
    )


def _method_response(item: Any) -> MethodResponse:  # noqa: ANN401 - any JSON
    # Half the price of a pattern; of all that JSON has only an array can hold an object.
    try:
        name, arguments, call_id = item
    except (TypeError, ValueError):
        name, arguments, call_id = None, None, None
    if isinstance(name, str) and isinstance(arguments, dict) and isinstance(call_id, str):
        return MethodResponse(name, item[1], call_id)
    raise RemoteProtocolError(
        "the server's answer holds a method response that is no [name, arguments, call id]",
        piece=item,
    )


def method_error(arguments: JSONObject, *, method: str, call_id: str) -> MethodError:
    """Make the exception for an "error" response (RFC 8620, 3.6.2)."""
    type_ = arguments.get("type")
    if not isinstance(type_, str):
        type_ = "serverFail"
    description = arguments.get("description")
    if not isinstance(description, str):
        description = None
    details = {key: value for key, value in arguments.items() if key not in {"type", "description"}}
    said = shorten(description) if description else brief(details) if details else ""
    message = f"{method} (call {call_id}) failed: {shorten(type_)}"
    return METHOD_ERRORS.get(type_, MethodError)(
        f"{message}{': ' if said else ''}{said}{_remedy(type_)}",
        type=type_,
        description=description,
        arguments=arguments,
        method=method,
        call_id=call_id,
    )


_REMEDIES: Final = {
    "unknownMethod": "the server does not have this method: see client.session.capabilities",
    "invalidArguments": "check names and types of the arguments and properties",
    "accountNotFound": "see client.session.accounts for the accounts that there are",
    "accountReadOnly": "use credentials that may change this account",
    "requestTooLarge": "ask for fewer objects at once",
    "cannotCalculateChanges": "fetch the objects anew; there is no delta from that state",
    "stateMismatch": "somebody else changed the data: fetch, and try again on the new state",
    "anchorNotFound": "the anchor left the results: query without it",
    "tooManyChanges": "raise max_changes, or query anew",
    "serverUnavailable": "try again later",
}


def _remedy(type_: str) -> str:
    remedy = _REMEDIES.get(type_)
    return f" ({remedy})" if remedy else ""
