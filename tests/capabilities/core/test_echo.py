"""Core/echo."""

from jmap_async import Client
from jmap_async.testing.server import MemoryServer


async def test_t63_echo(client: Client, server: MemoryServer) -> None:
    """What is sent comes back, and no account is named."""
    sent = {"hello": True, "ids": [None, 1]}
    assert sent == await client.core.echo(sent)
    assert [["Core/echo", sent, "c0"]] == server.requests[-1]["methodCalls"]
    assert {} == await client.core.echo()
