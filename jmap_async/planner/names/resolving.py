"""References resolved here: what the server would have done, had both calls been in one request."""

from typing import Any

from jmap_async.errors import InvalidResultReference, JMAPError, LocalProtocolError
from jmap_async.planner.base.entry import Answer, Entry, Reference
from jmap_async.protocol import pointer


def resolved(method: str, reference: Reference) -> Any:
    """Evaluate a reference on the answer of the call that it refers to.

    Raises:
        JMAPError: that call failed.
        InvalidResultReference: the path leads nowhere in the answer.
    """
    answer, name = reference.entry.answer, reference.entry.method.name
    if not isinstance(answer, Answer):
        raise because_of(method, reference.entry, answer)
    try:
        return pointer.resolve(answer.arguments, reference.path)
    except pointer.PointerError as error:
        raise InvalidResultReference(
            f"{method}: the answer of {name} has nothing at {reference.path!r}: {error}",
            type="invalidResultReference",
            description=str(error),
            method=method,
        ) from error


def because_of(method: str, other: Entry, error: Exception | Answer | None) -> JMAPError:
    """Return the error of another call, for one that needed its result."""
    if not isinstance(error, JMAPError):
        return LocalProtocolError(f"{method}: {other.method.name}, which it refers to, has failed")
    own = error.for_caller()
    own.add_note(f"{method} was not carried out: it needs the result of {other.method.name}")
    return own
