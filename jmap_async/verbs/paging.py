"""Reading the results of a query page by page, further pages while this one is used.

Pages are asked for by position, several at once, and each begins with the last id of the one before
it. Results may change between two requests, and a position then is another place. What pages have
in common tells: an id that was read before stands in front of everything that was not, so behind it
nothing is missing. A page without any is not the next one; reading steps back until it meets what
it knows, or the beginning.

While results shrink, as they do where a reader puts away what it has read, one page is read ahead,
by its anchor.

`queryState` would tell less: Cyrus changes it with every keyword that is set, and Apache James
makes it of each page's own ids.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from typing import Final, Generic, TypeVar

from jmap_async.errors import MethodError, RemoteProtocolError
from jmap_async.protocol.call import Call
from jmap_async.protocol.codec.objects import is_readable
from jmap_async.protocol.declaring import record
from jmap_async.protocol.ids import HasId
from jmap_async.protocol.standard import GetResponse, QueryResponse
from jmap_async.protocol.types import Id
from jmap_async.verbs.together import together

T = TypeVar("T")
D = TypeVar("D", bound=HasId)

# How many pages to read ahead when so many in a row stood where they were expected. Servers allow
# four requests at once, or a few more; the fifth page shares one, or waits for a free place. One
# calm page is not enough: it may have been read before the reader used the one before it.
_AHEAD: Final = (1, 1, 2, 4, 5)

# So many pages in a row may bring nothing new, beyond what can be explained by stepping back.
_FRUITLESS: Final = 10

# After so many turns of the event loop a request that was asked for is on its way.
_TURNS: Final = 5


@record(kw_only=True)
class Page(Generic[T]):
    """What stands at a position: ids in the order of the query, and the objects still there.

    `limit` is how many the server would have given at most.
    """

    position: int
    ids: Sequence[Id]
    objects: dict[Id, T]
    limit: int

    @property
    def end(self) -> int:
        """The position behind it."""
        return self.position + len(self.ids)

    @property
    def last(self) -> bool:
        """Tell whether nothing follows."""
        return not self.ids or len(self.ids) < self.limit


Fetch = Callable[[int, "Id | None"], Coroutine[object, object, Page[T]]]
"""Reads the page that begins at a position or, where one is given, with an id."""


async def read_page(
    query: Call[QueryResponse],
    objects: Call[GetResponse[D]],
    *,
    position: int | None,
    limit: int,
) -> Page[D]:
    """Carry out a query and the /get that refers to it, in one request.

    `position` and `limit` are those that the query has; without a position it has an anchor.
    """
    found, read = await together(query, objects)
    if found.limit is not None:
        # RFC 8620, 5.5: the server may put a limit of its own in its place.
        limit = min(limit, found.limit)
    if "ids" in found.malformed:
        # There were more than there are now: that these are few tells nothing.
        limit = min(limit, len(found.ids))
    return Page(
        # RFC 8620, 5.5: where an anchor stands only the server knows.
        position=found.position if position is None else position,
        ids=found.ids,
        objects=_by_id(read.list),
        limit=limit,
    )


def _by_id(objects: Sequence[D]) -> dict[Id, D]:
    try:
        return {one.id: one for one in objects}
    except RemoteProtocolError:  # of one that nobody can have asked for
        return {one.id: one for one in objects if is_readable(one, "id") and hasattr(one, "id")}


async def walk(fetch: Fetch[T], query: str) -> AsyncGenerator[T, None]:
    """Yield every object once, in order; `query` names the method, for errors.

    Raises:
        RemoteProtocolError: the server gives the same page at every position.
    """
    reader = _Reader(fetch, query)
    try:
        page = await fetch(0, None)
        while True:
            objects = reader.take(page)
            if not page.last:
                await reader.read_ahead(page)
            for one in objects:
                yield one
            if page.last:
                return
            page = await reader.page_after(page)
    finally:
        await reader.close()


class _Reader(Generic[T]):
    """Where a walk stands: what it has seen, and the pages that it reads ahead."""

    def __init__(self, fetch: Fetch[T], query: str) -> None:
        self._fetch = fetch
        self._query = query
        self._seen: set[Id] = set()
        self._ahead: deque[asyncio.Task[Page[T]]] = deque()
        # How many pages in a row stood where they were expected. The first one goes alone, since
        # most results are short; the next ones as if nothing had moved for some time.
        self._calm = 1
        # Where the next page to ask for begins, and where the last one that was taken ended.
        self._position = 0
        self._end = 0
        self._fruitless = 0

    def take(self, page: Page[T]) -> list[T]:
        """Go on to a page, and return the objects that did not come before."""
        new = [one for one in page.ids if one not in self._seen]
        self._seen.update(new)
        self._expect(page, known=len(page.ids) - len(new))
        self._fruitless = 0 if new else self._fruitless + len(page.ids)
        if self._fruitless > len(self._seen) + _FRUITLESS * page.limit:
            raise RemoteProtocolError(
                f"{self._query}: the server gives the same ids at every position; "
                "a page_size that holds all results may help",
                piece=page.ids,
            )
        return [page.objects[one] for one in new if one in page.objects]

    def _expect(self, page: Page[T], *, known: int) -> None:
        """Take note whether results in front of a page have gone, and where it ends."""
        gone = page.position + known < self._end
        self._calm = 0 if gone else min(self._calm + 1, len(_AHEAD) - 1)
        self._end = page.end
        if not self._ahead:
            self._position = page.end - min(1, page.limit - 1)

    async def read_ahead(self, page: Page[T]) -> None:
        """Ask for what follows a page; return when the requests are on their way."""
        most = _AHEAD[self._calm]
        while len(self._ahead) < most and not self._complete():
            following = (
                self._fetch(self._position, None)
                if most > 1
                else self._behind(page.ids[-1], self._position)
            )
            self._ahead.append(asyncio.create_task(following))
            self._position += max(1, page.limit - 1)
        # A loop that awaits nothing holds the event loop up for as long as it uses the page.
        for _ in range(_TURNS):
            await asyncio.sleep(0)

    async def _behind(self, anchor: Id, position: int) -> Page[T]:
        """Read the page that begins with an id, which should be at a position."""
        try:
            return await self._fetch(position, anchor)
        except MethodError:
            # It left the results (anchorNotFound), or the server takes no anchors: Apache James.
            return await self._fetch(position, None)

    def _complete(self) -> bool:
        """Tell whether one of the pages that have come leaves nothing to ask for."""
        return any(
            one.exception() is not None or one.result().last for one in self._ahead if one.done()
        )

    async def page_after(self, before: Page[T]) -> Page[T]:
        """Return the page that follows another."""
        page = await self._ahead[0]
        del self._ahead[0]
        back = len(before.ids)
        while not self._follows(page):
            await self.close()
            page = await self._fetch(max(0, before.end - back), None)
            back *= 2
        return page

    def _follows(self, page: Page[T]) -> bool:
        # Where the server gives one id at a time there is nothing to compare.
        return page.position == 0 or page.limit == 1 or not self._seen.isdisjoint(page.ids)

    async def close(self) -> None:
        """Give up what is being read ahead, and wait for its end."""
        for task in self._ahead:
            task.cancel()
        await asyncio.gather(*self._ahead, return_exceptions=True)
        self._ahead.clear()
