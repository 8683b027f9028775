"""A Cyrus process that dies over a request, and one that says 500.

Cyrus 3.6 crashes when it is asked for the automatic reply of a user who never had one.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

import jmap_async
from jmap_async.client import Client
from jmap_async.errors import HTTPError, StateMismatch, TransportError
from jmap_async.retry import Retry

from .cyrus import Cyrus, User
from .mail import create


@pytest.fixture
async def client(cyrus: Cyrus, user: User) -> AsyncIterator[Client]:
    """Connect with a client that is quick to try again."""
    retry = Retry(first_delay=0.01)
    async with jmap_async.connect(cyrus.session_url, auth=user.auth, retry=retry) as client:
        yield client


async def keywords(client: Client, email_id: str) -> dict[str, bool]:
    """Return the keywords of an Email."""
    [email] = (await client.email.get(email_id, properties=["keywords"])).list
    return email.keywords


async def test_lost_answer_is_a_transport_error_of_unknown_outcome(client: Client) -> None:
    """A call that the server dies of ends with an error, and the client works on afterwards."""
    with pytest.raises(TransportError, match="closed the connection") as caught:
        await client.vacation_response.get()
    assert "unknown" == caught.value.outcome
    assert {"n": 1} == await client.core.echo({"n": 1})


async def test_t33_lost_write_is_not_repeated(client: Client) -> None:
    """A write whose answer is lost is told as such, and is sent once."""
    with pytest.raises(TransportError) as caught:
        await client.vacation_response.set(update={"singleton": {"isEnabled": False}})
    assert "unknown" == caught.value.outcome
    assert (1, 0) == (client.stats.posts, client.stats.retries)


async def test_reads_that_shared_the_post_are_read_again(client: Client) -> None:
    """Whoever did not cause the death of the server gets an answer all the same."""
    [email_id] = await create(client, "Hello")
    lost, *answers = await asyncio.gather(
        client.vacation_response.get(),
        client.email.get(email_id, properties=["subject"]),
        client.mailbox.get(),
        client.core.echo({"n": 1}),
        return_exceptions=True,
    )
    assert isinstance(lost, TransportError)
    assert [] == [answer for answer in answers if isinstance(answer, BaseException)]


async def test_writes_that_shared_the_post_are_told_that_nobody_knows(client: Client) -> None:
    """A write beside a call that the server dies of may have been made, as its error says."""
    [before, after] = await create(client, "one", "two")
    made, _, lost = await asyncio.gather(
        client.email.set(update={before: {"keywords/$seen": True}}),
        client.vacation_response.get(),
        client.email.set(update={after: {"keywords/$seen": True}}),
        return_exceptions=True,
    )
    for error in (made, lost):
        assert isinstance(error, TransportError)
        assert "unknown" == error.outcome
    # Cyrus works in order: the first change was made, and the last one was not made later.
    assert {"$seen": True} == await keywords(client, before)
    assert {} == await keywords(client, after)


async def test_t101_write_with_a_state_is_repeated(client: Client) -> None:
    """A write that has a condition cannot be made twice: repeating it tells whether it was made."""
    [email_id] = await create(client, "Hello")
    state = (await client.email.get([])).state
    made, _ = await asyncio.gather(
        client.email.set(update={email_id: {"keywords/$seen": True}}, if_in_state=state),
        client.vacation_response.get(),
        return_exceptions=True,
    )
    assert isinstance(made, StateMismatch)
    assert {"$seen": True} == await keywords(client, email_id)


async def test_t29_answer_that_is_no_jmap_is_an_error_of_unknown_outcome(client: Client) -> None:
    """Cyrus answers some nonsense with status 500 and a page of HTML, or even dies of it."""
    [email_id] = await create(client, "Hello")
    with pytest.raises(TransportError, match=r"500|closed the connection") as caught:
        await client.call("Email/set", {"update": {email_id: {"keywords": "nonsense"}}})
    assert "unknown" == caught.value.outcome
    assert not isinstance(caught.value, HTTPError) or 500 == caught.value.status
    assert {"n": 1} == await client.core.echo({"n": 1})
