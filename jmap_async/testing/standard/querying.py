"""The standard /query over any data type (RFC 8620, 5.5)."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import attrs
import orjson

from jmap_async.testing.checks import (
    Check,
    is_boolean,
    is_id,
    is_int,
    is_list,
    is_object,
    is_string,
    is_unsigned,
    list_of,
    nullable,
)
from jmap_async.testing.failures import MethodFailure
from jmap_async.testing.instants import instant, is_utc_date
from jmap_async.testing.methods import FLAG, Argument, Call, Method
from jmap_async.testing.standard.datatype import DataType
from jmap_async.testing.standard.getting import method
from jmap_async.testing.store import QuerySnapshot
from jmap_async.testing.types import JSONObject

Predicate = Callable[[JSONObject], bool]
SortKey = Callable[[JSONObject], Any]

COLLATIONS: Final[Mapping[str, Callable[[str], str]]] = {
    "i;octet": str,
    "i;ascii-casemap": str.upper,
    "i;unicode-casemap": str.casefold,
}
_DEFAULT_COLLATION: Final = "i;unicode-casemap"

FILTER_AND_SORT: Final = {
    "filter": Argument(nullable(is_object), None),
    "sort": Argument(nullable(list_of(is_object)), None),
}
_QUERY_ARGUMENTS: Final = {
    **FILTER_AND_SORT,
    "position": Argument(is_int, 0),
    "anchor": Argument(nullable(is_id), None),
    "anchorOffset": Argument(is_int, 0),
    "limit": Argument(nullable(is_unsigned), None),
    "calculateTotal": FLAG,
}


@attrs.frozen
class Condition:
    """One property of a FilterCondition; `make` turns its value into a test of a record."""

    check: Check
    make: Callable[[Call, Any], Predicate]
    mutable: bool = True


@attrs.frozen
class Sort:
    """One sort property; `make` turns the Comparator into a key of a record."""

    make: Callable[[Call, JSONObject], SortKey]
    mutable: bool = True
    takes_keyword: bool = False


def before(property: str) -> Condition:
    """Return the condition that a record's date lies before the given one."""

    def make(_call: Call, date: str) -> Predicate:
        bound = instant(date)
        return lambda record: instant(record[property]) < bound

    return Condition(is_utc_date, make, mutable=False)


def after(property: str) -> Condition:
    """Return the condition that a record's date is the given one, or lies after it."""

    def make(_call: Call, date: str) -> Predicate:
        bound = instant(date)
        return lambda record: instant(record[property]) >= bound

    return Condition(is_utc_date, make, mutable=False)


def by_date(property: str) -> Sort:
    """Return the sort by a date of a record."""
    return Sort(lambda call, comparator: lambda record: instant(record[property]), mutable=False)


class QueryableType(DataType):
    """A data type with /query and /queryChanges."""

    conditions: ClassVar[Mapping[str, Condition]]
    sorts: ClassVar[Mapping[str, Sort]]

    def arrange(self, call: Call, ids: list[str], given: JSONObject) -> list[str]:
        """Rework the sorted results, as the extra arguments of the type ask for."""
        return ids

    def follows(self, given: JSONObject) -> bool:
        """Say whether /queryChanges can follow a query with these arguments."""
        return True


def query_method(data_type: QueryableType, extra: Mapping[str, Argument] | None = None) -> Method:
    """Return Foo/query; `extra` are the arguments that the type adds."""
    return method(
        data_type,
        lambda call, given: query(call, data_type, given),
        {**_QUERY_ARGUMENTS, **(extra or {})},
    )


def query(call: Call, data_type: QueryableType, given: JSONObject) -> JSONObject:
    """Answer Foo/query."""
    ids = results(call, data_type, given)
    position = _position(ids, given)
    limit, clamped = _limit(call, given)
    response: JSONObject = {
        "accountId": call.account.id,
        "queryState": remember(call, data_type, given, ids),
        "canCalculateChanges": data_type.follows(given),
        "position": position,
        "ids": ids[position:] if limit is None else ids[position : position + limit],
    }
    if given["calculateTotal"]:
        response["total"] = len(ids)
    if clamped:
        response["limit"] = limit
    return response


def results(call: Call, data_type: QueryableType, given: JSONObject) -> list[str]:
    """Return all ids that match, in order."""
    predicate = build_filter(call, data_type, given["filter"])
    found = [record for record in data_type.table(call).records.values() if predicate(record)]
    # Stable sorts from the last comparator to the first; ties stay in the order of creation.
    for comparator in reversed(given["sort"] or []):
        key = _sort_key(call, data_type, comparator)
        found.sort(key=key, reverse=comparator.get("isAscending") is False)
    return data_type.arrange(call, [record["id"] for record in found], given)


def build_filter(call: Call, data_type: QueryableType, filter: object) -> Predicate:
    """Turn a filter into a test of a record.

    Raises:
        MethodFailure: "invalidArguments" or "unsupportedFilter".
    """
    if filter is None:
        return lambda record: True
    if not is_object(filter):
        raise MethodFailure("invalidArguments", "A filter is an object.")
    if "operator" in filter:
        return _operator(call, data_type, filter)
    tests = [_condition(call, data_type, name, value) for name, value in filter.items()]
    if len(tests) == 1:
        return tests[0]
    return lambda record: all(test(record) for test in tests)


def _operator(call: Call, data_type: QueryableType, filter: JSONObject) -> Predicate:
    conditions: object = filter.get("conditions")
    if not is_list(conditions) or filter.keys() != {"operator", "conditions"}:
        raise MethodFailure("invalidArguments", "A FilterOperator has a list of conditions.")
    if None in conditions:
        raise MethodFailure("invalidArguments", "A condition is an object.")
    tests = [build_filter(call, data_type, condition) for condition in conditions]
    match filter["operator"]:
        case "AND":
            return lambda record: all(test(record) for test in tests)
        case "OR":
            return lambda record: any(test(record) for test in tests)
        case "NOT":
            return lambda record: not any(test(record) for test in tests)
        case other:
            raise MethodFailure("invalidArguments", f"There is no operator {other!r}.")


def _condition(call: Call, data_type: QueryableType, name: str, value: object) -> Predicate:
    condition = data_type.conditions.get(name)
    if condition is None:
        raise MethodFailure("unsupportedFilter", f"There is no condition {name!r}.")
    if not condition.check(value):
        raise MethodFailure("invalidArguments", f"The condition {name!r} has a wrong value.")
    return condition.make(call, value)


def _sort_key(call: Call, data_type: QueryableType, comparator: JSONObject) -> SortKey:
    property = comparator.get("property")
    ascending, collation = comparator.get("isAscending", True), comparator.get("collation")
    if not is_string(property) or not is_boolean(ascending) or not nullable(is_string)(collation):
        raise MethodFailure("invalidArguments", "A Comparator is malformed.")
    sort = data_type.sorts.get(property)
    if sort is None:
        raise MethodFailure("unsupportedSort", f"Cannot sort by {property!r}.")
    if sort.takes_keyword and not is_string(comparator.get("keyword")):
        raise MethodFailure("invalidArguments", f"Sorting by {property!r} needs a keyword.")
    if collation is not None and collation not in COLLATIONS:
        raise MethodFailure("unsupportedSort", f"There is no collation {collation!r}.")
    key, fold = sort.make(call, comparator), COLLATIONS[collation or _DEFAULT_COLLATION]
    return lambda record: _folded(key(record), fold)


def _folded(value: object, fold: Callable[[str], str]) -> object:
    return fold(value) if isinstance(value, str) else value


def _position(ids: list[str], given: JSONObject) -> int:
    anchor: str | None = given["anchor"]
    if anchor is not None:
        if anchor not in ids:
            raise MethodFailure("anchorNotFound", f"{anchor!r} is not among the results.")
        offset: int = given["anchorOffset"]
        return max(0, ids.index(anchor) + offset)
    position: int = given["position"]
    return max(0, position + len(ids)) if position < 0 else position


def _limit(call: Call, given: JSONObject) -> tuple[int | None, bool]:
    """Return the limit in force, and whether it is another than the one asked for."""
    limit: int | None = given["limit"]
    most = call.world.limits.max_query_limit
    if most is None or (limit is not None and limit <= most):
        return limit, False
    return most, True


def query_key(data_type: QueryableType, given: JSONObject, state: str) -> str:
    """Return what identifies the results of one query in one state."""
    # RFC 8621, 4.5: collapseThreads belongs to the query as filter and sort do.
    shape = [data_type.name, given["filter"], given["sort"], given.get("collapseThreads", False)]
    return orjson.dumps([*shape, state], option=orjson.OPT_SORT_KEYS).decode()


def query_state(ids: list[str]) -> str:
    """Return the query state of a list of results: it changes exactly when they do."""
    return hashlib.sha1("\n".join(ids).encode(), usedforsecurity=False).hexdigest()[:20]


def remember(call: Call, data_type: QueryableType, given: JSONObject, ids: list[str]) -> str:
    """Keep the results for /queryChanges and return their state."""
    state = query_state(ids)
    if not data_type.follows(given):
        return state
    snapshot = QuerySnapshot(ids, len(data_type.table(call).log))
    call.account.remember_query(query_key(data_type, given, state), snapshot)
    return state
