"""Whether an answer fits its question: what was asked for has to be accounted for, one by one.

A server that forgets an id, or swaps the answers of two calls, must not be believed: who mirrors
mail would delete what is still there.
"""

from collections.abc import Collection, Set as AbstractSet
from functools import lru_cache
from typing import Any, Final

from jmap_async.errors import RemoteProtocolError, brief
from jmap_async.protocol.codec.oddities import warn_once
from jmap_async.protocol.json import JSONObject, Members, is_array, is_object
from jmap_async.redaction import beginning

# In the order in which the server works (RFC 8620, 5.3).
PHASES: Final = ("create", "update", "destroy")
DONE: Final = ("created", "updated", "destroyed")
REFUSED: Final = ("notCreated", "notUpdated", "notDestroyed")
UNMENTIONED: Final = {
    "type": "serverPartialFail",
    "description": "the server's answer does not mention this object; "
    "whether it was changed is unknown",
}

# Of reads, by method or by verb: the argument with ids, the members of the response in which each
# has to be, and the member by which an object there says which one it is.
_ASKED: Final = {
    "SearchSnippet/get": ("emailIds", ("list", "notFound"), "emailId"),
    "get": ("ids", ("list", "notFound"), "id"),
    "lookup": ("ids", ("list", "notFound"), "id"),
    "parse": ("blobIds", ("parsed", "notParsable", "notFound"), "id"),
}

# Of reads: the argument that the response has to repeat, and as what (RFC 8620, 5.2 and 5.6).
_REPEATED: Final = {
    "changes": ("sinceState", "oldState"),
    "queryChanges": ("sinceQueryState", "oldQueryState"),
}

# Of writes: an argument, and the members of the response for what was done of it, and was not.
_CREATED: Final = (("create", "created", "notCreated"),)
_WRITTEN: Final = {
    "Blob/copy": (("blobIds", "copied", "notCopied"),),
    "set": tuple(zip(PHASES, DONE, REFUSED, strict=True)),
    "copy": _CREATED,
    "upload": _CREATED,
    "import": (("emails", "created", "notCreated"),),
}


def other_account(accounts: Collection[str | None], answer: Members) -> str | None:
    """Return the account that an answer is for, if that is none of those that were asked."""
    # A copy says besides where it is from (RFC 8620, 5.4 and 6.3).
    for found in (answer.get("accountId"), answer.get("fromAccountId")):
        if found is not None and None not in accounts and found not in accounts:
            return beginning(str(found))  # which will be cut
    return None


@lru_cache(maxsize=256)  # names may be anybody's
def _looked_at(method: str) -> bool:
    """Tell whether there is anything to compare in the answer to a read."""
    verb = method.rpartition("/")[2]
    return verb in _REPEATED or method in _ASKED or verb in _ASKED


def misfit(method: str, asked: Members, answer: JSONObject) -> str | None:
    """Return what is wrong with the answer to a read; None: it fits.

    Both are as the caller has them. What the server resolved by itself is not among the arguments,
    and is not looked at. What nobody asked for is taken out of an answer that fits.
    """
    if not _looked_at(method):
        return None
    verb = method.rpartition("/")[2]
    argument, member = _REPEATED.get(verb, ("", ""))
    if isinstance(since := asked.get(argument), str) and answer.get(member, since) != since:
        return f"its {member} is {brief(answer[member], 80)}, but {argument} was {since!r:.80}"
    argument, members, name = _ASKED.get(method) or _ASKED.get(verb) or ("", (), "")
    ids = asked.get(argument)
    if not is_array(ids) or not ids:
        return None
    there: set[str] = set()
    for one in members:
        there |= _names(answer.get(one), name)
    left_out = [one for one in ids if _is_own_name(one) and one not in there]
    if left_out:
        return forgotten(left_out, members)
    if len(there) > len(ids):
        answer.update(_without_strays(method, answer, ids, members, name))
    return None


def _without_strays(
    method: str,
    answer: Members,
    asked: Collection[Any],
    members: Collection[str],
    name: str = "id",
) -> JSONObject:
    """Return those members of an answer that hold what nobody asked for, without it."""
    wanted = set(asked)
    if not all(_is_own_name(one) for one in wanted):
        return {}  # what it is called in the answer only the server knows
    kept: JSONObject = {}
    for member in members:
        value = answer.get(member)
        strays = _names(value, name) - wanted
        if strays:
            said = f"{method}: objects that nobody asked for are dropped: {brief(min(strays), 80)}"
            warn_once(f"{method} strays", f"the server broke RFC 8620: {said}")
            kept[member] = _without(value, strays, name)
    return kept


def _without(value: Any, strays: AbstractSet[str], name: str) -> Any:
    if is_object(value):
        return {key: one for key, one in value.items() if key not in strays}
    return [one for one in value if strays.isdisjoint(_names([one], name))]


def _names(value: object, name: str) -> set[str]:
    """Return the ids that a member of a response has: as keys, as items, or in its objects."""
    if is_object(value):
        return set(value)
    if not is_array(value):
        return set()
    found = (one.get(name) if is_object(one) else one for one in value)
    return {one for one in found if isinstance(one, str)}


def _is_own_name(one: object) -> bool:
    """Tell whether a name is what the answer has to call it: "#k" has another name there."""
    return isinstance(one, str) and not one.startswith("#")


def forgotten(left_out: Collection[str], members: Collection[str] = ("list", "notFound")) -> str:
    """Say which ids an answer has left out."""
    names = list(left_out)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"it leaves out {', '.join(names[:3])}{more}, in none of {', '.join(members)}"


def complete(method: str, asked: Members, answer: JSONObject) -> JSONObject:
    """Return the answer to a write, with a SetError for each object that it does not mention.

    What nobody asked for is taken out.
    """
    verb = method.rpartition("/")[2]
    for argument, done, refused in _WRITTEN.get(method) or _WRITTEN.get(verb) or ():
        wanted = asked.get(argument)
        if not wanted or not (is_object(wanted) or is_array(wanted)):
            continue
        there = _names(_told(answer, done), "id") | _names(answer.get(refused), "id")
        if len(there) > len(wanted):
            answer = {**answer, **_without_strays(method, answer, wanted, (done, refused))}
        missing = [one for one in wanted if _is_own_name(one) and one not in there]
        if missing:
            told: Any = answer.get(refused)
            others = told if is_object(told) else {}
            answer = {**answer, refused: {**others, **{one: {**UNMENTIONED} for one in missing}}}
    return answer


def _told(answer: Members, done: str) -> Any:
    """Return what was done; a blob was not copied as long as nobody knows its new id."""
    value = answer.get(done)
    if done != "copied" or not is_object(value):
        return value
    return {key: one for key, one in value.items() if isinstance(one, str)}


def broken(call: object, problem: str, piece: object) -> RemoteProtocolError:
    """Return the error for an answer that does not fit; `call` names the method and the call id."""
    return RemoteProtocolError(
        f"{call}: the server's answer cannot be believed: {problem}. It breaks RFC 8620: report it "
        "to whoever runs the server",
        piece=piece,
    )
