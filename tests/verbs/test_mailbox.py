"""The verbs of Mailbox."""

import pytest

from jmap_async import Client
from jmap_async.capabilities.mail.mailbox import Mailbox
from jmap_async.errors import NotFound, RemoteProtocolError
from jmap_async.testing import JSONObject
from jmap_async.testing.server import MemoryServer
from jmap_async.verbs.mailbox import by_role


async def test_t113_by_role(client: Client, server: MemoryServer) -> None:
    """A mailbox is found by its role, however it is called."""
    inbox = await client.mailbox.by_role("Inbox")
    assert server.mailbox_id("inbox") == inbox.id
    assert "inbox" == inbox.role


async def test_by_role_says_which_roles_there_are(client: Client) -> None:
    """No role is sure to be there."""
    with pytest.raises(NotFound, match=r"'templates'.*archive, drafts, inbox"):
        await client.mailbox.by_role("templates")


async def test_a_malformed_mailbox_costs_nobody_the_others(
    client: Client, server: MemoryServer
) -> None:
    """It has no role; where a role is not found then, the server is blamed."""

    def spoil(response: JSONObject) -> JSONObject:
        for _, arguments, _ in response["methodResponses"]:
            for row in arguments["list"]:
                if row["role"] == "trash":
                    row["role"] = ["trash"]
        return response

    server.on_response = spoil
    assert server.mailbox_id("inbox") == (await client.mailbox.by_role("inbox")).id
    trash = server.mailbox_id("trash")
    with pytest.raises(RemoteProtocolError, match=f"malformed Mailbox {trash!r}: role: expected"):
        await client.mailbox.by_role("trash")


def test_roles_may_be_missing() -> None:
    """Mailboxes without a role, and such whose role is not known, are not counted."""
    inbox = Mailbox(id="1", role="inbox")
    assert {"inbox": inbox} == by_role([Mailbox(id="2"), Mailbox(id="3", role=None), inbox])
