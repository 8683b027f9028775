"""Tests of the MemoryServer itself."""

import pytest

from jmap_async.testing import Limits, MemoryServer, RequestFailure
from tests.testing.model import Call, Model


async def test_a_server_listens_on_loopback_while_entered() -> None:
    """The kernel chooses the port; everything stays when it is left."""
    server = MemoryServer()
    assert "<MemoryServer not listening>" == repr(server)
    async with server:
        assert server.url.startswith("http://127.0.0.1:")
        assert f"{server.url}/jmap/session" == server.session_url
        assert server.url in repr(server)
        server.add_email()
    assert ["M1"] == list(server.world.accounts[server.account_id].records("Email"))
    await server.__aexit__(None, None, None)


async def test_a_repr_shows_no_credential() -> None:
    """T175: neither token nor password."""
    async with MemoryServer(token="t0ken", password="passw0rd") as server:
        assert "t0ken" not in repr(server)
        assert "passw0rd" not in repr(server)


def test_limits_can_be_given_and_changed() -> None:
    """They are those of the world."""
    server = MemoryServer(limits=Limits(max_calls_in_request=1))
    assert 1 == server.limits.max_calls_in_request
    server.limits = Limits()
    assert 16 == server.limits.max_calls_in_request


def test_capabilities_can_be_left_out() -> None:
    """The server knows neither their URIs nor their methods then."""
    server = MemoryServer(capabilities=["urn:ietf:params:jmap:mail"])
    with pytest.raises(RequestFailure):
        server.process({"using": ["urn:ietf:params:jmap:submission"], "methodCalls": []})
    using = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
    response = server.process(
        {"using": using, "methodCalls": [["Identity/get", {"accountId": "A1"}, "0"]]}
    )
    assert "unknownMethod" == response["methodResponses"][0][1]["type"]


def test_a_response_is_a_copy(model: Model) -> None:
    """Whatever is done to it, the records stay as they are."""
    id = model.server.add_email()
    model.get_one("Email", id)["mailboxIds"].clear()
    assert {"P1": True} == model.get_one("Email", id)["mailboxIds"]


def test_the_same_calls_give_the_same_answers() -> None:
    """With the same clock two servers cannot be told apart: nothing is random."""
    calls: list[Call] = [
        ("Mailbox/set", {"accountId": "A1", "create": {"a": {"name": "A"}}}),
        ("Email/set", {"accountId": "A1", "create": {"e": {"mailboxIds": {"#a": True}}}}),
        ("MaskedEmail/set", {"accountId": "A1", "create": {"m": {}}}),
        ("Email/query", {"accountId": "A1"}),
    ]
    assert Model().request(*calls) == Model().request(*calls)


def test_accounts_come_and_go(model: Model) -> None:
    """T12: an account that went is not found, nor primary any more."""
    model.server.add_account("B", is_read_only=True)
    model.server.remove_account("B")
    assert "accountNotFound" == model.error("Mailbox/get", accountId="B")
    model.server.remove_account("A1")
    assert {} == model.server.world.primary_accounts


def test_mailboxes_may_have_roles(model: Model) -> None:
    """Also those added later, in any account."""
    model.server.add_account("B")
    box = model.server.add_mailbox("All", role="all", account_id="B")
    assert box == model.server.mailbox_id("all", "B")
    assert "M1" == model.server.add_email(account_id="B", mailbox="all")


def test_invocations_are_counted(model: Model) -> None:
    """Implicit ones and refused ones: the first not, the second yes."""
    model.responses(("Mailbox/get", {}), ("Foo/bar", {}))
    assert 2 == model.server.invocations
