"""Which writes may share an invocation: those of which nobody could tell that they do.

What a call says must be about single objects, which can be told apart; they must not constrain
those of other calls; and nobody may have touched them before (see set_unit.py).
"""

from collections.abc import Collection, Mapping
from typing import Final

from jmap_async.planner.base.entry import Entry
from jmap_async.planner.fitting import PHASES
from jmap_async.planner.names import creations
from jmap_async.planner.writes import submissions
from jmap_async.protocol.json import is_list_of_ids, is_object

# Arguments that speak of single objects.
_PLAIN: Final = frozenset({"accountId", *PHASES})

# Types whose objects constrain each other, and the properties by which they do. A server may take
# the changes of one /set in an order of its own (RFC 8620, 5.3), so there callers would compete:
# only what changes none of these properties is merged.
_CONSTRAINING: Final = {
    # RFC 8621, 2 and 2.5: a tree, one name among siblings, one Mailbox for a role.
    "Mailbox/set": frozenset({"name", "parentId", "role"}),
    # RFC 9661, 2.1: names are unique.
    "SieveScript/set": frozenset({"name"}),
}


def suits(entry: Entry) -> bool:
    """Tell whether an entry is a /set that may be merged or cut up."""
    if entry.patched is not None:
        return entry.mergeable
    if not entry.method.name.endswith("/set") or not entry.mergeable or entry.references:
        return False
    arguments = entry.arguments
    if entry.accounts == (None,) and "accountId" in arguments:
        return False  # for the server to refuse
    if not arguments.keys() <= _PLAIN and not submissions.is_separable(entry):
        return False
    create, update, destroy = (arguments.get(phase) for phase in PHASES)
    return (
        bool(update or create or destroy)
        # What is malformed goes as it is, for the server to refuse.
        and (not create or is_object(create))
        and (not update or is_object(update))
        and (not destroy or is_list_of_ids(destroy))
        and (not (entry.creates or entry.creators or entry.unknown_names) or is_separable(entry))
    )


def is_separable(entry: Entry) -> bool:
    """Tell whether what a call changes can be told apart, though it mentions creations."""
    arguments = {phase: entry.arguments.get(phase) for phase in PHASES}
    if not creations.may_mention(entry.encoded):
        return True
    objects = (*(arguments["update"] or ()), *(arguments["destroy"] or ()))
    return (
        not entry.unknown_names
        # Which object that is we do not know.
        and not any(one.startswith("#") for one in objects)
        # Creations that mention each other have to stay in one piece.
        and creations.mentioned(arguments).isdisjoint(entry.creates)
    )


def key(entry: Entry) -> object:
    """Return what writes have in common that can be merged; None: leave this one alone."""
    name = entry.method.name
    if name in _CONSTRAINING and not _is_independent(entry, _CONSTRAINING[name]):
        return None
    return (name, entry.using, entry.accounts)


def _is_independent(entry: Entry, constraining: Collection[str]) -> bool:
    """Tell whether what becomes of a call's objects has nothing to do with those of other calls."""
    arguments = entry.arguments
    if arguments.get("create") or arguments.get("destroy"):
        return False
    patches: Mapping[str, object] = arguments.get("update") or {}
    return all(
        is_object(patch) and not any(path.partition("/")[0] in constraining for path in patch)
        for patch in patches.values()
    )


def touched(entry: Entry) -> Collection[object]:
    """Return what a /set changes, or sends, of what was there before it."""
    if entry.patched is not None:
        return entry.patched
    objects: set[object] = set()
    if not entry.method.name.endswith("/set"):
        return objects
    for argument in ("update", "destroy"):
        named = entry.arguments.get(argument)
        if is_object(named) or is_list_of_ids(named):
            objects.update(named)
    if entry.method.name == submissions.METHOD:
        for email in submissions.emails_of(entry):
            creator = entry.creators.get(email[1:])
            objects.add((creator, creations.original_name(email)) if creator else email)
    return objects


def touched_in(entry: Entry) -> set[tuple[str | None, object]]:
    """Return the same with the account: ids are unique within one only."""
    return {(account, one) for one in touched(entry) for account in entry.accounts[:1]}
