"""A server that says the credential back: no error, no log line and no frame passes it on."""

import asyncio
import base64
import copy
import html
import json
import logging
import pickle
import socket
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import orjson
import pytest
from aiohttp import web

import jmap_async
from jmap_async import Client, JMAPError, Retry
from jmap_async.protocol.codec import oddities
from jmap_async.protocol.session import CORE, MAIL
from jmap_async.redaction import chain
from tests.serving import AT_ONCE, site

TOKEN = "u7+sec/ret-\"1'&<234>=="
PASSWORD = 'pa$$ "w\u00f6rd" & m/ore'

CREDENTIALS: dict[str, tuple[str | tuple[str, str], list[str]]] = {
    "token": (TOKEN, [TOKEN.rstrip("="), TOKEN[:12]]),
    "password": (
        ("ann", PASSWORD),
        [PASSWORD, PASSWORD[:12], base64.b64encode(f"ann:{PASSWORD}".encode()).decode()],
    ),
}
"""What is given to `connect`, and what must not be seen."""

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "percent": lambda text: quote(text, safe=""),
    "json": lambda text: json.dumps(text)[1:-1],
    "html": html.escape,
    "base64": lambda text: base64.b64encode(f"it: {text}".encode()).decode(),
}


def secret_of(header: str) -> str:
    """Return what is secret of an Authorization header: the token, or the password in plain."""
    scheme, _, rest = header.partition(" ")
    return base64.b64decode(rest).decode().partition(":")[2] if scheme == "Basic" else rest


Echo = Callable[[str], web.Response]


def text(status: int, body: str) -> web.Response:
    """Answer with a text, padded so that it is cut somewhere."""
    return web.Response(status=status, text=body + " " + "x" * 500)


def details(**members: object) -> web.Response:
    """Answer with problem details."""
    return web.Response(status=400, body=orjson.dumps(members), content_type="application/json")


def responses(*found: object) -> web.Response:
    """Answer with a Response object."""
    return web.json_response({"methodResponses": found, "sessionState": "s"})


def located(where: str) -> web.Response:
    """Answer with a redirect, whose Location is written as it stands."""
    # A fragment would end it before its time.
    printable = "".join(quote(c) if c in "# " or not c.isascii() else c for c in where)
    return web.Response(status=307, headers={"Location": printable}, text=where)


ANYWHERE: dict[str, Echo] = {
    "page": lambda said: text(400, f"<pre>Authorization: {said}</pre>"),
    "page that is cut": lambda said: text(404, "y" * 190 + said),
    "piece that is cut": lambda said: text(200, "y" * 285 + said),
    "error of the server": lambda said: text(500, said),
    "busy": lambda said: details(status=503, detail=said, limit=said),
    "detail": lambda said: details(type="about:blank", detail=said, title=said),
    "type": lambda said: details(type=f"urn:ietf:params:jmap:error:{said}", limit=said),
    "limit": lambda said: details(type="urn:ietf:params:jmap:error:limit", limit=said),
    "not JSON": lambda said: text(200, f"{{{said}"),
    "other JSON": lambda said: web.json_response({said: said}),
    "redirect to a path": lambda said: located(f"/{said}"),
    "redirect to a query": lambda said: located(f"/x?token={said}"),
    "redirect with a user": lambda said: located(f"https://{quote(said)}:x@example.com/"),
    "redirect elsewhere": lambda said: located(f"https://example.com/{said}"),
}
"""What any request may be answered with."""

OF_CALLS: dict[str, Echo] = {
    "method error": lambda said: responses(
        ["error", {"type": "serverFail", "description": said, "more": {said: [said]}}, "c0"]
    ),
    "type of a method error": lambda said: responses(["error", {"type": said}, "c0"]),
    "another name": lambda said: responses([said, {said: said}, "c0"]),
    "no arguments": lambda said: responses(["Email/set", said, "c0"]),
    "another type": lambda said: responses(["Email/set", {"accountId": [said]}, "c0"]),
    "set error": lambda said: responses(
        [
            "Email/set",
            {
                "accountId": "A",
                "newState": "1",
                "notUpdated": {"M1": {"type": said, "description": said, "more": said}},
            },
            "c0",
        ]
    ),
    "ids of a set error": lambda said: responses(
        [
            "Email/set",
            {
                "accountId": "A",
                "newState": "1",
                "notUpdated": {"M1": {"type": "x", "existingId": said, "notFound": [said]}},
            },
            "c0",
        ]
    ),
    "another call id": lambda said: responses(["Email/set", {"accountId": "A"}, said]),
    "another account": lambda said: responses(["Email/set", {"accountId": "x" * 70 + said}, "c0"]),
}
"""What a call may be answered with."""


OF_UPLOADS: dict[str, Echo] = {
    "another account": lambda said: blob(accountId="x" * 70 + said),
    "another size": lambda said: blob(size=2, blobId=said, type=said),
    "a size that is none": lambda said: blob(size=said),
}
"""What an upload may be answered with."""


def blob(**members: object) -> web.Response:
    """Answer with what is nearly right for an upload."""
    return web.json_response({"accountId": "A", "blobId": "B", "type": "", "size": 1, **members})


async def change(client: Client) -> None:
    """Make a call."""
    await client.email.update(["M1"], {"keywords/$seen": True})


async def ask(client: Client) -> None:
    """Make a call of any method."""
    await client.call("Email/set", {"accountId": "A", "update": {"M1": {}}}, using=[MAIL])


async def download(client: Client) -> None:
    """Download a blob."""
    async with client.download("B1") as blob:
        await blob.read()


async def refresh(client: Client) -> None:
    """Fetch the session again."""
    await client.refresh_session()


async def upload(client: Client) -> None:
    """Upload a blob."""
    await client.upload(b"x")


Way = Callable[[Client], Awaitable[None]]
WAYS: list[tuple[Way, dict[str, Echo]]] = [
    (change, ANYWHERE | OF_CALLS),
    (ask, ANYWHERE | {name: OF_CALLS[name] for name in ("method error", "another name")}),
    (download, {name: echo for name, echo in ANYWHERE.items() if echo("").status != 200}),
    (refresh, ANYWHERE),
    (upload, ANYWHERE | OF_UPLOADS),
]


def session(origin: str) -> web.Response:
    """Return the Session resource."""
    account = {"name": "a", "accountCapabilities": {MAIL: {}}}
    return web.json_response(
        {
            "capabilities": {CORE: {}, MAIL: {}},
            "accounts": {"A": account},
            "primaryAccounts": {MAIL: "A"},
            "apiUrl": f"{origin}/api",
            "uploadUrl": f"{origin}/upload/{{accountId}}",
            "downloadUrl": f"{origin}/download/{{blobId}}/{{name}}",
            "eventSourceUrl": "",
            "state": "s",
        }
    )


class Echoing:
    """Gives a session, once, and then says the credential back."""

    def __init__(self, echo: Echo, spell: Callable[[str], str], *, sessions: int) -> None:
        self._echo = echo
        self._spell = spell
        self._sessions = sessions

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        await request.read()
        if request.path == "/session" and self._sessions:
            self._sessions -= 1
            return session(f"http://{request.host}")
        return self._echo(self._spell(secret_of(request.headers["Authorization"])))


def frames(error: BaseException) -> Iterator[types.FrameType]:
    """Yield the frames, outside of the tests, that an error and those behind it lead to."""
    for one in chain(error):
        trace = one.__traceback__
        while trace is not None:
            if "/tests/" not in trace.tb_frame.f_code.co_filename:
                yield trace.tb_frame
            trace = trace.tb_next


def everything_shown(error: BaseException) -> Iterator[str]:
    """Yield all that an error may bring to light, frame by frame as crash reporters do."""
    for one in chain(error):
        yield from (str(one), repr(one), repr(vars(one)), repr(one.args))
        if isinstance(one, JMAPError):
            yield repr(pickle.dumps(one))
            yield str(copy.copy(one))
    for frame in frames(error):
        for value in frame.f_locals.values():
            yield repr(value)


def assert_hidden(error: BaseException, secrets: list[str], log: str = "") -> None:
    """Fail if an error shows one of the secrets, in whatever spelling."""
    for shown in (*everything_shown(error), log):
        for secret in secrets:
            for spell in SPELLINGS.values():
                assert spell(secret)[:-4] not in shown


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_t175_what_a_server_says_of_the_credential_is_blanked(
    credential: str, spelling: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Every way to fail, and every place where a server may echo, keeps the secret."""
    caplog.set_level(logging.DEBUG)
    auth, secrets = CREDENTIALS[credential]
    for way, echoes in WAYS:
        for name, echo in echoes.items():
            if name.startswith("redirect") and spelling == "html":
                continue  # its # would end the URL
            caplog.clear()
            handler = Echoing(echo, SPELLINGS[spelling], sessions=1)
            async with (
                site(handler) as origin,
                jmap_async.connect(
                    f"{origin}/session", auth=auth, retry=Retry(attempts=1, first_delay=0)
                ) as client,
            ):
                with pytest.raises(JMAPError) as caught:
                    await way(client)
                log = "\n".join(
                    record.getMessage() for record in caplog.records if record.name == "jmap_async"
                )
                assert_hidden(caught.value, secrets, log)
                assert_hidden(JMAPError(repr(client)), secrets)


ODD_SESSIONS: dict[str, Echo] = {
    "no account": lambda said: spoilt(primaryAccounts={MAIL: said, said: said}, accounts={said: 5}),
    "capabilities": lambda said: spoilt(capabilities={said: said, CORE: {said: said}}, accounts={}),
    "others": lambda said: spoilt(username=said, state=said, more={said: said}, uploadUrl=""),
    "twice": lambda said: twice(json.dumps(said)),
}
"""Sessions that an upload does not work with."""


def spoilt(**members: object) -> web.Response:
    """Answer with a session that has other members."""
    body = session("http://127.0.0.1").body
    assert isinstance(body, bytes)
    return web.json_response(orjson.loads(body) | {"accounts": {"A": {}}} | members)


def twice(key: str) -> web.Response:
    """Answer with a session without accounts that has a key twice."""
    body = f'{{"apiUrl": "http://127.0.0.1/", {key}: 1, {key}: 2}}'
    return web.Response(text=body, content_type="application/json")


@pytest.mark.parametrize("credential", CREDENTIALS)
@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_t175_a_session_that_says_the_credential_does_not_pass_it_on(
    credential: str,
    spelling: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither what is told in the log, nor errors and their frames, nor what is printed of it."""
    auth, secrets = CREDENTIALS[credential]
    for echo in ODD_SESSIONS.values():
        caplog.clear()
        monkeypatch.setattr(oddities, "_told", set[str]())
        async with (
            site(Echoing(echo, SPELLINGS[spelling], sessions=0)) as origin,
            jmap_async.connect(f"{origin}/session", auth=auth) as client,
        ):
            with pytest.raises(JMAPError) as caught:
                await upload(client)
            assert_hidden(caught.value, secrets, caplog.text)
            assert_hidden(JMAPError(repr(client.session)), secrets)


@pytest.mark.parametrize("credential", CREDENTIALS)
async def test_t175_connecting_keeps_the_secret(credential: str) -> None:
    """An answer in place of the session is quoted without what is secret."""
    auth, secrets = CREDENTIALS[credential]
    for spell in (str, SPELLINGS["percent"]):
        for echo in ANYWHERE.values():
            async with site(Echoing(echo, spell, sessions=0)) as origin:
                with pytest.raises(JMAPError) as caught:
                    await jmap_async.connect(f"{origin}/session", auth=auth, retry=AT_ONCE)
                assert_hidden(caught.value, secrets)


# What is kept of the credential itself


def attributes(value: object) -> Iterator[object]:
    """Yield the values of the attributes that an object has, but for the loop's and modules'."""
    if isinstance(value, type | types.ModuleType | types.FunctionType | asyncio.AbstractEventLoop):
        return
    names = [*getattr(value, "__dict__", ())]
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        names += [slots] if isinstance(slots, str) else slots
    for name in names:
        yield getattr(value, name, None)


def reachable(error: BaseException) -> Iterator[str]:
    """Yield what the frames of an error show, and what two steps from there lead to."""
    for frame in frames(error):
        for value in frame.f_locals.values():
            yield repr(value)
            for inner in attributes(value):
                yield repr(inner)
                yield from map(repr, attributes(inner))


GARBLED = {
    "no HTTP": b"220 ready\r\n",
    "broken header": b"HTTP/1.1 200 OK\r\nbad\x00: header\r\n\r\n",
    "cut": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
    "broken chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    "refused": b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
    "not found": b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
    "busy": b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n",
    "elsewhere": b"HTTP/1.1 302 Go\r\nLocation: https://example.com/\r\nContent-Length: 0\r\n\r\n",
    "no answer": b"",
}


@asynccontextmanager
async def garbling(answer: bytes | None, *, sessions: int) -> AsyncIterator[str]:
    """Give a session so many times, and then the same octets to every request; None: wait."""

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sessions
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET /session") and sessions:
                sessions -= 1
                body = session(origin).body
                assert isinstance(body, bytes)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body))
                writer.write(b"Connection: close\r\n\r\n" + body)
            elif answer is not None:
                writer.write(answer)
            else:
                arrived.set()
                await reader.read()
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(run, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    arrived = asyncio.Event()
    ARRIVED[origin] = arrived
    async with server:
        yield origin


ARRIVED: dict[str, asyncio.Event] = {}
"""Set once a request waits for an answer, by origin."""


async def failed_to_connect(origin: str, auth: str | tuple[str, str]) -> BaseException:
    """Return what comes of connecting."""
    with pytest.raises(JMAPError) as caught:
        await jmap_async.connect(f"{origin}/session", auth=auth, timeout=1, retry=AT_ONCE)
    return caught.value


def assert_unreachable(error: BaseException, secrets: list[str]) -> None:
    """Fail if the frames of an error lead to a secret."""
    assert_hidden(error, secrets)
    for shown in reachable(error):
        assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize("credential", CREDENTIALS)
async def test_t175_no_frame_of_a_failure_leads_to_the_credential(credential: str) -> None:
    """However a request fails, crash reporters that print locals do not print the secret."""
    auth, secrets = CREDENTIALS[credential]
    for answer in GARBLED.values():
        async with garbling(answer, sessions=0) as origin:
            assert_unreachable(await failed_to_connect(origin, auth), secrets)
        for way in (change, download, refresh, upload):
            async with garbling(answer, sessions=1) as origin:
                url, retry = f"{origin}/session", Retry(attempts=0)
                async with jmap_async.connect(url, auth=auth, retry=retry) as client:
                    with pytest.raises(JMAPError) as caught:
                        await way(client)
                    assert_unreachable(caught.value, secrets)


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_t175_no_connection_shows_nothing(scheme: str) -> None:
    """Neither a port that nothing listens to nor a server that hangs up makes the secret known."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        origin = f"{scheme}://127.0.0.1:{free.getsockname()[1]}"
        assert_unreachable(await failed_to_connect(origin, TOKEN), [TOKEN])
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        origin = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert_unreachable(await failed_to_connect(origin, TOKEN), [TOKEN])


@pytest.mark.parametrize("credential", CREDENTIALS)
async def test_t175_neither_cancelling_nor_a_time_out_shows_the_credential(credential: str) -> None:
    """The frames of what was under way, aiohttp's included, show no secret."""
    auth, secrets = CREDENTIALS[credential]
    for way in (change, download, refresh, upload):
        async with garbling(None, sessions=1) as origin:
            url, timeouts = f"{origin}/session", jmap_async.Timeouts(total=0.05, read=0.05)
            retry = Retry(attempts=0)
            async with jmap_async.connect(url, auth=auth, retry=retry, timeout=timeouts) as client:
                with pytest.raises(JMAPError) as caught:
                    await way(client)
                assert_unreachable(caught.value, secrets)
        async with (
            garbling(None, sessions=1) as origin,
            jmap_async.connect(f"{origin}/session", auth=auth) as client,
        ):
            task = asyncio.ensure_future(way(client))
            await ARRIVED[origin].wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as cancelled:
                await task
            assert_unreachable(cancelled.value, secrets)


@pytest.mark.parametrize("auth", ["se cret-123", ("a:b", "secret-123"), ("a", "secret-123\n")])
def test_t175_what_is_no_credential_is_not_shown(auth: str | tuple[str, str]) -> None:
    """A credential that no header can carry is refused in frames that do not hold it."""
    with pytest.raises(JMAPError) as caught:
        _ = jmap_async.connect("https://example.com/", auth=auth)
    assert_unreachable(caught.value, ["cret-123"])


class Careless:
    """An Auth with new tokens, whose errors tell them."""

    def __init__(self) -> None:
        self.tokens = [f"sesame-street-{number}" for number in range(3)]
        self.fail = False

    async def authorization(self) -> str:
        """Return the current token, or an error that has it in its words."""
        if self.fail:
            raise ValueError(f"{self.tokens[0]} is of no use")
        return f"Bearer {self.tokens[0]}"

    async def refresh(self, rejected: str) -> bool:
        """Go on to the next token; after the last one tell all of it."""
        self.tokens.append(self.tokens.pop(0))
        if self.tokens[0] == "sesame-street-0":
            raise OSError(f"{rejected} is of no use")
        return True


async def test_t175_tokens_that_were_replaced_stay_secret() -> None:
    """A server may speak of one that it refused before; so may the Auth, in what it raises."""
    said: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        said.append(request.headers["Authorization"])
        if request.path == "/session":
            return session(f"http://{request.host}")
        return text(401 if "0" in said[-1] else 400, " ".join(said))

    async with (
        site(handler) as origin,
        jmap_async.connect(f"{origin}/session", auth=Careless()) as client,
    ):
        with pytest.raises(JMAPError) as caught:
            await change(client)
        assert ["Bearer sesame-street-1"] == said[-1:]
        assert_unreachable(caught.value, ["sesame-street"])


async def test_t175_what_an_auth_raises_is_not_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    """Its errors are no cause where they tell a secret, and are named by their type alone."""

    async def handler(request: web.BaseRequest) -> web.Response:
        if request.path == "/session":
            return session(f"http://{request.host}")
        return web.Response(status=401)

    auth = Careless()
    async with (
        site(handler) as origin,
        jmap_async.connect(f"{origin}/session", auth=auth) as client,
    ):
        for _ in range(2):
            with pytest.raises(jmap_async.AuthenticationError) as refused:
                await change(client)
            assert_unreachable(refused.value, ["sesame-street"])
        auth.fail = True
        with pytest.raises(jmap_async.AuthenticationError, match="ValueError") as failed:
            await change(client)
        assert_unreachable(failed.value, ["sesame-street"])
    assert "sesame-street" not in caplog.text
