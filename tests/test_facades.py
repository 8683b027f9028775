"""Tests of the facades of a client and of its accounts."""

import asyncio

import pytest

from jmap_async import Client, NoAccount, SetFailed
from jmap_async.testing import MemoryServer

MAIL = "urn:ietf:params:jmap:mail"


def test_shortcuts_lead_into_the_capabilities(jmap_client: Client) -> None:
    """A data type is the same object by whichever way it is reached, each time."""
    assert jmap_client.email is jmap_client.mail.email is jmap_client.mail.email
    assert jmap_client.mailbox is jmap_client.mail.mailbox
    assert jmap_client.thread is jmap_client.mail.thread
    assert jmap_client.search_snippet is jmap_client.mail.search_snippet
    assert jmap_client.identity is jmap_client.submission.identity
    assert jmap_client.email_submission is jmap_client.submission.email_submission
    assert jmap_client.email.get is jmap_client.email.get
    assert jmap_client.account("A1").email is jmap_client.account("A1").mail.email


async def test_another_account(jmap_server: MemoryServer, jmap_client: Client) -> None:
    """The facades of an account send its id, and those of the client the primary one."""
    jmap_server.add_account("A2")
    await jmap_client.refresh_session()
    assert "A2" == (await jmap_client.account("A2").mailbox.get()).account_id
    assert "A1" == (await jmap_client.mailbox.get()).account_id


async def test_t8_no_primary_account_is_no_reason_to_take_another(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """Without a primary account the caller has to name one."""
    jmap_server.add_account("A2")
    del jmap_server.world.primary_accounts[MAIL]
    await jmap_client.refresh_session()
    with pytest.raises(NoAccount, match=r"Email/get.*A1, A2"):
        await jmap_client.email.get(["M1"])


async def test_any_method_by_name(jmap_client: Client) -> None:
    """Known methods need neither capability nor account; unknown ones say what they use."""
    found = await jmap_client.call("Mailbox/get", {"ids": None})
    assert "A1" == found["accountId"]
    assert {"a": 1} == await jmap_client.call("Core/echo", {"a": 1})
    query = jmap_client.call("Email/query", {"limit": 1}, using=[MAIL])
    assert [] == (await jmap_client.call("Email/get", {"ids": query.ref("/ids")}))["list"]
    assert 3 == jmap_client.stats.posts


async def test_calls_by_name_merge_with_typed_ones(
    jmap_server: MemoryServer, jmap_client: Client
) -> None:
    """How a call was made does not matter to the planner."""
    first, second = jmap_server.add_email(), jmap_server.add_email()
    raw, typed = await asyncio.gather(
        jmap_client.call("Email/get", {"ids": [first], "properties": ["subject"]}),
        jmap_client.email.get([second], properties=["subject"]),
    )
    assert [{"id": first, "subject": "Hello"}] == raw["list"]
    assert second == typed.list[0].id
    assert 1 == jmap_client.stats.invocations


async def test_a_refusal_names_its_object(jmap_client: Client) -> None:
    """`raise_for_errors` holds the SetErrors by the caller's own keys."""
    answer = await jmap_client.mailbox.set(create={"k": {"name": ""}})
    with pytest.raises(SetFailed) as failed:
        answer.raise_for_errors()
    assert ["k"] == list(failed.value.errors)
