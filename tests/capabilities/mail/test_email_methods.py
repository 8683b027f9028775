"""The methods of Email, against the server in memory."""

from jmap_async import Client
from jmap_async.capabilities.mail.email import Email, EmailImport
from jmap_async.testing.server import MemoryServer


async def test_t110_copy(client: Client, server: MemoryServer) -> None:
    """An Email is copied from another account, and the original may go."""
    server.add_account("A2")
    await client.refresh_session()
    email_id = server.add_email(account_id="A2")
    copied = await client.email.copy(
        "A2",
        create={"k": {"id": email_id, "mailboxIds": {server.mailbox_id("inbox"): True}}},
        on_success_destroy_original=True,
    )
    assert copied.created["k"].id
    assert copied.on_success is not None
    assert [email_id] == copied.on_success.destroyed


async def test_t131_import_and_parse(client: Client, server: MemoryServer) -> None:
    """An uploaded message is read, and made an Email."""
    message = b"From: bob@example.net\r\nSubject: Hi\r\n\r\nHello"
    blob = await client.upload(message, type="message/rfc822")
    parsed = await client.email.parse(blob.blob_id, properties=["subject"])
    assert "Hi" == parsed.parsed[blob.blob_id].subject
    letter = EmailImport(blob_id=blob.blob_id, mailbox_ids=server.mailbox_id("inbox"))
    response = await client.email.import_({"k": letter})
    response.raise_for_errors()
    email: Email = await client.email.get_one(response.created["k"].id, properties=["subject"])
    assert "Hi" == email.subject
