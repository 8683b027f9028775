"""What a client does ends with it, and is done in one event loop."""

import asyncio

import pytest

from jmap_async.errors import ClientClosed, LocalProtocolError, TransportError
from jmap_async.lifetime import Lifetime


async def waiting(lifetime: Lifetime) -> None:
    """Wait for ever, or as long as it lasts."""
    async with lifetime.within("upload"):
        await asyncio.Event().wait()


@pytest.mark.loops
async def test_the_end_ends_what_waits() -> None:
    """Everybody hears of it, and is cancelled by nobody."""
    lifetime = Lifetime()
    tasks = [asyncio.create_task(waiting(lifetime)) for _ in range(3)]
    await asyncio.sleep(0)
    lifetime.end()
    lifetime.end()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [ClientClosed] * 3 == [type(error) for error in found]
    assert [0] * 3 == [task.cancelling() for task in tasks]
    with pytest.raises(ClientClosed, match=r"^upload: the client is closed"):
        await waiting(lifetime)


@pytest.mark.loops
async def test_a_cancellation_stays_one() -> None:
    """Also when the end comes in the same turn."""
    lifetime = Lifetime()
    task = asyncio.create_task(waiting(lifetime))
    await asyncio.sleep(0)
    lifetime.end()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("error", [TimeoutError("mine"), TransportError("lost"), ValueError()])
async def test_errors_of_other_causes_pass(error: Exception) -> None:
    """They are nobody's end."""
    with pytest.raises(type(error)) as caught:
        async with Lifetime().within("upload"):
            raise error
    assert error is caught.value


async def test_another_event_loop_is_refused() -> None:
    """The error names what was asked for; outside of any loop there is nothing to refuse yet."""
    lifetime = Lifetime()

    async def check() -> None:
        lifetime.check("download")

    await asyncio.to_thread(lifetime.check, "download")
    with pytest.raises(LocalProtocolError, match=r"^download: .*use a client for each loop"):
        await asyncio.to_thread(asyncio.run, check())
