"""A time-out that stands still while a blob is sent."""

import asyncio

import pytest

from jmap_async.transport.limit import Limit


async def test_time_does_not_count_while_it_is_halted() -> None:
    """It is counted from the start when it begins again."""
    loop = asyncio.get_running_loop()
    never = loop.create_future()
    began: list[float] = []

    async def take_long() -> None:
        async with Limit(0.02) as limit:
            limit.halt()
            await asyncio.wait([never], timeout=0.05)
            limit.begin()
            began.append(loop.time())
            await never

    with pytest.raises(TimeoutError):
        await take_long()
    assert loop.time() - began[0] >= 0.01


@pytest.mark.parametrize("seconds", [60.0, None])
async def test_it_can_be_halted_and_begun_whenever(seconds: float | None) -> None:
    """Before and after it is used, and without an end."""
    limit = Limit(seconds)
    for change in (limit.halt, limit.begin):
        change()
    async with limit:
        limit.halt()
        limit.begin()
    limit.begin()
    limit.halt()
