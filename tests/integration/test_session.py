"""Connecting to Cyrus: discovery, login, and the Session."""

import pytest

import jmap_async
from jmap_async.client import Client
from jmap_async.errors import AuthenticationError, NoAccount
from jmap_async.protocol.session import CORE

from .cyrus import Cyrus, User
from .mail import mailbox_id

MAIL = "urn:ietf:params:jmap:mail"


async def test_t15_relative_urls_are_resolved(client: Client, cyrus: Cyrus) -> None:
    """The URLs, which Cyrus gives as paths only, are made absolute and stay templates."""
    session = client.session
    assert f"http://{cyrus.host}/jmap/" == session.api_url
    assert f"http://{cyrus.host}/jmap/upload/{{accountId}}/" == session.upload_url
    expected = (
        f"http://{cyrus.host}/jmap/download/{{accountId}}/{{blobId}}/{{name}}?accept={{type}}"
    )
    assert expected == session.download_url


async def test_session_names_the_account(client: Client, user: User) -> None:
    """The user has one account, his own, which is the primary one for mail."""
    session = client.session
    assert user.name == session.username
    assert [user.account_id] == list(session.accounts)
    assert user.account_id == session.primary_accounts[MAIL]
    account = session.accounts[user.account_id]
    assert (True, False) == (account.is_personal, account.is_read_only)


async def test_t6_t13_details_of_a_capability_are_kept_as_sent(client: Client, user: User) -> None:
    """Limits of mail are read from the account, and members that no RFC names stay readable."""
    account = client.session.accounts[user.account_id]
    assert 20 == account.account_capabilities[MAIL]["maxMailboxesPerEmail"]
    assert True is account.extra["isPrimary"]


async def test_limits_are_those_of_the_server(client: Client, small_client: Client) -> None:
    """Each server's own limits are in its session."""
    assert 50 == client.session.core.max_calls_in_request
    core = small_client.session.core
    assert (3, 5, 4) == (
        core.max_calls_in_request,
        core.max_objects_in_get,
        core.max_objects_in_set,
    )
    assert (4096, 8192) == (core.max_size_request, core.max_size_upload)
    assert (2, 1) == (core.max_concurrent_requests, core.max_concurrent_upload)
    assert CORE in client.session.capabilities


async def test_t20_well_known_redirect_is_followed(cyrus: Cyrus, user: User) -> None:
    """A URL without a path leads to the session, and the credential goes along."""
    async with jmap_async.connect(f"http://{cyrus.host}", auth=user.auth) as client:
        assert cyrus.session_url.rstrip("/") == client.session.url.rstrip("/")
        assert await mailbox_id(client)


@pytest.mark.parametrize("name", ["", "nobody"], ids=["wrong password", "unknown user"])
async def test_t175_wrong_password_is_refused_and_not_told(
    cyrus: Cyrus, user: User, name: str
) -> None:
    """A login that is refused is an AuthenticationError which does not show the password."""
    auth = (name or user.name, "not-the-password")
    with pytest.raises(AuthenticationError) as caught:
        await jmap_async.connect(cyrus.session_url, auth=auth)
    shown = f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"
    assert "not-the-password" not in shown
    assert "401" in shown


async def test_account_that_is_not_there_is_refused_at_once(cyrus: Cyrus, user: User) -> None:
    """An account that the session does not list is an error that names those it lists."""
    with pytest.raises(NoAccount, match=user.account_id):
        await jmap_async.connect(cyrus.session_url, auth=user.auth, account_id="nobody")


async def test_session_can_be_fetched_again(client: Client, cyrus: Cyrus, user: User) -> None:
    """An account that was shared meanwhile is there after a refresh."""
    owner = await cyrus.new_user()
    await cyrus.set_acl(owner, "INBOX", user, "lr")
    session = await client.refresh_session()
    assert {user.account_id, owner.account_id} == set(session.accounts)
    assert session is client.session


async def test_t11_changed_session_state_refreshes_the_session(
    client: Client, cyrus: Cyrus, user: User
) -> None:
    """The session is fetched again by itself when an answer says that it has changed."""
    owner = await cyrus.new_user()
    await cyrus.set_acl(owner, "INBOX", user, "lr")
    before = client.session
    await client.core.echo({})  # its answer has the new state
    await client.core.echo({})  # waits for the new session
    assert before.state != client.session.state
    assert owner.account_id in client.session.accounts


async def test_domain_of_the_login_name_may_be_given(cyrus: Cyrus, user: User) -> None:
    """A user who logs in with the default domain is the same user: Cyrus drops the domain."""
    async with jmap_async.connect(cyrus.session_url, auth=(user.address, user.password)) as client:
        assert user.name == client.session.username
        assert await mailbox_id(client)


async def test_echo_comes_back(client: Client) -> None:
    """What is sent to Core/echo comes back."""
    assert {"hello": [1, None, "ü"]} == await client.core.echo({"hello": [1, None, "ü"]})


async def test_any_method_can_be_called_by_name(client: Client, user: User) -> None:
    """A method called by name takes wire arguments and gives a plain dict."""
    answer = await client.call("Mailbox/query", {"filter": {"role": "inbox"}})
    assert user.account_id == answer["accountId"]
    assert [await mailbox_id(client)] == answer["ids"]
