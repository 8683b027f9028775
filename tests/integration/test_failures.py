"""A connection to Cyrus that is cut in the middle of a call, and an answer that is lost.

A proxy of the tests' own stands between client and server: before the server hears of a request,
after it carried the request out, or in the middle of the answer, the connection ends. What the
server did is then asked on a connection that nobody cuts.
"""

import asyncio
from collections.abc import AsyncIterator

import attrs
import pytest

import jmap_async
from jmap_async.capabilities.mail.mailbox import Mailbox
from jmap_async.client import Client
from jmap_async.errors import HTTPError, StateMismatch, TransportError
from jmap_async.retry import Retry
from tests.adversity.proxy import (
    Adversary,
    Exchange,
    Fault,
    cut_answer,
    cut_head,
    drop_after,
    drop_before,
    on,
    status,
)

from .cyrus import Cyrus, User
from .mail import create

ATTEMPTS = 2

cuts = pytest.mark.parametrize(
    ("cut", "is_carried_out"),
    [(drop_before, False), (drop_after, True), (cut_head, True), (cut_answer, True)],
    ids=["before", "after", "head", "answer"],
)


@attrs.frozen
class Line:
    """A client behind a proxy, and one (`direct`) that asks the server itself."""

    client: Client
    direct: Client
    proxy: Adversary

    async def names(self) -> list[str]:
        """Return the names of all mailboxes, as the server has them."""
        return [mailbox.name for mailbox in (await self.direct.mailbox.get()).list]

    async def keywords(self, email_id: str) -> dict[str, bool]:
        """Return the keywords of an Email, as the server has them."""
        [email] = (await self.direct.email.get(email_id, properties=["keywords"])).list
        return email.keywords


@pytest.fixture
async def line(cyrus: Cyrus, user: User) -> AsyncIterator[Line]:
    """Connect with a client that is quick to try again, through a proxy that cuts nothing yet."""
    retry = Retry(first_delay=0.01, attempts=ATTEMPTS)
    port = int(cyrus.host.rpartition(":")[2])
    async with (
        Adversary(port, seed=0, rate=0) as proxy,
        jmap_async.connect(f"{proxy.url}/jmap/", auth=user.auth, retry=retry) as client,
        jmap_async.connect(cyrus.session_url, auth=user.auth) as direct,
    ):
        yield Line(client, direct, proxy)


@cuts
async def test_lost_answer_is_a_transport_error_of_unknown_outcome(
    line: Line,
    cut: Fault,
    is_carried_out: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A call whose answer never comes ends with an error, and the client works on afterwards."""
    line.proxy.choose = on("Identity/get", cut)
    with pytest.raises(TransportError) as caught:
        await line.client.identity.get()
    assert "unknown" == caught.value.outcome
    assert 1 + ATTEMPTS == len(line.proxy.posts)
    assert len(line.proxy.requests) == (1 + ATTEMPTS) * is_carried_out
    assert {"n": 1} == await line.client.core.echo({"n": 1})


@cuts
async def test_a_read_that_was_lost_is_made_again(
    line: Line,
    cut: Fault,
    is_carried_out: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Whoever reads does not hear of a connection that was cut once."""
    line.proxy.choose = on("Mailbox/get", cut, times=1)
    found = await line.client.mailbox.get()
    assert await line.names() == [mailbox.name for mailbox in found.list]
    assert (2, 1 + is_carried_out) == (len(line.proxy.posts), len(line.proxy.requests))
    assert 1 == line.client.stats.retries


@cuts
async def test_t33_lost_write_is_not_repeated(
    line: Line,
    cut: Fault,
    is_carried_out: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A write whose answer is lost is told as such; it is sent once, and carried out at most so."""
    line.proxy.choose = on("Mailbox/set", cut)
    with pytest.raises(TransportError) as caught:
        await line.client.mailbox.set(create={"k": Mailbox(name="Projects")})
    assert "unknown" == caught.value.outcome
    assert (1, 0) == (line.client.stats.posts, line.client.stats.retries)
    assert is_carried_out == (await line.names()).count("Projects")


@cuts
async def test_reads_that_shared_the_post_are_read_again(
    line: Line,
    cut: Fault,
    is_carried_out: bool,  # noqa: FBT001, ARG001 - a parameter of the test
) -> None:
    """Whoever asked for something else gets an answer all the same."""
    [email_id] = await create(line.direct, "Hello")
    line.proxy.choose = on("Identity/get", cut)
    lost, *answers = await asyncio.gather(
        line.client.identity.get(),
        line.client.email.get(email_id, properties=["subject"]),
        line.client.mailbox.get(),
        line.client.core.echo({"n": 1}),
        return_exceptions=True,
    )
    assert isinstance(lost, TransportError)
    assert [] == [answer for answer in answers if isinstance(answer, BaseException)]


@cuts
async def test_writes_that_shared_the_post_are_told_that_nobody_knows(
    line: Line,
    cut: Fault,
    is_carried_out: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Writes beside a read may have been made, as their errors say, and are not made later."""
    [flagged] = await create(line.direct, "Hello")
    line.proxy.choose = on("Identity/get", cut)
    *lost, _ = await asyncio.gather(
        line.client.mailbox.set(create={"k": Mailbox(name="Projects")}),
        line.client.email.set(update={flagged: {"keywords/$flagged": True}}),
        line.client.identity.get(),
        return_exceptions=True,
    )
    for error in lost:
        assert isinstance(error, TransportError)
        assert "unknown" == error.outcome
    writes = [post for post in line.proxy.posts if "Mailbox/set" in str(post["methodCalls"])]
    assert 1 == len(writes)
    assert is_carried_out == (await line.names()).count("Projects")
    assert ({"$flagged": True} if is_carried_out else {}) == await line.keywords(flagged)


@cuts
async def test_t101_write_with_a_state_is_repeated(
    line: Line,
    cut: Fault,
    is_carried_out: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A write that has a condition cannot be made twice: repeating it tells whether it was made."""
    [email_id] = await create(line.direct, "Hello")
    state = (await line.client.email.get([])).state
    line.proxy.choose = on("Email/set", cut, times=1)
    [made] = await asyncio.gather(
        line.client.email.set(update={email_id: {"keywords/$seen": True}}, if_in_state=state),
        return_exceptions=True,
    )
    assert is_carried_out == isinstance(made, StateMismatch)
    assert is_carried_out == isinstance(made, BaseException)
    assert {"$seen": True} == await line.keywords(email_id)


async def page(exchange: Exchange) -> None:
    """Answer with a page of HTML although the server carried the request out."""
    await exchange.forward()
    await status(500, "<h1>Internal Server Error</h1>")(exchange)


async def test_t29_answer_that_is_no_jmap_is_an_error_of_unknown_outcome(line: Line) -> None:
    """A page of HTML with status 500 says nothing about what was done."""
    line.proxy.choose = on("Mailbox/set", page)
    with pytest.raises(HTTPError, match="500") as caught:
        await line.client.mailbox.set(create={"k": Mailbox(name="Projects")})
    assert ("unknown", 500) == (caught.value.outcome, caught.value.status)
    assert 1 == len(line.proxy.posts)
    assert 1 == (await line.names()).count("Projects")
    assert {"n": 1} == await line.client.core.echo({"n": 1})
