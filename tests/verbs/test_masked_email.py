"""The verbs of masked addresses."""

import pytest

from jmap_async import Client
from jmap_async.errors import SetFailed
from jmap_async.testing.server import MemoryServer


async def test_create(client: Client, server: MemoryServer) -> None:
    """A new address is enabled, and known with all that was sent and all that came back."""
    mask = await client.masked_email.create(
        for_domain="https://shop.example", description="Shop", email_prefix="shop"
    )
    assert "enabled" == mask.state
    assert "https://shop.example" == mask.for_domain
    assert mask.email.startswith("shop")
    assert mask.id == (await client.masked_email.get(mask)).list[0].id
    sent = server.requests[-2]["methodCalls"]
    assert "enabled" in str(sent)


async def test_states(client: Client) -> None:
    """An address is disabled, enabled again, and deleted without being forgotten."""
    mask = await client.masked_email.create()

    async def state() -> str:
        return (await client.masked_email.get(mask, properties=["state"])).list[0].state

    await client.masked_email.disable(mask)
    assert "disabled" == await state()
    await client.masked_email.enable(mask.id)
    assert "enabled" == await state()
    await client.masked_email.delete(mask)
    assert "deleted" == await state()


async def test_t97_refusals(client: Client) -> None:
    """A refused change is an error, although the request was answered well."""
    with pytest.raises(SetFailed, match="notFound"):
        await client.masked_email.disable("nope")
