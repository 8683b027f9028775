"""The capability of automatic replies."""

from jmap_async import Client
from jmap_async.verbs.vacation_response import Vacation


async def test_shortcut(client: Client) -> None:
    """The client's data type is that of the capability."""
    assert client.vacation_response is client.capability(Vacation).vacation_response
