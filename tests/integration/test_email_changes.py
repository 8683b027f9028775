"""Following Emails of a Cyrus server from state to state (RFC 8621, 4.3)."""

import pytest

from jmap_async.client import Client
from jmap_async.errors import InvalidArguments, LocalProtocolError

from .mail import counting, create


async def test_nothing_has_changed(client: Client) -> None:
    """From the current state there is nothing to report."""
    state = (await client.email.get([])).state
    changes = await client.email.changes(state)
    assert (state, state, False) == (changes.old_state, changes.new_state, changes.has_more_changes)
    assert ([], [], []) == (changes.created, changes.updated, changes.destroyed)


async def test_created_updated_and_destroyed_emails_are_told(client: Client) -> None:
    """Each kind of change is reported once, from state to state."""
    start = (await client.email.get([])).state
    new, other = await create(client, "one", "two")
    created = await client.email.changes(start)
    assert {new, other} == set(created.created)
    await client.email.set(update={new: {"keywords/$seen": True}}, destroy=[other])
    later = await client.email.changes(created.new_state)
    assert ([], [new], [other]) == (later.created, later.updated, later.destroyed)


async def test_t71_changes_come_in_pages(client: Client) -> None:
    """With `max_changes` the changes come in parts until `has_more_changes` is false."""
    state = (await client.email.get([])).state
    ids = await create(client, *"abcde")
    seen: list[str] = []
    more = True
    while more:
        page = await client.email.changes(state, max_changes=2)
        assert len(page.created) <= 2
        assert page.new_state != state
        seen += page.created
        state, more = page.new_state, page.has_more_changes
    assert sorted(ids) == sorted(seen)


async def test_changed_emails_are_fetched_in_the_same_post(client: Client) -> None:
    """Two gets that refer to what was created and updated make one POST with the changes."""
    [old] = await create(client, "old")
    state = (await client.email.get([])).state
    [new] = await create(client, "new")
    await client.email.set(update={old: {"keywords/$seen": True}})
    changes = client.email.changes(state)
    created = client.email.get(changes.created, properties=["subject"])
    updated = client.email.get(changes.updated, properties=["keywords"])
    with counting(client) as sent:
        assert [(new, "new")] == [(one.id, one.subject) for one in (await created).list]
        assert [(old, {"$seen": True})] == [(one.id, one.keywords) for one in (await updated).list]
    assert 2 == sent.posts  # each await had to answer before the next one began


async def test_t73_zero_changes_are_not_asked_for(client: Client) -> None:
    """A `max_changes` of zero is refused before anything is sent."""
    with counting(client) as sent, pytest.raises(LocalProtocolError, match="max_changes"):
        await client.email.changes("0", max_changes=0)
    assert 0 == sent.posts


async def test_t68_state_that_cyrus_never_gave(client: Client) -> None:
    """Cyrus calls a state that is none of its own an invalid argument."""
    with pytest.raises(InvalidArguments, match="sinceState"):
        await client.email.changes("nonsense")
