"""Masked addresses."""

import pytest

from jmap_async import Client
from jmap_async.capabilities.masked_email.masked_email import MaskedEmail, MaskedEmailSet
from jmap_async.errors import LocalProtocolError, SetFailed
from jmap_async.protocol.converter import decoder
from jmap_async.protocol.standard import GetResponse, SetResponse
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


@pytest.mark.parametrize("prefix", ["", "Shop", "a-b", "a.b", "ü", "a" * 65])
def test_prefix(prefix: str) -> None:
    """A prefix has 1 to 64 of a-z 0-9 _."""
    MaskedEmailSet(create={"k": MaskedEmail(email_prefix="a_1" + "a" * 61)}).check()
    MaskedEmailSet(create={"k": MaskedEmail(description="x"), "l": {}}).check()
    for one in (MaskedEmail(email_prefix=prefix), {"emailPrefix": prefix}):
        with pytest.raises(LocalProtocolError, match="no email prefix"):
            MaskedEmailSet(create={"k": one}).check()


def test_t61_states_may_be_missing_or_null() -> None:
    """The server leaves out what it has nothing to say about."""
    response = decoder(SetResponse[MaskedEmail])(
        {"oldState": None, "newState": None, "created": {"k": {"id": "m1"}}}
    )
    assert None is response.new_state
    assert {} == response.not_created
    assert "" == decoder(GetResponse[MaskedEmail])({"list": [], "state": None}).state


def test_t170_an_unknown_state_is_kept() -> None:
    """The server may know states that we do not."""
    assert "odd" == decoder(MaskedEmail)({"state": "odd"}).state
