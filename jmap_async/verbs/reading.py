"""The verbs of every data type: a class for what can be done with /get, and one for /query.

A data type has them by inheriting from these classes beside the table of its methods. They are
generic in what differs, so type checkers know the objects and their properties:

    class ThreadMethods(ThreadTable, GetVerbs[Thread, ThreadProperty]):
        "Threads: their methods, and the verbs built on them."
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from jmap_async.capabilities.facade import DataType
from jmap_async.errors import LocalProtocolError, NotFound
from jmap_async.protocol.call import Call
from jmap_async.protocol.filters import F, Filter
from jmap_async.protocol.ids import HasId, IdLike, as_id
from jmap_async.protocol.standard import GetResponse, QueryResponse
from jmap_async.protocol.types import Id
from jmap_async.verbs.paging import Page, read_page, walk

D = TypeVar("D", bound=HasId)
Name = TypeVar("Name", bound=str)
Sorting = TypeVar("Sorting")

_PAGE_SIZE: Final = 100


class _Table(Protocol[D]):
    """What the classes below are mixed with."""

    get: Callable[..., Call[GetResponse[D]]]
    query: Callable[..., Call[QueryResponse]]


class GetVerbs(DataType, Generic[D, Name]):
    """The verbs of data types that have /get, of objects D whose properties have these names."""

    async def get_one(self, id: IdLike, *, properties: Sequence[Name] | None = None) -> D:
        """Fetch one object.

        Raises:
            NotFound: there is none with this id.
        """
        return await self._get_one(id, {"properties": properties})

    async def _get_one(self, id: IdLike, fetch: Mapping[str, object]) -> D:
        """Fetch one object; `fetch` are the further arguments of `get`."""
        id = as_id(id)
        return await only(cast("_Table[D]", self).get(id, **fetch), id)


class QueryVerbs(GetVerbs[D, Name], Generic[D, Name, F, Sorting]):
    """The verbs of data types that have /query, too, with these filters and sort orders."""

    def iter(
        self,
        filter: Filter[F] | None = None,
        *,
        sort: Sorting | Iterable[Sorting] | None = None,
        properties: Sequence[Name] | None = None,
        page_size: int | None = None,
    ) -> AsyncGenerator[D, None]:
        """Yield all objects that a query finds, each once.

        They are read in pages of `page_size`, and up to five pages ahead while one is used. What
        is among the results from the beginning to the end comes, and comes in order, whatever
        else changes meanwhile. A loop that is left early stops reading; to wait for that, use
        `contextlib.aclosing`.
        """
        query = {"filter": filter, "sort": sort}
        return self._iter(query, {"properties": properties}, page_size=page_size)

    def _iter(
        self, query: Mapping[str, object], fetch: Mapping[str, object], *, page_size: int | None
    ) -> AsyncGenerator[D, None]:
        """Yield what is found; the mappings are further arguments of `query` and `get`."""
        if page_size is not None and page_size <= 0:
            raise LocalProtocolError(f"page_size must be greater than 0, not {page_size}")
        # Two at least: a page begins with an object of the one before it.
        limit = max(2, min(page_size or _PAGE_SIZE, self.host.session.core.max_objects_in_get))
        table = cast("_Table[D]", self)

        async def page(position: int, anchor: Id | None) -> Page[D]:
            place = {"position": position} if anchor is None else {"anchor": anchor}
            found = table.query(**query, **place, limit=limit)
            objects = table.get(found.ids, **fetch)
            at = position if anchor is None else None
            return await read_page(found, objects, position=at, limit=limit)

        return walk(page, cast("Any", type(self)).query.name)


async def only(call: Call[GetResponse[D]], id: Id) -> D:
    """Return the one object that a call asks for.

    Raises:
        NotFound: there is none with this id.
    """
    for one in (await call).list:
        return one
    kind = call.method.name.partition("/")[0]
    place = " in this account" if call.method.takes_account_id else ""
    raise NotFound(f"there is no {kind} {id!r}{place}")
