"""Request bodies: what they write, and when they count as sent."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import aiohttp
import pytest
from aiohttp.abc import AbstractStreamWriter
from hypothesis import given, strategies as st

from jmap_async.errors import LocalProtocolError
from jmap_async.transport.body import RequestBody


class Sink(AbstractStreamWriter):
    """Keeps what is written; raises `error` once `room` is used up, or waits if there is none."""

    @property
    def transport(self) -> None:
        """No connection is behind it."""

    def __init__(self, *, room: float = float("inf"), error: Exception | None = None) -> None:
        self.written = b""
        self.room = room
        self.error = error

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Keep or refuse some octets."""
        if len(self.written) + len(chunk) > self.room:
            if self.error is None:
                await asyncio.Event().wait()
            else:
                raise self.error
        self.written += chunk

    async def write_eof(self, chunk: bytes = b"") -> None:
        """Do nothing."""

    async def drain(self) -> None:
        """Do nothing."""

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Do nothing."""

    def enable_chunking(self) -> None:
        """Do nothing."""

    async def write_headers(self, status_line: str, headers: object) -> None:
        """Do nothing."""


def body(data: bytes | Iterable[bytes], **options: object) -> RequestBody:
    """Make a body of bytes, or of a stream of those chunks."""
    source = data if isinstance(data, bytes) else stream(data)
    return RequestBody(source, content_type="application/json", **options)  # type: ignore[arg-type]


async def stream(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Yield chunks one by one."""
    for chunk in chunks:
        yield chunk


@given(st.integers(0, 200_000))
def test_t35_all_octets_arrive_in_pieces(size: int) -> None:
    """Bytes of any size are written completely, and their size is known beforehand."""
    sink = Sink()
    data = bytes(range(256)) * (size // 256 + 1)
    made = body(data[:size])
    asyncio.run(made.write(sink))
    assert data[:size] == sink.written
    assert size == made.size


@given(st.lists(st.binary(max_size=100_000)), st.booleans())
def test_a_stream_arrives_complete(chunks: list[bytes], known: bool) -> None:  # noqa: FBT001
    """A stream comes through, with its size given or not."""
    total = b"".join(chunks)
    sink = Sink()
    asyncio.run(body(chunks, size=len(total) if known else None).write(sink))
    assert total == sink.written


@pytest.mark.parametrize("data", [b"", b"{}", [], [b"", b""], [b"ab"]])
async def test_t33_a_body_that_was_written_is_sent_even_if_empty(data: bytes | list[bytes]) -> None:
    """After writing, a body counts as sent, and that is told once."""
    calls: list[str] = []
    made = body(data, on_sent=lambda: calls.append("sent"))
    assert [] == calls
    await made.write(Sink())
    assert made.sent
    assert calls == ["sent"]


async def test_t33_a_connection_gone_before_the_first_octet_has_sent_nothing() -> None:
    """A pooled connection that the server has closed leaves the body unsent."""
    made = body(b"{}")
    with pytest.raises(aiohttp.ClientConnectionResetError):
        await made.write(Sink(room=0, error=aiohttp.ClientConnectionResetError()))
    assert not made.sent


@pytest.mark.parametrize(
    ("room", "error"),
    [(40_000, aiohttp.ClientConnectionResetError()), (0, ConnectionError()), (40_000, OSError())],
)
async def test_t33_after_the_first_octet_nobody_knows(room: int, error: Exception) -> None:
    """Once something may have left, a failure leaves the body sent; it is not the stream's."""
    made = body(b"x" * 100_000)
    with pytest.raises(type(error)):
        await made.write(Sink(room=room, error=error))
    assert made.sent
    assert made.error is None


async def test_a_server_that_takes_nothing_is_given_up() -> None:
    """`stall` bounds the wait for the server to take more."""
    made = body(b"x" * 100_000, stall=0.01)
    with pytest.raises(TimeoutError):
        await made.write(Sink(room=40_000))
    assert made.sent


@pytest.mark.parametrize(
    ("chunks", "size", "said"),
    [([b"abc"], 2, "more"), ([b"a"], 2, "only 1"), ([b"ab", b"c"], 2, "more"), ([], 1, "only 0")],
)
async def test_a_stream_of_another_size_is_the_callers_error(
    chunks: list[bytes], size: int, said: str
) -> None:
    """A stream that does not keep to its size is refused, without a surplus octet being sent."""
    sink = Sink()
    made = body(chunks, size=size)
    with pytest.raises(LocalProtocolError, match=said) as caught:
        await made.write(sink)
    assert caught.value is made.error
    assert len(sink.written) <= size


async def test_an_error_of_the_stream_is_kept_apart() -> None:
    """What the user's own stream raises is told from what the connection raised."""

    async def broken() -> AsyncIterator[bytes]:
        yield b"a"
        raise KeyError("mine")

    made = RequestBody(broken(), content_type="text/plain")
    with pytest.raises(KeyError):
        await made.write(Sink())
    assert isinstance(made.error, KeyError)


async def test_a_stream_is_not_sent_twice() -> None:
    """Sending a used-up stream again would send an empty body, so it is an error."""
    made = body([b"a"])
    await made.write(Sink())
    with pytest.raises(LocalProtocolError, match="second time"):
        await made.write(Sink())


def test_only_bytes_can_be_read_as_text() -> None:
    """Aiohttp may look at a body as text; a stream has nothing to look at."""
    assert body("\u00fc".encode()).decode() == "\u00fc"
    with pytest.raises(TypeError):
        body([b"a"]).decode()
