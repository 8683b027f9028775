"""The client: connect to a server, and reach its capabilities."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Generator, Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from jmap_async.auth import Auth, as_auth
from jmap_async.batch import Batch
from jmap_async.blobs import Download, Progress, Uploader, download_url
from jmap_async.dispatcher import Dispatcher
from jmap_async.errors import NoAccount, ReadOnlyAccount
from jmap_async.facades import Facades
from jmap_async.lifetime import Lifetime
from jmap_async.planner import PlannedRequest
from jmap_async.protocol.blob import Blob, BlobSource
from jmap_async.protocol.call import AnyCall, Call
from jmap_async.protocol.ids import IdLike, as_id, check_id
from jmap_async.protocol.session import CORE, Session
from jmap_async.protocol.types import Id
from jmap_async.redaction import redact
from jmap_async.retry import Retry
from jmap_async.session_manager import SessionManager
from jmap_async.stats import Stats
from jmap_async.transport import (
    MAX_RESPONSE_SIZE,
    HTTPSession,
    Timeouts,
    Transport,
    checked_headers,
    discover,
)

if TYPE_CHECKING:
    from jmap_async.transport import Resolver

R = TypeVar("R")


class Client(Facades):
    """A connection to a JMAP server, for as many tasks as you like; made by `connect`.

    Calls made in many tasks travel in few requests. Close it when done, or use `async with`.
    """

    def __init__(
        self,
        sessions: SessionManager,
        transport: Transport,
        *,
        account_id: Id | None = None,
        retry: Retry | None = None,
        max_waiting: int = 10_000,
        rows_per_turn: int = 200,
    ) -> None:
        super().__init__(self, account_id)
        self._sessions = sessions
        self._transport = transport
        self._dispatcher = Dispatcher(
            sessions,
            transport,
            retry=retry,
            max_waiting=max_waiting,
            rows_per_turn=rows_per_turn,
        )
        self._retry = retry or Retry()
        self._uploader = Uploader(transport, self._retry)
        self._accounts: dict[Id, Facades] = {}
        self._lifetime = Lifetime()

    def __repr__(self) -> str:
        ended = " (closed)" if self._lifetime.ended else ""
        return f"<Client of {redact(self.session.api_url)}{ended}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def session(self) -> Session:
        """The cached Session (RFC 8620, 2)."""
        return self._sessions.session

    @property
    def stats(self) -> Stats:
        """Counters of calls, requests and octets."""
        return self._dispatcher.stats

    async def refresh_session(self) -> Session:
        """Fetch the Session again.

        It happens by itself when a response's `sessionState` differs.
        """
        async with self._lifetime.within("refresh_session"):
            return await self._sessions.refresh()

    def account(self, account_id: Id) -> Facades:
        """Return the same facades for another account."""
        facades = self._accounts.get(account_id)
        if facades is None:
            facades = self._accounts[account_id] = Facades(self, account_id)
        return facades

    def batch(self) -> Batch:
        """Compose a request by hand: `async with client.batch() as b`; see Batch."""
        self._lifetime.check("batch")
        return Batch(self, self._dispatcher, self._account_id)

    def explain(self, *calls: AnyCall) -> list[PlannedRequest]:
        """Return the requests that these calls would become; nothing is sent.

        Raises:
            LocalProtocolError: one of them could not be sent.
        """
        self._lifetime.check("explain")
        return self._dispatcher.explain(calls)

    async def upload(
        self,
        data: BlobSource,
        *,
        type: str = "application/octet-stream",
        account_id: Id | None = None,
        progress: Progress | None = None,
    ) -> Blob:
        """Upload bytes, a file by its path, or chunks as they come (RFC 8620, 6.1).

        `progress` is told the octets sent so far, and of how many (None: not known).

        Raises:
            TooLarge: more than the server's `maxSizeUpload`.
            NoAccount, ReadOnlyAccount, TransportError, RequestError: it could not be uploaded.
        """
        async with self._lifetime.within("upload"):
            account_id = self._account_to_write(account_id)
            return await self._uploader.upload(
                self.session, account_id, data, type=type, progress=progress
            )

    def download(
        self,
        blob_id: IdLike | Blob,
        *,
        name: str | None = None,
        type: str | None = None,
        account_id: Id | None = None,
        progress: Progress | None = None,
    ) -> Download:
        """Download a blob (RFC 8620, 6.2): `async with client.download(id) as blob`.

        `type` is the Content-Type that the server shall answer with, `name` the file name that it
        may suggest; neither changes the data.
        """
        self._lifetime.check("download")
        wanted = blob_id.blob_id if isinstance(blob_id, Blob) else as_id(blob_id)
        check_id(wanted, "blob id")
        if isinstance(blob_id, Blob) and account_id is None:
            account_id = blob_id.account_id or None
        account_id = self._blob_account(account_id)
        url = download_url(self.session, account_id, wanted, name=name, type=type)
        self._transport.check_named("downloadUrl", url, self.session.url)
        return Download(self._transport, url, progress, retry=self._retry, lifetime=self._lifetime)

    async def close(self) -> None:
        """Close: what is under way fails with ClientClosed; idempotent."""
        if not self._lifetime.ended:
            self._lifetime.check("close")
        elif not self._lifetime.is_here:
            return
        self._lifetime.end()
        # All of it, whatever happens in between, from the last to the first.
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._transport.close)
            stack.push_async_callback(self._sessions.close)
            stack.push_async_callback(self._dispatcher.close)

    # What the facades need (see capabilities/facade.py)

    def result(self, call: Call[R]) -> Generator[Any, None, R]:
        """Send a call and wait for its result; `await call` does this."""
        return self._dispatcher.result(call)

    def root_of(self, call: Call[Any]) -> object:
        """Return whose calls may refer to each other."""
        return self

    def begin(self, call: Call[Any]) -> tuple[object, object]:
        """Return the owner and the scope of a new call: both are the running task."""
        try:
            # Not by way of running_task(): every call comes here.
            task = asyncio.current_task()
        except RuntimeError:
            task = None
        return task, task

    def last_write(self, *types: str) -> object | None:
        """Identify the last write to types of data; None: there is one that is not done."""
        return self._dispatcher.last_write(*types)

    def running_task(self) -> object:
        """Identify the task that is running now."""
        return self._dispatcher.running_task()

    def _account_to_write(self, account_id: Id | None) -> Id:
        chosen = self._blob_account(account_id)
        if self.session.accounts[chosen].is_read_only:
            # RFC 8620, 6.1: the server would refuse it, after all of it was sent.
            raise ReadOnlyAccount(
                f"upload: the account {chosen!r} is read-only: use credentials that may change it"
            )
        return chosen

    def _blob_account(self, account_id: Id | None) -> Id:
        """Return the account that a blob belongs to: blobs are scoped to one (RFC 8620, 6)."""
        session = self.session
        chosen = account_id or self._account_id or session.primary_account(CORE)
        if chosen is None or chosen not in session.accounts:
            raise NoAccount(
                f"{'there is no account ' + repr(chosen) if chosen else 'name an account_id'}: "
                f"there are {', '.join(session.accounts) or 'none'}"
            )
        return chosen


class Connecting:
    """What `connect` returns: await it, or enter it with `async with`; both give a Client."""

    def __init__(self, opened: Callable[[], Coroutine[Any, Any, Client]]) -> None:
        self._open = opened
        self._stack = AsyncExitStack()

    def __await__(self) -> Generator[Any, None, Client]:
        return self._open().__await__()

    async def __aenter__(self) -> Client:
        return await self._stack.enter_async_context(await self)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()


def connect(
    target: str,
    *,
    auth: str | tuple[str, str] | Auth,
    account_id: Id | None = None,
    http: HTTPSession | None = None,
    timeout: float | Timeouts | None = None,
    retry: Retry | None = None,
    max_waiting: int = 10_000,
    rows_per_turn: int = 200,
    max_response_size: int = MAX_RESPONSE_SIZE,
    headers: Mapping[str, str] | None = None,
    trust_env: bool = False,
    allow_insecure_http: bool = False,
    trusted_hosts: Collection[str] = (),
    resolver: "Resolver | None" = None,
) -> Connecting:
    """Connect to a JMAP server: enter it with `async with`, or await it, for a Client.

    Args:
        target: a session URL, a host or domain, or an email address. For the latter two the server
            is looked for: DNS SRV, then `/.well-known/jmap` (RFC 8620, 2.2).
        auth: a token (Bearer), a `(user, password)` pair (Basic), or an Auth object.
        account_id: the account that the facades are for; without it each capability's primary one.
        http: an aiohttp session whose connections and proxy to share; it is not closed with the
            client.
        timeout: seconds for one answer of the server, or Timeouts for each step.
        retry: how often and how soon failed requests are sent again, where that is safe.
        max_waiting: calls that may wait to be sent; further ones wait before they are queued.
        rows_per_turn: objects of a /get that are decoded before other tasks have a turn.
        max_response_size: octets of one answer, decompressed, that are read; downloads, which are
            streamed, may be longer.
        headers: headers to send with each request.
        trust_env: use the proxy that the environment names (HTTPS_PROXY, NO_PROXY).
        allow_insecure_http: accept `http://` for hosts other than loopback addresses.
        trusted_hosts: hosts outside the asked domain that may be given the credential; "host:port"
            for a redirect to a port other than the default one.
        resolver: the DNS resolver to use.

    Raises (when awaited):
        DiscoveryError: no Session resource was found.
        AuthenticationError: the credential was refused.
        TransportError: the server could not be reached.
        RemoteProtocolError: what is there is no Session resource.
        NoAccount: there is no account `account_id`.
    """
    try:
        credential = as_auth(auth)
    finally:
        del auth  # else tracebacks would show it
    sent = checked_headers(headers)
    timeouts = Timeouts(total=timeout) if isinstance(timeout, int | float) else timeout

    async def opened() -> Client:
        discovery = await discover(
            target,
            resolver=resolver,
            trusted_hosts=trusted_hosts,
            allow_insecure_http=allow_insecure_http,
        )
        transport = Transport(
            credential,
            http=http,
            timeouts=timeouts,
            headers=sent,
            trust_env=trust_env,
            allow_insecure_http=allow_insecure_http,
            trusted_hosts=trusted_hosts,
            max_response_size=max_response_size,
        )
        try:
            sessions = SessionManager(transport, discovery, retry=retry)
            _check_account(await sessions.connect(), account_id)
            return Client(
                sessions,
                transport,
                account_id=account_id,
                retry=retry,
                max_waiting=max_waiting,
                rows_per_turn=rows_per_turn,
            )
        except BaseException:
            await transport.close()
            raise

    return Connecting(opened)


def _check_account(session: Session, account_id: Id | None) -> None:
    if account_id is not None and account_id not in session.accounts:
        raise NoAccount(
            f"connect: there is no account {account_id!r}. "
            f"There are {', '.join(session.accounts) or 'none'}"
        )
