"""What would be sent: the planner run without a server."""

import copy
from collections.abc import Sequence
from typing import Any

import orjson

from jmap_async.planner.base.entry import Entry
from jmap_async.planner.base.request import Request
from jmap_async.planner.planner import Planner
from jmap_async.protocol.call import AnyCall
from jmap_async.protocol.declaring import record
from jmap_async.protocol.session import CoreCapability, Session


@record(kw_only=True)
class PlannedRequest:
    """A request as it would leave: `method_calls` are [name, arguments, call id] (RFC 8620, 3.3).

    Where a later request needs an answer of an earlier one, its argument says so in words.
    """

    using: list[str]
    method_calls: list[list[Any]]
    size: int


def explain(
    calls: Sequence[AnyCall],
    session: Session,
    limits: CoreCapability,
    *,
    known: Planner | None = None,
) -> list[PlannedRequest]:
    """Return the requests that these calls would become, were they awaited together.

    `known` is the planner of calls that were sent before, whose results they may refer to.

    Raises:
        LocalProtocolError: one of them cannot be sent.
    """
    planner = _Rehearsal(known or Planner())
    for call in calls:
        planner.submit(call, session).claim()
    requests: list[PlannedRequest] = []
    while (request := planner.next_request(limits, dry_run=True)) is not None:
        requests.append(_described(request))
        request.close()
    for entry in planner.finished():
        if isinstance(entry.answer, Exception):
            raise entry.answer
    return requests


class _Rehearsal(Planner):
    """Knows what another planner has sent so far, and changes nothing of it."""

    def __init__(self, known: Planner) -> None:
        super().__init__()
        self._known = known
        self._kept: dict[AnyCall, Entry] = {}
        self._copies: dict[Entry, Entry] = {}

    def entry_of(self, call: AnyCall) -> Entry | None:
        return self._kept.get(call) or self._copy(self._known.entry_of(call))

    def keep(self, call: AnyCall, entry: Entry) -> None:
        self._kept[call] = entry

    def creator_of(self, scope: object, name: str) -> Entry | None:
        own = super().creator_of(scope, name)
        return own or self._copy(self._known.creator_of(scope, name))

    def _copy(self, entry: Entry | None) -> Entry | None:
        """Return a copy to claim in its stead; None, if it is not sent yet."""
        if entry is None or entry.abandoned or not (entry.sent or entry.answer):
            return None
        if entry not in self._copies:
            copied = self._copies[entry] = copy.copy(entry)
            copied.unit, copied.claims, copied.requests = None, 0, ()
            copied.references, copied.creators = {}, {}
        return self._copies[entry]


def _described(request: Request) -> PlannedRequest:
    body = request.encode()
    document = orjson.loads(body)
    return PlannedRequest(
        using=document["using"], method_calls=document["methodCalls"], size=len(body)
    )
