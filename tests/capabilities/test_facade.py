"""How capabilities, data types and methods are declared."""

import inspect
from collections.abc import Mapping

import attrs
import pytest

from jmap_async import Client
from jmap_async.capabilities.facade import Capability, DataType, data_type, method
from jmap_async.errors import UnsupportedCapability
from jmap_async.protocol.call import Call
from jmap_async.protocol.standard import Arguments, GetResponse
from jmap_async.testing.server import MemoryServer
from jmap_async.verbs.email import EmailMethods
from jmap_async.verbs.mail import Mail


@attrs.define(kw_only=True, on_setattr=attrs.setters.NO_OP)
class Ring(Arguments):
    """Arguments of a method of our own."""

    times: int = attrs.field(kw_only=False)
    loud: bool = False


class BellMethods(DataType):
    """A data type of our own."""

    ring = method("Bell/ring", Ring, dict[str, object])
    """Ring."""


class Bells(Capability):
    """A capability of our own."""

    uri = "https://example.org/bells"
    bell = data_type(BellMethods)


async def test_a_capability_of_ones_own(client: Client) -> None:
    """What is declared outside of the package works like what is in it."""
    bell = client.capability(Bells).bell
    call = bell.ring(3, loud=True)
    assert isinstance(call, Call)
    assert "Bell/ring" == call.method.name
    assert not call.method.reads
    with pytest.raises(UnsupportedCapability, match="bells"):
        await call


async def test_wrong_arguments_are_an_error_at_once(client: Client) -> None:
    """A call with arguments that the method does not have is not even made."""
    with pytest.raises(TypeError, match="tmes"):
        client.capability(Bells).bell.ring(tmes=3)  # type: ignore[call-arg, unused-awaitable]
    with pytest.raises(TypeError):
        client.email.get("M1", ["subject"])  # type: ignore[call-arg, unused-awaitable]


async def test_facades_are_made_once(client: Client) -> None:
    """A data type, and each of its methods, is the same object every time."""
    assert client.email is client.email
    assert client.email.get is client.email.get


async def test_what_editors_show(client: Client) -> None:
    """A method has the name and the signature that it is called with."""
    assert "get" == client.email.get.__name__
    assert "EmailMethods.get" == client.email.get.__qualname__
    parameters: Mapping[str, object] = inspect.signature(client.email.get).parameters
    assert "fetch_html_body_values" in parameters
    assert "create" in inspect.signature(client.identity.set).parameters


def test_declarations_are_seen_on_the_class() -> None:
    """On the class, a method is its description."""
    assert "Email/get" == EmailMethods.get.name
    assert GetResponse == EmailMethods.get.response.__origin__  # type: ignore[attr-defined]
    assert EmailMethods is Mail.email.methods


async def test_another_account(client: Client, server: MemoryServer) -> None:
    """The same facades, bound to an account."""
    server.add_account("A2")
    await client.refresh_session()
    email_id = server.add_email(account_id="A2")
    other = client.account("A2")
    assert [email_id] == (await other.email.query()).ids
    assert [] == (await client.email.query()).ids
    assert "A2" in repr(other.email)
    assert "primary account" in repr(client.mail)
