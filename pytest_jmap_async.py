"""Fixtures for pytest: `jmap_server` and `jmap_client`, of jmap_async.testing.

The package registers this plugin, so the fixtures are there wherever pytest-asyncio is installed;
without it there are none. pytest loads plugins in every run of every project; so this one stands
beside the package, which it imports only for a test that needs it.
"""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

try:
    import pytest_asyncio
except ImportError:
    pass
else:
    if TYPE_CHECKING:
        from jmap_async import Client
        from jmap_async.testing.server import MemoryServer

    @pytest_asyncio.fixture
    async def jmap_server() -> "AsyncIterator[MemoryServer]":
        """Give a MemoryServer of the test's own, listening."""
        from jmap_async.testing.server import MemoryServer  # noqa: PLC0415

        async with MemoryServer() as server:
            yield server

    @pytest_asyncio.fixture
    async def jmap_client(jmap_server: "MemoryServer") -> "AsyncIterator[Client]":
        """Give a client that is connected to `jmap_server`."""
        from jmap_async import connect  # noqa: PLC0415

        async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
            yield client
