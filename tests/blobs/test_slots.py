"""Slots: never more than allowed, in the order of asking, whoever is cancelled."""

import asyncio
import random

import attrs
import pytest
from hypothesis import given, strategies as st

from jmap_async.blobs.slots import Slots
from jmap_async.protocol.session import CoreCapability
from tests.serving import turns


def limit(allowed: int) -> CoreCapability:
    """Return a session's limits that allow so many uploads."""
    return attrs.evolve(CoreCapability(), max_concurrent_upload=allowed)


class Crowd:
    """Tasks that take a slot and keep it until they are let go."""

    def __init__(self, slots: Slots, size: int) -> None:
        self.slots = slots
        self.inside: list[int] = []
        self._leave = [asyncio.Event() for _ in range(size)]
        self.tasks = [asyncio.create_task(self._stay(number)) for number in range(size)]

    async def _stay(self, number: int) -> None:
        async with self.slots:
            self.inside.append(number)
            try:
                await self._leave[number].wait()
            finally:
                self.inside.remove(number)

    async def leaves(self, number: int) -> None:
        """Let one go, and the next come in."""
        self._leave[number].set()
        await turns(3)

    async def end(self) -> None:
        """Cancel who is left."""
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)


async def test_t34_first_come_first_served() -> None:
    """Who waits comes in when somebody leaves, or when more are allowed."""
    slots = Slots()
    slots.keep_to(limit(2))
    crowd = Crowd(slots, 5)
    await turns(1)
    assert [0, 1] == crowd.inside
    await crowd.leaves(0)
    assert [1, 2] == crowd.inside
    slots.keep_to(limit(3))
    await turns(1)
    assert [1, 2, 3] == crowd.inside
    await crowd.end()


async def test_t34_a_limit_is_learnt_until_the_session_changes() -> None:
    """After a refusal one less is allowed than there were, but at least one."""
    slots = Slots()
    told = limit(4)
    slots.keep_to(told)
    crowd = Crowd(slots, 6)
    await turns(1)
    slots.learn()
    slots.keep_to(told)
    await crowd.leaves(0)
    assert [1, 2, 3] == crowd.inside
    await crowd.leaves(1)
    assert [2, 3, 4] == crowd.inside
    for _ in range(9):
        slots.learn()
    for number in (2, 3, 4):
        await crowd.leaves(number)
    assert [5] == crowd.inside
    await crowd.end()
    assert 0 == slots._taken


@pytest.mark.parametrize("allowed", [-1, 0])
async def test_t34_a_limit_that_allows_nothing_allows_one(allowed: int) -> None:
    """A server that says 0 has to be asked all the same."""
    slots = Slots()
    slots.keep_to(limit(allowed))
    crowd = Crowd(slots, 2)
    await turns(1)
    assert [0] == crowd.inside
    await crowd.end()


@given(seed=st.integers(), allowed=st.integers(1, 3))
def test_no_slot_is_lost(seed: int, allowed: int) -> None:
    """Whoever is cancelled whenever, as many as are allowed come in, and all do in the end."""

    async def run() -> None:
        rng = random.Random(seed)
        slots = Slots()
        slots.keep_to(limit(allowed))
        crowd = Crowd(slots, 8)
        for _ in range(20):
            number = rng.randrange(8)
            if rng.random() < 0.5:
                crowd.tasks[number].cancel()
            else:
                crowd._leave[number].set()
            await turns(rng.randrange(3))
            assert len(crowd.inside) <= allowed
        for event in crowd._leave:
            event.set()
        await asyncio.wait(crowd.tasks)
        assert (0, 0) == (slots._taken, len(slots._waiting))

    asyncio.run(run())
