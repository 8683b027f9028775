"""Tests of the counters."""

import asyncio

from jmap_async import Client
from jmap_async.testing import MemoryServer


async def test_every_counter_counts(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """Calls and ids asked for stand beside requests, invocations and ids sent."""
    ids = [jmap_server.add_email() for _ in range(3)]
    get = jmap_client.email.get
    await asyncio.gather(get(ids), get(ids[:2]), jmap_client.mailbox.get())
    stats = jmap_client.stats
    assert (3, 2, 1) == (stats.calls, stats.invocations, stats.posts)
    assert (5, 3) == (stats.ids_asked, stats.ids_sent)
    assert 0 == stats.retries
    assert stats.bytes_out > 100
    assert stats.bytes_in > stats.bytes_out


async def test_what_is_not_sent_is_not_counted(jmap_client: Client) -> None:
    """A call that nobody awaits costs nothing, and a result that is there costs nothing more."""
    call = jmap_client.mailbox.get()
    assert 0 == jmap_client.stats.calls
    assert await call is await call
    assert (1, 1) == (jmap_client.stats.calls, jmap_client.stats.posts)
