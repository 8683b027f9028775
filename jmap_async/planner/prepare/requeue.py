"""Calls that were dropped because nobody waited for them any more, and are wanted again."""

from collections.abc import Mapping
from copy import copy

from jmap_async.planner.base.entry import NOTHING, Entry, Reference


def is_lost(entry: Entry) -> bool:
    """Tell whether an entry can never be answered: it was dropped, or something that it needs."""
    seen: set[Entry] = set()
    waiting = [entry]
    while waiting:
        one = waiting.pop()
        # Who waits for an entry waits for all that it needs.
        if one.claims or one.answer is not None or one in seen:
            continue
        if one.abandoned:
            return True
        seen.add(one)
        waiting.extend(one.needs)
    return False


def renewed(entry: Entry, others: Mapping[Entry, Entry]) -> Entry:
    """Return what is queued in place of an entry; `others` says the same of what it needs.

    A new one, because what is left of the old one may still be in the queue.
    """
    references = {
        name: Reference(others[one.entry], one.path) for name, one in entry.references.items()
    }
    creators = {name: others[creator] for name, creator in entry.creators.items()}
    entry.successor = successor = copy(entry)
    successor.references, successor.creators = references or NOTHING, creators or NOTHING
    successor.after, successor.requests, successor.wire_names = (), (), NOTHING
    successor.claims = successor.carried = successor.attempts = 0
    successor.abandoned, successor.unit, successor.answer = False, None, None
    return entry.successor
