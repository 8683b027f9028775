"""The mail capability."""

from jmap_async import Client


async def test_shortcuts(client: Client) -> None:
    """The client's data types are those of the capability."""
    assert client.email is client.mail.email
    assert client.mailbox is client.mail.mailbox
    assert client.thread is client.mail.thread
    assert client.search_snippet is client.mail.search_snippet
