"""Counters: what the package made of the calls."""

import attrs

from jmap_async.planner import Entry, Request


@attrs.define
class Stats:
    """What was asked for and what was sent, since the client was made.

    `calls` that were awaited; `invocations` and `posts` that they became; ids that the calls asked
    for and ids that were sent in /get; requests sent again (`retries`); octets of API requests and
    answers, uncompressed.
    """

    calls: int = 0
    invocations: int = 0
    posts: int = 0
    ids_asked: int = 0
    ids_sent: int = 0
    retries: int = 0
    bytes_out: int = 0
    bytes_in: int = 0

    def count_call(self, entry: Entry) -> None:
        """Count a call that was submitted."""
        self.calls += 1
        ids = entry.arguments.get("ids")
        if isinstance(ids, list):
            self.ids_asked += len(ids)

    def count_request(self, request: Request, body: bytes) -> None:
        """Count a request that leaves."""
        self.posts += 1
        self.invocations += len(request.invocations)
        self.bytes_out += len(body)
        for invocation in request.invocations:
            if isinstance(invocation.payload, dict):
                self.ids_sent += len(invocation.payload)
