"""The event source: StateChanges as server-sent events (RFC 8620, 7.1 and 7.3)."""

import asyncio
import base64
import re
import zlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, TypeGuard

import attrs
import orjson
from aiohttp import web

from jmap_async.testing.checks import is_string, map_of
from jmap_async.testing.state_changes import States, changed, state_change, states_of
from jmap_async.testing.store import World

_LONGEST_PING: Final = 300
"""Seconds. There is no shortest: a test need not wait for the 30 that a real server may take."""

_LARGEST_ID: Final = 2**20
"""Octets that an event id may unpack to."""


@attrs.frozen(kw_only=True)
class Wanted:
    """What the query of an event source URL asks for; `types` is None for all."""

    types: frozenset[str] | None
    once: bool
    ping: int


def read_query(query: Mapping[str, str]) -> Wanted | None:
    """Read the query of an event source URL; None if it is malformed."""
    types, close_after = query.get("types", ""), query.get("closeafter")
    ping = query.get("ping", "")
    if not types or close_after not in ("state", "no") or not re.fullmatch("[0-9]+", ping):
        return None
    return Wanted(
        types=None if types == "*" else frozenset(types.split(",")),
        once=close_after == "state",
        # Python reads no number of thousands of digits.
        ping=min(int(ping.lstrip("0")[:4] or 0), _LONGEST_PING),
    )


async def event_source(world: World, request: web.Request) -> web.StreamResponse:
    """Serve one event source connection until the client goes."""
    wanted = read_query(request.query)
    if wanted is None:
        raise web.HTTPBadRequest
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    news = asyncio.Event()
    world.listeners.append(news.set)
    try:
        before = _resumed(request.headers.get("Last-Event-ID"), world)
        # A client may be gone before the server hears of it.
        with suppress(ConnectionError):
            await response.prepare(request)
            await _stream(world, response, news, before, wanted)
    finally:
        world.listeners.remove(news.set)
    return response


async def _stream(
    world: World,
    response: web.StreamResponse,
    news: asyncio.Event,
    before: States,
    wanted: Wanted,
) -> None:
    while True:
        try:
            async with asyncio.timeout(wanted.ping or None):
                before, changes = await _next(world, news, before, wanted.types)
        except TimeoutError:
            data = orjson.dumps({"interval": wanted.ping})
            await response.write(b"event: ping\ndata: " + data + b"\n\n")
            continue
        await response.write(_state_event(changes, before))
        if wanted.once:
            return


async def _next(
    world: World, news: asyncio.Event, before: States, types: frozenset[str] | None
) -> tuple[States, States]:
    """Wait for changes that are wanted; return all states, and the changed ones."""
    while True:
        news.clear()
        after = states_of(world)
        if changes := changed(before, after, types):
            return after, changes
        await news.wait()


def _state_event(changes: States, after: States) -> bytes:
    data = orjson.dumps(state_change(changes))
    return b"event: state\ndata: " + data + b"\nid: " + _event_id(after) + b"\n\n"


def _event_id(states: States) -> bytes:
    # It comes back in a header field, whose size is limited: many accounts have to fit.
    return base64.urlsafe_b64encode(zlib.compress(orjson.dumps(states)))


def _resumed(event_id: str | None, world: World) -> States:
    """Return the states that a client knew; without an event id it knows the present ones."""
    if not event_id:
        return states_of(world)
    try:
        packed = base64.urlsafe_b64decode(event_id)
        states: object = orjson.loads(zlib.decompressobj().decompress(packed, _LARGEST_ID))
    except (ValueError, zlib.error):
        return {}
    return states if _is_states(states) else {}


def _is_states(value: object) -> TypeGuard[States]:
    return map_of(is_string, map_of(is_string, is_string))(value)
