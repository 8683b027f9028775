"""The dispatcher: carries out what the planner decides.

Calls that are awaited in one turn of the event loop are queued; at the end of the turn one
callback asks the planner for requests, as long as the server allows further ones, and starts a task
for each. When an answer comes its slot is free at once, the next request leaves, and only then do
the tasks that waited wake up and decode what is theirs.

The rule that everything here follows: whatever happens, every waiter is woken.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Generator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from jmap_async.errors import (
    JMAPError,
    LimitExceeded,
    RateLimited,
    TransportError,
)
from jmap_async.hooks import Listener, RequestAnswered, RequestSent, SentAgain
from jmap_async.lifetime import closed, elsewhere
from jmap_async.planner import (
    Again,
    Entry,
    LearntLimits,
    PlannedRequest,
    Planner,
    Remedy,
    Replay,
    Request,
    divide,
    explain,
    judge,
    replay,
    result_of,
    slices,
)
from jmap_async.protocol import messages
from jmap_async.protocol.call import Call
from jmap_async.protocol.session import CoreCapability
from jmap_async.redaction import redact, tells
from jmap_async.retry import Retry
from jmap_async.session_manager import SessionManager
from jmap_async.stats import Stats
from jmap_async.transport import Channel, HTTPResponse, problem
from jmap_async.waiting import Places, Waiter, Waiters

R = TypeVar("R")

_LARGE: Final = 64 * 1024
"""Octets of an answer that takes so long to parse that others need not wait for it."""

_log = logging.getLogger("jmap_async")

# Of what is sent again a user wants to know this: the server, or the way to it, has a problem.
_NOTEWORTHY: Final = frozenset(
    {Again.BUSY, Again.CONNECTION_LOST, Again.LIMIT_LEARNT, Again.CAPABILITY, Again.HALVED}
)

# So many calls are woken in a turn of the event loop: others shall have theirs in between.
_WOKEN_AT_ONCE: Final = 100


class Dispatcher:
    """Sends calls, and wakes whoever waits for them."""

    def __init__(
        self,
        sessions: SessionManager,
        channel: Channel,
        *,
        retry: Retry | None = None,
        max_waiting: int = 10_000,
        rows_per_turn: int = 200,
    ) -> None:
        self._rows_per_turn = max(1, rows_per_turn)
        self._retry = retry or Retry()
        self._limits = LearntLimits()
        self._sessions = sessions
        self._channel = channel
        self.stats = Stats()
        self._listeners: tuple[Listener, ...] = (self.stats,)
        self._planner = Planner(submitted=self.stats.count_call)
        self._loop = asyncio.get_running_loop()
        self._waiters = Waiters(self._loop)
        self._places = Places(max_waiting, self._planner, changed=self._arm)
        # Calls that have ended and whose waiters are still to be woken, in the next turns.
        self._ended: deque[Entry] = deque()
        self._requests: dict[Request, asyncio.Task[None]] = {}
        # Those of them that were answered: they hold no slot any more.
        self._answered: set[Request] = set()
        self._armed = False
        self._flushing = False
        self._closed = False
        # While the server has asked for a pause: what ends it.
        self._resuming: asyncio.TimerHandle | None = None
        sessions.changed = self._arm

    # Waiting for a call

    def result(self, call: Call[R]) -> Generator[Any, None, R]:
        """Send a call unless that was done before, and wait for its result."""
        entry: Entry | None = call.submitted
        if entry is None or entry.answer is None:
            if asyncio.get_running_loop() is not self._loop:
                raise elsewhere(call.method.name)
            if self._places.full and not self._planner.knows(call):
                yield from self._places.admission().__await__()
            entry = self._submit(call)
            if entry.answer is None:
                waiter = self._waiters.add(entry)
                entry.claim()
                self._arm()
                try:
                    yield from waiter
                except BaseException:
                    self._leave(entry, waiter)
                    raise
        for _ in slices(call.method, entry.answer, self._rows_per_turn):
            yield  # to the event loop: others have their turn
        result: R = result_of(call.method, entry.answer)
        if call.method.note_asked is not None:
            call.method.note_asked(call.arguments, result)
        return result

    def last_write(self, *types: str) -> object | None:
        """Identify the last write to types of data; None: there is one that is not done."""
        return self._planner.writes.last(*types)

    def running_task(self) -> object:
        """Identify the running task; None outside of any."""
        try:
            return asyncio.current_task()
        except RuntimeError:
            return None

    def _submit(self, call: Call[Any]) -> Entry:
        if self._closed:
            raise closed(call.method.name)
        try:
            return self._planner.submit(call, self._sessions.session)
        except BaseException:
            # What it refers to may be queued already, and its own place is for others.
            self._arm()
            raise

    def _leave(self, entry: Entry, waiter: Waiter) -> None:
        """Take a cancelled waiter out; when nobody waits for a request any more, cancel it."""
        if self._waiters.remove(entry, waiter):
            entry.release()
            self._cancel_deserted()

    def _cancel_deserted(self) -> None:
        for request, task in self._requests.items():
            # Once: a second time would disturb the clearing up after the first.
            if request.deserted and not task.cancelling():
                task.cancel()

    async def send_together(self, calls: Sequence[Call[Any]]) -> list[object]:
        """Send calls in one request of their own; return what each came to, errors included.

        Raises:
            LocalProtocolError, ClientClosed: one of them cannot be sent; nothing was queued.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise elsewhere("batch")
        if self._places.full:
            await self._places.admission()
        if self._closed:
            raise closed("batch")
        entries = self._planner.submit_batch(calls, self._sessions.session)
        # The queue may be looked at before the tasks that wait for the calls have begun.
        for entry in entries:
            entry.claim()
        try:
            results: list[object] = await asyncio.gather(*calls, return_exceptions=True)
            return results
        finally:
            for entry in entries:
                entry.release()
            self._cancel_deserted()

    def explain(self, calls: Sequence[Call[Any]]) -> list[PlannedRequest]:
        """Return the requests that calls would become."""
        session, limits = self._sessions.session, self._current_limits
        return explain(calls, session, limits, known=self._planner)

    # Sending

    def _arm(self) -> None:
        """Have the queue looked at when the tasks that are ready now have had their turn."""
        if not self._armed:
            self._armed = True
            # What those who are being woken await next leaves together.
            if not self._ended:
                self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._armed = False
        if self._flushing:
            return  # an eager task that was done at once; whoever started it goes on
        self._flushing = True
        try:
            self._start_all()
        except Exception as error:  # noqa: BLE001 - a defect may cost calls, never leave one hanging
            _log_defect("planning failed", error)
            self._give_up(error)
        finally:
            self._flushing = False
        self._wake()
        self._places.admit(everybody=self._closed)

    def _start_all(self) -> None:
        # RFC 8620, 3.4: not by limits and URLs that are known to be out of date.
        while not (self._sessions.refreshing or self._closed or self._resuming):
            limits = self._current_limits
            under_way = len(self._requests) - len(self._answered)
            if under_way >= limits.max_concurrent_requests:
                return
            request = self._planner.next_request(limits)
            if request is None:
                return
            self._start(request)

    @property
    def _current_limits(self) -> CoreCapability:
        return self._limits.of(self._sessions.session.core)

    def _start(self, request: Request) -> None:
        task = self._loop.create_task(self._carry_out(request), name="jmap_async request")
        # An eager task may be done by now.
        if not task.done():
            self._requests[request] = task
            task.add_done_callback(lambda _: self._never_began(request))

    async def _carry_out(self, request: Request) -> None:
        try:
            await self._attempt(request)
        except asyncio.CancelledError:
            self._planner.abandon(request, _cancelled(request))
        except Exception as error:  # noqa: BLE001 - as above
            _log_defect("a request failed unexpectedly", error)
            self._planner.fail(request, error)
        self._requests.pop(request, None)
        self._answered.discard(request)
        # The next request leaves before anybody decodes what this one brought.
        self._flush()

    def _never_began(self, request: Request) -> None:
        """Clear up after a task that was cancelled before its first step."""
        if self._requests.pop(request, None) is not None:
            self._planner.abandon(request, _cancelled(request))
            self._flush()

    async def _attempt(self, request: Request) -> None:
        """Send a request and settle its calls, or put back those that deserve another attempt."""
        try:
            response = await self._exchange(request)
        except JMAPError as error:
            await self._recover(request, error)
        else:
            for remark in self._planner.settle(request, response):
                _log.warning("the server broke RFC 8620: %s", redact(remark))
            if self._planner.replays:
                self._tell_replays()

    async def _recover(self, request: Request, error: JMAPError) -> None:
        self._answered.discard(request)
        attempts = self._retry.attempts
        verdict = judge(error, request, attempts=attempts)
        if isinstance(error, LimitExceeded) and not self._learn(error, request):
            verdict = divide(error, request)
        if verdict.remedy is Remedy.FAIL:
            self._planner.fail(request, error)
            return
        repeat = verdict.remedy is Remedy.REPEAT
        # Who cannot be helped need not wait for the others.
        self._planner.give_up(request, error, attempts=attempts if repeat else None)
        asked = getattr(error, "retry_after", None)
        wait = self._retry.delay(request.attempts, asked) if repeat else 0.0
        if wait is None:
            self._planner.fail(request, error)
            return
        self._wake()
        self.stats.retries += bool(request.invocations)
        if wait and request.invocations:
            await self._wait(wait, error)
        self._planner.recover(request, error, verdict)
        self._tell_replays(error)

    async def _wait(self, wait: float, error: JMAPError) -> None:
        """Wait before calls are sent again; a server that is busy gets no other requests either."""
        _log.debug("sending again in %.1f s: %s", wait, error)
        if isinstance(error, RateLimited):
            self._pause(wait)
            return
        # The slot stays taken meanwhile: a server in trouble is not asked even more.
        # When everybody has left there is nothing to wait for: the planner will find nobody.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(wait)

    def _pause(self, wait: float) -> None:
        """Send no request for so many seconds: what waits, and what goes again, leaves together."""
        until = self._loop.time() + wait
        if self._resuming is not None:
            if self._resuming.when() >= until:
                return
            self._resuming.cancel()
        self._resuming = self._loop.call_at(until, self._resume)

    def _resume(self) -> None:
        self._resuming = None
        self._flush()

    def _tell_replays(self, error: JMAPError | None = None) -> None:
        """Log and count what is sent again."""
        for one in self._planner.replays:
            self._tell(one, error)
        self._planner.replays.clear()

    def _tell(self, again: Replay, error: JMAPError | None = None) -> None:
        record = SentAgain(again.why.value, again.methods, again.callers)
        for one in self._listeners:
            one.on_retry(record)
        level = logging.WARNING if again.why in _NOTEWORTHY else logging.DEBUG
        _log.log(level, "goes again: %s%s", again, f" ({error})" if error else "")

    def _learn(self, error: LimitExceeded, request: Request) -> bool:
        if error.limit == "maxConcurrentRequests":
            self._limits.learn_concurrency(len(self._requests))
            return True
        return self._limits.learn(error, request)

    async def _exchange(self, request: Request) -> messages.Response:
        body, session = request.encode(), self._sessions.session
        leaving = RequestSent(request.methods, request.ids, len(body))
        for one in self._listeners:
            one.on_request(leaving)
        try:
            response = await self._sent(session.api_url, body, request)
        except (JMAPError, asyncio.CancelledError) as error:
            said = str(error) or "cancelled"
            _log.debug("POST of %r, %d octets: %s", request, len(body), said)
            raise
        answer = RequestAnswered(response.status, len(response.body))
        for one in self._listeners:
            one.on_response(answer)
        _log.debug(
            "POST of %r, %d octets: %d, %d octets",
            request,
            len(body),
            response.status,
            len(response.body),
        )
        if not 200 <= response.status < 300:
            raise problem(response, now=datetime.now(UTC))
        if len(response.body) > _LARGE:
            # Parsing will take a while: what can go without this answer goes before.
            self._answered.add(request)
            self._flush()
        parsed = messages.parse_response(response.body, at_least=len(request.invocations))
        self._sessions.notice(parsed.session_state, under=session)
        return parsed

    def _sent(self, url: str, body: bytes, request: Request) -> Awaitable[HTTPResponse]:
        """Send a request, and take note of how far it has come."""
        refused = False

        def on_sent() -> None:
            nonlocal refused
            request.sent = True
            if refused:
                refused = False
                callers = len(request.entries)
                self._tell(replay(Again.CREDENTIAL_REFRESHED, request.methods, callers))

        def on_refused() -> None:
            nonlocal refused
            refused = True
            request.sent = False  # nothing of it was carried out

        return self._channel.exchange(url, body, on_sent=on_sent, on_refused=on_refused)

    # Ending

    def _wake(self) -> None:
        """Wake those whose calls have ended, in order."""
        waking, finished = bool(self._ended), self._planner.finished()
        self._ended.extend(finished)
        if self._closed or (finished and not waking):
            self._wake_some()

    def _wake_some(self) -> None:
        count = len(self._ended) if self._closed else min(len(self._ended), _WOKEN_AT_ONCE)
        for _ in range(count):
            self._waiters.wake(self._ended.popleft())
        if self._ended:
            self._loop.call_soon(self._wake_more)

    def _wake_more(self) -> None:
        self._wake_some()
        if self._armed and not self._ended:
            # When they have had their turn: see _arm.
            self._loop.call_soon(self._flush)

    def _give_up(self, error: Exception | None = None) -> None:
        """Fail everything that waits; by default, because the client is closed."""
        for entry in self._waiters.entries:
            self._planner.refuse(entry, error or closed(entry.method.name, entry.outcome))
        self._wake()
        self._places.admit(everybody=self._closed)

    async def close(self) -> None:
        """Cancel what is under way and fail what waits; idempotent."""
        self._closed = True
        if self._resuming is not None:
            self._resuming.cancel()
        self._give_up()
        tasks = tuple(self._requests.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _log_defect(what: str, error: Exception) -> None:
    # An error of the user's `Auth` may say the credential.
    _log.error("%s: %s", what, type(error).__name__, exc_info=None if tells(error) else error)


def _cancelled(request: Request) -> TransportError:
    return TransportError(
        "the request was cancelled while it was under way",
        outcome="unknown" if request.sent else "not_sent",
    )
