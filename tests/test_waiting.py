"""Who waits for a call, and who waits for a place in the queue."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import attrs
import pytest
from hypothesis import given, strategies as st

from jmap_async.planner import Entry
from jmap_async.protocol.call import raw_method
from jmap_async.waiting import Places, Waiters

GET = raw_method("Email/get", capability="urn:ietf:params:jmap:mail")


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Return a loop that does not run."""
    made = asyncio.new_event_loop()
    yield made
    made.close()


@attrs.define
class Queue:
    """Calls that wait to be sent."""

    waiting: int


def entry() -> Entry:
    """Return a call."""
    return Entry(GET, frozenset(), ("A1",), {})


@given(st.integers(1, 5), st.lists(st.integers(0, 4)))
def test_those_who_stay_are_woken(
    loop: asyncio.AbstractEventLoop, count: int, leaving: list[int]
) -> None:
    """However many wait for a call, and whoever leaves before."""
    waiters, call, other = Waiters(loop), entry(), entry()
    waiting = [waiters.add(call) for _ in range(count)]
    stranger = waiters.add(other)
    gone = {number for number in leaving if number < count}
    assert [True] * len(gone) == [waiters.remove(call, waiting[number]) for number in gone]
    waiters.wake(call)
    assert [number not in gone for number in range(count)] == [one.done() for one in waiting]
    assert not stranger.done()
    assert (other,) == waiters.entries
    assert waiters


def test_who_was_woken_or_has_left_cannot_be_removed(loop: asyncio.AbstractEventLoop) -> None:
    """So that nobody gives a claim back twice."""
    waiters, call = Waiters(loop), entry()
    first, second, third = (waiters.add(call) for _ in range(3))
    assert waiters.remove(call, second)
    assert not waiters.remove(call, second)
    waiters.wake(call)
    assert not waiters.remove(call, first)
    assert not waiters.remove(call, third)
    assert not waiters


def test_who_was_cancelled_meanwhile_is_not_woken(loop: asyncio.AbstractEventLoop) -> None:
    """A future is settled once."""
    waiters, call = Waiters(loop), entry()
    waiting = [waiters.add(call) for _ in range(3)]
    waiting[0].cancel()
    waiting[1].cancel()
    waiters.wake(call)
    assert [True, True, False] == [one.cancelled() for one in waiting]


async def test_a_place_is_given_to_the_first_in_line() -> None:
    """And counts as taken until whoever got it comes or leaves."""
    queue, changes = Queue(waiting=1), [0]

    def changed() -> None:
        changes[0] += 1

    places = Places(1, queue, changed=changed)
    first, second = (asyncio.ensure_future(places.admission()) for _ in range(2))
    await asyncio.sleep(0)
    assert 2 == len(places)
    queue.waiting = 0
    assert places.full  # nobody overtakes them
    places.admit()
    await first
    assert 1 == len(places)
    assert 1 == changes[0]
    second.cancel()
    with suppress(asyncio.CancelledError):
        await second
    assert not places.full


async def test_a_place_that_is_not_taken_is_free_again() -> None:
    """Its owner was cancelled in the turn in which it was let in."""
    places = Places(0, Queue(waiting=0), changed=lambda: None)
    waiting = asyncio.ensure_future(places.admission())
    await asyncio.sleep(0)
    places.admit()
    assert places.full
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting
    assert not places.full


async def test_in_the_end_everybody_is_let_in() -> None:
    """Whether there is room or not: to learn that it is too late."""
    places = Places(1, Queue(waiting=5), changed=lambda: None)
    waiting = [asyncio.ensure_future(places.admission()) for _ in range(3)]
    await asyncio.sleep(0)
    places.admit(everybody=True)
    await asyncio.gather(*waiting)
    assert not places
