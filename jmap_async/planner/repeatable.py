"""What may be sent again without applying it twice."""

from jmap_async.errors import (
    RequestError,
    TransportError,
)
from jmap_async.planner.base.entry import Entry


def repeatable(entry: Entry, error: Exception) -> bool:
    """Tell whether a call may be sent again after this error (see recovery.py)."""
    if entry.method.reads or entry.arguments.get("ifInState") is not None:
        return True
    return not_carried_out(error)


def not_carried_out(error: Exception) -> bool:
    """Tell whether nothing of a request that ended in this error can have been carried out."""
    if isinstance(error, RequestError):
        return True
    return isinstance(error, TransportError) and error.outcome == "not_sent"
