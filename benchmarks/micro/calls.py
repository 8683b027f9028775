"""The calls that plan.py and deliver.py measure, and how many."""

from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.mail import LIST_PROPERTIES, SEEN, email_id
from jmap_async.client import Client
from jmap_async.protocol.call import Call

COUNTS: Final = (1, 10, 100, 1_000, 10_000)
"""How many are queued at once."""

# So many calls are made for each figure, so that small counts are measured well, too.
CALLS: Final = 1_000

MakeCall = Callable[[Client, int], Call[object]]

KINDS: Final[Mapping[str, tuple[str, MakeCall]]] = {
    "reads": (
        "reads of one Email each, which merge",
        lambda client, number: client.email.get([email_id(number)], properties=LIST_PROPERTIES),
    ),
    "updates": (
        "updates of one Email each, which merge",
        lambda client, number: client.email.set(update={email_id(number): SEEN}),
    ),
    "queries": (
        "queries that all differ, 16 to a request",
        lambda client, number: client.email.query({"inMailbox": f"P{number}"}, limit=1),
    ),
}


def repeats(count: int, calls: int) -> int:
    """Return how often that many calls are measured."""
    return max(3, calls // count)
