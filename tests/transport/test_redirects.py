"""Redirects of a POST: followed without loss, or an error that tells what has happened."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from jmap_async.errors import HTTPError
from jmap_async.transport import HTTPResponse, Transport
from tests.transport.conftest import MakeTransport, Serve
from tests.transport.test_http import Renewable

Send = Callable[[Transport, str], Awaitable[HTTPResponse]]


async def once(data: bytes) -> AsyncIterator[bytes]:
    """Yield data that cannot be had a second time."""
    yield data


async def call(client: Transport, url: str) -> HTTPResponse:
    """Send an API request."""
    return await client.exchange(url, b'{"a":1}')


async def upload(client: Transport, url: str) -> HTTPResponse:
    """Upload octets."""
    return await client.upload(url, b'{"a":1}', content_type="application/json")


async def stream(client: Transport, url: str) -> HTTPResponse:
    """Upload what can be had only once."""
    return await client.upload(url, once(b'{"a":1}'), content_type="application/json")


class Moved:
    """A server that has moved; it keeps what came, by path."""

    def __init__(self, status: int, *locations: str) -> None:
        self.status = status
        self.locations = {f"/{number}": location for number, location in enumerate(locations)}
        self.came: list[tuple[str, str, bytes, str | None, str | None]] = []

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        """Answer a request."""
        headers = request.headers
        self.came.append(
            (
                request.method,
                request.path_qs,
                await request.read(),
                headers.get("Content-Type"),
                headers.get("Authorization"),
            )
        )
        if request.path in self.locations:
            location = self.locations[request.path]
            return web.Response(status=self.status, headers={"Location": location})
        return web.Response(body=b"{}")


@pytest.mark.parametrize("send", [call, upload])
@pytest.mark.parametrize("status", [307, 308])
async def test_t20_a_post_is_followed_within_its_origin(
    status: int, send: Send, transport: MakeTransport, serve: Serve
) -> None:
    """With method, body, type and credential (RFC 9110, 15.4.8 and 15.4.9), five times."""
    moved = Moved(status, "/1", "2", "3?x=%2F", "/4#there")
    origin = await serve(moved)
    moved.locations["/4"] = f"{origin}/end"
    assert (await send(transport(), f"{origin}/0")).ok
    assert ["/0", "/1", "/2", "/3?x=%2F", "/4", "/end"] == [path for _, path, *_ in moved.came]
    assert {("POST", b'{"a":1}', "application/json", "Bearer sesame")} == {
        (method, *rest) for method, _, *rest in moved.came
    }


@pytest.mark.parametrize("send", [call, upload])
@pytest.mark.parametrize("status", [301, 302, 303])
async def test_t20_other_redirects_are_errors(
    status: int, send: Send, transport: MakeTransport, serve: Serve
) -> None:
    """They would lose the body; only one says that something was done."""
    moved = Moved(status, "/1?t=hidden")
    origin = await serve(moved)
    with pytest.raises(HTTPError, match=f"{origin}/1") as caught:
        await send(transport(), f"{origin}/0")
    assert (status, 1) == (caught.value.status, len(moved.came))
    assert ("unknown" if status == 303 else "not_sent") == caught.value.outcome
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize("send", [call, upload])
@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1:{port}/x",
        "http://localhost:{port}/x",
        "http://127.0.0.1:1/x",
        "//127.0.0.1:1/x",
        "http://ann:pw@127.0.0.1:{port}/x",
        "ftp://127.0.0.1:{port}/x",
        "http://[::1/x",
    ],
)
async def test_t21_a_post_goes_to_no_other_origin(
    location: str, send: Send, transport: MakeTransport, serve: Serve
) -> None:
    """Scheme, host or port another, or no place at all: nothing was done, and nothing is."""
    moved = Moved(307, "")
    origin = await serve(moved)
    moved.locations["/0"] = location.format(port=origin.rpartition(":")[2])
    with pytest.raises(HTTPError) as caught:
        await send(transport(trusted_hosts=["localhost"]), f"{origin}/0")
    assert (307, "not_sent", 1) == (caught.value.status, caught.value.outcome, len(moved.came))
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("send", [call, upload])
async def test_circles_come_to_an_end(send: Send, transport: MakeTransport, serve: Serve) -> None:
    """After five redirects; nothing was done."""
    moved = Moved(308, "/0")
    origin = await serve(moved)
    with pytest.raises(HTTPError, match="5 redirects") as caught:
        await send(transport(), f"{origin}/0")
    assert ("not_sent", 6) == (caught.value.outcome, len(moved.came))


async def test_a_stream_is_not_sent_after_a_redirect(
    transport: MakeTransport, serve: Serve
) -> None:
    """It cannot be had again."""
    moved = Moved(307, "/1")
    origin = await serve(moved)
    with pytest.raises(HTTPError, match="cannot be sent twice") as caught:
        await stream(transport(), f"{origin}/0")
    assert ("not_sent", 1) == (caught.value.outcome, len(moved.came))


async def test_who_is_told_of_the_refusal_after_a_redirect(
    transport: MakeTransport, serve: Serve
) -> None:
    """Each time before the request goes again, wherever that leads."""
    told: list[str] = []
    moved = Moved(307, "/1", "/2")

    async def handler(request: web.BaseRequest) -> web.Response:
        old = request.path == "/1" and request.headers["Authorization"] == "Bearer old"
        return web.Response(status=401) if old else await moved(request)

    origin = await serve(handler)
    answer = await transport(Renewable()).exchange(
        f"{origin}/0",
        b"{}",
        on_sent=lambda: told.append("sent"),
        on_refused=lambda: told.append("refused"),
    )
    assert (200, ["sent", "sent", "refused", "sent", "sent"]) == (answer.status, told)
