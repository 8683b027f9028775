"""Mailboxes."""

import orjson
import pytest

from jmap_async import Client
from jmap_async.capabilities.mail.mailbox import (
    Mailbox,
    MailboxFilter,
    MailboxGet,
    MailboxQuery,
    MailboxSet,
)
from jmap_async.errors import UnsupportedCapability
from jmap_async.protocol.codec.converter import encode, unstructure

SHARE = {"urn:ietf:params:jmap:mail:share"}


def test_t62_null_is_a_condition() -> None:
    """No parent and no role are asked for with null."""
    filter = MailboxFilter(parent_id=None, role=None)
    assert {"parentId": None, "role": None} == orjson.loads(encode(filter))


def test_t96_trees() -> None:
    """Only the query takes the arguments that speak of trees."""
    arguments = MailboxQuery(sort="name", sort_as_tree=True, filter_as_tree=True)
    expected = {"sortAsTree": True, "filterAsTree": True, "sort": [{"property": "name"}]}
    assert expected == orjson.loads(encode(arguments))


def test_t137_destroying_with_emails() -> None:
    """Destroying Emails with the mailbox has to be asked for."""
    arguments = MailboxSet(destroy="MB1", on_destroy_remove_emails=True)
    assert {"destroy": ["MB1"], "onDestroyRemoveEmails": True} == unstructure(arguments)


def test_sharing_needs_its_capability() -> None:
    """The property that shares a mailbox belongs to another capability."""
    assert SHARE == set(MailboxGet(properties=["id", "shareWith"]).needs())
    assert SHARE == set(MailboxSet(update={"MB1": {"shareWith/P1": None}}).needs())
    assert set() == set(MailboxSet(create={"k": Mailbox(name="x")}).needs())


async def test_t67_sharing_is_not_asked_of_a_server_without_it(client: Client) -> None:
    """A capability that is missing is told before anything is sent."""
    with pytest.raises(UnsupportedCapability, match="mail:share"):
        await client.mailbox.get(properties=["shareWith"])


async def test_a_mailbox_in_one_that_is_being_created(client: Client) -> None:
    """A parent may be given by reference; both are created in one request."""
    outer = client.mailbox.set(create={"a": Mailbox(name="Work", parent_id=None)})
    inner = client.mailbox.set(create={"b": Mailbox(name="2026", parent_id=outer.created_id("a"))})
    made = await inner
    outer_id = (await outer).created["a"].id
    assert outer_id == (await client.mailbox.get(made.created["b"].id)).list[0].parent_id
    assert 2 == client.stats.posts
