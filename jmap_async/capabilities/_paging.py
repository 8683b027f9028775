"""Reading the results of a query page by page, the next page while this one is used."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Generic, TypeVar

import attrs

from jmap_async.capabilities._together import together
from jmap_async.errors import AnchorNotFound
from jmap_async.protocol.call import Call
from jmap_async.protocol.ids import HasId
from jmap_async.protocol.standard import GetResponse, QueryResponse
from jmap_async.protocol.types import Id

T = TypeVar("T")
D = TypeVar("D", bound=HasId)


@attrs.frozen(kw_only=True)
class Page(Generic[T]):
    """Ids in the order of the query, and the objects that are still there.

    `last` tells that nothing follows.
    """

    ids: Sequence[Id]
    objects: "dict[Id, T]"
    position: int
    last: bool


Fetch = Callable[["Id | None", int], Awaitable[Page[T]]]
"""Reads the page behind an id or, without one, the page from a position on."""


async def read_page(
    query: Call[QueryResponse], objects: Call[GetResponse[D]], *, asked: int
) -> Page[D]:
    """Carry out a query and the /get that refers to it, in one request.

    `asked` is the limit that the query has.
    """
    found, read = await together(query, objects)
    # RFC 8620, 5.5: the server may put a limit of its own in its place.
    limit = asked if found.limit is None else min(asked, found.limit)
    return Page(
        ids=found.ids,
        objects={one.id: one for one in read.list},
        position=found.position,
        last=not found.ids or len(found.ids) < limit,
    )


async def walk(fetch: Fetch[T]) -> AsyncGenerator[T, None]:
    """Yield every object once, in order."""
    seen: set[Id] = set()
    page, before = await fetch(None, 0), -1
    while True:
        new = [one for one in page.ids if one not in seen]
        seen.update(new)
        # Neither further on nor anything new: the server does not heed anchors.
        last = page.last or (not new and page.position <= before)
        before = page.position
        following = None if last else asyncio.create_task(_after(page, fetch))
        try:
            for one in new:
                if one in page.objects:
                    yield page.objects[one]
            if following is None:
                return
            page = await following
        finally:
            if following is not None:
                await _ended(following)


async def _after(page: Page[T], fetch: Fetch[T]) -> Page[T]:
    try:
        # An anchor keeps its place when the results change in front of it (RFC 8620, 5.5).
        return await fetch(page.ids[-1], 0)
    except AnchorNotFound:
        # It left the results, and others may have left with it: step back by half a page.
        return await fetch(None, page.position + (len(page.ids) + 1) // 2)


async def _ended(task: "asyncio.Task[Page[T]]") -> None:
    """Cancel a task unless it is done, and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
