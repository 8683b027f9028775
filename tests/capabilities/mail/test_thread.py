"""Threads."""

from jmap_async import Client
from jmap_async.testing.server import MemoryServer


async def test_get(client: Client, server: MemoryServer) -> None:
    """The Emails of a conversation, by reference to where its id comes from."""
    email_id = server.add_email()
    email = client.email.get(email_id, properties=["threadId"])
    thread = (await client.thread.get(email.ref("/list/*/threadId"))).list[0]
    assert [email_id] == thread.email_ids
    assert 1 == client.stats.posts


async def test_changes(client: Client, server: MemoryServer) -> None:
    """A new conversation is reported."""
    state = (await client.thread.get([])).state
    server.add_email()
    changes = await client.thread.changes(state)
    assert 1 == len(changes.created)
