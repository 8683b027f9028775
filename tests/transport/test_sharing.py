"""A session that is shared: two users' clients on it, whatever it carries."""

import asyncio
import gzip
import json
import warnings
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from jmap_async import Client, Retry, connect
from jmap_async.errors import ClientClosed, LocalProtocolError, TransportError
from jmap_async.testing import MemoryServer
from jmap_async.testing.session import session_object
from jmap_async.transport import Timeouts
from tests.serving import site

BLOB = b"blob" * 1000

Make = Callable[[str], Mapping[str, Any]]
"""From the server's origin to the arguments of a ClientSession."""


class Both:
    """A server for two users, and a proxy: it keeps what came, and tells users apart by cookies."""

    def __init__(self, server: MemoryServer) -> None:
        self._session = session_object(server.world, "")
        self.came: list[web.BaseRequest] = []
        self.bodies: list[bytes] = []

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, and set a cookie that belongs to its user."""
        self.came.append(request)
        self.bodies.append(await request.read())
        answer = self._answer(request)
        user = request.headers.get("X-User", "")
        answer.set_cookie("session", user, path="/")
        return answer

    def _answer(self, request: web.BaseRequest) -> web.Response:
        if request.path == "/session":
            return web.json_response(self._session)
        if "/upload/" in request.path:
            return web.json_response(
                {"accountId": "A1", "blobId": "B1", "type": "text/plain", "size": len(BLOB)}
            )
        if request.method == "POST":
            calls = json.loads(self.bodies[-1])["methodCalls"]
            state = self._session["state"]
            body = json.dumps({"methodResponses": calls, "sessionState": state}).encode()
            return web.Response(
                body=gzip.compress(body),
                headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
            )
        return web.Response(body=BLOB)


def header(name: str, value: str) -> Make:
    """Carry a header."""
    return lambda _: {"headers": {name: value}}


def setting(**arguments: object) -> Make:
    """Carry a setting."""
    return lambda _: arguments


def basic(login: str) -> aiohttp.BasicAuth:
    """Make a credential of a kind that aiohttp is about to give up."""
    with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
        return aiohttp.BasicAuth(login, "other")


async def impose(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Put another credential in place of the one that is there."""
    request.headers["Authorization"] = "Digest other"
    return await handler(request)


async def never(_: object) -> None:
    """Fail for any answer."""
    raise AssertionError


def filled_jar() -> aiohttp.CookieJar:
    """Make a jar with a cookie for every server."""
    jar = aiohttp.CookieJar(unsafe=True)
    jar.update_cookies({"session": "other"})
    return jar


SETTINGS: dict[str, Make] = {
    "nothing": setting(),
    **{
        name: header(name, value)
        for name, value in {
            "Accept": "application/json; jmapVersion=rfc-8621",
            "Accept-Encoding": "gzip",
            "Accept-Language": "de",
            "Authorization": "Basic other",
            "Connection": "close",
            "Content-Encoding": "gzip",
            "Content-Length": "3",
            "Content-Type": "text/xml",
            "Cookie": "session=other",
            "Expect": "100-continue",
            "Host": "other.example",
            "If-None-Match": "*",
            "Proxy-Authorization": "Basic other",
            "Range": "bytes=0-1",
            "TE": "trailers",
            "Transfer-Encoding": "chunked",
            "Upgrade": "h2c",
            "User-Agent": "robot/1",
        }.items()
    },
    "auth": lambda _: {"auth": basic("other")},
    "auto_decompress": setting(auto_decompress=False),
    "base_url": setting(base_url="http://other.invalid/x/"),
    "connector": lambda _: {"connector": aiohttp.TCPConnector(limit=1)},
    "connector, for a host": lambda _: {"connector": aiohttp.TCPConnector(limit_per_host=1)},
    "cookie_jar": lambda _: {"cookie_jar": filled_jar()},
    "cookies": setting(cookies={"session": "other"}),
    "fallback_charset_resolver": setting(fallback_charset_resolver=lambda *_: "utf-7"),
    "json_serialize": setting(json_serialize=lambda _: "null"),
    "max_field_size": setting(max_field_size=16_000, max_line_size=16_000),
    "middlewares": setting(middlewares=[impose]),
    "a digest": lambda _: {"middlewares": [aiohttp.DigestAuthMiddleware("other", "other")]},
    "proxy": lambda origin: {"proxy": origin},
    "proxy with a password": lambda origin: {"proxy": origin.replace("://", "://ann:pw@")},
    "proxy_auth": lambda origin: {"proxy": origin, "proxy_auth": basic("ann")},
    "raise_for_status": setting(raise_for_status=True),
    "raise_for_status, a function": setting(raise_for_status=never),
    "read_bufsize": setting(read_bufsize=100),
    "requote_redirect_url": setting(requote_redirect_url=False),
    "skip_auto_headers": setting(skip_auto_headers=["User-Agent", "Accept", "Content-Type"]),
    "timeout": lambda _: {"timeout": aiohttp.ClientTimeout(total=1e-9)},
    "trace_configs": lambda _: {"trace_configs": [aiohttp.TraceConfig()]},
    "trust_env": setting(trust_env=True),
    "version": setting(version=aiohttp.HttpVersion10),
}


@pytest.fixture
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have somebody else's password lie about for every host."""
    path = tmp_path / "netrc"
    path.write_text("default login other password other\n")
    monkeypatch.setenv("NETRC", str(path))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


async def use(client: Client) -> None:
    """Do all that sends something, twice."""
    for number in range(2):
        assert {"n": number} == await client.core.echo({"n": number})
        assert "B1" == (await client.upload(BLOB, type="text/plain")).blob_id
        async with client.download("B1") as download:
            assert BLOB == await download.read()
        await client.refresh_session()


@pytest.mark.usefixtures("netrc")
@pytest.mark.parametrize("name", SETTINGS)
async def test_each_request_is_its_users_own(jmap_server: MemoryServer, name: str) -> None:
    """With exactly one credential, no cookie, and the headers of its message; all go through."""
    both = Both(jmap_server)
    async with site(both) as origin:
        arguments = SETTINGS[name](origin)
        with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
            http = aiohttp.ClientSession(**arguments)
        async with http:
            # Only a proxy can lead there.
            target = "http://localhost:1" if name.startswith("proxy") else origin

            async def user(login: str) -> None:
                async with connect(
                    f"{target}/session",
                    auth=login,
                    http=http,
                    headers={"X-User": login},
                    retry=Retry(attempts=0),
                ) as client:
                    await use(client)

            await asyncio.gather(user("alice"), user("bob"))
            assert not http.closed
            jar = filled_jar() if name in {"cookie_jar", "cookies"} else aiohttp.CookieJar()
            assert [cookie.value for cookie in jar] == [cookie.value for cookie in http.cookie_jar]
    assert {"alice": 9, "bob": 9} == {
        user: sum(user == request.headers["X-User"] for request in both.came)
        for user in ("alice", "bob")
    }
    for request in both.came:
        check(request, target, name)


def check(request: web.BaseRequest, target: str, name: str) -> None:
    """Check the headers of one request."""
    headers = request.headers
    assert [f"Bearer {headers['X-User']}"] == headers.getall("Authorization")
    assert [target.removeprefix("http://")] == headers.getall("Host")
    unwanted = {"Cookie", "Content-Encoding", "Expect", "If-None-Match", "Range", "TE", "Upgrade"}
    assert not unwanted & {*headers}
    assert (name in {"proxy_auth", "proxy with a password"}) == ("Proxy-Authorization" in headers)
    if request.method == "POST":
        kind = "text/plain" if "/upload/" in request.path else "application/json"
        assert [kind] == headers.getall("Content-Type")
        assert "Transfer-Encoding" not in headers
    download = request.method == "GET" and request.path != "/session"
    chosen = SETTINGS[name](target).get("headers", {})
    accept = chosen.get("Accept", "*/*" if download else "application/json")
    assert [accept] == headers.getall("Accept")
    coding = "identity" if download else chosen.get("Accept-Encoding", "identity")
    assert [coding] == headers.getall("Accept-Encoding")
    assert chosen.get("Accept-Language") == headers.get("Accept-Language")
    if name == "User-Agent":
        assert ["robot/1"] == headers.getall("User-Agent")


@pytest.mark.usefixtures("netrc")
async def test_the_environments_proxy_is_used_without_its_netrc(
    jmap_server: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a session that is shared and trusts the environment, and by a client that does."""
    both = Both(jmap_server)
    async with site(both) as origin, aiohttp.ClientSession(trust_env=True) as http:
        monkeypatch.setenv("http_proxy", origin.replace("://", "://ann:pw@"))
        url = "http://localhost:1/session"
        for shared, trust_env in ((http, False), (None, True)):
            async with connect(url, auth="alice", http=shared, trust_env=trust_env) as client:
                await use(client)
        assert 18 == len(both.came)
        sent = {
            (headers["Authorization"], headers["Proxy-Authorization"], headers["Host"])
            for headers in (request.headers for request in both.came)
        }
        assert {("Bearer alice", "Basic YW5uOnB3", "localhost:1")} == sent
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
        async with (
            aiohttp.ClientSession(trust_env=True, proxy=origin) as other,
            connect(url, auth="alice", http=other),
        ):
            assert 19 == len(both.came)
        monkeypatch.setenv("no_proxy", "localhost")
        with pytest.raises(TransportError, match="localhost:1"):
            await connect(url, auth="t", trust_env=True, retry=Retry(attempts=0))


@pytest.mark.parametrize("way", ["session", "environment"])
async def test_t175_a_proxys_password_is_in_no_error(
    way: str, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of one that is not there nor of one that refuses."""

    async def refuse(_: web.BaseRequest) -> web.Response:
        return web.Response(status=407)

    async with site(refuse) as origin:
        for place in (origin, f"http://127.0.0.1:{unused_tcp_port}"):
            proxy = place.replace("://", "://ann:hidden@")
            monkeypatch.setenv("http_proxy", proxy)
            monkeypatch.delenv("no_proxy", raising=False)
            async with aiohttp.ClientSession(proxy=proxy) as http:
                with pytest.raises(TransportError) as caught:
                    await connect(
                        "http://127.0.0.1/session",
                        auth="token",
                        http=http if way == "session" else None,
                        trust_env=way == "environment",
                        retry=Retry(attempts=0),
                    )
            assert "not_sent" == caught.value.outcome
            error: BaseException | None = caught.value
            while error is not None:
                assert "hidden" not in repr(error)
                assert "YW5uOmhpZGRlbg" not in repr(vars(error))
                error = error.__cause__ or error.__context__


async def test_a_header_of_the_clients_own_wins(jmap_server: MemoryServer) -> None:
    """Over what the session carries; also a cookie, which was meant for this client."""
    both = Both(jmap_server)
    carried = {"Accept": "text/plain", "Cookie": "session=other", "X-Key": "other"}
    async with site(both) as origin, aiohttp.ClientSession(headers=carried) as http:
        said = {"accept": "application/json; v=1", "Cookie": "route=7", "x-key": "mine"}
        async with connect(f"{origin}/session", auth="t", http=http, headers=said) as client:
            await use(client)
            assert "mine" not in repr(client) + repr(vars(client)) + repr(vars(client._transport))
    for request in both.came:
        assert {name: [value] for name, value in said.items()} == {
            name: request.headers.getall(name) for name in said
        }


async def test_a_pool_that_is_used_up_does_not_block_for_ever(jmap_server: MemoryServer) -> None:
    """A download holds the only connection: nothing was sent when the time is over."""
    connector = aiohttp.TCPConnector(limit=1)
    more = asyncio.Event()
    both = Both(jmap_server)

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        if "/download/" not in request.path:
            return await both(request)
        response = web.StreamResponse()
        await response.prepare(request)
        await more.wait()
        return response

    async with site(slow) as origin, aiohttp.ClientSession(connector=connector) as http:
        async with (
            connect(
                f"{origin}/session",
                auth="t",
                http=http,
                retry=Retry(attempts=0),
                timeout=Timeouts(total=0.2),
            ) as client,
            client.download("B1"),
        ):
            doings: list[Awaitable[object]] = [
                client.core.echo(),
                client.upload(b"x"),
                client.refresh_session(),
                client.download("B1").__aenter__(),
            ]
            for error in await asyncio.gather(*doings, return_exceptions=True):
                assert isinstance(error, TransportError)
        more.set()
        async with connect(f"{origin}/session", auth="t", http=http) as client:
            await client.core.echo()


async def test_a_session_that_cannot_be_shared_is_refused() -> None:
    """One that is closed, and one of another event loop."""
    http = aiohttp.ClientSession()
    await http.close()
    with pytest.raises(ClientClosed):
        await connect("http://127.0.0.1:1/", auth="t", http=http)

    async def make() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    loop = asyncio.new_event_loop()
    foreign = await asyncio.to_thread(loop.run_until_complete, make())
    with pytest.raises(LocalProtocolError, match="another event loop"):
        await connect("http://127.0.0.1:1/", auth="t", http=foreign)
    await asyncio.to_thread(loop.run_until_complete, foreign.close())
    loop.close()
