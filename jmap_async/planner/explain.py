"""What would be sent: the planner run without a server."""

from collections.abc import Sequence
from typing import Any

import attrs
import orjson

from jmap_async.planner.planner import Planner
from jmap_async.planner.request import Request
from jmap_async.protocol.call import AnyCall
from jmap_async.protocol.session import CoreCapability, Session


@attrs.frozen(kw_only=True)
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
    planner = known.rehearsal() if known else Planner()
    for call in calls:
        planner.submit(call, session).claim()
    requests: list[PlannedRequest] = []
    while (request := planner.next_request(limits, pretend=True)) is not None:
        requests.append(_described(request))
        planner.pretend_done(request)
    for entry in planner.finished():
        if isinstance(entry.answer, Exception):
            raise entry.answer
    return requests


def _described(request: Request) -> PlannedRequest:
    body = request.encode()
    document = orjson.loads(body)
    return PlannedRequest(
        using=document["using"], method_calls=document["methodCalls"], size=len(body)
    )
