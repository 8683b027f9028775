"""The session manager: the Session resource, fetched once and again when it changes."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from jmap_async.errors import (
    ClientClosed,
    DiscoveryError,
    JMAPError,
    RemoteProtocolError,
    RequestError,
    TransportError,
)
from jmap_async.protocol import session as session_resource
from jmap_async.protocol.session import Session
from jmap_async.repeating import may_pass, repeated, retry_after
from jmap_async.retry import Retry
from jmap_async.transport import Discovery, Transport

_log = logging.getLogger("jmap_async")

# Seconds before a server whose answers do not agree with its session is asked for it again: at
# first, and at most.
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 300.0

# What another place may do better; a credential that was refused is not shown around.
_FAILURES: Final = (TransportError, RequestError, RemoteProtocolError)


class SessionManager:
    """Holds the Session; however many tasks notice a change, it is fetched once.

    `changed` is called when a new one came, and when there is none to wait for. `clock` tells
    seconds.
    """

    def __init__(
        self,
        transport: Transport,
        discovery: Discovery,
        *,
        retry: Retry | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._retry = retry or Retry()
        self._urls = discovery.urls
        self._asked = discovery.asked
        self._session: Session | None = None
        self._refresh: asyncio.Task[Session] | None = None
        self._failed = False
        self._clock = clock
        # A `sessionState` that the session has not confirmed yet, and how patient that has made us.
        self._noticed: str | None = None
        self._pause = 0.0
        self._quiet_until = 0.0
        self.changed: Callable[[], None] = lambda: None

    @property
    def session(self) -> Session:
        """The Session as it was fetched last."""
        if self._session is None:
            raise RuntimeError("the session was not fetched yet")
        return self._session

    @property
    def refreshing(self) -> bool:
        """Tell whether a new Session is on its way, and has not failed to come."""
        return self._refresh is not None and not self._failed

    async def connect(self) -> Session:
        """Fetch the session from the first place that answers; see `Retry`.

        Raises:
            DiscoveryError: no place answered with a Session.
            AuthenticationError: the credential was refused.
            TransportError, RemoteProtocolError: there was one place, and it did not answer well.
        """
        return await self._search(self._urls)

    async def refresh(self) -> Session:
        """Fetch the session again; who asks meanwhile waits for the same answer.

        Raises:
            JMAPError: it could not be fetched; the old one stays.
        """
        task = self._start()
        # Belongs to nobody: whoever is cancelled leaves it to the others.
        await asyncio.wait([task])
        if task.cancelled():
            raise ClientClosed("refresh_session: the client was closed meanwhile")
        error = task.exception()
        if error is None:
            return task.result()
        raise error.for_caller() if isinstance(error, JMAPError) else error

    def notice(self, state: str | None, *, under: Session) -> None:
        """Compare the `sessionState` of a response; fetch the session again when it differs.

        `under` is the Session by which the request was sent: once there is a newer one, an answer
        from before tells nothing about it.
        """
        if state is None or state == self.session.state or under is not self.session:
            return
        if not self.session.state:
            return  # malformed: there is nothing to compare with
        self._noticed = state
        # A server whose answers never agree with its session is not asked again and again.
        if self._clock() >= self._quiet_until:
            _ = self._start()

    def _start(self) -> "asyncio.Task[Session]":
        if self._refresh is None:
            self._failed = False
            self._refresh = asyncio.get_running_loop().create_task(self._fetch_again())
            self._refresh.add_done_callback(self._refreshed)
        return self._refresh

    async def close(self) -> None:
        """Stop what is under way."""
        if self._refresh is not None:
            self._refresh.cancel()
            await asyncio.wait([self._refresh])

    async def _fetch_again(self) -> Session:
        # It may have moved: then it is looked for where it was found the first time.
        return await self._search((self.session.url, *self._urls))

    async def _search(self, urls: Sequence[str]) -> Session:
        failures: dict[str, JMAPError] = {}
        left = list(dict.fromkeys(urls))

        async def attempt() -> Session:
            for url in left:
                try:
                    return await self._fetch(url)
                except _FAILURES as error:
                    # RFC 2782: when one target cannot be reached, the next one is tried.
                    failures[url] = error
            left[:] = [url for url in left if self._worth_waiting(failures[url])]
            self._go_on()
            raise _latest([failures[url] for url in left] or failures.values())

        try:
            return await repeated(attempt, passes=may_pass, retry=self._retry)
        except _FAILURES as error:
            if len(self._urls) == 1:
                raise
            said = "; ".join(str(failure) for failure in failures.values())
            raise DiscoveryError(f"no JMAP server of {self._asked} answered: {said}") from error

    def _worth_waiting(self, error: JMAPError) -> bool:
        return may_pass(error) and self._retry.delay(0, retry_after(error)) is not None

    def _go_on(self) -> None:
        """Have calls not wait for a session that takes several attempts: the old one must do."""
        self._failed = True
        self.changed()

    async def _fetch(self, url: str) -> Session:
        try:
            response = await self._transport.fetch_session(url, asked=self._asked)
            session = session_resource.parse(response.body, response.url)
            self._transport.check_named("apiUrl", session.api_url, session.url)
        except JMAPError as error:
            # Without the frames that it came through: they hold what the server has sent.
            failed = error.for_caller()
        else:
            self._session = session
            return session
        raise failed

    def _refreshed(self, task: asyncio.Task[Session]) -> None:
        self._refresh = None
        if not task.cancelled() and task.exception() is not None:
            _log.warning("refreshing the JMAP session failed: %s", task.exception())
        if self._noticed in {None, self.session.state}:
            self._noticed, self._pause = None, 0.0
        else:
            self._pause = min(max(_FIRST_PAUSE, 2 * self._pause), _LONGEST_PAUSE)
        self._quiet_until = self._clock() + self._pause
        self.changed()


def _latest(failures: Iterable[JMAPError]) -> JMAPError:
    """Return the failure that asks for the longest wait: nobody is asked again too early."""
    return max(failures, key=lambda error: retry_after(error) or 0.0)
