"""Calls that feed each other: one POST to a Cyrus server (RFC 8620, 3.7)."""

import asyncio

import pytest

from jmap_async.client import Client
from jmap_async.errors import InvalidResultReference, MethodError, UnsupportedSort

from .letter import letter
from .mail import counting, create, put


async def test_query_get_and_threads_are_one_post(client: Client) -> None:
    """The three calls that show a page of mail travel together, and each gives its result."""
    new = await put(client, letter("one"), letter("two"))
    query = client.email.query(sort="subject")
    emails = client.email.get(query.ids, properties=["subject", "threadId"])
    threads = client.thread.get(emails.ref("/list/*/threadId"))
    with counting(client) as sent:
        found, page, conversations = await asyncio.gather(query, emails, threads)
    assert (1, 3) == (sent.posts, sent.invocations)
    assert [one.id for one in new] == found.ids
    assert ["one", "two"] == [email.subject for email in page.list]
    assert [email.thread_id for email in page.list] == [thread.id for thread in conversations.list]


async def test_awaiting_the_last_call_sends_what_it_needs(client: Client) -> None:
    """Only the end of a chain is awaited; the rest is sent with it and is there afterwards."""
    await create(client, "one", "two")
    query = client.email.query(sort="subject")
    emails = client.email.get(query.ids, properties=["subject", "threadId"])
    threads = client.thread.get(emails.ref("/list/*/threadId"))
    with counting(client) as sent:
        assert 2 == len((await threads).list)
        assert ["one", "two"] == [email.subject for email in (await emails).list]
        assert 2 == len((await query).ids)
    assert (1, 3) == (sent.posts, sent.invocations)


async def test_t59_reference_to_an_answer_that_is_here_is_resolved_locally(client: Client) -> None:
    """A reference to a call of an earlier POST becomes its value."""
    ids = await create(client, "one", "two")
    query = client.email.query(sort="subject")
    await query
    emails = await client.email.get(query.ids, properties=["subject"])
    assert ids == [email.id for email in emails.list]


async def test_query_that_finds_nothing_feeds_an_empty_get(client: Client) -> None:
    """A chain on an empty result is no error."""
    query = client.email.query({"hasKeyword": "nobody"})
    emails = client.email.get(query.ids, properties=["threadId"])
    threads = await client.thread.get(emails.ref("/list/*/threadId"))
    assert ([], []) == (threads.list, threads.not_found)


async def test_t45_failure_of_the_first_call_is_told_to_all(client: Client) -> None:
    """What a chain fails of is the error of each of its calls, not the one that follows from it."""
    query = client.email.query(sort={"property": "nonsense"})
    emails = client.email.get(query.ids, properties=["threadId"])
    threads = client.thread.get(emails.ref("/list/*/threadId"))
    results = await asyncio.gather(query, emails, threads, return_exceptions=True)
    assert [UnsupportedSort] * 3 == [type(result) for result in results]


async def test_cyrus_name_for_a_reference_that_leads_nowhere_is_known(client: Client) -> None:
    """Cyrus says `resultReference` where the RFC has `invalidResultReference`."""
    query = client.email.query()
    with pytest.raises(InvalidResultReference) as caught:
        await client.email.get(query.ref("/nowhere"))
    error: MethodError = caught.value
    assert "resultReference" == error.type


async def test_independent_tasks_with_chains_share_one_post(client: Client) -> None:
    """Ten tasks that each find and read mail at once make one POST."""
    await create(client, *(f"subject {number}" for number in range(10)))

    async def read(number: int) -> str | None:
        query = client.email.query({"header": ["Subject", f"subject {number}"]})
        [email] = (await client.email.get(query.ids, properties=["subject"])).list
        return email.subject

    with counting(client) as sent:
        subjects = await asyncio.gather(*(read(number) for number in range(10)))
    assert [f"subject {number}" for number in range(10)] == subjects
    assert (1, 20) == (sent.posts, sent.invocations)
