"""Requests that fail, and calls in them that are at fault."""

from jmap_async.errors import (
    JMAPError,
    TransportError,
)
from jmap_async.planner import Entry
from tests.planner.desk import (
    Desk,
    Wire,
    mentions,
)

SILENCE = TransportError("no answer", outcome="unknown")


UNSENT = TransportError("no connection", outcome="not_sent")


def refusing(desk: Desk, error: JMAPError, *words: str) -> None:
    """Have requests refused that say one of these words, or all of them."""
    is_bad = mentions(*words) if words else lambda _: True

    def refuse(request: Wire) -> None:
        if is_bad(request):
            raise error

    desk.refuse = refuse


def poisoned(desk: Desk, n: int, culprits: set[int]) -> list[Entry]:
    """Queue a search for each of n callers, some of which the server will not stand."""
    return [
        desk.ask("Email/query", {"filter": {"subject": f"p{i}" if i in culprits else f"s{i}"}})
        for i in range(n)
    ]
