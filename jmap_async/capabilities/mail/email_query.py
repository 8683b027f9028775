"""Conditions and sort orders of Email/query (RFC 8621, 4.4)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Final, Literal

import attrs

from jmap_async.capabilities.inputs import as_keyword, items, members
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.objects import data_object
from jmap_async.protocol.declaring import declared
from jmap_async.protocol.filters import (
    Comparator,
    Filter,
    FilterCondition,
    as_sort,
)
from jmap_async.protocol.ids import as_id, as_ids
from jmap_async.protocol.types import ABSENT, Id, Wire


def _as_header(value: str | Sequence[str]) -> list[str]:
    found = [value] if isinstance(value, str) else list(value)
    _check_header(found)
    return found


@data_object
@declared(kw_only=True)
class EmailFilter(FilterCondition):
    """A condition of Email/query (RFC 8621, 4.4.1).

    `after` and `before` compare the time of receipt: from `after` on, up to but not including
    `before`; sizes likewise from `min_size` up to but not including `max_size`. `header` is the
    name of a header field that is there, or a name and a text that is in it.
    """

    in_mailbox: Id = attrs.field(default=ABSENT, converter=as_id)
    in_mailbox_other_than: list[Id] = attrs.field(default=ABSENT, converter=as_ids)
    before: datetime = ABSENT
    after: datetime = ABSENT
    min_size: int = ABSENT
    max_size: int = ABSENT
    all_in_thread_have_keyword: str = attrs.field(default=ABSENT, converter=as_keyword)
    some_in_thread_have_keyword: str = attrs.field(default=ABSENT, converter=as_keyword)
    none_in_thread_have_keyword: str = attrs.field(default=ABSENT, converter=as_keyword)
    has_keyword: str = attrs.field(default=ABSENT, converter=as_keyword)
    not_keyword: str = attrs.field(default=ABSENT, converter=as_keyword)
    has_attachment: bool = ABSENT
    text: str = ABSENT
    from_: str = ABSENT
    to: str = ABSENT
    cc: str = ABSENT
    bcc: str = ABSENT
    subject: str = ABSENT
    body: str = ABSENT
    header: list[str] = attrs.field(default=ABSENT, converter=_as_header)
    has_smime: bool = ABSENT
    has_verified_smime: bool = ABSENT
    has_verified_smime_at_delivery: bool = ABSENT


EmailSort = Literal[
    "receivedAt",
    "-receivedAt",
    "size",
    "-size",
    "from",
    "-from",
    "to",
    "-to",
    "subject",
    "-subject",
    "sentAt",
    "-sentAt",
]
"""A property to sort by; with "-" in descending order, so "-receivedAt" is newest first."""

KeywordSort = Literal["hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword"]
"""Properties to sort by that need a keyword: `Comparator("hasKeyword", keyword="$flagged")`."""

KEYWORD_SORTS: Final = frozenset[object](
    {"hasKeyword", "allInThreadHaveKeyword", "someInThreadHaveKeyword"}
)

EmailSorting = EmailSort | Comparator | Wire


def as_email_sort(
    value: EmailSorting | Iterable[EmailSorting] | None,
) -> list[Comparator | Wire] | None:
    """Convert sort properties, Comparators or wire mappings, one or many."""
    return as_sort(value)


def check_sort(sort: Iterable[Comparator | Wire] | None) -> None:
    """Refuse a comparator that lacks its keyword (RFC 8621, 4.4.2).

    Raises:
        LocalProtocolError: names the property.
    """
    for one in sort or ():
        wire = members(one)
        property = wire.get("property")
        if property in KEYWORD_SORTS and not wire.get("keyword"):
            raise LocalProtocolError(
                f"sorting by {property} needs a keyword: "
                f"Comparator({property!r}, keyword='$flagged')"
            )


def check_filter(filter: Filter[EmailFilter] | None) -> None:
    """Refuse a filter that no server accepts (RFC 8621, 4.4.1).

    Raises:
        LocalProtocolError: a `header` condition has neither one nor two strings.
    """
    for condition in _conditions(filter):
        if "header" in condition:
            _check_header(condition["header"])


def condition_names(filter: Filter[EmailFilter] | None) -> list[str]:
    """Return the name of everything that a filter asks for."""
    return [*chain.from_iterable(_conditions(filter))]


def _conditions(filter: object) -> list[Wire]:
    wire = members(filter)
    if "operator" not in wire:
        return [wire]
    return [inner for one in items(wire.get("conditions")) for inner in _conditions(one)]


def _check_header(value: object) -> None:
    strings = [one for one in items(value) if isinstance(one, str)]
    if not 1 <= len(strings) <= 2 or len(strings) != len(items(value)):
        raise LocalProtocolError(
            f"a header condition is [name] or [name, text], not {value!r:.200}"
        )
