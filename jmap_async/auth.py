"""What a client proves itself with, and how it is refreshed once for everybody (RFC 8620, 8.2)."""

import asyncio
import base64
import unicodedata
from collections import deque
from typing import Final, Protocol, runtime_checkable

import attrs

from jmap_async.errors import AuthenticationError, LocalProtocolError
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
    """An `Auth` as many tasks use it: a value that the server refused is refreshed once for all."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth
        # The current value, and what is left of the ones before.
        self._values: deque[Authorization] = deque(maxlen=_REMEMBERED)
        self._turn = asyncio.Lock()
        self._refreshes: dict[str, asyncio.Task[bool]] = {}

    async def authorization(self) -> Authorization:
        """Return the current value of the Authorization header, known as a secret from now on.

        Raises LocalProtocolError if it cannot be a header's value.
        """
        value = await self._auth.authorization()
        if self._values and self._values[-1].value == value:
            return self._values[-1]
        value = Secret(value)  # what is raised from here does not show it
        if not value.isascii() or not value.isprintable():
            raise LocalProtocolError(
                f"{type(self._auth).__name__}.authorization() gave a value that no HTTP header "
                "may hold: printable ASCII characters only."
            )
        self._values.append(Authorization(value))
        return self._values[-1]

    async def refresh(self, rejected: str) -> bool:
        """Replace the value `rejected`; True if there is now another one to try.

        Tasks that saw the same value refused share one refresh. It belongs to none of them, so
        cancelling one leaves it to the others. Raises AuthenticationError if it failed.
        """
        task = self._refreshes.get(rejected)
        if task is None:
            task = asyncio.create_task(self._refresh(rejected))
            self._refreshes[rejected] = task
            task.add_done_callback(lambda done: self._forget(rejected, done))
        await asyncio.wait([task])
        return _outcome(task)

    async def close(self) -> None:
        """End what is still being refreshed for tasks that no longer wait for it."""
        running = list(self._refreshes.values())
        if running:
            await asyncio.wait(running, timeout=_PATIENCE)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _refresh(self, rejected: str) -> bool:
        async with self._turn:
            if await self._auth.authorization() != rejected:
                return True  # replaced in the meantime
            return await self._auth.refresh(rejected)

    def _forget(self, rejected: str, task: asyncio.Task[bool]) -> None:
        del self._refreshes[rejected]
        if not task.cancelled():
            task.exception()  # whoever waited may be gone: it counts as seen


def _outcome(task: asyncio.Task[bool]) -> bool:
    """Return what a finished refresh returned, or raise an error of the caller's own."""
    if task.cancelled():
        raise AuthenticationError("Refreshing the credential was cancelled. Try again.")
    error = task.exception()
    if error is None:
        return task.result()
    failed = _failed(error)
    cause: BaseException | None = error
    if isinstance(error, AuthenticationError):
        failed, cause = error.for_caller(), error.__cause__
    failed.__cause__ = None if cause is None or tells(cause) else cause
    raise failed


def _failed(error: BaseException) -> AuthenticationError:
    # The text of a foreign error may quote what is not known here; its type says enough.
    return AuthenticationError(
        f"Refreshing the credential failed ({type(error).__name__}). Sign in again."
    )
