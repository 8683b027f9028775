"""What a client proves itself with, and how it is refreshed once for everybody (RFC 8620, 8.2)."""

import asyncio
import base64
import unicodedata
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, runtime_checkable

import attrs

from jmap_async.errors import (
    AuthenticationError,
    JMAPError,
    LocalProtocolError,
    RateLimited,
    RemoteProtocolError,
    RequestError,
    TransportError,
)
from jmap_async.protocol.declaring import record
from jmap_async.redaction import Authorization, Secret, tells

_REMEMBERED: Final = 8
"""Values that are blanked in errors: a server may speak of one that was replaced since."""

_PATIENCE = 5.0
"""Seconds that closing waits for a refresh: cut short, it can lose a rotated refresh token."""


@runtime_checkable
class Auth(Protocol):
    """Gives the value of the Authorization header, and a new one when the server refused it.

    Any object with these two methods will do. Neither need think of concurrency: `refresh` is
    never called twice at once, nor for a value that is no longer the current one.
    """

    async def authorization(self) -> str:
        """Return the value of the Authorization header to send, such as "Bearer ..."."""
        ...

    async def refresh(self, rejected: str) -> bool:
        """Try to replace the value `rejected`, which the server answered with HTTP 401.

        Return True if `authorization` now gives another value that is worth one try.
        """
        ...


def _is_token(instance: object, attribute: object, value: str) -> None:  # noqa: ARG001 - attrs'
    if not value:
        raise LocalProtocolError("The token is empty.")
    if value.lower().startswith(("bearer ", "basic ")):
        raise LocalProtocolError("Give the token alone: its scheme is added to it.")
    if not value.isascii() or not value.isprintable() or " " in value:
        raise LocalProtocolError(
            "The token holds white space or characters that no HTTP header may hold. "
            "If it was read from a file, strip the end of the line."
        )


def _is_printable(instance: object, attribute: object, value: str) -> None:  # noqa: ARG001 - attrs'
    # RFC 7617, 2: no control characters. A lone surrogate (Cs) has no UTF-8.
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise LocalProtocolError("The user name or the password holds control characters.")


def _has_no_colon(instance: object, attribute: object, value: str) -> None:  # noqa: ARG001 - attrs'
    # RFC 7617, 2: the first colon ends the user name.
    if ":" in value:
        raise LocalProtocolError("The user name of Basic authentication may not hold a colon.")


@record()
class BearerAuth:
    """A fixed token: an API token, or an access token that something else renews (RFC 6750)."""

    token: str = attrs.field(converter=Secret, validator=_is_token)

    async def authorization(self) -> str:
        """Return "Bearer" and the token."""
        return f"Bearer {self.token}"

    async def refresh(self, rejected: str) -> bool:
        """Return False: there is no other token."""
        return False


@record()
class BasicAuth:
    """A user name and a password, sent as UTF-8 (RFC 7617)."""

    user: str = attrs.field(validator=[_is_printable, _has_no_colon])
    password: str = attrs.field(converter=Secret, validator=_is_printable)

    async def authorization(self) -> str:
        """Return "Basic" and both in base64."""
        pair = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"

    async def refresh(self, rejected: str) -> bool:
        """Return False: there is no other password."""
        return False


def as_auth(auth: str | tuple[str, str] | Auth) -> Auth:
    """Make an `Auth` of a token (Bearer) or a pair of user name and password (Basic).

    Raises LocalProtocolError for anything else, and for secrets that no header can carry.
    """
    try:
        return _as_auth(auth)
    except LocalProtocolError as error:
        refused = error
    finally:
        del auth  # else tracebacks would show it
    raise refused.with_traceback(None)


def _as_auth(auth: str | tuple[str, str] | Auth) -> Auth:
    match auth:
        case str():
            return BearerAuth(auth)
        case (str(user), str(password)):
            return BasicAuth(user, password)
        case Auth():
            return auth
        case _:
            # Only its type: whatever it is, it may be a secret.
            raise LocalProtocolError(
                "auth must be a token, a pair (user, password), or an object with the methods "
                f"authorization() and refresh(rejected), not {type(auth).__name__}."
            )


class Credential:
    """An `Auth` as many tasks use it: a value that the server refused is refreshed once for all.

    `patience` is how many seconds a task waits for it. `is_lost` tells of an error whether it did
    not get through to where it asks. What it raises becomes an error of ours: TransportError with
    the outcome "not_sent" if it did not get through, else AuthenticationError.
    """

    def __init__(
        self,
        auth: Auth,
        *,
        patience: float | None = None,
        is_lost: Callable[[BaseException], bool] = lambda error: isinstance(error, OSError),
    ) -> None:
        self._auth = auth
        # The current value, and what is left of the ones before.
        self._values: deque[Authorization] = deque(maxlen=_REMEMBERED)
        self._patience = patience
        self._is_lost = is_lost
        # These two have it at hand: nothing can be waited for, and nothing fails.
        self._at_hand = type(auth) in {BearerAuth, BasicAuth}
        self._turn = asyncio.Lock()
        self._refreshes: dict[str, asyncio.Task[bool]] = {}

    async def authorization(self) -> Authorization:
        """Return the current value of the Authorization header, known as a secret from now on.

        Raises LocalProtocolError if it cannot be a header's value.
        """
        value = await (self._auth.authorization() if self._at_hand else self._asked())
        if self._values and self._values[-1].value == value:
            return self._values[-1]
        # What is raised from here does not show it.
        value = Secret(value) if isinstance(value, str) else ""
        if not value or not value.isascii() or not value.isprintable():
            raise LocalProtocolError(
                f"{type(self._auth).__name__}.authorization() gave a value that no HTTP header "
                "may hold: printable ASCII characters only."
            )
        self._values.append(Authorization(value))
        return self._values[-1]

    async def refresh(self, rejected: str) -> bool:
        """Replace the value `rejected`; True if there is now another one to try.

        Tasks that saw the same value refused share one refresh. It belongs to none of them, so
        cancelling one leaves it to the others, as does one that does not wait any longer.
        """
        task = self._refreshes.get(rejected)
        if task is None:
            task = asyncio.create_task(self._refresh(rejected))
            self._refreshes[rejected] = task
            task.add_done_callback(lambda done: self._forget(rejected, done))
        await asyncio.wait([task], timeout=self._patience)
        if not task.done():
            raise _not_sent("refreshing the credential takes too long")
        if task.cancelled():
            raise AuthenticationError("Refreshing the credential was cancelled. Try again.")
        error = task.exception()
        if error is not None:
            raise self._ours(error, "Refreshing the credential")
        return task.result()

    async def close(self) -> None:
        """End what is still being refreshed for tasks that no longer wait for it."""
        running = list(self._refreshes.values())
        if running:
            await asyncio.wait(running, timeout=_PATIENCE)
        for task in running:
            task.cancel()
        if running:
            # Not for ever: it may take no notice.
            await asyncio.wait(running, timeout=_PATIENCE)

    async def _asked(self) -> object:
        task = asyncio.current_task()
        try:
            async with asyncio.timeout(self._patience):
                return await self._auth.authorization()
        except asyncio.CancelledError:
            if task is None or task.cancelling():
                raise
            raise AuthenticationError("Getting the credential was cancelled. Try again.") from None
        except Exception as error:  # noqa: BLE001 - whatever it is, it becomes ours
            raised = error
        raise self._ours(raised, "Getting the credential")

    async def _refresh(self, rejected: str) -> bool:
        # One that hangs must not stand in the way for ever; cut short, it can lose a rotated token.
        patience = None if self._patience is None else 2 * self._patience
        async with asyncio.timeout(patience), self._turn:
            if await self._auth.authorization() != rejected:
                return True  # replaced in the meantime
            return await self._auth.refresh(rejected)

    def _forget(self, rejected: str, task: asyncio.Task[bool]) -> None:
        del self._refreshes[rejected]
        if not task.cancelled():
            task.exception()  # whoever waited may be gone: it counts as seen

    def _ours(self, error: BaseException, doing: str) -> JMAPError:
        """Return the error for one of those who needed the credential; nothing of theirs left."""
        made: JMAPError
        cause: BaseException | None = error
        match error:
            case AuthenticationError() | LocalProtocolError() | RateLimited():
                made, cause = error.for_caller(), error.__cause__
            case TransportError() | RequestError() | RemoteProtocolError():
                made = _not_sent(f"{doing} failed: {error}")
            case _ if self._is_lost(error):
                # Nobody has refused it: no reason to sign in again.
                made = _not_sent(f"{doing} failed ({type(error).__name__})")
            case JMAPError():
                made, cause = error.for_caller(), error.__cause__
            case _:
                # The text of a foreign error may quote the token; its type says enough.
                made = AuthenticationError(
                    f"{doing} failed ({type(error).__name__}). Sign in again."
                )
        made.__cause__ = None if cause is None or tells(cause) else cause
        return made


def _not_sent(what: str) -> TransportError:
    return TransportError(f"{what}; nothing was sent.", outcome="not_sent")
