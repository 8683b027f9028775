"""MemoryServer: a JMAP server in memory, on a loopback socket."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import orjson
from aiohttp import web

from jmap_async.testing import engine, seeding
from jmap_async.testing.http.pushing import Pusher
from jmap_async.testing.http.web import Handlers, OnRequest, OnResponse
from jmap_async.testing.limits import Limits
from jmap_async.testing.seeding import Attachment
from jmap_async.testing.store import Account, Push, SentMessage, World
from jmap_async.testing.types import CAPABILITIES, CORE, JSONObject


def utc_now() -> datetime:
    """Return the present time; the clock ticks once a second."""
    return datetime.now(UTC).replace(microsecond=0)


class MemoryServer:
    """A stateful JMAP server in memory: `async with MemoryServer() as server:`.

    It follows RFC 8620 and RFC 8621 and is strict about requests that do not. Without being
    entered it has no socket, but `process` and the methods that add things work.

    Everything may be changed while it runs: `limits`, `latency` (seconds that each API answer is
    delayed), `on_request` (an async hook that may answer in the server's place) and `on_response`
    (a hook that may alter a Response).
    """

    def __init__(
        self,
        *,
        limits: Limits | None = None,
        latency: float = 0.0,
        token: str = "memory-token",  # noqa: S107 - it opens nothing but this server
        user: str = "alice@example.org",
        password: str = "memory-password",  # noqa: S107
        capabilities: Iterable[str] = CAPABILITIES,
        relative_urls: bool = False,
        port: int = 0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.token = token
        self.user = user
        self.password = password
        self.relative_urls = relative_urls
        self.latency = latency
        self.on_request: OnRequest | None = None
        self.on_response: OnResponse | None = None
        self.requests: list[JSONObject] = []
        self.session_fetches = 0
        self.peak_requests = 0
        self.url = ""
        offered = list(capabilities)
        self.world = World(
            username=user,
            limits=limits or Limits(),
            capabilities=seeding.session_capabilities(offered),
            clock=clock,
        )
        self._port = port
        self._pusher = Pusher(self.world)
        self._runner: web.AppRunner | None = None
        self.account_id = "A1"
        self.add_account(self.account_id, name=user, capabilities=offered)
        self.world.primary_accounts = dict.fromkeys(offered, self.account_id)
        # RFC 8620, 2: core should not be there.
        self.world.primary_accounts.pop(CORE, None)

    def __repr__(self) -> str:
        return f"<MemoryServer {self.url or 'not listening'}>"

    async def __aenter__(self) -> Self:
        """Listen on the loopback address."""
        # A client that went gives up its place among the requests in progress.
        self._runner = web.AppRunner(
            Handlers(self).application(),
            access_log=None,
            shutdown_timeout=0.1,
            handler_cancellation=True,
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._pusher.start()
        port: int = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening; what was stored stays."""
        if self._runner is not None:
            # In a task of its own: a test that was cancelled still has to close its sockets.
            await asyncio.wait([asyncio.create_task(self._stop(self._runner))])
            self._runner = None

    async def _stop(self, runner: web.AppRunner) -> None:
        await self._pusher.close()
        await runner.cleanup()

    @property
    def session_url(self) -> str:
        """The URL of the Session resource."""
        return f"{self.url}/jmap/session"

    @property
    def limits(self) -> Limits:
        """The limits in force; change them at any time."""
        return self.world.limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self.world.limits = limits

    @property
    def invocations(self) -> int:
        """How many method calls were processed; implicit ones are not counted."""
        return self.world.invocations

    @property
    def sent(self) -> list[SentMessage]:
        """The messages that were submitted, in order."""
        return self.world.sent

    @property
    def pushes(self) -> list[Push]:
        """What was pushed to push subscriptions; only URLs of this machine were really sent it."""
        return self.world.pushes

    def process(self, request: JSONObject) -> JSONObject:
        """Carry out a Request on the same state, without a socket, and return the Response.

        Raises:
            RequestFailure: the request as a whole is refused.
        """
        response = engine.process(self.world, request, credential="bearer")
        copied: JSONObject = orjson.loads(orjson.dumps(response))
        return copied

    def rotate_token(self, token: str) -> None:
        """Accept another token from now on: the old one gets 401.

        The push subscriptions that were made with the old token are destroyed (RFC 8620, 7.2).
        """
        self.token = token
        self.world.push_subscriptions.pop("bearer", None)
        self.world.changed()

    def add_account(
        self,
        account_id: str,
        *,
        name: str | None = None,
        is_personal: bool = True,
        is_read_only: bool = False,
        capabilities: Iterable[str] | None = None,
    ) -> str:
        """Add an account with Mailboxes for the usual roles and an Identity; return its id.

        `capabilities` are those that the account has, by default all of the server's.
        """
        address = name if name and "@" in name else f"{account_id.lower()}@example.org"
        offered = self.world.capabilities if capabilities is None else capabilities
        account = self.world.new_account(
            account_id,
            name=name or address,
            is_personal=is_personal,
            is_read_only=is_read_only,
            capabilities=seeding.account_capabilities(offered),
        )
        seeding.furnish(account, address)
        return account_id

    def remove_account(self, account_id: str) -> None:
        """Take an account away, with everything in it."""
        del self.world.accounts[account_id]
        primary = self.world.primary_accounts
        self.world.primary_accounts = {k: v for k, v in primary.items() if v != account_id}

    def mailbox_id(self, role: str, account_id: str | None = None) -> str:
        """Return the id of the Mailbox with a role.

        Raises:
            LookupError: there is none.
        """
        return seeding.find_mailbox(self._account(account_id), role)

    def add_mailbox(
        self,
        name: str,
        *,
        role: str | None = None,
        parent_id: str | None = None,
        account_id: str | None = None,
    ) -> str:
        """Add a Mailbox and return its id."""
        account = self._account(account_id)
        return seeding.add_mailbox(account, name, role=role, parent_id=parent_id)

    def add_email(
        self,
        *,
        subject: str = "Hello",
        from_: str = "Bob <bob@example.net>",
        to: str | Sequence[str] | None = None,
        text: str | None = None,
        html: str | None = None,
        mailbox: str = "inbox",
        keywords: Iterable[str] = (),
        received_at: datetime | None = None,
        account_id: str | None = None,
        message: bytes | None = None,
        attachments: Iterable[Attachment] = (),
    ) -> str:
        """Deliver a message and return the id of the Email.

        `mailbox` is the id or the role of the Mailbox to put it in. With `message`, the bytes of a
        whole message, subject, addresses and bodies are not used. An attachment is `(name, bytes)`
        or `(name, bytes, type)`.

        Raises:
            LookupError: there is no such Mailbox.
        """
        account, now = self._account(account_id), received_at or self.world.clock()
        known: JSONObject | None = None
        if message is None:
            message, known = seeding.message(
                account,
                subject=subject,
                from_=from_,
                to=self.user if to is None else to,
                text="Hello." if text is None and html is None else text,
                html=html,
                attachments=attachments,
                now=now,
            )
        return seeding.deliver(
            account, message, mailbox=mailbox, keywords=keywords, now=now, known=known
        )

    def forget_changes(self, account_id: str | None = None) -> None:
        """Forget the past: older states get "cannotCalculateChanges" from now on."""
        self._account(account_id).forget_changes()

    def _account(self, account_id: str | None) -> Account:
        return self.world.accounts[account_id or self.account_id]
