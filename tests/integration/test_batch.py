"""Requests composed by hand for a Cyrus server, and requests that are only shown."""

import pytest

from jmap_async.client import Client
from jmap_async.errors import InvalidArguments, TooLarge

from .mail import counting, create, mailbox_id


async def test_batch_is_sent_as_it_was_composed(client: Client) -> None:
    """The calls of a batch go in one POST, in order, and equal ones are not merged."""
    ids = await create(client, "one", "two")
    with counting(client) as sent:
        async with client.batch() as batch:
            found = batch.email.query(sort="subject")
            emails = batch.email.get(found.ids, properties=["subject"])
            again = batch.email.query(sort="subject")
    assert (1, 3) == (sent.posts, sent.invocations)
    assert (ids, ids) == ((await found).ids, (await again).ids)
    assert ["one", "two"] == [email.subject for email in (await emails).list]


async def test_refused_call_of_a_batch_is_told_where_it_is_awaited(client: Client) -> None:
    """A call that the server refuses leaves the others of the batch alone."""
    async with client.batch() as batch:
        refused = batch.email.query({"inMailbox": "nowhere"})
        echo = batch.core.echo({"n": 1})
    assert {"n": 1} == await echo
    with pytest.raises(InvalidArguments, match="inMailbox"):
        await refused


async def test_batch_creates_in_order(client: Client) -> None:
    """A mailbox and an Email in it are made in one request, by creation reference."""
    [email_id] = await create(client, "Hello")
    async with client.batch() as batch:
        boxes = batch.mailbox.set(create={"box": {"name": "Work"}})
        moved = batch.email.set(update={email_id: {"mailboxIds": {"#box": True}}})
        left = batch.email.query({"inMailbox": await mailbox_id(client)})
    (await moved).raise_for_errors()
    assert [] == (await left).ids
    box = (await boxes).created["box"].id
    assert [email_id] == (await client.email.query({"inMailbox": box})).ids


async def test_batch_of_too_many_calls_is_not_sent(small_client: Client) -> None:
    """Four calls where the server takes three in a request are refused before they are sent."""
    batch = small_client.batch()
    echoes = [batch.core.echo({"n": number}) for number in range(4)]
    with counting(small_client) as sent, pytest.raises(TooLarge, match="maxCallsInRequest"):
        async with batch:
            assert 4 == len(echoes)
    assert 0 == sent.posts


async def test_batch_with_too_many_objects_is_not_sent(small_client: Client) -> None:
    """A call on five objects where the server takes four is refused, and never cut up."""
    batch = small_client.batch()
    destroyed = batch.email.set(destroy=[f"M{number}" for number in range(5)])
    with counting(small_client) as sent, pytest.raises(TooLarge, match="maxObjectsInSet"):
        async with batch:
            assert "Email/set" == destroyed.method.name
    assert 0 == sent.posts


async def test_requests_can_be_seen_without_being_sent(small_client: Client) -> None:
    """`explain` shows what would be sent, within the limits of this server, and sends nothing."""
    calls = [small_client.email.get(f"M{number}", properties=["subject"]) for number in range(7)]
    with counting(small_client) as sent:
        [request] = small_client.explain(*calls)
    assert 0 == sent.posts
    assert [5, 2] == [len(arguments["ids"]) for _, arguments, _ in request.method_calls]
    assert request.size < 4096
