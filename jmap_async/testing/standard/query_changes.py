"""The standard /queryChanges over any data type (RFC 8620, 5.6)."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final

from jmap_async.testing.checks import (
    is_id,
    is_object,
    is_positive,
    is_string,
    nullable,
)
from jmap_async.testing.failures import MethodFailure
from jmap_async.testing.methods import FLAG, Argument, Call, Method
from jmap_async.testing.standard.getting import method
from jmap_async.testing.standard.querying import (
    FILTER_AND_SORT,
    QueryableType,
    query_key,
    remember,
    results,
)
from jmap_async.testing.types import JSONObject

_ARGUMENTS: Final = {
    **FILTER_AND_SORT,
    "sinceQueryState": Argument(is_string),
    "maxChanges": Argument(nullable(is_positive), None),
    "upToId": Argument(nullable(is_id), None),
    "calculateTotal": FLAG,
}


def query_changes_method(
    data_type: QueryableType, extra: Mapping[str, Argument] | None = None
) -> Method:
    """Return Foo/queryChanges; `extra` are the arguments that the type adds."""
    return method(
        data_type,
        lambda call, given: query_changes(call, data_type, given),
        {**_ARGUMENTS, **(extra or {})},
    )


def query_changes(call: Call, data_type: QueryableType, given: JSONObject) -> JSONObject:
    """Answer Foo/queryChanges."""
    new = results(call, data_type, given)
    since: str = given["sinceQueryState"]
    snapshot = call.account.queries.get(query_key(data_type, given, since))
    if snapshot is None:
        raise MethodFailure("cannotCalculateChanges", "That query state is unknown or too old.")
    old = snapshot.ids
    shifted = moved(old, new)
    if is_mutable(data_type, given["filter"], given["sort"] or []):
        changed = {id for id, _ in data_type.table(call).log[snapshot.position :]}
        shifted |= changed & set(old) & set(new)
        removed, added = difference(old, new, shifted)
    else:
        removed, added = _up_to(*difference(old, new, shifted), old, new, given["upToId"])
    if given["maxChanges"] is not None and len(removed) + len(added) > given["maxChanges"]:
        raise MethodFailure("tooManyChanges", f"There are {len(removed) + len(added)} changes.")
    response: JSONObject = {
        "accountId": call.account.id,
        "oldQueryState": since,
        "newQueryState": remember(call, data_type, given, new),
        "removed": removed,
        "added": added,
    }
    if given["calculateTotal"]:
        response["total"] = len(new)
    return response


def difference(
    old: Sequence[str], new: Sequence[str], moved: set[str]
) -> tuple[list[str], list[JSONObject]]:
    """Return what to splice out of `old` and then into it to get `new`."""
    before, after = set(old), set(new)
    removed = [id for id in old if id not in after or id in moved]
    added: list[JSONObject] = [
        {"id": id, "index": index}
        for index, id in enumerate(new)
        if id not in before or id in moved
    ]
    return removed, added


def is_mutable(data_type: QueryableType, filter: object, sort: Sequence[JSONObject]) -> bool:
    """Say whether filter or sort look at properties that can change."""
    return _filter_is_mutable(data_type, filter) or any(
        data_type.sorts[comparator["property"]].mutable for comparator in sort
    )


def _filter_is_mutable(data_type: QueryableType, filter: object) -> bool:
    if not is_object(filter):
        return False
    if "operator" in filter:
        return any(_filter_is_mutable(data_type, inner) for inner in filter["conditions"])
    return any(data_type.conditions[name].mutable for name in filter)


def moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Return the fewest ids that must be taken out for the rest to keep its order."""
    place = {id: index for index, id in enumerate(new)}
    common = [id for id in old if id in place]
    ends: list[int] = []
    longest: list[tuple[int, str]] = []
    # The longest increasing subsequence stays: ends[n] is where the best run of n + 1 ends.
    for id in common:
        length = bisect_left(ends, place[id])
        ends[length : length + 1] = [place[id]]
        longest.append((length, id))
    kept: set[str] = set()
    wanted, bound = len(ends) - 1, len(new)
    for length, id in reversed(longest):
        if length == wanted and place[id] < bound:
            kept.add(id)
            wanted, bound = wanted - 1, place[id]
    return set(common) - kept


def _up_to(
    removed: list[str],
    added: list[JSONObject],
    old: Sequence[str],
    new: Sequence[str],
    up_to: str | None,
) -> tuple[list[str], list[JSONObject]]:
    """Leave out what happened after `upToId`, which the client does not hold."""
    if up_to is None or up_to not in old or up_to not in new:
        return removed, added
    within = set(old[: old.index(up_to)])
    last = new.index(up_to)
    return [id for id in removed if id in within], [a for a in added if a["index"] <= last]
