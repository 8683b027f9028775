"""Tests of what would be sent."""

import pytest

from jmap_async import Client, LocalProtocolError, UnsupportedCapability, connect
from jmap_async.testing import Limits, MemoryServer

CORE = "urn:ietf:params:jmap:core"
MAIL = "urn:ietf:params:jmap:mail"


async def test_a_chain_is_one_request(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """The plan is what is sent when the calls are awaited, and explaining sends nothing."""
    query = jmap_client.email.query({"inMailbox": "P1"}, limit=3)
    emails = jmap_client.email.get(query.ids, properties=["threadId"])
    threads = jmap_client.thread.get(emails.ref("/list/*/threadId"))
    (planned,) = jmap_client.explain(query, emails, threads)
    assert [] == jmap_server.requests
    assert ["Email/query", "Email/get", "Thread/get"] == [call[0] for call in planned.method_calls]
    assert [CORE, MAIL] == planned.using
    await threads
    (sent,) = jmap_server.requests
    assert {"using": planned.using, "methodCalls": planned.method_calls} == sent


async def test_what_a_later_request_needs_is_told_in_words(jmap_server: MemoryServer) -> None:
    """Where limits cut a chain, the plan says whose answer goes there."""
    jmap_server.limits = Limits(max_calls_in_request=1)
    async with connect(jmap_server.session_url, auth=jmap_server.token) as client:
        query = client.email.query()
        first, second = client.explain(query, client.email.get(query.ids))
    assert "Email/query" == first.method_calls[0][0]
    assert "/ids" in second.method_calls[0][1]["ids"]


def test_what_could_not_be_sent_is_refused(jmap_client: Client) -> None:
    """The error is the one that awaiting the call would give."""
    with pytest.raises(UnsupportedCapability):
        jmap_client.explain(jmap_client.call("Quota/get", using=["urn:ietf:params:jmap:quota"]))
    with pytest.raises(LocalProtocolError, match="Email/get"):
        jmap_client.explain(jmap_client.email.get(["not an id"]))
