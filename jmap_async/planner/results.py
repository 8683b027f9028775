"""From answers to results: decoded once, in the task of whoever awaits the call first."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import attrs

from jmap_async.errors import JMAPError, MethodError, RemoteProtocolError
from jmap_async.planner.base.entry import NOT_DECODED, Answer
from jmap_async.planner.copies import own_copy
from jmap_async.protocol import messages
from jmap_async.protocol.call import Method
from jmap_async.protocol.fields import Decoder, Malformed
from jmap_async.protocol.json import is_array
from jmap_async.protocol.messages import MethodResponse
from jmap_async.protocol.raw import RawResponse


def slices(method: Method, answer: Answer | Exception | None, size: int) -> Iterable[None]:
    """Decode the objects of an answer beforehand, `size` at a time, for a pause after each slice.

    Only what has more objects than that; `result_of` finishes, and tells what is wrong with it.
    """
    if method.decode_list is None or not isinstance(answer, Answer):
        return ()
    rows = answer.rows
    if answer.value is not NOT_DECODED or not is_array(rows) or len(rows) <= size:
        return ()
    return _sliced(method.decode_list, answer, rows, size)


def _sliced(decode: Decoder, answer: Answer, rows: list[Any], size: int) -> Iterator[None]:
    objects: list[Any] = []
    for start in range(0, len(rows), size):
        try:
            objects += decode(rows[start : start + size])
        except Malformed:
            return
        yield
    answer.objects = objects


def result_of(method: Method, answer: Answer | Exception | None) -> Any:
    """Return what the answer to a call says, or raise its error."""
    if not isinstance(answer, Answer):
        assert answer is not None  # noqa: S101 - whoever asks has waited for it
        raise _own_error(answer)
    if answer.value is not NOT_DECODED:
        return answer.value
    try:
        # Kept, so that awaiting the call again costs nothing.
        answer.value, answer.objects = _decoded(method, answer), None
    except Malformed as error:
        malformed = RemoteProtocolError(
            f"the server's answer to {method.name} is malformed: {error}", piece=error.value
        )
    else:
        return answer.value
    # Out of reach of the frames and the error that hold what the server has sent.
    raise malformed


def _own_error(error: Exception) -> Exception:
    """Return a copy: its traceback leads to the call, which must not lead to a traceback."""
    if not isinstance(error, JMAPError):
        return error.with_traceback(None)
    own = error.for_caller()
    if isinstance(own, MethodError):
        own.arguments = own_copy({**own.arguments})
    return own


def _decoded(method: Method, answer: Answer) -> object:
    arguments = answer.arguments
    if answer.objects is not None:
        arguments = {**arguments, "list": answer.objects}
    value = method.decode(arguments)
    return value if answer.implicit is None else _with_implicit(method, value, answer.implicit)


def _with_implicit(method: Method, value: object, implicit: MethodResponse) -> object:
    """Add what came under the same call id (RFC 8620, 5.4; RFC 8621, 7.5)."""
    if method.decode_implicit is None:
        return value
    besides: dict[str, object] = {}
    if implicit.name == "error":
        besides["on_success_error"] = messages.method_error(
            implicit.arguments, method=f"{method.name}, on success", call_id=implicit.call_id
        )
    else:
        besides["on_success"] = method.decode_implicit(implicit.arguments)
    if isinstance(value, RawResponse):
        vars(value).update(besides)
        return value
    return attrs.evolve(cast("Any", value), **besides)
