"""Mailbox: the folders or labels that Emails are in (RFC 8621, 2)."""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final, Literal

import attrs

from jmap_async.capabilities.extensions import needed, usual, written
from jmap_async.capabilities.facade import DataType, method
from jmap_async.capabilities.inputs import as_nullable_id, items
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import arguments, declared
from jmap_async.protocol.filters import Comparator, FilterCondition, as_sort
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.standard import (
    ByIds,
    Changes,
    ChangesResponse,
    GetResponse,
    Query,
    QueryChanges,
    QueryChangesResponse,
    QueryResponse,
    Set,
    SetResponse,
)
from jmap_async.protocol.types import ABSENT, Id, Wire

MailboxProperty = Literal[
    "id",
    "name",
    "parentId",
    "role",
    "sortOrder",
    "totalEmails",
    "unreadEmails",
    "totalThreads",
    "unreadThreads",
    "myRights",
    "isSubscribed",
    "shareWith",
]

_EXTENSIONS: Final = {"shareWith": "urn:ietf:params:jmap:mail:share"}


@data_object
@declared(kw_only=True)
class MailboxRights(DataObject):
    """What the user may do with a mailbox (RFC 8621, 2)."""

    may_read_items: bool = ABSENT
    may_add_items: bool = ABSENT
    may_remove_items: bool = ABSENT
    may_set_seen: bool = ABSENT
    may_set_keywords: bool = ABSENT
    may_create_child: bool = ABSENT
    may_rename: bool = ABSENT
    may_delete: bool = ABSENT
    may_submit: bool = ABSENT
    may_share: bool = ABSENT


@data_object
@declared(kw_only=True)
class Mailbox(DataObject):
    """A mailbox (RFC 8621, 2); `role` is "inbox", "sent", "trash" and the like, or None.

    `name` is unique among the children of one parent, and may be translated: look for a role.
    """

    id: Id = ABSENT
    name: str = ABSENT
    parent_id: Id | None = attrs.field(default=ABSENT, converter=as_nullable_id)
    role: str | None = ABSENT
    sort_order: int = ABSENT
    total_emails: int = ABSENT
    unread_emails: int = ABSENT
    total_threads: int = ABSENT
    unread_threads: int = ABSENT
    my_rights: MailboxRights = ABSENT
    is_subscribed: bool = ABSENT
    share_with: dict[Id, MailboxRights] | None = ABSENT


@data_object
@declared(kw_only=True)
class MailboxFilter(FilterCondition):
    """A condition of Mailbox/query (RFC 8621, 2.3).

    `parent_id=None` finds mailboxes at the top, `role=None` those without a role.
    """

    parent_id: Id | None = ABSENT
    name: str = ABSENT
    role: str | None = ABSENT
    has_any_role: bool = ABSENT
    is_subscribed: bool = ABSENT


MailboxSort = Literal["sortOrder", "-sortOrder", "name", "-name"]
"""A property to sort by; with "-" in descending order."""

MailboxSorting = MailboxSort | Comparator | Wire


def _as_sort(
    value: MailboxSorting | Iterable[MailboxSorting] | None,
) -> list[Comparator | Wire] | None:
    return as_sort(value)


@arguments(kw_only=True)
class MailboxGet(ByIds):
    """Arguments of Mailbox/get (RFC 8621, 2.1)."""

    properties: Sequence[MailboxProperty] | ResultReference[Sequence[str]] | None = None

    usual_properties: ClassVar[tuple[str, ...] | None] = usual(MailboxProperty, but=_EXTENSIONS)

    def needs(self) -> Iterable[str]:
        return needed(_EXTENSIONS, items(self.properties))


@arguments(kw_only=True)
class MailboxQuery(Query[MailboxFilter]):
    """Arguments of Mailbox/query (RFC 8621, 2.3).

    `sort_as_tree` puts children behind their parents; `filter_as_tree` leaves out children of
    parents that do not match.
    """

    sort: list[Comparator | Wire] | None = attrs.field(default=None, converter=_as_sort)
    sort_as_tree: bool = False
    filter_as_tree: bool = False


@arguments(kw_only=True)
class MailboxQueryChanges(QueryChanges[MailboxFilter]):
    """Arguments of Mailbox/queryChanges (RFC 8621, 2.4)."""

    sort: list[Comparator | Wire] | None = attrs.field(default=None, converter=_as_sort)


@arguments(kw_only=True)
class MailboxSet(Set[Mailbox]):
    """Arguments of Mailbox/set (RFC 8621, 2.5).

    With `on_destroy_remove_emails` a mailbox may be destroyed that holds Emails; those that are
    nowhere else are destroyed with it.
    """

    on_destroy_remove_emails: bool = False

    kind: ClassVar[type | None] = Mailbox

    def needs(self) -> Iterable[str]:
        return needed(_EXTENSIONS, written(self.create, self.update))


class MailboxTable(DataType):
    """The methods of Mailbox (RFC 8621, 2)."""

    get = method("Mailbox/get", MailboxGet, GetResponse[Mailbox])
    """Fetch mailboxes, all of them without ids (RFC 8621, 2.1)."""

    changes = method("Mailbox/changes", Changes, ChangesResponse)
    """Tell which mailboxes changed since a state (RFC 8621, 2.2)."""

    query = method("Mailbox/query", MailboxQuery, QueryResponse)
    """Find mailboxes (RFC 8621, 2.3)."""

    query_changes = method("Mailbox/queryChanges", MailboxQueryChanges, QueryChangesResponse)
    """Tell how the results of a query changed (RFC 8621, 2.4)."""

    set = method("Mailbox/set", MailboxSet, SetResponse[Mailbox])
    """Create, change and destroy mailboxes (RFC 8621, 2.5)."""
