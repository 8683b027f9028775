"""Identities."""

import orjson

from jmap_async import Client
from jmap_async.capabilities.submission.identity import Identity
from jmap_async.protocol.codec.converter import encode


def test_t143_what_the_client_has_to_apply() -> None:
    """Reply-To and Bcc of an identity are given like all addresses."""
    identity = Identity(name="Sales", email="*@example.org", bcc="log@example.org", reply_to=None)
    expected = {
        "name": "Sales",
        "email": "*@example.org",
        "bcc": [{"email": "log@example.org"}],
        "replyTo": None,
    }
    assert expected == orjson.loads(encode(identity))


async def test_methods(client: Client) -> None:
    """Identities are created, listed and tracked."""
    before = (await client.identity.get()).state
    response = await client.identity.set(
        create={"k": Identity(name="Sales", email="sales@example.org")}
    )
    response.raise_for_errors()
    names = [one.name for one in (await client.identity.get(properties=["name"])).list]
    assert "Sales" in names
    assert [response.created["k"].id] == (await client.identity.changes(before)).created
