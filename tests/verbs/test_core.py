"""The core capability."""

from jmap_async import Client
from jmap_async.verbs.core import Core


async def test_shortcuts(client: Client) -> None:
    """The client's data types are those of the capability."""
    core = client.capability(Core)
    assert client.core is core.core
    assert client.blob is core.blob
    assert client.push_subscription is core.push_subscription
