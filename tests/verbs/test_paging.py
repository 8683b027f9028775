"""Reading page by page."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing

import attrs
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import AnchorNotFound, InvalidArguments, MethodError, RemoteProtocolError
from jmap_async.verbs.paging import Page, walk

pytestmark = pytest.mark.loops


@attrs.define
class Results:
    """The results of a query, as a server has them: ids that change while they are read."""

    ids: list[str]
    size: int = 3
    takes_anchors: bool = True
    asked: "list[int | str]" = attrs.field(factory=list)
    gone: set[str] = attrs.field(factory=set)
    fails_after: int | None = None
    held: "asyncio.Event | None" = None
    waiting: asyncio.Event = attrs.field(factory=asyncio.Event)
    cancelled: int = 0

    async def fetch(self, position: int, anchor: str | None = None) -> Page[str]:
        """Read a page."""
        self.asked.append(anchor or position)
        if self.fails_after is not None and len(self.asked) > self.fails_after:
            raise MethodError("the server fails")
        if self.held is not None and position:
            self.waiting.set()
            try:
                await self.held.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if anchor is not None:
            if not self.takes_anchors:
                raise InvalidArguments("anchors are not supported")
            position = place(self.ids, anchor)
        return self.page(position, self.size)

    def page(self, position: int, limit: int) -> Page[str]:
        """Return what stands at a position now."""
        ids = self.ids[position : position + limit]
        objects = {one: one.upper() for one in ids if one not in self.gone}
        return Page(position=position, ids=ids, objects=objects, limit=limit)


def place(ids: Sequence[str], anchor: str) -> int:
    """Return where an anchor stands."""
    if anchor not in ids:
        raise AnchorNotFound("it left")
    return ids.index(anchor)


async def read(results: Results) -> Sequence[str]:
    """Read everything."""
    return [one async for one in walk(results.fetch, "Email/query")]


async def changing(results: Results, changes: dict[str, Callable[[], None]]) -> Sequence[str]:
    """Read everything, and change the results when the reader is there."""
    seen: list[str] = []
    async for one in walk(results.fetch, "Email/query"):
        seen.append(one)
        changes.get(one, lambda: None)()
    return seen


async def test_a_page_begins_with_the_end_of_the_one_before() -> None:
    """Each page is asked for from the last id of the one before it on."""
    results = Results(list("abcdefgh"))
    assert list("ABCDEFGH") == await read(results)
    assert [0, 2, 4, 6] == results.asked[:4]


async def test_short_results_take_one_request() -> None:
    """The first page goes alone, and nothing is asked for behind a page that is not full."""
    results = Results(list("ab"))
    assert list("AB") == await read(results)
    assert [0] == results.asked


async def test_more_and_more_is_read_ahead() -> None:
    """Two pages, then four, then five, however many there are."""
    results = Results([f"{number:02}" for number in range(60)])
    asked: list[int] = []
    async for one in walk(results.fetch, "Email/query"):
        if len(asked) < int(one) // 2:
            asked.append(len(results.asked))
    assert [3, 6, 8, 9, 10, 11] == asked[:6]
    # The pages that came tell that there is an end.
    assert len(results.asked) <= 30 + 5


async def test_a_full_last_page_is_followed_by_one_with_its_end() -> None:
    """Only a page that is not full is the last one."""
    results = Results(list("abcde"))
    assert list("ABCDE") == await read(results)
    assert {0, 2, 4} <= set(results.asked)


async def test_nothing_found() -> None:
    """No results are read with one request."""
    results = Results([])
    assert [] == await read(results)
    assert [0] == results.asked


async def test_what_is_gone_is_left_out() -> None:
    """What was destroyed between query and read does not come, and does not end the page."""
    assert list("ACD") == await read(Results(list("abcd"), gone={"b"}))


async def test_t84_additions_in_front_repeat_nothing() -> None:
    """New results in front shift what follows; nothing is asked for twice."""
    results = Results(list("abcdefgh"))

    def add() -> None:
        results.ids[:0] = ["z"]

    assert list("ABCDEFGH") == await changing(results, {"D": add})
    assert len(results.asked) == len(set(results.asked))


@pytest.mark.parametrize("removed", ["c", "bc", "abc", "abcdef", "cdef"])
async def test_t84_removals_skip_nothing(removed: str) -> None:
    """Reading steps back until it meets what it knows, or to the beginning."""
    results = Results(list("abcdefghijklmnopqrstuvwxyz"))

    def remove() -> None:
        results.ids = [one for one in results.ids if one not in removed]

    assert list("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == await changing(results, {"F": remove})


@pytest.mark.parametrize(("takes_anchors", "most"), [(True, 45), (False, 110)])
async def test_t84_a_reader_who_removes_what_was_read(*, takes_anchors: bool, most: int) -> None:
    """Where the results shrink as they are read, the next page is read by its anchor."""
    ids = [f"{number:03}" for number in range(300)]
    results = Results([*ids], size=10, takes_anchors=takes_anchors)
    seen: list[str] = []
    async for one in walk(results.fetch, "Email/query"):
        seen.append(one)
        results.ids.remove(one)
    assert ids == seen
    assert len(results.asked) < most


@attrs.define
class Changing:
    """Results that change with every page and with every step, and pages of any size.

    A change puts so many new ids in at a place or, where the number is negative, takes as many out.
    """

    ids: list[str]
    size: int
    changes: list[tuple[int, int]]
    limits: list[int]
    delays: list[int]
    removed: set[str] = attrs.field(factory=set)
    added: int = 0

    async def fetch(self, position: int, anchor: str | None) -> Page[str]:
        """Read a page, some time, under some limit of the server's own."""
        for _ in range(self.delays.pop() if self.delays else 0):
            await asyncio.sleep(0)
        self.change()
        if anchor is not None:
            position = place(self.ids, anchor)
        limit = min(self.size, self.limits.pop() if self.limits else self.size)
        ids = self.ids[position : position + limit]
        return Page(position=position, ids=ids, objects={one: one for one in ids}, limit=limit)

    def change(self) -> None:
        """Let the next change happen."""
        at, count = self.changes.pop() if self.changes else (0, 0)
        at %= len(self.ids) + 1
        self.removed.update(self.ids[at : at - min(0, count)])
        new = [f"new {number}" for number in range(self.added, self.added + max(0, count))]
        self.ids[at : at - min(0, count)] = new
        self.added += len(new)


async def follow(results: Changing) -> Sequence[str]:
    """Read everything, while it changes."""
    seen: list[str] = []
    async with aclosing(walk(results.fetch, "Email/query")) as found:
        async for one in found:
            seen.append(one)
            results.change()
    return seen


@given(
    count=st.integers(0, 80),
    size=st.integers(2, 9),
    changes=st.lists(st.tuples(st.integers(0, 90), st.integers(-20, 12)), max_size=60),
    limits=st.lists(st.integers(2, 9), max_size=20),
    delays=st.lists(st.integers(0, 30), max_size=20),
)
def test_t84_what_stays_comes_once_and_in_order(
    count: int, size: int, changes: list[tuple[int, int]], limits: list[int], delays: list[int]
) -> None:
    """Whatever comes and goes, what is there all the time is read, and nothing is repeated."""
    ids = [f"{number:02}" for number in range(count)]
    results = Changing([*ids], size, changes, limits, delays)
    seen = asyncio.run(follow(results))
    assert len(seen) == len(set(seen))
    assert [one for one in ids if one not in results.removed] == [
        one for one in seen if one in ids and one not in results.removed
    ]


async def test_a_server_that_gives_one_id_at_a_time() -> None:
    """Its pages have nothing in common; they are read all the same."""
    results = Results(list("abcdef"), size=1)
    assert list("ABCDEF") == await read(results)


async def test_a_server_that_does_not_heed_positions() -> None:
    """The same page again and again is not read for ever, and not taken for everything."""
    results = Results(list("abcdef"))

    async def fetch(position: int, _: str | None) -> Page[str]:
        return attrs.evolve(await results.fetch(0), position=position)

    async with aclosing(walk(fetch, "Email/query")) as pages:
        assert list("ABC") == [await anext(pages) for _ in range(3)]
        with pytest.raises(RemoteProtocolError, match=r"^Email/query: .* at every position"):
            await anext(pages)


async def test_the_next_pages_are_read_while_this_one_is_used() -> None:
    """Nothing is waited for that could have been asked for before."""
    results = Results(list("abcdef"))
    async with aclosing(walk(results.fetch, "Email/query")) as pages:
        assert "A" == await anext(pages)
        assert [0, 2, 4] == results.asked


async def test_an_error_of_the_next_page_waits_for_its_turn() -> None:
    """What was read before the error is given out before it, and nothing more is asked for."""
    results = Results(list("abcdef"), fails_after=2)
    async with aclosing(walk(results.fetch, "Email/query")) as pages:
        assert list("ABCDE") == [await anext(pages) for _ in range(5)]
        with pytest.raises(MethodError, match="the server fails"):
            await anext(pages)
    assert [0, 2, 4] == results.asked


async def test_leaving_early_cancels_the_next_pages() -> None:
    """A reader who has enough leaves nothing running."""
    results = Results(list("abcdef"), held=asyncio.Event())
    async with aclosing(walk(results.fetch, "Email/query")) as pages:
        await anext(pages)
    assert 2 == results.cancelled


async def test_an_error_of_the_reader_cancels_the_next_pages() -> None:
    """So does an error in the body of the loop."""
    results = Results(list("abcdef"), held=asyncio.Event())

    async def use() -> None:
        async with aclosing(walk(results.fetch, "Email/query")) as pages:
            async for _ in pages:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await use()
    assert 2 == results.cancelled


async def test_leaving_early_forgets_an_error_of_the_next_page() -> None:
    """An error that nobody waits for is nobody's."""
    results = Results(list("abcdef"), fails_after=1)
    async with aclosing(walk(results.fetch, "Email/query")) as pages:
        await anext(pages)


async def test_the_end_cancels_what_was_asked_for_behind_it() -> None:
    """Nothing is left running when the last page comes before those asked for with it."""
    results = Results(list("abcd"), held=asyncio.Event())

    async def fetch(position: int, _: str | None) -> Page[str]:
        await asyncio.sleep(0)
        return await results.fetch(position) if position == 4 else results.page(position, 3)

    assert list("ABCD") == [one async for one in walk(fetch, "Email/query")]
    assert 1 == results.cancelled


async def test_a_cancelled_reader_cancels_the_next_pages() -> None:
    """Cancelling whoever waits for the next page reaches it."""
    results = Results(list("abcdef"), held=asyncio.Event())
    reading = asyncio.create_task(read(results))
    await results.waiting.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert 2 == results.cancelled


async def test_a_reader_may_be_cancelled_at_any_time() -> None:
    """In whatever turn of the event loop it happens, it ends at once and leaves nothing behind."""
    for turns in range(80):
        ids = [f"{number:02}" for number in range(40)]
        changes = [(0, -3), (5, 2), (0, -9)] * 5
        results = Changing(ids, 5, changes, limits=[], delays=[3, 1, 4, 1, 5, 9, 2, 6] * 5)
        reading = asyncio.create_task(follow(results))
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])
        assert asyncio.all_tasks() == {asyncio.current_task()}
