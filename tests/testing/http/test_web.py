"""Tests of the HTTP side, on a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from yarl import URL

from jmap_async.testing import JSONObject, Limits, MemoryServer, RequestFailure
from jmap_async.testing.http.web import parse

CORE = "urn:ietf:params:jmap:core"
ECHO = {"using": [CORE], "methodCalls": [["Core/echo", {"a": 1}, "0"]]}


class Browser:
    """A server and an HTTP session that knows its token."""

    def __init__(self, server: MemoryServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session

    async def post(self, body: bytes | JSONObject, **headers: str) -> tuple[int, JSONObject]:
        """Post to the API and return status and body."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        all_headers = {"Content-Type": "application/json", **headers}
        url = f"{self.server.url}/jmap/api"
        async with self.session.post(url, data=data, headers=all_headers) as response:
            return response.status, json.loads(await response.read())

    async def get(self, path: str, **headers: str) -> tuple[int, Any, bytes]:
        """Get a path, without following redirects; return status, headers and body."""
        url = URL(f"{self.server.url}{path}", encoded=True)
        async with self.session.get(url, headers=headers, allow_redirects=False) as response:
            return response.status, response.headers, await response.read()

    async def upload(self, data: bytes, account: str = "A1", **headers: str) -> tuple[int, Any]:
        """Upload bytes and return status and body."""
        url = f"{self.server.url}/jmap/upload/{account}"
        async with self.session.post(url, data=data, headers=headers) as response:
            return response.status, await response.read()


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    """A listening server and a session that may use it."""
    async with MemoryServer(token="secret") as server:
        headers = {"Authorization": "Bearer secret"}
        async with aiohttp.ClientSession(
            headers=headers, skip_auto_headers=["Content-Type"]
        ) as session:
            yield Browser(server, session)


async def test_t20_the_well_known_url_redirects(browser: Browser) -> None:
    """It needs no credential, and leads to the session, which does."""
    status, headers, _ = await browser.get("/.well-known/jmap", Authorization="")
    assert (302, "/jmap/session") == (status, headers["Location"])
    status, _, body = await browser.get(headers["Location"])
    assert (200, "alice@example.org") == (status, json.loads(body)["username"])


@pytest.mark.parametrize("path", ["/jmap/session", "/jmap/download/A1/B/n", "/jmap/eventsource"])
@pytest.mark.parametrize(
    "authorization", ["", "Bearer wrong", "Bearer", "Basic secret", "Basic YTpi", "Basic %%%", "x"]
)
async def test_t19_everything_needs_a_credential(
    browser: Browser, path: str, authorization: str
) -> None:
    """A wrong one gets 401 and a challenge."""
    status, headers, _ = await browser.get(path, Authorization=authorization)
    assert 401 == status
    assert "Bearer" in headers["WWW-Authenticate"]


async def test_user_and_password_do_as_well(browser: Browser) -> None:
    """Basic authentication, in UTF-8."""
    browser.server.password = "pässword"
    auth = aiohttp.encode_basic_auth("alice@example.org", "pässword", encoding="utf-8")
    status, _, _ = await browser.get("/jmap/session", Authorization=auth)
    assert 200 == status


async def test_a_rotated_token_is_refused(browser: Browser) -> None:
    """From then on only the new one counts."""
    browser.server.rotate_token("other")
    assert 401 == (await browser.post(ECHO))[0]
    assert 200 == (await browser.post(ECHO, Authorization="bearer other"))[0]


async def test_t14_t15_the_session(browser: Browser) -> None:
    """It is not to be cached, is counted, and has absolute or relative URLs."""
    status, headers, body = await browser.get("/jmap/session")
    assert (200, 1) == (status, browser.server.session_fetches)
    assert "no-store" in headers["Cache-Control"]
    assert f"{browser.server.url}/jmap/api" == json.loads(body)["apiUrl"]
    browser.server.relative_urls = True
    _, _, body = await browser.get("/jmap/session")
    assert "/jmap/api" == json.loads(body)["apiUrl"]


async def test_an_api_request(browser: Browser) -> None:
    """It is answered, kept and counted."""
    status, body = await browser.post(ECHO)
    assert (200, [["Core/echo", {"a": 1}, "0"]]) == (status, body["methodResponses"])
    assert [ECHO] == browser.server.requests
    assert (1, 1) == (browser.server.invocations, browser.server.peak_requests)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"using":[],"using":[],"methodCalls":[]}',
        b'{"using":[],"methodCalls":[["Core/echo",{"a":1,"a":1},"0"]]}',
        b'{"using":[NaN],"methodCalls":[]}',
        b'"\xff"',
        rb'{"using":["\ud800"],"methodCalls":[]}',
    ],
)
async def test_t27_only_i_json_is_json(browser: Browser, body: bytes) -> None:
    """Duplicate keys, NaN, bad UTF-8 and lone surrogates are notJSON."""
    status, problem = await browser.post(body)
    assert (400, "urn:ietf:params:jmap:error:notJSON") == (status, problem["type"])


def test_json_may_be_written_in_any_way() -> None:
    """White space, escapes and other forms of numbers are no duplicates."""
    assert {"a": "ü", "b": [1.0, {}]} == parse(rb' { "a" : "\u00fc", "b" : [ 1.0, { } ] } ')
    with pytest.raises(RequestFailure):
        parse(b'{"a": {"b": 1, "b": 2}}')


async def test_t27_the_content_type_has_to_be_json(browser: Browser) -> None:
    """Parameters do not matter."""
    status, problem = await browser.post(ECHO, **{"Content-Type": "text/plain"})
    assert (400, "urn:ietf:params:jmap:error:notJSON") == (status, problem["type"])
    assert (
        200 == (await browser.post(ECHO, **{"Content-Type": "application/json; charset=utf-8"}))[0]
    )


async def test_t28_problems_are_problem_details(browser: Browser) -> None:
    """With their own content type, and kept among the requests all the same."""
    headers = {"Content-Type": "application/json"}
    url = f"{browser.server.url}/jmap/api"
    async with browser.session.post(url, data=b"{}", headers=headers) as response:
        assert (400, "application/problem+json") == (response.status, response.content_type)
    assert [{}] == browser.server.requests
    assert 400 == (await browser.post(b"[]"))[0]


async def test_t35_the_size_of_a_request_is_limited(browser: Browser) -> None:
    """In octets, exactly."""
    body = json.dumps(ECHO).encode()
    browser.server.limits.max_size_request = len(body)
    assert 200 == (await browser.post(body))[0]
    status, problem = await browser.post(body + b" ")
    assert (400, "maxSizeRequest") == (status, problem["limit"])


async def test_t34_requests_at_once_are_limited(browser: Browser) -> None:
    """One too many is refused, the others are served; places are given back."""
    browser.server.limits = Limits(max_concurrent_requests=2)
    gate = asyncio.Event()

    async def wait(_request: web.Request, _body: JSONObject) -> None:
        await gate.wait()

    browser.server.on_request = wait
    posts = [asyncio.create_task(browser.post(ECHO)) for _ in range(3)]
    done, _ = await asyncio.wait(posts, return_when=asyncio.FIRST_COMPLETED)
    [(status, problem)] = [task.result() for task in done]
    assert (400, "maxConcurrentRequests") == (status, problem["limit"])
    gate.set()
    assert [200, 200, 400] == sorted([(await post)[0] for post in posts])
    assert 3 == browser.server.peak_requests
    assert 200 == (await browser.post(ECHO))[0]


async def test_a_client_that_goes_gives_its_place_back(browser: Browser) -> None:
    """A request that was given up does not count any more."""
    browser.server.limits = Limits(max_concurrent_requests=1)
    entered, left = asyncio.Event(), asyncio.Event()

    async def wait(_request: web.Request, _body: JSONObject) -> None:
        entered.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    browser.server.on_request = wait
    post = asyncio.create_task(browser.post(ECHO))
    await entered.wait()
    post.cancel()
    await left.wait()
    browser.server.on_request = None
    assert 200 == (await browser.post(ECHO))[0]


async def test_latency_delays_the_answer(browser: Browser) -> None:
    """The request is carried out before."""
    browser.server.latency = 0.05
    before = asyncio.get_running_loop().time()
    post = asyncio.create_task(browser.post(ECHO))
    assert 200 == (await post)[0]
    assert asyncio.get_running_loop().time() - before >= 0.05


async def test_a_hook_can_answer_instead(browser: Browser) -> None:
    """Anything at all; nothing is processed then."""

    async def refuse(_request: web.Request, body: JSONObject) -> web.Response:
        assert ECHO == body
        return web.json_response({"busy": True}, status=429)

    browser.server.on_request = refuse
    assert (429, {"busy": True}) == await browser.post(ECHO)
    assert 0 == browser.server.invocations


async def test_a_hook_can_alter_the_response(browser: Browser) -> None:
    """What it does to it does not reach the records."""

    def alter(response: JSONObject) -> JSONObject:
        response["methodResponses"][0][1]["list"][0]["name"] = "altered"
        return response

    browser.server.on_response = alter
    call = ["Mailbox/get", {"accountId": "A1", "ids": ["P1"]}, "0"]
    using = [CORE, "urn:ietf:params:jmap:mail"]
    for _ in range(2):
        _, body = await browser.post({"using": using, "methodCalls": [call]})
        assert "altered" == body["methodResponses"][0][1]["list"][0]["name"]
    assert "Inbox" == browser.server.world.accounts["A1"].records("Mailbox")["P1"]["name"]


async def test_t37_an_upload_is_a_blob(browser: Browser) -> None:
    """The answer is 201, with the size and the type that was sent."""
    status, raw = await browser.upload(b"hello", **{"Content-Type": "text/plain"})
    body = json.loads(raw)
    assert (201, "A1", 5, "text/plain") == (status, body["accountId"], body["size"], body["type"])
    _, raw = await browser.upload(b"")
    assert "application/octet-stream" == json.loads(raw)["type"]


async def test_t41_a_download_has_the_type_that_was_asked_for(browser: Browser) -> None:
    """Whatever the upload said; the name is in the disposition."""
    _, raw = await browser.upload(b"hello", **{"Content-Type": "text/plain"})
    path = f"/jmap/download/A1/{json.loads(raw)['blobId']}"
    status, headers, body = await browser.get(f"{path}/a%20%C3%BC.txt?type=image%2Fpng")
    assert (200, b"hello", "image/png") == (status, body, headers["Content-Type"])
    assert "a%20%C3%BC.txt" in headers["Content-Disposition"]
    _, headers, _ = await browser.get(f"{path}/n?type=")
    assert "application/octet-stream" == headers["Content-Type"]
    _, headers, _ = await browser.get(f"{path}/n?type=a%0Ab")
    assert "application/octet-stream" == headers["Content-Type"]


async def test_what_is_not_there_is_not_found(browser: Browser) -> None:
    """Blobs, accounts and paths; read-only accounts take no uploads."""
    for path in ("/jmap/download/A1/Bx/n", "/jmap/download/Ax/Bx/n", "/nope"):
        assert 404 == (await browser.get(path))[0]
    assert 404 == (await browser.upload(b"x", account="Ax"))[0]
    browser.server.add_account("R", is_read_only=True)
    assert 403 == (await browser.upload(b"x", account="R"))[0]


async def test_uploads_are_limited(browser: Browser) -> None:
    """In size and in number at once."""
    browser.server.limits = Limits(max_size_upload=3, max_concurrent_upload=1)
    assert 201 == (await browser.upload(b"123"))[0]
    status, raw = await browser.upload(b"1234")
    assert (400, "maxSizeUpload") == (status, json.loads(raw)["limit"])
    browser.server.limits.max_concurrent_upload = 0
    status, raw = await browser.upload(b"1")
    assert (400, "maxConcurrentUpload") == (status, json.loads(raw)["limit"])
