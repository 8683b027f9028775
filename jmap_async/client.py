"""The client: connect to a server, and reach its capabilities."""

from collections.abc import Collection, Generator, Iterable, Mapping
from functools import cache
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

from jmap_async.auth import Auth, as_auth
from jmap_async.blobs import Download, Progress, Uploader, download_url
from jmap_async.capabilities._facade import Capability, data_type, method
from jmap_async.capabilities.core import BlobMethods, Core, CoreMethods
from jmap_async.capabilities.email_methods import EmailMethods
from jmap_async.capabilities.email_submission import EmailSubmissionMethods
from jmap_async.capabilities.identity import IdentityMethods
from jmap_async.capabilities.mail import Mail
from jmap_async.capabilities.mailbox import MailboxMethods
from jmap_async.capabilities.masked_email import MaskedEmailMethods, MaskedEmails
from jmap_async.capabilities.push_subscription import PushSubscriptionMethods
from jmap_async.capabilities.search_snippet import SearchSnippetMethods
from jmap_async.capabilities.submission import Submission
from jmap_async.capabilities.thread import ThreadMethods
from jmap_async.capabilities.vacation_response import Vacation, VacationResponseMethods
from jmap_async.dispatcher import Dispatcher
from jmap_async.errors import ClientClosed, NoAccount
from jmap_async.protocol.blob import Blob, BlobSource
from jmap_async.protocol.call import Call, raw_method
from jmap_async.protocol.ids import IdLike, as_id, check_id
from jmap_async.protocol.session import CORE, Session
from jmap_async.protocol.types import Id, Wire
from jmap_async.session_manager import SessionManager
from jmap_async.stats import Stats
from jmap_async.transport import HTTPSession, Resolver, Timeouts, Transport, discover

C = TypeVar("C", bound=Capability)
R = TypeVar("R")

_CAPABILITIES: Final = (Core, Mail, Submission, Vacation, MaskedEmails)


class Facades:
    """The capabilities and data types, for one account or for the primary ones."""

    def __init__(self, client: "Client | None" = None, account_id: Id | None = None) -> None:
        self._client = client if client is not None else cast("Client", self)
        self._account_id = account_id
        self._facades: dict[type[Capability], Capability] = {}

    def capability(self, kind: type[C], account_id: Id | None = None) -> C:
        """Return the facade of a capability, such as one of your own."""
        if account_id is not None and account_id != self._account_id:
            return self._client.account(account_id).capability(kind)
        facade = self._facades.get(kind)
        if facade is None:
            facade = self._facades[kind] = kind(self._client, self._account_id)
        return cast("C", facade)

    @property
    def core(self) -> CoreMethods:
        """The echo (RFC 8620, 4)."""
        return self.capability(Core).core

    @property
    def mail(self) -> Mail:
        """Mailboxes, threads and emails (RFC 8621)."""
        return self.capability(Mail)

    @property
    def submission(self) -> Submission:
        """Identities and sending (RFC 8621, 6 and 7)."""
        return self.capability(Submission)

    @property
    def vacation_response(self) -> VacationResponseMethods:
        """The automatic reply (RFC 8621, 8)."""
        return self.capability(Vacation).vacation_response

    @property
    def masked_email(self) -> MaskedEmailMethods:
        """Fastmail's masked email addresses."""
        return self.capability(MaskedEmails).masked_email

    @property
    def email(self) -> EmailMethods:
        """Emails (RFC 8621, 4)."""
        return self.mail.email

    @property
    def mailbox(self) -> MailboxMethods:
        """Mailboxes (RFC 8621, 2)."""
        return self.mail.mailbox

    @property
    def thread(self) -> ThreadMethods:
        """Threads (RFC 8621, 3)."""
        return self.mail.thread

    @property
    def search_snippet(self) -> SearchSnippetMethods:
        """What matched a search, for display (RFC 8621, 5)."""
        return self.mail.search_snippet

    @property
    def identity(self) -> IdentityMethods:
        """Who mail may be sent as (RFC 8621, 6)."""
        return self.submission.identity

    @property
    def email_submission(self) -> EmailSubmissionMethods:
        """Mail that was or will be sent (RFC 8621, 7)."""
        return self.submission.email_submission

    @property
    def push_subscription(self) -> PushSubscriptionMethods:
        """Where the server pushes changes to (RFC 8620, 7.2)."""
        return self.capability(Core).push_subscription

    @property
    def blob(self) -> BlobMethods:
        """Binary data (RFC 8620, 6.3)."""
        return self.capability(Core).blob

    def call(
        self,
        name: str,
        arguments: Wire | None = None,
        *,
        using: Iterable[str] = (),
        account_id: Id | None = None,
        reads: bool | None = None,
    ) -> Call[dict[str, object]]:
        """Call any method with wire arguments; the response comes back as a plain dict.

        `using` names the capabilities that it needs, besides core; for methods that the package
        knows it may be left out. Where the method takes an `accountId` and `arguments` has none,
        it is that of the primary account. `reads` tells that the method changes nothing, where its
        name does not say so: such calls may be repeated. Values may be references, as in
        `{"ids": query.ids}`.
        """
        wanted = tuple(using)
        known = _known_methods().get(name)
        arguments = {} if arguments is None else arguments
        capability = known[0] if known else next((uri for uri in wanted if uri != CORE), CORE)
        return Call(
            raw_method(
                name,
                capability=capability,
                reads=reads,
                takes_account_id=known[1]
                if known
                else capability != CORE or "accountId" in arguments,
            ),
            arguments,
            sender=self._client,
            account_id=account_id or self._account_id,
            using=wanted,
        )


@cache
def _known_methods() -> Mapping[str, tuple[str, bool]]:
    """Return capability, and whether an account id is taken, by the name of the method."""
    return {
        one.name: (capability.uri, one.takes_account_id)
        for capability in _CAPABILITIES
        for kind in vars(capability).values()
        if isinstance(kind, data_type)
        for one in vars(cast("data_type[Any]", kind).methods).values()
        if isinstance(one, method)
    }


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
    ) -> None:
        super().__init__(account_id=account_id)
        self._sessions = sessions
        self._transport = transport
        self._dispatcher = Dispatcher(sessions, transport)
        self._uploader = Uploader(transport)
        self._accounts: dict[Id, Facades] = {}
        self._closed = False

    def __repr__(self) -> str:
        return f"<Client of {self.session.api_url}{' (closed)' if self._closed else ''}>"

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
        self._check_open("refresh_session")
        return await self._sessions.refresh()

    def account(self, account_id: Id) -> Facades:
        """Return the same facades for another account."""
        facades = self._accounts.get(account_id)
        if facades is None:
            facades = self._accounts[account_id] = Facades(self, account_id)
        return facades

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
        self._check_open("upload")
        account_id = self._blob_account(account_id)
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
        self._check_open("download")
        wanted = blob_id.blob_id if isinstance(blob_id, Blob) else as_id(blob_id)
        check_id(wanted, "blob id")
        if isinstance(blob_id, Blob) and account_id is None:
            account_id = blob_id.account_id or None
        account_id = self._blob_account(account_id)
        url = download_url(self.session, account_id, wanted, name=name, type=type)
        return Download(self._transport, url, progress)

    async def close(self) -> None:
        """Close: what is under way fails with ClientClosed; idempotent."""
        self._closed = True
        await self._dispatcher.close()
        await self._sessions.close()
        await self._transport.close()

    # What the facades need (see capabilities/_facade.py)

    def result(self, call: Call[R]) -> Generator[Any, None, R]:
        """Send a call and wait for its result; `await call` does this."""
        return self._dispatcher.result(call)

    def running_task(self) -> object:
        """Identify the task that is running now."""
        return self._dispatcher.running_task()

    def _check_open(self, what: str) -> None:
        if self._closed:
            raise ClientClosed(f"{what}: the client is closed: make a new one with connect()")

    def _blob_account(self, account_id: Id | None) -> Id:
        """Return the account that a blob belongs to: blobs are scoped to one (RFC 8620, 6)."""
        session = self.session
        chosen = account_id or self._account_id or session.primary_accounts.get(Mail.uri)
        if chosen is None and len(session.accounts) == 1:
            chosen = next(iter(session.accounts))
        if chosen is None or chosen not in session.accounts:
            raise NoAccount(
                f"{'there is no account ' + repr(chosen) if chosen else 'name an account_id'}: "
                f"there are {', '.join(session.accounts) or 'none'}"
            )
        return chosen


class Connecting:
    """What `connect` returns: await it, or enter it with `async with`; both give a Client."""

    def __init__(self, opened: Any) -> None:
        self._open = opened
        self._client: Client | None = None

    def __await__(self) -> Generator[Any, None, Client]:
        opened: Generator[Any, None, Client] = self._open().__await__()
        return opened

    async def __aenter__(self) -> Client:
        self._client = await self
        return self._client

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.close()


def connect(
    target: str,
    *,
    auth: str | tuple[str, str] | Auth,
    account_id: Id | None = None,
    http: HTTPSession | None = None,
    timeout: float | Timeouts | None = None,
    allow_insecure_http: bool = False,
    trusted_hosts: Collection[str] = (),
    resolver: Resolver | None = None,
) -> Connecting:
    """Connect to a JMAP server: `async with connect(...) as client`, or `await connect(...)`.

    Args:
        target: a session URL, a host or domain, or an email address. For the latter two the server
            is looked for: DNS SRV, then `/.well-known/jmap` (RFC 8620, 2.2).
        auth: a token (Bearer), a `(user, password)` pair (Basic), or an Auth object.
        account_id: the account that the facades are for; without it each capability's primary one.
        http: an aiohttp session to share; it is not closed with the client.
        timeout: seconds for one answer of the server, or Timeouts for each step.
        allow_insecure_http: accept `http://` for hosts other than loopback addresses.
        trusted_hosts: hosts outside the asked domain that may be given the credential.
        resolver: the DNS resolver to use.

    Raises (when awaited):
        DiscoveryError: no Session resource was found.
        AuthenticationError: the credential was refused.
        TransportError: the server could not be reached.
        RemoteProtocolError: what is there is no Session resource.
        NoAccount: there is no account `account_id`.
    """
    credential = as_auth(auth)
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
            allow_insecure_http=allow_insecure_http,
            trusted_hosts=trusted_hosts,
        )
        try:
            sessions = SessionManager(transport, discovery)
            session = await sessions.connect()
            if account_id is not None and account_id not in session.accounts:
                raise NoAccount(
                    f"connect: there is no account {account_id!r}. "
                    f"There are {', '.join(session.accounts)}"
                )
            return Client(sessions, transport, account_id=account_id)
        except BaseException:
            await transport.close()
            raise

    return Connecting(opened)
