"""The counters say exactly what was asked for and what was sent."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import attrs
import orjson

from jmap_async import Again, Client, connect
from jmap_async.testing import Limits, MemoryServer
from tests.serving import AT_ONCE, Answers, problem, unavailable


async def test_a_new_client_has_done_nothing(jmap_client: Client) -> None:
    """Fetching the session is not counted."""
    assert {0} == {*_totals(jmap_client)}


def _totals(client: Client) -> Iterator[int]:
    """Yield the counters, of those by reason the sum."""
    for value in attrs.asdict(client.stats, recurse=False).values():
        yield value.total() if isinstance(value, Counter) else value


async def test_what_was_asked_and_what_was_sent(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Calls that share an invocation, ids that several callers want, and what is referred to."""
    get = jmap_client.email.get
    query = jmap_client.email.query()
    await asyncio.gather(get(["M1", "M2"]), get(["M2", "M3"]), get(query.ids), get(["M4"]).alone())
    stats = jmap_client.stats
    assert (5, 4, 1) == (stats.calls, stats.invocations, stats.posts)
    assert (5, 4) == (stats.ids_asked, stats.ids_sent)
    assert 0 == stats.retries
    assert 4 == jmap_server.invocations


async def test_octets_are_those_of_the_bodies(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Out and in, before compression."""
    jmap_server.on_response = lambda response: {**response, "filler": "x" * 1000}
    answer = {"methodResponses": [["Core/echo", {"a": "ü"}, "c0"]], "filler": "x" * 1000}
    answer["sessionState"] = jmap_client.session.state
    await jmap_client.core.echo({"a": "ü"})
    (request,) = jmap_server.requests
    assert len(orjson.dumps(request)) == jmap_client.stats.bytes_out
    assert len(orjson.dumps(answer)) == jmap_client.stats.bytes_in


async def test_a_call_counts_once(jmap_client: Client) -> None:
    """However often it is awaited, and by however many tasks."""
    call = jmap_client.core.echo()
    await asyncio.gather(asyncio.create_task(call), asyncio.create_task(call))
    await call
    assert (1, 1) == (jmap_client.stats.calls, jmap_client.stats.posts)


async def test_repeats_are_counted(jmap_server: MemoryServer) -> None:
    """Each request that is sent again, whatever the reason."""
    refused = problem(type="urn:ietf:params:jmap:error:notRequest")
    jmap_server.on_request = Answers(unavailable, unavailable, refused)
    async with connect(jmap_server.session_url, auth=jmap_server.token, retry=AT_ONCE) as client:
        await asyncio.gather(*(client.core.echo({"n": number}) for number in range(4)))
        # Twice the whole; refused once, and then sent in two halves.
        assert 5 == client.stats.posts
        assert 3 == client.stats.retries
        assert 4 * 3 + 2 + 2 == client.stats.invocations
        assert {Again.BUSY: 2, Again.HALVED: 1} == client.stats.replays
        assert 4 == client.stats.calls


class Expiring:
    """A token that is out of date at first."""

    def __init__(self, token: str) -> None:
        self.token, self.good = "old", token

    async def authorization(self) -> str:
        """Return it."""
        return f"Bearer {self.token}"

    async def refresh(self, rejected: str) -> bool:
        """Get the good one."""
        self.token = self.good
        return True


async def test_what_went_again_with_another_credential_is_counted(
    jmap_server: MemoryServer,
) -> None:
    """It is a reason like others, though nobody plans anew for it."""
    auth = Expiring(jmap_server.token)
    auth.token = jmap_server.token
    async with connect(jmap_server.session_url, auth=auth) as client:
        auth.token = "old"
        await asyncio.gather(client.core.echo({"n": 1}), client.core.echo({"n": 2}))
        assert {Again.CREDENTIAL_REFRESHED: 1} == client.stats.replays
        assert (1, 0) == (client.stats.posts, client.stats.retries)


async def test_each_reason_counts_where_a_request_has_several(jmap_server: MemoryServer) -> None:
    """The credential is refreshed, and then the server is busy: it goes again twice."""
    auth = Expiring(jmap_server.token)
    auth.token = jmap_server.token
    async with connect(jmap_server.session_url, auth=auth, retry=AT_ONCE) as client:
        auth.token, jmap_server.on_request = "old", Answers(unavailable)
        await client.core.echo()
        assert {Again.CREDENTIAL_REFRESHED: 1, Again.BUSY: 1} == client.stats.replays


async def test_ids_of_batches_and_parts_count(jmap_server: MemoryServer) -> None:
    """Nothing is merged in a batch; a read in parts sends each id once."""
    jmap_server.limits = Limits(max_objects_in_get=2)
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        async with client.batch() as batch:
            _ = batch.email.get(["M1"]), batch.email.get(["M1", "M2"]), batch.mailbox.get()
        assert (3, 3, 1) == (client.stats.ids_asked, client.stats.ids_sent, client.stats.posts)
        await client.email.get(["M1", "M2", "M3"])
        assert (6, 6, 2) == (client.stats.ids_asked, client.stats.ids_sent, client.stats.posts)
        assert 5 == client.stats.invocations


async def test_what_never_left_is_no_request(jmap_server: MemoryServer) -> None:
    """A call that was refused here is none; one that was cancelled in the queue was asked for."""
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        await asyncio.gather(client.account("nobody").email.get(["M1"]), return_exceptions=True)
        assert {0} == {*_totals(client)}
