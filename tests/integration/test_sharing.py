"""Accounts that other users of a Cyrus server have shared."""

import asyncio

import pytest

import jmap_async
from jmap_async.capabilities.mail.email import EmailImport
from jmap_async.client import Client
from jmap_async.errors import (
    AccountNotFound,
    HTTPError,
    NoAccount,
    ReadOnlyAccount,
    UnsupportedCapability,
)

from .cyrus import Cyrus, User
from .letter import letter
from .mail import counting, create, mailbox_id, put

READ = "lr"
ALL = "lrswipkxtecd"


@pytest.fixture
async def owner(cyrus: Cyrus) -> User:
    """Add another user, with one message in the INBOX."""
    owner = await cyrus.new_user()
    await cyrus.deliver(owner, letter("Shared"))
    return owner


async def share(cyrus: Cyrus, owner: User, client: Client, user: User, rights: str) -> None:
    """Give the user of `client` rights on the INBOX of `owner`."""
    await cyrus.set_acl(owner, "INBOX", user, rights)
    await client.refresh_session()


async def test_shared_account_is_read_through_its_own_facades(
    client: Client, cyrus: Cyrus, user: User, owner: User
) -> None:
    """The facades of another account give its mailboxes and Emails, and only what is shared."""
    await share(cyrus, owner, client, user, READ)
    shared = client.account(owner.account_id)
    assert shared is client.account(owner.account_id)
    [inbox] = (await shared.mailbox.get()).list
    assert "Inbox" == inbox.name
    query = shared.email.query({"inMailbox": inbox.id})
    [email] = (await shared.email.get(query.ids, properties=["subject"])).list
    assert "Shared" == email.subject
    assert [] == (await client.email.query()).ids


async def test_t10_read_only_account_is_never_written_to(
    client: Client, cyrus: Cyrus, user: User, owner: User
) -> None:
    """A change in a read-only account is refused before anything is sent."""
    await share(cyrus, owner, client, user, READ)
    assert client.session.accounts[owner.account_id].is_read_only
    shared = client.account(owner.account_id)
    [email_id] = (await shared.email.query()).ids
    with counting(client) as sent:
        with pytest.raises(ReadOnlyAccount, match=r"Email/set: .* read-only"):
            await shared.email.set(update={email_id: {"keywords/$seen": True}})
        with pytest.raises(ReadOnlyAccount, match="Mailbox/set"):
            await shared.mailbox.set(create={"box": {"name": "Work"}})
    assert 0 == sent.posts


async def test_account_with_all_rights_is_written_to(
    client: Client, cyrus: Cyrus, user: User, owner: User
) -> None:
    """An account that was shared with all rights can be changed."""
    await share(cyrus, owner, client, user, ALL)
    shared = client.account(owner.account_id)
    [email_id] = (await shared.email.query()).ids
    done = await shared.email.set(update={email_id: {"keywords/$flagged": True}})
    done.raise_for_errors()
    async with jmap_async.connect(cyrus.session_url, auth=owner.auth) as own:
        [email] = (await own.email.get(email_id, properties=["keywords"])).list
    assert {"$flagged": True} == email.keywords


async def test_calls_on_two_accounts_share_a_post(
    client: Client, cyrus: Cyrus, user: User, owner: User
) -> None:
    """Reads and writes of several accounts go in one POST, each to its own account."""
    await share(cyrus, owner, client, user, READ)
    [mine] = await create(client, "Mine")
    shared = client.account(owner.account_id)
    with counting(client) as sent:
        own, theirs, done = await asyncio.gather(
            client.email.query(),
            shared.email.query(),
            client.email.set(update={mine: {"keywords/$seen": True}}),
        )
    assert (1, 3) == (sent.posts, sent.invocations)
    assert ([mine], [mine]) == (own.ids, list(done.updated))
    assert (owner.account_id, 1) == (theirs.account_id, len(theirs.ids))


async def test_t171_same_message_has_one_id_in_two_accounts(
    client: Client, cyrus: Cyrus, user: User, owner: User
) -> None:
    """Cyrus makes ids of contents: reads of one id in two accounts are kept apart."""
    message = letter("Both")
    [mine] = await put(client, message, keywords=["$seen"])
    await share(cyrus, owner, client, user, ALL)
    shared = client.account(owner.account_id)
    blob = await client.upload(message, type="message/rfc822", account_id=owner.account_id)
    [inbox] = (await shared.mailbox.get()).list
    new = EmailImport(blob_id=blob.blob_id, mailbox_ids=inbox.id, keywords=["$flagged"])
    done = await shared.email.import_({"new": new})
    assert mine.id == done.created["new"].id
    own, theirs = await asyncio.gather(
        client.email.get(mine.id, properties=["keywords"]),
        shared.email.get(mine.id, properties=["keywords"]),
    )
    assert [{"$seen": True}] == [email.keywords for email in own.list]
    assert [{"$flagged": True}] == [email.keywords for email in theirs.list]


async def test_email_is_copied_from_a_shared_account(
    client: Client, cyrus: Cyrus, user: User, owner: User
) -> None:
    """An Email of another account is copied into one's own; Cyrus gives no states for it."""
    await share(cyrus, owner, client, user, READ)
    [original] = (await client.account(owner.account_id).email.query()).ids
    done = await client.email.copy(
        owner.account_id,
        create={"copy": {"id": original, "mailboxIds": {await mailbox_id(client): True}}},
    )
    done.raise_for_errors()
    assert (None, None) == (done.old_state, done.new_state)
    [email] = (await client.email.get(done.created["copy"].id, properties=["subject"])).list
    assert "Shared" == email.subject


async def test_t43_original_is_destroyed_after_it_was_copied(
    client: Client, cyrus: Cyrus, user: User, owner: User
) -> None:
    """The Email/set that follows a copy under the same call id is `on_success`."""
    await share(cyrus, owner, client, user, ALL)
    shared = client.account(owner.account_id)
    [original] = (await shared.email.query()).ids
    done = await client.email.copy(
        owner.account_id,
        create={"copy": {"id": original, "mailboxIds": {await mailbox_id(client): True}}},
        on_success_destroy_original=True,
    )
    done.raise_for_errors()
    assert done.on_success is not None
    assert (owner.account_id, [original]) == (done.on_success.account_id, done.on_success.destroyed)
    assert [] == (await shared.email.query()).ids


async def test_t7_shared_account_lacks_submission(
    client: Client, cyrus: Cyrus, user: User, owner: User
) -> None:
    """What a shared account does not have is refused before anything is sent."""
    await share(cyrus, owner, client, user, READ)
    with counting(client) as sent, pytest.raises(UnsupportedCapability, match="submission"):
        await client.account(owner.account_id).identity.get()
    assert 0 == sent.posts


async def test_account_of_somebody_else_is_unknown(client: Client, owner: User) -> None:
    """An account that the session does not list is refused before anything is sent."""
    with counting(client) as sent, pytest.raises(NoAccount, match=owner.account_id):
        await client.account(owner.account_id).mailbox.get()
    assert 0 == sent.posts


async def test_account_that_is_shared_no_longer_is_not_found(
    client: Client, cyrus: Cyrus, user: User, owner: User
) -> None:
    """Rights that were taken away meanwhile are an error of this call alone, then a new session."""
    await share(cyrus, owner, client, user, READ)
    await cyrus.set_acl(owner, "INBOX", user, "")
    lost, own = await asyncio.gather(
        client.account(owner.account_id).mailbox.get(),
        client.mailbox.get(),
        return_exceptions=True,
    )
    assert isinstance(lost, AccountNotFound)
    assert not isinstance(own, BaseException)
    assert 6 == len(own.list)
    await client.core.echo({})  # waits for the new session
    assert owner.account_id not in client.session.accounts


async def test_blob_is_downloaded_from_a_read_only_account(
    client: Client, cyrus: Cyrus, user: User, owner: User
) -> None:
    """Blobs of a read-only account can be read, and Cyrus answers an upload with 404."""
    await share(cyrus, owner, client, user, READ)
    shared = client.account(owner.account_id)
    query = shared.email.query()
    [email] = (await shared.email.get(query.ids, properties=["blobId"])).list
    async with client.download(email.blob_id, account_id=owner.account_id) as download:
        assert b"Subject: Shared" in await download.read()
    with pytest.raises((HTTPError, ReadOnlyAccount)):
        await client.upload(b"x", account_id=owner.account_id)
