"""What became of changes: the answers to merged calls of /set, told caller by caller."""

from collections.abc import Iterable
from typing import Final

from jmap_async.planner.copies import own_copies
from jmap_async.planner.fitting import DONE, REFUSED, UNMENTIONED
from jmap_async.planner.names.creations import restored_error
from jmap_async.planner.repeatable import repeatable
from jmap_async.planner.writes.changes import DESTROY, Change, Writer
from jmap_async.protocol.json import JSONObject, Members, is_array, is_object

_OUTCOMES: Final = frozenset({*DONE, *REFUSED})


def outcomes(arguments: Members) -> list[tuple[Members, Members]]:
    """Return by phase what the server did, and what it refused; garbage says nothing."""
    found: list[tuple[Members, Members]] = []
    for done, refused in zip(DONE, REFUSED, strict=True):
        made, not_made = arguments.get(done), arguments.get(refused)
        if is_array(made):
            made = {one: None for one in made if isinstance(one, str)}
        found.append(
            (
                made if is_object(made) else {},
                not_made if is_object(not_made) else {},
            )
        )
    return found


def tell(change: "Change", done: Members, refused: Members) -> None:
    """Note what became of a change under its caller's own keys."""
    result, phase = change.writer.result, change.phase
    for key in change.keys:
        name = change.name or key
        if name in refused:
            error = restored_error(refused[name], change.own_names)
            result.setdefault(REFUSED[phase], {})[key] = error
        elif name not in done:
            result.setdefault(REFUSED[phase], {})[key] = {**UNMENTIONED}
        elif phase == DESTROY:
            result.setdefault(DONE[phase], []).append(key)
        else:
            result.setdefault(DONE[phase], {})[key] = done[name]


def note(change: "Change", error: Members) -> None:
    """Note that nothing became of a change."""
    for key in change.keys:
        change.writer.result.setdefault(REFUSED[change.phase], {})[key] = {**error}


def complete(writers: Iterable[Writer], arguments: Members) -> None:
    """Add to the results what does not speak of single objects."""
    members = common(arguments)
    for writer, own in zip(dict.fromkeys(writers), own_copies(members), strict=False):
        # The old state is that before the first part.
        old = writer.result.get("oldState", own["oldState"])
        writer.result.update(own)
        writer.result["oldState"] = old


def common(arguments: Members) -> JSONObject:
    """Return what does not speak of single objects; the states are there in any case."""
    states = {"oldState": None, "newState": None}
    return states | {name: one for name, one in arguments.items() if name not in _OUTCOMES}


def with_rest(writer: Writer, error: Exception) -> JSONObject:
    """Complete the result of a call that failed half-way: what is missing was refused."""
    kind = "serverFail" if repeatable(writer.entry, error) else "serverPartialFail"
    result = {**writer.result}
    for change in writer.wanted:
        done, name = result.get(DONE[change.phase], ()), REFUSED[change.phase]
        refused: JSONObject = {**result.get(name, {})}
        for key in change.keys:
            if key not in refused and key not in done:
                refused[key] = {"type": kind, "description": str(error)}
        if refused:
            result[name] = refused
    return result
