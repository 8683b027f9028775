"""What the server knows: accounts, their tables with a change log, and blobs."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Literal

import attrs

from jmap_async.testing.limits import Limits
from jmap_async.testing.message.content import Content
from jmap_async.testing.message.mime import blob_id_of
from jmap_async.testing.types import CORE, JSONObject

Kind = Literal["created", "updated", "counts", "destroyed"]
"""What happened to a record. "counts" is an update of nothing but the counts of a Mailbox."""

ID_PREFIXES: Final = {
    "Mailbox": "P",
    "Thread": "T",
    "Email": "M",
    "EmailDelivery": "D",
    "Identity": "I",
    "EmailSubmission": "S",
    "VacationResponse": "V",
    "MaskedEmail": "masked-",
    "PushSubscription": "push-",
}


@attrs.frozen
class Changes:
    """What happened in a table between two positions of its log."""

    created: list[str]
    updated: list[str]
    destroyed: list[str]
    until: int
    only_counts: bool


@attrs.define
class Table:
    """The records of one type in one account, in the order of their creation.

    A record is never altered in place, only replaced: so a copy of `records` is a snapshot.
    """

    name: str
    on_change: Callable[[], None]
    records: dict[str, JSONObject] = attrs.field(factory=dict[str, JSONObject])
    log: list[tuple[str, Kind]] = attrs.field(factory=list[tuple[str, Kind]])
    forgotten: int = 0
    issued: int = 0
    order: dict[str, int] = attrs.field(factory=dict[str, int])

    @property
    def state(self) -> str:
        """The state string: opaque to clients, with a character that tempts them to parse it."""
        return self.state_at(len(self.log))

    def state_at(self, position: int) -> str:
        """Return the state string for a position of the log."""
        return f"{self.name.lower()};{position}"

    def position_of(self, state: str) -> int | None:
        """Return the log position of a state, or None if it is unknown or forgotten."""
        prefix, _, number = state.partition(";")
        if prefix != self.name.lower() or not number.isdecimal():
            return None
        position = int(number)
        known = self.forgotten <= position <= len(self.log) and self.state_at(position) == state
        return position if known else None

    def next_id(self) -> str:
        """Return an id that was never used in this table."""
        self.issued += 1
        return f"{ID_PREFIXES[self.name]}{self.issued}"

    def insert(self, record: JSONObject) -> None:
        """Add a record under its "id"."""
        self.records[record["id"]] = record
        self.order[record["id"]] = len(self.order)
        self.note(record["id"], "created")

    def replace(self, record: JSONObject) -> None:
        """Put a record in the place of the one with the same "id"."""
        self.records[record["id"]] = record
        self.note(record["id"], "updated")

    def remove(self, id: str) -> JSONObject:
        """Take a record out and return it."""
        record = self.records.pop(id)
        self.note(id, "destroyed")
        return record

    def note(self, id: str, kind: Kind) -> None:
        """Add one line to the log: a new state."""
        self.log.append((id, kind))
        self.on_change()

    def in_order(self, ids: Iterable[str]) -> list[str]:
        """Return the ids that exist, each once, in the order of creation."""
        return sorted({id for id in ids if id in self.records}, key=self.order.__getitem__)

    def changes(self, since: int, max_changes: int | None) -> Changes:
        """Sum up the log since a position, at most `max_changes` ids (RFC 8620, 5.2)."""
        seen: dict[str, list[Kind]] = {}
        until = since
        for id, kind in self.log[since:]:
            if id not in seen and max_changes is not None and len(seen) == max_changes:
                break
            seen.setdefault(id, []).append(kind)
            until += 1
        return _sum_up(seen, until)


def _sum_up(seen: dict[str, list[Kind]], until: int) -> Changes:
    created, updated, destroyed = list[str](), list[str](), list[str]()
    only_counts = True
    for id, kinds in seen.items():
        if kinds[-1] == "destroyed":
            # What came and went in between is no news to the client (RFC 8620, 5.2).
            if kinds[0] != "created":
                destroyed.append(id)
        elif kinds[0] == "created":
            created.append(id)
        else:
            updated.append(id)
            only_counts = only_counts and set(kinds) == {"counts"}
    return Changes(created, updated, destroyed, until, only_counts and bool(updated))


@attrs.frozen
class QuerySnapshot:
    """The results of a query when it was answered, to compare later ones with."""

    ids: list[str]
    position: int


_SNAPSHOTS_KEPT: Final = 200


@attrs.frozen
class Blob:
    """Immutable bytes and the media type that they came with."""

    data: bytes
    type: str = "application/octet-stream"


Snapshot = tuple[dict[str, tuple[dict[str, JSONObject], int, int, dict[str, int]]], dict[str, str]]


@attrs.define(kw_only=True)
class Account:
    """One account: `capabilities` is its accountCapabilities (RFC 8620, 2)."""

    id: str
    name: str
    is_personal: bool
    is_read_only: bool
    capabilities: dict[str, JSONObject]
    tables: dict[str, Table]
    blobs: dict[str, Blob] = attrs.field(factory=dict[str, Blob])
    contents: dict[str, Content] = attrs.field(factory=dict[str, Content])
    thread_of: dict[str, str] = attrs.field(factory=dict[str, str])
    cache: dict[str, object] = attrs.field(factory=dict[str, object])
    queries: dict[str, QuerySnapshot] = attrs.field(factory=dict[str, QuerySnapshot])

    def put_blob(self, data: bytes, type: str = "application/octet-stream") -> str:
        """Keep bytes and return their blob id, the same for the same bytes."""
        blob_id = blob_id_of(data)
        self.blobs.setdefault(blob_id, Blob(data, type))
        return blob_id

    def records(self, name: str) -> dict[str, JSONObject]:
        """Return the records of a type by id."""
        return self.tables[name].records

    def remember_query(self, key: str, snapshot: QuerySnapshot) -> None:
        """Keep the results of a query; the oldest are forgotten."""
        self.queries[key] = snapshot
        while len(self.queries) > _SNAPSHOTS_KEPT:
            del self.queries[next(iter(self.queries))]

    def forget_changes(self) -> None:
        """Forget the past, as if it were too long ago for /changes and /queryChanges."""
        self.queries.clear()
        for table in self.tables.values():
            table.forgotten = len(table.log)

    def snapshot(self) -> Snapshot:
        """Return what `restore` needs to undo everything after now."""
        tables = {
            name: (dict(table.records), len(table.log), table.issued, dict(table.order))
            for name, table in self.tables.items()
        }
        return tables, dict(self.thread_of)

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot."""
        tables, self.thread_of = snapshot
        self.cache.clear()
        for name, (records, length, issued, order) in tables.items():
            table = self.tables[name]
            table.records, table.issued, table.order = records, issued, order
            del table.log[length:]


@attrs.frozen(kw_only=True)
class SentMessage:
    """A message that the server was asked to send, as it would have left the house."""

    mail_from: str
    rcpt_to: list[str]
    message: bytes
    email_id: str
    submission_id: str


@attrs.frozen(kw_only=True)
class Push:
    """A push to a PushSubscription: its URL, and the PushVerification or StateChange object."""

    url: str
    body: JSONObject


@attrs.define(kw_only=True)
class World:
    """Everything: accounts, capabilities and limits, sent messages, the clock.

    Of a new state the `listeners` hear, which are event sources, and `push`.
    """

    username: str
    limits: Limits
    capabilities: dict[str, JSONObject]
    clock: Callable[[], datetime]
    accounts: dict[str, Account] = attrs.field(factory=dict[str, Account])
    primary_accounts: dict[str, str] = attrs.field(factory=dict[str, str])
    push_subscriptions: dict[str, Table] = attrs.field(factory=dict[str, Table])
    sent: list[SentMessage] = attrs.field(factory=list[SentMessage])
    pushes: list[Push] = attrs.field(factory=list[Push])
    invocations: int = 0
    listeners: list[Callable[[], None]] = attrs.field(factory=list[Callable[[], None]])
    push: Callable[[], None] | None = None

    def changed(self) -> None:
        """Tell whoever listens that some state is new."""
        for listener in self.listeners:
            listener()
        if self.push is not None:
            self.push()

    def new_account(
        self,
        account_id: str,
        *,
        name: str,
        is_personal: bool,
        is_read_only: bool,
        capabilities: dict[str, JSONObject],
    ) -> Account:
        """Add an account with empty tables."""
        account = Account(
            id=account_id,
            name=name,
            is_personal=is_personal,
            is_read_only=is_read_only,
            capabilities=capabilities,
            tables={name: Table(name, self.changed) for name in ID_PREFIXES},
        )
        self.accounts[account_id] = account
        return account

    def subscriptions(self, credential: str) -> Table:
        """Return the push subscriptions made with a credential (RFC 8620, 7.2)."""
        if credential not in self.push_subscriptions:
            self.push_subscriptions[credential] = Table("PushSubscription", self.changed)
        return self.push_subscriptions[credential]

    def capability_of(self, capability: str) -> JSONObject:
        """Return a member of Session.capabilities; only core has content (RFC 8621, 1.3)."""
        if capability != CORE:
            return {}
        return {**self.limits.to_wire(), **self.capabilities[CORE]}
