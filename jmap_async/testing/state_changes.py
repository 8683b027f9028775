"""What is pushed: the states that are new since others (RFC 8620, 7.1)."""

from typing import Final

from jmap_async.testing.store import World

States = dict[str, dict[str, str]]
"""Account id to type name to state: a TypeState for each account."""

_PUSHED: Final = ("Mailbox", "Thread", "Email", "EmailDelivery", "Identity", "EmailSubmission")


def states_of(world: World) -> States:
    """Return the states of everything that is pushed."""
    return {
        account.id: {name: account.tables[name].state for name in _PUSHED}
        for account in world.accounts.values()
    }


def changed(before: States, after: States, types: frozenset[str] | None) -> States:
    """Return the states that are new, of the types that are wanted (None for all)."""
    found: States = {}
    for account_id, current in after.items():
        old = before.get(account_id, {})
        news = {
            name: state
            for name, state in current.items()
            if old.get(name) != state and (types is None or name in types)
        }
        if news:
            found[account_id] = news
    return found
