"""What is pushed: the states that are new since others (RFC 8620, 7.1)."""

from typing import Final

from jmap_async.testing.store import World
from jmap_async.testing.types import MAIL, MASKED_EMAIL, SUBMISSION, VACATION, JSONObject

States = dict[str, dict[str, str]]
"""Account id to type name to state: a TypeState for each account."""

_PUSHED: Final = {
    **dict.fromkeys(("Mailbox", "Thread", "Email", "EmailDelivery"), MAIL),
    **dict.fromkeys(("Identity", "EmailSubmission"), SUBMISSION),
    "VacationResponse": VACATION,
    "MaskedEmail": MASKED_EMAIL,
}
"""The types that have a state, each with the capability that it belongs to."""


def states_of(world: World) -> States:
    """Return the states of everything that is pushed."""
    return {
        account.id: {
            name: account.tables[name].state
            for name, capability in _PUSHED.items()
            if capability in account.capabilities
        }
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


def state_change(changes: States) -> JSONObject:
    """Return the StateChange object that tells of them."""
    return {"@type": "StateChange", "changed": changes}
