"""The dispatcher: carries out what the planner decides.

Calls that are awaited in one turn of the event loop are queued; at the end of the turn one callback
asks the planner for requests, as long as the server allows further ones, and starts a task for each.
When an answer comes its slot is free at once, the next request leaves, and only then do the tasks
that waited wake up and decode what is theirs.

The rule that everything here follows: whatever happens, every waiter is woken.
"""

import asyncio
import logging
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import attrs

from jmap_async.errors import (
    ClientClosed,
    JMAPError,
    LocalProtocolError,
    MethodError,
    RemoteProtocolError,
    TransportError,
)
from jmap_async.planner import Answer, Entry, Planner, Request
from jmap_async.protocol import messages
from jmap_async.protocol.call import Call
from jmap_async.protocol.converter import Malformed
from jmap_async.session_manager import SessionManager
from jmap_async.stats import Stats
from jmap_async.transport import Transport, problem

R = TypeVar("R")

_log = logging.getLogger("jmap_async")


@attrs.frozen
class _Outcome:
    """What a call came to; kept with the call, so that awaiting it again costs nothing."""

    value: Any = None
    error: Exception | None = None


class Dispatcher:
    """Sends calls, and wakes whoever waits for them."""

    def __init__(self, sessions: SessionManager, transport: Transport) -> None:
        self._sessions = sessions
        self._transport = transport
        self.stats = Stats()
        self._planner = Planner(submitted=self.stats.count_call)
        self._loop = asyncio.get_running_loop()
        self._waiters: dict[Entry, list[asyncio.Future[None]]] = {}
        self._requests: dict[Request, asyncio.Task[None]] = {}
        self._armed = False
        self._closed = False
        sessions.changed = self._arm

    # Waiting for a call

    def result(self, call: Call[R]) -> Generator[Any, None, R]:
        """Send a call unless that was done before, and wait for its result."""
        if call.state is None:
            entry = self._submit(call)
            if entry.answer is None:
                yield from self._wait(entry)
            call.state = _outcome(call, entry)
        outcome: _Outcome = call.state
        if outcome.error is not None:
            raise outcome.error.with_traceback(None)
        return cast("R", outcome.value)

    def running_task(self) -> object:
        """Identify the running task; None outside of any."""
        try:
            return asyncio.current_task()
        except RuntimeError:
            return None

    def _submit(self, call: Call[Any]) -> Entry:
        if asyncio.get_running_loop() is not self._loop:
            raise LocalProtocolError(
                f"{call.method.name}: this client belongs to another event loop: "
                "use a client for each loop"
            )
        if self._closed:
            raise _closed(call.method.name)
        return self._planner.submit(call, self._sessions.session)

    def _wait(self, entry: Entry) -> Generator[Any, None, None]:
        # A future for each waiter: cancelling one leaves the others alone.
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.setdefault(entry, []).append(waiter)
        entry.claim()
        self._arm()
        try:
            yield from waiter
        except BaseException:
            self._leave(entry, waiter)
            raise

    def _leave(self, entry: Entry, waiter: asyncio.Future[None]) -> None:
        """Take a cancelled waiter out; when nobody waits for a request any more, cancel it."""
        waiters = self._waiters.get(entry)
        if waiters is None or waiter not in waiters:
            return  # woken at the same time
        waiters.remove(waiter)
        if not waiters:
            del self._waiters[entry]
        entry.release()
        for request, task in self._requests.items():
            if request.deserted:
                task.cancel()

    # Sending

    def _arm(self) -> None:
        """Have the queue looked at when the tasks that are ready now have had their turn."""
        if not self._armed:
            self._armed = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._armed = False
        try:
            # RFC 8620, 3.4: not by limits and URLs that are known to be out of date.
            while not self._sessions.refreshing and self._has_free_slot():
                request = self._planner.next_request(self._sessions.session.core)
                if request is None:
                    break
                self._start(request)
        except Exception as error:
            _log.exception("planning failed")
            self._give_up(error)
        self._wake(self._planner.finished())

    def _has_free_slot(self) -> bool:
        limit = max(1, self._sessions.session.core.max_concurrent_requests)
        return len(self._requests) < limit and not self._closed

    def _start(self, request: Request) -> None:
        task = self._loop.create_task(self._carry_out(request), name=f"jmap_async {request!r}")
        # An eager task may be done by now.
        if not task.done():
            self._requests[request] = task

    async def _carry_out(self, request: Request) -> None:
        try:
            response = await self._exchange(request)
            self._planner.settle(request, response)
        except asyncio.CancelledError:
            self._planner.fail(request, _cancelled())
        except Exception as error:
            if not isinstance(error, JMAPError):
                _log.exception("a request failed unexpectedly")
            self._planner.fail(request, error)
        self._requests.pop(request, None)
        # The next request leaves before anybody decodes what this one brought.
        self._flush()

    async def _exchange(self, request: Request) -> messages.Response:
        body = request.encode()
        self.stats.count_request(request, body)
        response = await self._transport.post(self._sessions.session.api_url, body)
        self.stats.bytes_in += len(response.body)
        _log.debug(
            "POST of %d calls (%s), %d octets: %d, %d octets",
            len(request.invocations),
            ", ".join(one.name for one in request.invocations),
            len(body),
            response.status,
            len(response.body),
        )
        if not 200 <= response.status < 300:
            raise problem(response, now=datetime.now(UTC))
        parsed = messages.parse_response(response.body)
        self._sessions.notice(parsed.session_state)
        return parsed

    # Ending

    def _wake(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            for waiter in self._waiters.pop(entry, ()):
                if not waiter.done():
                    waiter.set_result(None)

    def _give_up(self, error: Exception) -> None:
        """Fail everything that waits: a defect may cost calls, never leave one hanging."""
        for entry in tuple(self._waiters):
            if entry.answer is None:
                entry.answer = error.for_caller() if isinstance(error, JMAPError) else error
        self._wake(tuple(self._waiters))

    async def close(self) -> None:
        """Cancel what is under way and fail what waits; idempotent."""
        self._closed = True
        self._give_up(_closed("the call"))
        tasks = tuple(self._requests.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


def _outcome(call: Call[Any], entry: Entry) -> _Outcome:
    """Decode the answer to a call, in the task of whoever awaits it."""
    answer = entry.answer
    if not isinstance(answer, Answer):
        return _Outcome(error=answer)
    try:
        value = call.method.decode(answer.arguments)
        return _Outcome(value=_with_implicit(call, value, answer))
    except Malformed as error:
        return _Outcome(
            error=RemoteProtocolError(
                f"the server's answer to {call.method.name} is malformed: {error}",
                piece=error.value,
            )
        )


def _with_implicit(call: Call[Any], value: Any, answer: Answer) -> Any:
    """Add what came under the same call id (RFC 8620, 5.4; RFC 8621, 7.5)."""
    implicit, decode = answer.implicit, call.method.decode_implicit
    if implicit is None or decode is None:
        return value
    if implicit.name == "error":
        error: MethodError = messages.method_error(
            implicit.arguments, method=f"{call.method.name}, on success", call_id=implicit.call_id
        )
        return attrs.evolve(value, on_success_error=error)
    return attrs.evolve(value, on_success=decode(implicit.arguments))


def _closed(what: str) -> ClientClosed:
    return ClientClosed(f"{what}: the client is closed: make a new one with connect()")


def _cancelled() -> TransportError:
    return TransportError(
        "the request was cancelled while it was under way", outcome="unknown"
    )
