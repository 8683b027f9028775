"""A client of a server in memory."""

from collections.abc import AsyncIterator

import pytest_asyncio

from jmap_async import Client, connect
from jmap_async.testing.server import MemoryServer


@pytest_asyncio.fixture
async def server() -> AsyncIterator[MemoryServer]:
    """Give a server of the test's own."""
    async with MemoryServer() as server:
        yield server


@pytest_asyncio.fixture
async def client(server: MemoryServer) -> AsyncIterator[Client]:
    """Give a client of that server."""
    async with connect(server.session_url, auth=server.token) as client:
        yield client
