"""Counters: what the package made of the calls."""

from collections import Counter
from collections.abc import Sized
from typing import cast

import attrs

from jmap_async.hooks import RequestAnswered, RequestSent, SentAgain
from jmap_async.planner import Again, Entry
from jmap_async.protocol.declaring import state


@state()
class Stats:
    """What was asked for and what was sent, since the client was made.

    `calls` that were awaited; `invocations` and `posts` that they became; ids that the calls asked
    for and ids that were sent in /get; requests sent again (`retries`), and by reason what was sent
    again of them (`replays`); octets of API requests and answers, uncompressed.
    """

    calls: int = 0
    invocations: int = 0
    posts: int = 0
    ids_asked: int = 0
    ids_sent: int = 0
    retries: int = 0
    replays: Counter[Again] = attrs.field(factory=Counter[Again])
    bytes_out: int = 0
    bytes_in: int = 0

    def count_call(self, entry: Entry) -> None:
        """Count a call that was submitted."""
        self.calls += 1
        if entry.ids is not None:
            self.ids_asked += len(entry.ids)
        elif entry.patched is None:  # else to look would take longer than all else here
            self.ids_asked += _count(entry.arguments.get("ids"))

    def on_request(self, record: RequestSent, /) -> None:
        """Count a request that leaves."""
        self.posts += 1
        self.invocations += len(record.methods)
        self.bytes_out += record.octets
        self.ids_sent += record.ids

    def on_response(self, record: RequestAnswered, /) -> None:
        """Count an answer."""
        self.bytes_in += record.octets

    def on_retry(self, record: SentAgain, /) -> None:
        """Count calls that are sent again, by the reason."""
        self.replays[Again(record.why)] += 1


def _count(ids: object) -> int:
    return len(cast("Sized", ids)) if isinstance(ids, (list, dict)) else 0
