"""Filters and sorts of /query (RFC 8620, 5.5)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, Literal, Self, TypeAlias, TypeVar, cast

import attrs

from jmap_async.protocol.codec.objects import DataObject
from jmap_async.protocol.declaring import record
from jmap_async.protocol.types import Wire

F = TypeVar("F", bound="FilterCondition")


@record()
class FilterOperator(Generic[F]):
    """Conditions joined by AND, OR or NOT; NOT means that none of them matches."""

    operator: Literal["AND", "OR", "NOT"]
    conditions: "Sequence[F | FilterOperator[F] | Wire]"

    def __and__(self, other: "F | FilterOperator[F]") -> "FilterOperator[F]":
        return FilterOperator("AND", [self, other])

    def __or__(self, other: "F | FilterOperator[F]") -> "FilterOperator[F]":
        return FilterOperator("OR", [self, other])

    def __invert__(self) -> "FilterOperator[F]":
        return FilterOperator("NOT", [self])

    def __repr__(self) -> str:
        if self.operator == "NOT":
            return f"~({' | '.join(map(repr, self.conditions))})"
        return f"({(' & ' if self.operator == 'AND' else ' | ').join(map(repr, self.conditions))})"


class FilterCondition(DataObject):
    """Base of the typed conditions; the members of one condition are joined by AND.

    Combine conditions with `&`, `|` and `~`. A member set to None is sent as null and has a
    meaning of its own; what is not set is not a condition.
    """

    __slots__ = ()

    def __and__(self, other: "Self | FilterOperator[Self]") -> FilterOperator[Self]:
        return FilterOperator("AND", [self, other])

    def __or__(self, other: "Self | FilterOperator[Self]") -> FilterOperator[Self]:
        return FilterOperator("OR", [self, other])

    def __invert__(self) -> FilterOperator[Self]:
        return FilterOperator("NOT", [self])


Filter: TypeAlias = F | FilterOperator[F] | Wire
"""A typed condition, an operator over them, or the wire mapping."""


@record(kw_only=True)
class Comparator:
    """One level of a sort order.

    `keyword` belongs to the properties `hasKeyword`, `allInThreadHaveKeyword` and
    `someInThreadHaveKeyword` (RFC 8621, 4.4.2). `collation` names one of the session's
    `collationAlgorithms`; without it the server chooses.
    """

    property: str = attrs.field(kw_only=False)
    is_ascending: bool = True
    collation: str | None = None
    keyword: str | None = None


Sort = str | Comparator | Wire


def as_sort(value: Sort | Iterable[Sort] | None) -> list[Comparator | Wire] | None:
    """Convert `"receivedAt"`, `"-receivedAt"`, Comparators or wire mappings, one or many."""
    if value is None:
        return None
    if isinstance(value, str):
        return [_comparator(value)]
    if isinstance(value, Comparator | Mapping):
        return [cast("Comparator | Wire", value)]
    return [_comparator(one) if isinstance(one, str) else one for one in value]


def _comparator(text: str) -> Wire:
    name = text.lstrip("+-")
    # RFC 8620, 5.5: ascending is the default.
    return {"property": name, "isAscending": False} if text[:1] == "-" else {"property": name}
