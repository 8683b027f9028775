"""Tests of the Session object."""

from jmap_async.testing.session import session_object, session_state
from tests.testing.model import Model


def test_t6_details_of_mail_are_in_the_accounts(model: Model) -> None:
    """Session.capabilities has them empty, but for core."""
    session = session_object(model.server.world, "http://x")
    assert {} == session["capabilities"]["urn:ietf:params:jmap:mail"]
    assert 4 == session["capabilities"]["urn:ietf:params:jmap:core"]["maxConcurrentRequests"]
    account = session["accounts"]["A1"]
    assert "maxSizeMailboxName" in account["accountCapabilities"]["urn:ietf:params:jmap:mail"]
    assert (True, False) == (account["isPersonal"], account["isReadOnly"])


def test_t8_core_has_no_primary_account(model: Model) -> None:
    """Every other capability has one."""
    session = session_object(model.server.world, "")
    assert set(session["capabilities"]) - set(session["primaryAccounts"]) == {
        "urn:ietf:params:jmap:core"
    }


def test_t26_urls_have_their_variables(model: Model) -> None:
    """They start with the origin, or are relative without one."""
    session = session_object(model.server.world, "http://x")
    assert "http://x/jmap/api" == session["apiUrl"]
    for name in ("accountId", "blobId", "type", "name"):
        assert f"{{{name}}}" in session["downloadUrl"]
    for name in ("types", "closeafter", "ping"):
        assert f"{{{name}}}" in session["eventSourceUrl"]
    assert "/jmap/upload/{accountId}" == session_object(model.server.world, "")["uploadUrl"]


def test_t11_the_state_changes_with_what_the_session_tells(model: Model) -> None:
    """Limits, accounts and capabilities count; records do not."""
    world, server = model.server.world, model.server
    seen = {session_state(world)}
    server.add_email()
    assert seen == {session_state(world)}
    server.limits.max_objects_in_get = 7
    seen.add(session_state(world))
    server.add_account("B")
    seen.add(session_state(world))
    world.accounts["B"].is_read_only = True
    seen.add(session_state(world))
    assert 4 == len(seen)
