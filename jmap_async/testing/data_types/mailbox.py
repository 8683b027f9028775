"""The Mailbox type (RFC 8621, 2)."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final

from jmap_async.testing.checks import (
    is_boolean,
    is_id,
    is_object,
    is_string,
    is_unsigned,
    nullable,
)
from jmap_async.testing.data_types import mailstore
from jmap_async.testing.failures import SetFailure, invalid_properties
from jmap_async.testing.methods import FLAG, Call, Method
from jmap_async.testing.standard.datatype import ID_PROPERTY, Property, server_set
from jmap_async.testing.standard.getting import (
    CHANGES_ARGUMENTS,
    changes,
    get_method,
    method,
    summary,
)
from jmap_async.testing.standard.query_changes import query_changes_method
from jmap_async.testing.standard.querying import (
    Condition,
    QueryableType,
    Sort,
    query_method,
    results,
)
from jmap_async.testing.standard.setting import set_method
from jmap_async.testing.store import Account
from jmap_async.testing.types import MAIL, JSONObject

MAX_NAME_SIZE: Final = 490
_COUNTS: Final = ("totalEmails", "unreadEmails", "totalThreads", "unreadThreads")
_RIGHTS: Final = (
    "mayReadItems",
    "mayAddItems",
    "mayRemoveItems",
    "maySetSeen",
    "maySetKeywords",
    "mayCreateChild",
    "mayRename",
    "mayDelete",
    "maySubmit",
)


def _is_name(value: object) -> bool:
    return (
        is_string(value)
        and value != ""
        and value.isprintable()
        and len(value.encode()) <= MAX_NAME_SIZE
    )


def _is_role(value: object) -> bool:
    return is_string(value) and value.isascii() and value.isalpha() and value.islower()


def _is_sort_order(value: object) -> bool:
    return is_unsigned(value) and value < 2**31


class MailboxType(QueryableType):
    """Mailboxes form a tree; names are unique among siblings, roles in the account."""

    name = "Mailbox"
    capability = MAIL
    properties: ClassVar[Mapping[str, Property]] = {
        "id": ID_PROPERTY,
        "name": Property(_is_name),
        "parentId": Property(nullable(is_id), None, references=True),
        "role": Property(nullable(_is_role), None),
        "sortOrder": Property(_is_sort_order, 0),
        **{name: server_set(is_unsigned) for name in _COUNTS},
        "myRights": server_set(is_object),
        "isSubscribed": Property(is_boolean, default=True),
    }
    conditions: ClassVar[Mapping[str, Condition]] = {
        "parentId": Condition(
            nullable(is_id), lambda call, value: lambda record: record["parentId"] == value
        ),
        "name": Condition(
            is_string,
            lambda call, value: lambda record: value.casefold() in record["name"].casefold(),
        ),
        "role": Condition(
            nullable(is_string), lambda call, value: lambda record: record["role"] == value
        ),
        "hasAnyRole": Condition(
            is_boolean, lambda call, value: lambda record: (record["role"] is not None) == value
        ),
        "isSubscribed": Condition(
            is_boolean, lambda call, value: lambda record: record["isSubscribed"] == value
        ),
    }
    sorts: ClassVar[Mapping[str, Sort]] = {
        "sortOrder": Sort(lambda call, comparator: lambda record: record["sortOrder"]),
        "name": Sort(lambda call, comparator: lambda record: record["name"]),
    }

    def render(
        self, call: Call, record: JSONObject, names: Iterable[str], options: JSONObject
    ) -> JSONObject:
        """Add the counts and the rights, which are not stored."""
        return {name: _value(call.account, record, name) for name in names}

    def create(self, call: Call, values: JSONObject, options: JSONObject) -> JSONObject:
        """Store a Mailbox below an existing parent."""
        stored = {k: v for k, v in values.items() if not self.properties[k].server_set}
        self._check_place(call, stored)
        return super().create(call, stored, options)

    def update(
        self, call: Call, old: JSONObject, new: JSONObject, options: JSONObject
    ) -> JSONObject:
        """Rename, move or otherwise change a Mailbox."""
        moved = (old["name"], old["parentId"]) != (new["name"], new["parentId"])
        if moved and old["role"] == "inbox":
            raise SetFailure("forbidden", "The inbox cannot be renamed or moved.")
        self._check_place(call, new)
        return super().update(call, old, new, options)

    def _check_place(self, call: Call, record: JSONObject) -> None:
        mailboxes = call.account.records("Mailbox")
        parent: str | None = record["parentId"]
        while parent is not None:
            if parent not in mailboxes or parent == record.get("id"):
                raise invalid_properties("parentId", description="No such parent, or a circle.")
            parent = mailboxes[parent]["parentId"]
        if not call.lenient:
            _check_neighbours(mailboxes.values(), record)

    def final_check(self) -> Callable[[Call], bool]:
        """Return the check that names and roles are unique."""
        return _is_sound

    def destroy_order(self, call: Call, ids: list[str]) -> list[str]:
        """Return children before their parents."""
        mailboxes = call.account.records("Mailbox")

        def depth(id: str) -> int:
            return len(_ancestors(mailboxes, id))

        return sorted(ids, key=depth, reverse=True)

    def destroy(self, call: Call, record: JSONObject, options: JSONObject) -> None:
        """Destroy a Mailbox without children, and its Emails if asked to (RFC 8621, 2.5)."""
        account, id = call.account, record["id"]
        if record["role"] == "inbox":
            raise SetFailure("forbidden", "The inbox cannot be destroyed.")
        if any(other["parentId"] == id for other in account.records("Mailbox").values()):
            raise SetFailure("mailboxHasChild", "It has a child Mailbox.")
        inside = [e for e in account.records("Email").values() if id in e["mailboxIds"]]
        if inside and not options["onDestroyRemoveEmails"]:
            raise SetFailure("mailboxHasEmail", f"It has {len(inside)} Emails.")
        for email in inside:
            left = {k: v for k, v in email["mailboxIds"].items() if k != id}
            if left:
                mailstore.change_email(account, email, {**email, "mailboxIds": left})
            else:
                mailstore.remove_email(account, email["id"])
        super().destroy(call, record, options)

    def arrange(self, call: Call, ids: list[str], given: JSONObject) -> list[str]:
        """Filter and sort as a tree, if asked to (RFC 8621, 2.3)."""
        mailboxes = call.account.records("Mailbox")
        if given.get("filterAsTree"):
            matching = set(ids)
            ids = [id for id in ids if matching.issuperset(_ancestors(mailboxes, id))]
        if not given.get("sortAsTree"):
            return ids
        everything = {**given, "filter": None, "sortAsTree": False, "filterAsTree": False}
        rank = {id: index for index, id in enumerate(results(call, self, everything))}
        # Siblings compare by rank, so a path of ranks from the root sorts as the tree does.
        return sorted(ids, key=lambda id: [rank[a] for a in [*_ancestors(mailboxes, id), id]])

    def follows(self, given: JSONObject) -> bool:
        """Mailbox/queryChanges has no arguments for trees (RFC 8621, 2.4)."""
        return not (given.get("sortAsTree") or given.get("filterAsTree"))


def _is_sound(call: Call) -> bool:
    mailboxes = call.account.records("Mailbox").values()
    places = {(mailbox["parentId"], mailbox["name"]) for mailbox in mailboxes}
    roles = [mailbox["role"] for mailbox in mailboxes if mailbox["role"] is not None]
    return len(places) == len(mailboxes) and len(set(roles)) == len(roles)


def _value(account: Account, record: JSONObject, name: str) -> object:
    match name:
        case "totalEmails":
            return mailstore.counts(account).total_emails[record["id"]]
        case "unreadEmails":
            return mailstore.counts(account).unread_emails[record["id"]]
        case "totalThreads":
            return mailstore.counts(account).total_threads[record["id"]]
        case "unreadThreads":
            return mailstore.counts(account).unread_threads[record["id"]]
        case "myRights":
            return _rights(account, record)
        case _:
            return record[name]


def _rights(account: Account, record: JSONObject) -> dict[str, bool]:
    if account.is_read_only:
        return {name: name == "mayReadItems" for name in _RIGHTS}
    kept = record["role"] == "inbox"
    return {name: not (kept and name in ("mayRename", "mayDelete")) for name in _RIGHTS}


def _check_neighbours(others: Iterable[JSONObject], record: JSONObject) -> None:
    for other in others:
        if other["id"] == record.get("id"):
            continue
        if (other["parentId"], other["name"]) == (record["parentId"], record["name"]):
            raise SetFailure("alreadyExists", "A sibling has that name.", existingId=other["id"])
        if record["role"] is not None and other["role"] == record["role"]:
            raise invalid_properties("role", description="Another Mailbox has that role.")


def _ancestors(mailboxes: dict[str, JSONObject], id: str) -> list[str]:
    """Return the ids above a Mailbox, from the root down."""
    above: list[str] = []
    parent = mailboxes[id]["parentId"] if id in mailboxes else None
    while parent is not None:
        above.insert(0, parent)
        parent = mailboxes[parent]["parentId"]
    return above


def _mailbox_changes(call: Call, given: JSONObject) -> JSONObject:
    """Answer Mailbox/changes, with `updatedProperties` (RFC 8621, 2.2)."""
    found = summary(call, MAILBOX, given)
    updated = list(_COUNTS) if found.only_counts else None
    return {**changes(call, MAILBOX, given), "updatedProperties": updated}


MAILBOX: Final = MailboxType()
_TREE: Final = {
    "sortAsTree": FLAG,
    "filterAsTree": FLAG,
}
METHODS: Final[dict[str, Method]] = {
    "Mailbox/get": get_method(MAILBOX),
    "Mailbox/changes": method(MAILBOX, _mailbox_changes, CHANGES_ARGUMENTS),
    "Mailbox/query": query_method(MAILBOX, _TREE),
    "Mailbox/queryChanges": query_changes_method(MAILBOX),
    "Mailbox/set": set_method(MAILBOX, {"onDestroyRemoveEmails": FLAG}),
}
