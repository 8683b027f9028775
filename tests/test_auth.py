"""Credentials: what they send, what they hide, and one refresh for many tasks."""

import asyncio
import base64
import gc
import ssl

import pytest
from hypothesis import given, strategies as st

from jmap_async.auth import Auth, BasicAuth, BearerAuth, Credential, as_auth
from jmap_async.errors import (
    AuthenticationError,
    HTTPError,
    JMAPError,
    LimitExceeded,
    LocalProtocolError,
    NotFound,
    RateLimited,
    RemoteProtocolError,
    TransportError,
)


class Rotating:
    """An Auth whose value changes with each refresh, which waits until it is let go on."""

    def __init__(self, *, error: Exception | None = None) -> None:
        self.generation = 0
        self.refreshes = 0
        self.started = asyncio.Event()
        self.let_go = asyncio.Event()
        self.error = error

    async def authorization(self) -> str:
        await asyncio.sleep(0)
        return f"Bearer {self.generation}"

    async def refresh(self, rejected: str) -> bool:
        assert f"Bearer {self.generation}" == rejected
        self.refreshes += 1
        self.started.set()
        await self.let_go.wait()
        if self.error is not None:
            raise self.error
        self.generation += 1
        return True


async def test_bearer_sends_its_token_and_has_no_other() -> None:
    """A fixed token goes out as it is and cannot be refreshed."""
    auth = BearerAuth("fmu1-abc")
    assert await auth.authorization() == "Bearer fmu1-abc"
    assert not await auth.refresh("Bearer fmu1-abc")


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=":")),
    st.text(st.characters(exclude_categories=["Cc", "Cs"])),
)
def test_basic_sends_both_parts_as_utf_8(user: str, password: str) -> None:
    """Any user name and password come out of the header as they went in."""
    value = asyncio.run(BasicAuth(user, password).authorization())
    scheme, encoded = value.split(" ")
    assert scheme == "Basic"
    assert f"{user}:{password}" == base64.b64decode(encoded).decode()


async def test_basic_cannot_be_refreshed() -> None:
    """There is no second password to try."""
    assert not await BasicAuth("ann", "sesame").refresh("Basic YW5uOnNlc2FtZQ==")


@pytest.mark.parametrize("auth", [BearerAuth("sesame"), BasicAuth("ann", "sesame")])
async def test_t175_no_repr_shows_the_secret(auth: Auth) -> None:
    """Neither a credential nor what holds it prints its secret."""
    assert "sesame" not in repr(auth)
    assert "sesame" not in str(auth)
    credential = Credential(auth)
    await credential.refresh((await credential.authorization()).value)
    assert "sesame" not in repr(credential)


@pytest.mark.parametrize(
    "token", ["", "a\nb", "abc\r\n", "a b", "Bearer abc", "basic abc", "caf\u00e9", "a\x7fb"]
)
def test_a_token_that_no_header_can_carry_is_refused_unseen(token: str) -> None:
    """The error for a malformed token says what is wrong without quoting it."""
    with pytest.raises(LocalProtocolError) as caught:
        BearerAuth(token)
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize(
    ("user", "password"), [("a:b", "c"), ("a\n", "c"), ("a", "sesame\r\n"), ("a", "\ud800sesame")]
)
def test_basic_parts_that_no_header_can_carry_are_refused_unseen(user: str, password: str) -> None:
    """A colon in the user name and control characters anywhere are errors."""
    with pytest.raises(LocalProtocolError) as caught:
        BasicAuth(user, password)
    assert "sesame" not in repr(caught.value)


def test_as_auth_takes_a_token_a_pair_or_an_object() -> None:
    """The three forms of auth= lead to the same kinds of object."""
    custom = Rotating()
    assert BearerAuth("sesame") == as_auth("sesame")
    assert BasicAuth("ann", "sesame") == as_auth(("ann", "sesame"))
    assert custom is as_auth(custom)


@pytest.mark.parametrize("auth", [None, 7, b"sesame", ("sesame",), ("a", b"sesame"), {}])
def test_as_auth_names_only_the_type_of_anything_else(auth: object) -> None:
    """What is no credential is an error that does not show it."""
    with pytest.raises(LocalProtocolError) as caught:
        as_auth(auth)  # type: ignore[arg-type]
    assert type(auth).__name__ in str(caught.value)
    assert "sesame" not in str(caught.value)


async def test_a_custom_value_with_a_line_end_never_becomes_a_header() -> None:
    """A value from outside is checked before it is used."""

    class Careless(Rotating):
        async def authorization(self) -> str:
            return "Bearer sesame\r\nX-Other: 1"

    with pytest.raises(LocalProtocolError, match="Careless") as caught:
        await Credential(Careless()).authorization()
    assert "sesame" not in str(caught.value)


@pytest.mark.loops
async def test_many_refused_tasks_share_one_refresh() -> None:
    """However many tasks saw a value refused, it is refreshed once and all may try again."""
    auth = Rotating()
    credential = Credential(auth)
    tasks = [asyncio.create_task(credential.refresh("Bearer 0")) for _ in range(50)]
    await auth.started.wait()
    auth.let_go.set()
    assert [True] * 50 == await asyncio.gather(*tasks)
    assert auth.refreshes == 1


async def test_a_latecomer_gets_the_value_that_is_there_already() -> None:
    """A task whose refused value has been replaced since does not refresh again."""
    auth = Rotating()
    auth.let_go.set()
    credential = Credential(auth)
    assert await credential.refresh("Bearer 0")
    assert await credential.refresh("Bearer 0")
    assert auth.refreshes == 1


async def test_another_value_waits_for_the_refresh_under_way() -> None:
    """Refreshes never overlap, even of different values."""
    auth = Rotating()
    credential = Credential(auth)
    current = asyncio.create_task(credential.refresh("Bearer 0"))
    await auth.started.wait()
    outdated = asyncio.create_task(credential.refresh("Bearer of old"))
    auth.let_go.set()
    assert await current
    assert await outdated
    assert auth.refreshes == 1


@pytest.mark.loops
async def test_a_cancelled_waiter_leaves_the_refresh_to_the_others() -> None:
    """Cancelling the task that began a refresh cancels neither it nor those who wait too."""
    auth = Rotating()
    credential = Credential(auth)
    first = asyncio.create_task(credential.refresh("Bearer 0"))
    await auth.started.wait()
    second = asyncio.create_task(credential.refresh("Bearer 0"))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    auth.let_go.set()
    assert await second
    assert auth.refreshes == 1


async def test_each_waiter_gets_an_error_of_its_own() -> None:
    """A refresh that raises gives every waiter its own AuthenticationError, with the cause."""
    auth = Rotating(error=KeyError("token sesame was refused"))
    auth.let_go.set()
    credential = Credential(auth)
    tasks = [credential.refresh("Bearer 0") for _ in range(3)]
    errors = await asyncio.gather(*tasks, return_exceptions=True)
    assert [AuthenticationError] * 3 == [type(error) for error in errors]
    assert len({id(error) for error in errors}) == 3
    assert "sesame" not in str(errors[0])
    assert isinstance(errors[0], AuthenticationError)
    assert auth.error is errors[0].__cause__


async def test_an_authentication_error_keeps_its_words_and_is_copied() -> None:
    """What an Auth says about the failure reaches each waiter, in a copy."""
    auth = Rotating(error=AuthenticationError("The grant was revoked."))
    auth.let_go.set()
    credential = Credential(auth)
    tasks = [credential.refresh("Bearer 0") for _ in range(2)]
    first, second = await asyncio.gather(*tasks, return_exceptions=True)
    assert str(first) == str(second) == "The grant was revoked."
    assert first is not second


async def test_a_refresh_that_is_cancelled_inside_is_an_error_not_a_cancellation() -> None:
    """A waiter that nobody cancelled never sees CancelledError."""

    class Cancelling(Rotating):
        async def authorization(self) -> str:
            raise asyncio.CancelledError

    with pytest.raises(AuthenticationError):
        await Credential(Cancelling()).authorization()
    with pytest.raises(AuthenticationError):
        await Credential(Cancelling()).refresh("Bearer 0")


class Unprintable(Exception):
    """An error that fails when it is shown."""

    def __str__(self) -> str:
        raise AttributeError("no text")


class Failing:
    """An Auth that raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def authorization(self) -> str:
        raise self.error

    async def refresh(self, rejected: str) -> bool:
        raise self.error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TransportError("no answer", outcome="unknown"), TransportError),
        (HTTPError("HTTP 400", status=400), TransportError),
        (RemoteProtocolError("no token in it"), TransportError),
        (LimitExceeded("too much"), TransportError),
        (RateLimited("later", retry_after=7.0), RateLimited),
        (OSError("no network"), TransportError),
        (ssl.SSLError("no certificate"), TransportError),
        (TimeoutError(), TransportError),
        (EOFError("broken off"), TransportError),
        (AuthenticationError("revoked"), AuthenticationError),
        (LocalProtocolError("not signed in yet"), LocalProtocolError),
        (NotFound("no such user"), NotFound),
        (UnicodeError("x"), AuthenticationError),
        (Unprintable(), AuthenticationError),
        (RuntimeError("x"), AuthenticationError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
@pytest.mark.parametrize("method", ["authorization", "refresh"])
async def test_what_an_auth_raises_is_an_error_of_ours(
    method: str, error: Exception, expected: type[JMAPError]
) -> None:
    """Where nobody refused anything, nothing was sent, which is no reason to sign in again."""
    credential = Credential(Failing(error), is_lost=lambda one: isinstance(one, OSError | EOFError))
    needed = credential.authorization() if method == "authorization" else credential.refresh("x")
    with pytest.raises(JMAPError) as caught:
        await needed
    assert expected is type(caught.value)
    assert error is not caught.value
    if isinstance(caught.value, TransportError):
        assert "not_sent" == caught.value.outcome
    if isinstance(caught.value, RateLimited):
        assert 7.0 == caught.value.retry_after


async def test_nobody_waits_for_ever() -> None:
    """Who waited long enough gives up; a refresh goes on for those who come later, for a while."""
    auth = Rotating()
    credential = Credential(auth, patience=0.01)
    with pytest.raises(TransportError, match="too long") as caught:
        await credential.refresh("Bearer 0")
    assert "not_sent" == caught.value.outcome
    auth.let_go.set()
    assert await credential.refresh("Bearer 0")
    assert auth.refreshes == 1

    auth.let_go.clear()
    for expected in (2, 3):
        with pytest.raises(TransportError):
            await credential.refresh("Bearer 1")
        await asyncio.wait(credential._refreshes.values())
        await asyncio.sleep(0)
        assert expected == auth.refreshes

    class Hanging(Rotating):
        async def authorization(self) -> str:
            await asyncio.Event().wait()
            return ""

    with pytest.raises(TransportError, match="TimeoutError"):
        await Credential(Hanging(), patience=0.01).authorization()


@pytest.mark.parametrize("value", [None, b"Bearer x", 7])
async def test_a_value_that_is_no_text_is_refused(value: object) -> None:
    """Nor is anything else that a careless Auth may return."""

    class Careless(Rotating):
        async def authorization(self) -> str:
            return value  # type: ignore[return-value]

    with pytest.raises(LocalProtocolError, match="Careless"):
        await Credential(Careless()).authorization()


async def test_an_error_that_nobody_waits_for_any_more_is_not_reported() -> None:
    """When the only waiter was cancelled, a failed refresh makes no noise in the event loop."""
    auth = Rotating(error=OSError("no network"))
    credential = Credential(auth)
    task = asyncio.create_task(credential.refresh("Bearer 0"))
    await auth.started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    auth.let_go.set()
    await credential.close()
    gc.collect()  # the fixture of all tests looks at what the loop was told


async def test_closing_waits_for_a_refresh_to_end() -> None:
    """A refresh that has lost its waiters may finish, so that a rotated token is not lost."""
    auth = Rotating()
    credential = Credential(auth)
    task = asyncio.create_task(credential.refresh("Bearer 0"))
    await auth.started.wait()
    task.cancel()
    closing = asyncio.create_task(credential.close())
    await asyncio.sleep(0)
    auth.let_go.set()
    await closing
    assert auth.generation == 1


async def test_closing_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh that hangs is cancelled in the end."""
    monkeypatch.setattr("jmap_async.auth._PATIENCE", 0.01)
    auth = Rotating()
    credential = Credential(auth)
    task = asyncio.create_task(credential.refresh("Bearer 0"))
    await auth.started.wait()
    await credential.close()
    with pytest.raises(AuthenticationError, match="cancelled"):
        await task
