"""The verbs of Email; what is sent has a file of its own."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from jmap_async import Client, connect
from jmap_async.capabilities.mail.email_query import EmailFilter
from jmap_async.errors import (
    LocalProtocolError,
    MethodError,
    NotFound,
    PropertyLeftOut,
    PropertyNotFetched,
    SetFailed,
)
from jmap_async.testing import JSONObject
from jmap_async.testing.limits import Limits
from jmap_async.testing.server import MemoryServer

USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]


def minute(number: int) -> datetime:
    """Return a moment, later for a larger number."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)


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
    """Three pages, the first alone and then two, take two requests; every Email comes once."""
    ids = fill(server, 25)
    found = [one.id async for one in client.email.iter(sort="receivedAt", page_size=10)]
    assert ids == found
    assert (2, 6) == (client.stats.posts, client.stats.invocations)


async def test_iter_of_few_emails_takes_one_request(client: Client, server: MemoryServer) -> None:
    """Nothing is read ahead where the first page is the last one."""
    ids = fill(server, 9)
    found = [one.id async for one in client.email.iter(sort="receivedAt", page_size=10)]
    assert ids == found
    assert (1, 2) == (client.stats.posts, client.stats.invocations)


async def test_iter_reads_ahead(client: Client, server: MemoryServer) -> None:
    """When an Email is given out, the pages behind its own have been asked for."""
    fill(server, 200)
    emails = client.email.iter(sort="receivedAt", page_size=10, properties=["id"])
    asked = [client.stats.invocations // 2 async for _ in emails]
    # One, then two and four and five ahead of each; 22 pages, and the rest is behind the end.
    assert [3, 6, 8, 9] == sorted(set(asked))[:4]
    assert 22 <= client.stats.invocations // 2 <= 22 + 5


async def test_t64_pages_fit_into_a_get(client: Client, server: MemoryServer) -> None:
    """A page is never larger than what one /get may ask for."""
    server.limits = Limits(max_objects_in_get=4)
    await client.refresh_session()
    ids = fill(server, 10)
    assert ids == [one.id async for one in client.email.iter(sort="receivedAt")]
    queries = [
        arguments
        for request in server.requests
        for name, arguments, _ in request["methodCalls"]
        if name == "Email/query"
    ]
    assert {4} == {query["limit"] for query in queries}


async def test_t64_one_object_in_a_get(client: Client, server: MemoryServer) -> None:
    """Where a /get may ask for one Email at a time, pages of two are read in parts."""
    server.limits = Limits(max_objects_in_get=1)
    await client.refresh_session()
    ids = fill(server, 5)
    assert ids == [one.id async for one in client.email.iter(sort="receivedAt")]


@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_t82_the_limit_of_the_server_counts(
    client: Client, server: MemoryServer, limit: int
) -> None:
    """A page that the server made smaller is not the last one."""
    server.limits = Limits(max_query_limit=limit)
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


async def read_while_it_changes(page_size: int, changes: list[tuple[int, int]]) -> None:
    """Read Emails, some of which go, or come, whenever the server is asked for further ones."""
    async with MemoryServer() as server:
        ids = [server.add_email(received_at=minute(10 * number)) for number in range(30)]
        gone: set[str] = set()

        async def change(_request: object, _body: object) -> None:
            at, count = changes.pop() if changes else (0, 0)
            for number in range(at, at + count):
                server.add_email(received_at=minute(number))
            destroyed = ids[at : at - min(0, count)]
            gone.update(destroyed)
            destroy = {"accountId": server.account_id, "destroy": destroyed}
            server.process({"using": USING, "methodCalls": [["Email/set", destroy, "c"]]})

        async with connect(server.session_url, auth=server.token) as client:
            server.on_request = change
            seen = [
                one.id
                async for one in client.email.iter(
                    sort="receivedAt", properties=["id"], page_size=page_size
                )
            ]
    assert len(seen) == len(set(seen))
    assert [one for one in ids if one not in gone] == [
        one for one in seen if one in ids and one not in gone
    ]


@settings(max_examples=settings().max_examples // 2)
@given(
    page_size=st.integers(1, 9),
    changes=st.lists(st.tuples(st.integers(0, 29), st.integers(-9, 9)), max_size=20),
)
def test_t84_what_stays_comes_once_and_in_order(
    page_size: int, changes: list[tuple[int, int]]
) -> None:
    """Whatever comes and goes, what is there all the time is read, and nothing is repeated."""
    asyncio.run(read_while_it_changes(page_size, changes))


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


async def test_what_the_server_leaves_out_is_its_doing(
    client: Client, server: MemoryServer
) -> None:
    """Whichever way an Email comes: by id, merged with others, by reference, page by page."""
    ids = fill(server, 3)

    def without_preview(response: JSONObject) -> JSONObject:
        for _, arguments, _ in response["methodResponses"]:
            for row in arguments.get("list", ()):
                row.pop("preview", None)
        return response

    server.on_response = without_preview
    query = client.email.query(limit=2)
    shared = client.email.get(ids[1:], properties=["preview"])
    by_reference = client.email.get(query.ids)
    one, _, answer, again, found = await asyncio.gather(
        client.email.get_one(ids[0], properties=["preview"]),
        client.email.get(ids[1:], properties=["preview"]),
        shared,
        shared,
        by_reference,
    )
    assert answer is again
    emails = [one, *answer.list, *found.list, *[email async for email in client.email.iter()]]
    assert 8 == len(emails)
    for email in emails:
        with pytest.raises(PropertyLeftOut, match="the server left 'preview' out of this Email 'M"):
            _ = email.preview
        assert getattr(email, "preview", None) is None
    with pytest.raises(PropertyNotFetched, match="ask for it with properties"):
        _ = one.subject


async def test_ids_that_are_none_do_not_end_a_walk(client: Client, server: MemoryServer) -> None:
    """A page with too few ids, as some could not be read, is not the last one."""
    ids = fill(server, 7)

    def spoil(response: JSONObject) -> JSONObject:
        for name, arguments, _ in response["methodResponses"]:
            if name == "Email/query":
                arguments["ids"] = [5 if one == ids[1] else one for one in arguments["ids"]]
        return response

    server.on_response = spoil
    found = [email.id async for email in client.email.iter(sort=["receivedAt"], page_size=3)]
    assert [ids[0], *ids[2:]] == found
