"""Reading page by page."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import attrs
import pytest

from jmap_async.capabilities._paging import Page, walk
from jmap_async.errors import AnchorNotFound, MethodError

pytestmark = pytest.mark.loops


@attrs.define
class Results:
    """The results of a query, as a server has them: ids that change while they are read."""

    ids: list[str]
    size: int = 3
    heeds_anchors: bool = True
    asked: "list[str | int]" = attrs.field(factory=list)
    gone: set[str] = attrs.field(factory=set)
    fails_after: int | None = None
    held: "asyncio.Event | None" = None
    waiting: asyncio.Event = attrs.field(factory=asyncio.Event)
    cancelled: int = 0

    async def fetch(self, anchor: str | None, position: int) -> Page[str]:
        """Read a page."""
        self.asked.append(position if anchor is None else anchor)
        if self.fails_after is not None and len(self.asked) > self.fails_after:
            raise MethodError("the server fails")
        if self.held is not None and anchor is not None:
            self.waiting.set()
            try:
                await self.held.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if anchor is not None:
            position = self._behind(anchor) if self.heeds_anchors else 0
        ids = self.ids[position : position + self.size]
        objects = {one: one.upper() for one in ids if one not in self.gone}
        return Page(ids=ids, objects=objects, position=position, last=len(ids) < self.size)

    def _behind(self, anchor: str) -> int:
        if anchor not in self.ids:
            raise AnchorNotFound("it left")
        return self.ids.index(anchor) + 1


async def read(results: Results) -> Sequence[str]:
    """Read everything."""
    return [one async for one in walk(results.fetch)]


async def test_t84_pages_follow_by_anchor() -> None:
    """Each page is asked for behind the last id of the one before."""
    results = Results(list("abcdefgh"))
    assert list("ABCDEFGH") == await read(results)
    assert [0, "c", "f"] == results.asked


async def test_t82_a_full_last_page_is_followed_by_an_empty_one() -> None:
    """Only a page that is not full is the last one."""
    results = Results(list("abcdef"))
    assert list("ABCDEF") == await read(results)
    assert [0, "c", "f"] == results.asked


async def test_nothing_found() -> None:
    """No results are read with one request."""
    results = Results([])
    assert [] == await read(results)
    assert [0] == results.asked


async def test_what_is_gone_is_left_out() -> None:
    """What was destroyed between query and read does not come, and does not end the page."""
    assert list("ACD") == await read(Results(list("abcd"), gone={"b"}))


async def test_t84_additions_in_front_repeat_nothing() -> None:
    """New results in front shift positions, not anchors."""
    results = Results(list("abcdef"))
    seen: list[str] = []
    async for one in walk(results.fetch):
        seen.append(one)
        if one == "A":
            results.ids[:0] = list("xyz")
    assert list("ABCDEF") == seen


@pytest.mark.parametrize("removed", ["c", "bc", "abc", "abcd"])
async def test_t84_an_anchor_that_is_gone(removed: str) -> None:
    """Reading goes on by position, skips nothing that is still there, and repeats nothing."""
    results = Results(list("abcdefgh"), size=4)
    page = await results.fetch(None, 0)

    async def fetch(anchor: str | None, position: int) -> Page[str]:
        if anchor == "d":
            results.ids = [one for one in results.ids if one not in {"d", *removed}]
        return page if anchor is None and position == 0 else await results.fetch(anchor, position)

    seen = [one async for one in walk(fetch)]
    # What moved further than by half a page may be missed: nobody can know.
    assert seen[:4] == list("ABCD")
    assert len(seen) == len(set(seen))
    assert set("GH") <= set(seen)
    if len(removed) < 2:
        assert list("ABCDEFGH") == seen


async def test_a_server_that_does_not_heed_anchors_ends() -> None:
    """The same page again and again is not read for ever."""
    results = Results(list("abcdef"), heeds_anchors=False)
    assert list("ABC") == await read(results)
    assert [0, "c"] == results.asked


async def test_the_next_page_is_read_while_this_one_is_used() -> None:
    """Nothing is waited for that could have been asked for before."""
    results = Results(list("abcdef"))
    async with aclosing(walk(results.fetch)) as pages:
        assert "A" == await anext(pages)
        await asyncio.sleep(0)
        assert [0, "c"] == results.asked


async def test_an_error_of_the_next_page_waits_for_its_turn() -> None:
    """What was read before the error is given out before it."""
    results = Results(list("abcdef"), fails_after=1)
    async with aclosing(walk(results.fetch)) as pages:
        assert list("ABC") == [await anext(pages) for _ in range(3)]
        with pytest.raises(MethodError, match="the server fails"):
            await anext(pages)


async def test_leaving_early_cancels_the_next_page() -> None:
    """A reader who has enough leaves nothing running."""
    results = Results(list("abcdef"), held=asyncio.Event())
    async with aclosing(walk(results.fetch)) as pages:
        await anext(pages)
        await asyncio.sleep(0)
    assert 1 == results.cancelled


async def test_leaving_early_forgets_an_error_of_the_next_page() -> None:
    """An error that nobody waits for is nobody's."""
    results = Results(list("abcdef"), fails_after=1)
    async with aclosing(walk(results.fetch)) as pages:
        await anext(pages)
        await asyncio.sleep(0)


async def test_a_cancelled_reader_cancels_the_next_page() -> None:
    """Cancelling whoever waits for the next page reaches it."""
    results = Results(list("abcdef"), held=asyncio.Event())
    reading = asyncio.create_task(read(results))
    await results.waiting.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert 1 == results.cancelled
