"""The event source: StateChanges as server-sent events (RFC 8620, 7.1 and 7.3)."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Final

import attrs
import orjson
from aiohttp import web

from jmap_async.testing.checks import is_object
from jmap_async.testing.state_changes import States, changed, states_of
from jmap_async.testing.store import World
from jmap_async.testing.types import JSONObject

_LONGEST_PING: Final = 300
"""Seconds. There is no shortest: a test need not wait for the 30 that a real server may take."""


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
    if not types or close_after not in ("state", "no") or not ping.isdecimal():
        return None
    return Wanted(
        types=None if types == "*" else frozenset(types.split(",")),
        once=close_after == "state",
        ping=min(int(ping), _LONGEST_PING),
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
        news.clear()
        after = states_of(world)
        if changes := changed(before, after, wanted.types):
            await response.write(_state_event(changes, after))
            if wanted.once:
                return
        before = after
        try:
            await asyncio.wait_for(news.wait(), wanted.ping or None)
        except TimeoutError:
            data = orjson.dumps({"interval": wanted.ping})
            await response.write(b"event: ping\ndata: " + data + b"\n\n")


def _state_event(changes: States, after: States) -> bytes:
    body: JSONObject = {"@type": "StateChange", "changed": changes}
    return b"event: state\ndata: " + orjson.dumps(body) + b"\nid: " + _event_id(after) + b"\n\n"


def _event_id(states: States) -> bytes:
    return base64.urlsafe_b64encode(orjson.dumps(states))


def _resumed(event_id: str | None, world: World) -> States:
    """Return the states that a client knew; without an event id it knows the present ones."""
    if not event_id:
        return states_of(world)
    try:
        states: object = orjson.loads(base64.urlsafe_b64decode(event_id))
    except ValueError:
        return {}
    return states if is_object(states) else {}
