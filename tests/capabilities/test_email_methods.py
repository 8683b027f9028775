"""The verbs of Email; what is sent has a file of its own."""

from contextlib import aclosing

import pytest

from jmap_async import Client
from jmap_async.capabilities.email import Email, EmailImport
from jmap_async.capabilities.email_query import EmailFilter
from jmap_async.errors import LocalProtocolError, MethodError, NotFound, SetFailed
from jmap_async.testing.limits import Limits
from jmap_async.testing.server import MemoryServer


def fill(server: MemoryServer, count: int) -> list[str]:
    """Deliver messages, and return their ids."""
    return [server.add_email(subject=f"{number}") for number in range(count)]


async def test_get_one(client: Client, server: MemoryServer) -> None:
    """One Email is fetched, by its id or itself."""
    email_id = server.add_email(subject="Hi", text="Hello")
    email = await client.email.get_one(email_id, properties=["subject"])
    assert "Hi" == email.subject
    again = await client.email.get_one(
        email, properties=["textBody", "bodyValues"], fetch_text_body_values=True
    )
    assert "Hello" == again.body_values[again.text_body[0].part_id or ""].value


async def test_get_one_that_is_not_there(client: Client) -> None:
    """The error names the id."""
    with pytest.raises(NotFound, match="'nope'"):
        await client.email.get_one("nope")


async def test_t82_iter_reads_page_by_page(client: Client, server: MemoryServer) -> None:
    """Query and get of a page share a request; every Email comes once, in order."""
    ids = fill(server, 25)
    found = [one.id async for one in client.email.iter(sort="receivedAt", page_size=10)]
    assert ids == found
    assert 3 == client.stats.posts


async def test_t64_pages_fit_into_a_get(client: Client, server: MemoryServer) -> None:
    """A page is never larger than what one /get may ask for."""
    server.limits = Limits(max_objects_in_get=4)
    await client.refresh_session()
    ids = fill(server, 10)
    assert ids == [one.id async for one in client.email.iter(sort="receivedAt")]
    assert 3 == client.stats.posts


async def test_t82_the_limit_of_the_server_counts(client: Client, server: MemoryServer) -> None:
    """A page that the server made smaller is not the last one."""
    server.limits = Limits(max_query_limit=4)
    ids = fill(server, 10)
    assert ids == [one.id async for one in client.email.iter(sort="receivedAt", page_size=9)]


async def test_t84_iter_while_emails_go(client: Client, server: MemoryServer) -> None:
    """Emails that are destroyed while they are used do not make others be skipped."""
    ids = fill(server, 12)
    seen: list[str] = []
    async for email in client.email.iter(sort="receivedAt", page_size=3):
        seen.append(email.id)
        await client.email.set(destroy=email)
    assert ids == seen


async def test_iter_takes_what_query_and_get_take(client: Client, server: MemoryServer) -> None:
    """Filter, sort and properties go where they belong."""
    fill(server, 3)
    emails = client.email.iter(
        EmailFilter(subject="1") | EmailFilter(subject="2"),
        sort="-subject",
        collapse_threads=True,
        properties=["subject"],
    )
    assert ["2", "1"] == [one.subject async for one in emails]


async def test_iter_left_early(client: Client, server: MemoryServer) -> None:
    """Nothing stays behind when the reader has enough."""
    fill(server, 9)
    async with aclosing(client.email.iter(page_size=2)) as emails:
        async for _ in emails:
            break


async def test_iter_of_a_wrong_query(client: Client) -> None:
    """The error of the query is raised, not that of the get which refers to it."""
    with pytest.raises(MethodError, match="Email/query"):
        async for _ in client.email.iter({"nonsense": 1}):
            pass


async def test_page_size(client: Client) -> None:
    """A page has something in it."""
    with pytest.raises(LocalProtocolError, match="page_size"):
        await anext(client.email.iter(page_size=0))


async def test_update(client: Client, server: MemoryServer) -> None:
    """One or many Emails are changed alike."""
    ids = fill(server, 3)
    one = await client.email.get_one(ids[0])
    await client.email.update(one, {"keywords/$flagged": True})
    response = await client.email.update([one, ids[1]], {"keywords/$seen": True})
    assert ids[:2] == list(response.updated)
    emails = (await client.email.get(ids, properties=["keywords"])).list
    assert [{"$flagged": True, "$seen": True}, {"$seen": True}, {}] == [
        email.keywords for email in emails
    ]


async def test_t97_update_that_is_refused(client: Client, server: MemoryServer) -> None:
    """What the server refused is told by id."""
    (email_id,) = fill(server, 1)
    with pytest.raises(SetFailed, match="notFound") as refused:
        await client.email.update([email_id, "nope"], {"keywords/$seen": True})
    assert ["nope"] == list(refused.value.errors)


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
