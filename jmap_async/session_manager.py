"""The session manager: the Session resource, fetched once and again when it changes."""

import asyncio
import logging
from collections.abc import Callable

from jmap_async.errors import (
    AuthenticationError,
    DiscoveryError,
    JMAPError,
    RateLimited,
    TransportError,
)
from jmap_async.protocol import session as session_resource
from jmap_async.protocol.session import Session
from jmap_async.transport import Discovery, Transport

_log = logging.getLogger("jmap_async")


class SessionManager:
    """Holds the Session; however many tasks notice a change, it is fetched once.

    `changed` is called with each new Session.
    """

    def __init__(self, transport: Transport, discovery: Discovery) -> None:
        self._transport = transport
        self._urls = discovery.urls
        self._asked = discovery.asked
        self._session: Session | None = None
        self._refresh: asyncio.Task[Session] | None = None
        self._noticed: str | None = None
        self.changed: Callable[[], None] = lambda: None

    @property
    def session(self) -> Session:
        """The Session as it was fetched last."""
        if self._session is None:
            raise RuntimeError("the session was not fetched yet")
        return self._session

    @property
    def refreshing(self) -> bool:
        """Tell whether a new Session is on its way."""
        return self._refresh is not None

    async def connect(self) -> Session:
        """Fetch the session from the first place that answers.

        Raises:
            DiscoveryError: no place answered with a Session.
            AuthenticationError: the credential was refused.
            TransportError, RemoteProtocolError: there was one place, and it did not answer well.
        """
        failures: list[str] = []
        for url in self._urls:
            try:
                return await self._fetch(url)
            except (TransportError, RateLimited) as error:
                # RFC 2782: when one target cannot be reached, the next one is tried.
                if len(self._urls) == 1:
                    raise
                failures.append(str(error))
        raise DiscoveryError(f"no JMAP server of {self._asked} answered: {'; '.join(failures)}")

    async def refresh(self) -> Session:
        """Fetch the session again; who asks meanwhile waits for the same answer.

        Raises:
            JMAPError: it could not be fetched; the old one stays.
        """
        if self._refresh is None:
            self._refresh = asyncio.get_running_loop().create_task(self._fetch_again())
            self._refresh.add_done_callback(self._refreshed)
        task = self._refresh
        # Belongs to nobody: whoever is cancelled leaves it to the others.
        await asyncio.wait([task])
        if task.cancelled():
            raise TransportError("the client was closed meanwhile", outcome="not_sent")
        error = task.exception()
        if error is None:
            return task.result()
        raise error.for_caller() if isinstance(error, JMAPError) else error

    def notice(self, state: str | None) -> None:
        """Compare the `sessionState` of a response; fetch the session again when it differs."""
        if state is None or state == self.session.state or state == self._noticed:
            return
        # A server whose answers never agree with its session is not asked again and again.
        self._noticed = state
        if self._refresh is None:
            self._refresh = asyncio.get_running_loop().create_task(self._fetch_again())
            self._refresh.add_done_callback(self._refreshed)

    async def close(self) -> None:
        """Stop what is under way."""
        if self._refresh is not None:
            self._refresh.cancel()
            await asyncio.wait([self._refresh])

    async def _fetch_again(self) -> Session:
        try:
            return await self._fetch(self.session.url)
        except AuthenticationError:
            raise
        except JMAPError:
            # It may have moved: look where it was found the first time.
            return await self.connect()

    async def _fetch(self, url: str) -> Session:
        response = await self._transport.fetch_session(url, asked=self._asked)
        session = session_resource.parse(response.body, response.url)
        self._session = session
        return session

    def _refreshed(self, task: asyncio.Task[Session]) -> None:
        self._refresh = None
        if not task.cancelled() and task.exception() is not None:
            _log.warning("refreshing the JMAP session failed: %s", task.exception())
        self.changed()
