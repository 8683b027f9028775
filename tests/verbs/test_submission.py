"""The submission capability."""

from jmap_async import Client


async def test_shortcuts(client: Client) -> None:
    """The client's data types are those of the capability."""
    assert client.identity is client.submission.identity
    assert client.email_submission is client.submission.email_submission
