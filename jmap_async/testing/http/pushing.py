"""Pushes: what is POSTed to the URLs of push subscriptions, apart from all answers (RFC 8620, 7.2).

Only this machine is ever reached: whoever tests with addresses of others must not bother them.
"""

import asyncio
from typing import Final

import aiohttp
import attrs
import orjson
from yarl import URL

from jmap_async.testing.data_types.push_subscription import is_reached, verification
from jmap_async.testing.instants import instant, to_utc_date
from jmap_async.testing.state_changes import States, changed, state_change, states_of
from jmap_async.testing.store import Push, World
from jmap_async.testing.types import JSONObject

_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)
_HEADERS: Final = {"Content-Type": "application/json", "TTL": "86400"}
_LONGEST_PAUSE: Final = 60
_REPEATS: Final = 3
"""How often a push is tried again that came too early."""

Key = tuple[str, str]
"""The credential of a subscription, and its id."""


class Pusher:
    """Pushes what changes to the subscriptions of a world, from `start` to `close`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._followers: dict[Key, _Follower] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop
        self._http: aiohttp.ClientSession

    def start(self) -> None:
        """Listen to changes; those that happened before are not pushed."""
        self._loop = asyncio.get_running_loop()
        # Certificates say nothing about this machine, which alone is asked.
        connector = aiohttp.TCPConnector(ssl=False, force_close=True)
        self._http = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=_TIMEOUT
        )
        for key in self._present():
            follower = self._follow(key)
            if follower.is_verified:
                follower.known = states_of(self._world)
        self._world.push = self._changed

    async def close(self) -> None:
        """Give up all pushes, those under way too."""
        self._world.push = None
        self._followers.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._http.close()

    def _changed(self) -> None:
        """Follow new subscriptions, leave those that are gone, and wake the others."""
        present = self._present()
        for key in self._followers.keys() - present:
            self._followers.pop(key).leave()
        for key in present - self._followers.keys():
            self._follow(key).is_new = True
        for follower in self._followers.values():
            follower.news.set()

    def _present(self) -> set[Key]:
        tables = self._world.push_subscriptions.items()
        return {(credential, id) for credential, table in tables for id in table.records}

    def _follow(self, key: Key) -> "_Follower":
        follower = self._followers[key] = _Follower(self._world, self._http, key)
        follower.task = self._loop.create_task(follower.run())
        self._tasks.add(follower.task)
        follower.task.add_done_callback(self._tasks.discard)
        return follower


@attrs.define(eq=False)
class _Follower:
    """Pushes to one subscription, one push at a time: what changes meanwhile is one push."""

    world: World
    http: aiohttp.ClientSession
    key: Key
    is_new: bool = False
    known: States | None = None
    refusals: int = 0
    news: asyncio.Event = attrs.field(factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def leave(self) -> None:
        """Push nothing any more."""
        if self.task is not None:
            self.task.cancel()

    @property
    def subscription(self) -> JSONObject | None:
        """The record, unless it is destroyed or has expired."""
        credential, id = self.key
        table = self.world.push_subscriptions.get(credential)
        record = table and table.records.get(id)
        now = instant(to_utc_date(self.world.clock()))
        return record if record and now < instant(record["expires"]) else None

    @property
    def is_verified(self) -> bool:
        """Whether more than the verification may be pushed."""
        return self.subscription is not None and self.subscription["verificationCode"] is not None

    async def run(self) -> None:
        """Push until cancelled."""
        await asyncio.sleep(0)  # the subscription is still being made
        if self.is_new and (subscription := self.subscription):
            await self._post(subscription, verification(subscription))
        while True:
            await self.news.wait()
            self.news.clear()
            if self.is_verified and (subscription := self.subscription):
                await self._tell(subscription)

    async def _tell(self, subscription: JSONObject) -> None:
        """Push what is new, if it is wanted."""
        known, after = self.known or subscription["known"], states_of(self.world)
        types: list[str] | None = subscription["types"]
        changes = changed(known, after, None if types is None else frozenset(types))
        pause = await self._push(subscription, changes) if changes else 0
        # What was lost is still unknown: the next push tells it, too.
        self.known = after if pause == 0 else known
        if pause:
            await self._wait(pause)
        else:
            self.refusals = 0

    async def _wait(self, pause: int) -> None:
        await asyncio.sleep(pause)
        self.refusals += 1
        if self.refusals <= _REPEATS:
            self.news.set()

    async def _push(self, subscription: JSONObject, changes: States) -> int | None:
        body = state_change(changes)
        self.world.pushes.append(Push(url=subscription["url"], body=body))
        return await self._post(subscription, body)

    async def _post(self, subscription: JSONObject, body: JSONObject) -> int | None:
        """Return 0, or for how many seconds not to push again; None: it was lost."""
        if not is_reached(subscription):
            return 0
        url, data = URL(subscription["url"]), orjson.dumps(body)
        try:
            async with self.http.post(
                url, data=data, headers=_HEADERS, allow_redirects=False
            ) as response:
                return self._judge(response)
        except (aiohttp.ClientError, OSError, ValueError):
            # RFC 8620, 7: it does not matter if some are dropped.
            return None

    def _judge(self, response: aiohttp.ClientResponse) -> int | None:
        if response.status in (404, 410) and self.subscription is not None:
            credential, id = self.key
            self.world.push_subscriptions[credential].remove(id)
        if response.status == 429:
            return _pause(response.headers.get("Retry-After", ""))
        return 0 if 200 <= response.status < 300 else None


def _pause(retry_after: str) -> int:
    """Return the seconds that a 429 asks for, at least one."""
    asked = int(retry_after) if retry_after.isdecimal() and len(retry_after) < 9 else 1
    return max(1, min(asked, _LONGEST_PAUSE))
