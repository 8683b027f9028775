"""The planner: which calls go into which request, and whose answer is whose.

It decides and does nothing: no event loop, no clock, no I/O. Whoever uses it submits calls, asks
for the next request that may leave, sends it, and gives the answer back:

    entry = planner.submit(call, session)
    while (request := planner.next_request(session.core)) is not None:
        planner.settle(request, parse_response(post(request.encode())))
    entry.answer
"""

import weakref
from collections.abc import Callable, Iterable
from typing import Final


from jmap_async.planner.entry import Entry, prepare
from jmap_async.planner.queue import Queue
from jmap_async.planner.request import Request
from jmap_async.protocol.call import AnyCall
from jmap_async.protocol.messages import Response
from jmap_async.protocol.session import CoreCapability, Session

# Creation ids that a task may still refer to after that many newer ones.
_REMEMBERED: Final = 1000


class Planner:
    """Calls that wait and calls that are under way; `submitted` is told of each new one."""

    def __init__(self, *, submitted: Callable[[Entry], None] = lambda _: None) -> None:
        self._submitted = submitted
        self._queue = Queue(self._settled)
        self._finished: list[Entry] = []
        self._entries: weakref.WeakKeyDictionary[AnyCall, Entry] = weakref.WeakKeyDictionary()
        self._creators: weakref.WeakKeyDictionary[object, dict[str, Entry]] = (
            weakref.WeakKeyDictionary()
        )
        self._nobody = _Scope()

    def submit(self, call: AnyCall, session: Session) -> Entry:
        """Queue a call, after all calls that it refers to; a call is queued once.

        Raises:
            LocalProtocolError: it cannot be sent; nothing of it was queued.
        """
        entry = self._entries.get(call)
        if entry is None or entry.abandoned:
            entry = prepare(
                call,
                session,
                entry_of=lambda other: self.submit(other, session),
                creator_of=self._creator,
            )
            self._entries[call] = entry
            self._queue.add(entry)
            self._remember(call.scope, entry)
            self._submitted(entry)
        return entry

    def next_request(self, limits: CoreCapability) -> Request | None:
        """Return the next request that may leave now; None: nothing can, or nothing waits."""
        request = Request(limits)
        self._queue.fill(request)
        return request if request.invocations else None

    def settle(self, request: Request, response: Response) -> None:
        """Give the calls of a request their answers."""
        request.settle(response)
        self._queue.done(request)

    def fail(self, request: Request, error: Exception) -> None:
        """Give the calls of a request an error each, for want of an answer."""
        for invocation in request.invocations:
            invocation.unit.failed(invocation, error)
        self._queue.done(request)

    def finished(self) -> Iterable[Entry]:
        """Return the calls that were answered, or failed, since the last time."""
        finished, self._finished = self._finished, []
        return finished

    def _settled(self, entry: Entry) -> None:
        self._finished.append(entry)

    # Creation ids, by who chose them

    def _creator(self, scope: object, name: str) -> Entry | None:
        return self._creators.get(self._nobody if scope is None else scope, {}).get(name)

    def _remember(self, scope: object, entry: Entry) -> None:
        if not entry.creates:
            return
        known = self._creators.setdefault(self._nobody if scope is None else scope, {})
        for name in entry.creates:
            known.pop(name, None)
            known[name] = entry
        while len(known) > _REMEMBERED:
            del known[next(iter(known))]


class _Scope:
    """The scope of calls that were made outside of any task."""

    __slots__ = ("__weakref__",)

