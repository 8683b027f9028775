"""Mailboxes of a Cyrus server (RFC 8621, 2)."""

import pytest

from jmap_async.capabilities.mail.mailbox import Mailbox, MailboxFilter
from jmap_async.client import Client
from jmap_async.errors import NotFound, PropertyNotFetched, SetFailed

from .letter import letter
from .mail import counting, mailbox_id, put


async def create(client: Client, name: str, **properties: object) -> str:
    """Create a mailbox and return its id."""
    done = await client.mailbox.set(create={"new": {"name": name, **properties}})
    done.raise_for_errors()
    return done.created["new"].id


async def names(client: Client) -> dict[str, str]:
    """Return the ids of all mailboxes by their names."""
    return {one.name: one.id for one in (await client.mailbox.get()).list}


async def test_all_mailboxes_are_fetched_without_ids(client: Client) -> None:
    """Without ids all mailboxes come, with their counts and rights."""
    await put(client, letter())
    answer = await client.mailbox.get()
    assert 6 == len(answer.list)
    [inbox] = [one for one in answer.list if one.role == "inbox"]
    assert (1, 1, 1, 1) == (
        inbox.total_emails,
        inbox.unread_emails,
        inbox.total_threads,
        inbox.unread_threads,
    )
    assert inbox.parent_id is None
    assert inbox.my_rights.may_add_items
    assert not inbox.my_rights.may_delete


async def test_t66_property_that_was_not_asked_for_is_absent(client: Client) -> None:
    """Only the id and what was asked for is there; the rest says that it was not fetched."""
    [inbox] = (await client.mailbox.get(await mailbox_id(client), properties=["name"])).list
    assert {"id", "name"} == set(inbox.to_wire())
    with pytest.raises(PropertyNotFetched, match="role"):
        _ = inbox.role


async def test_t13_unknown_rights_stay_readable(client: Client) -> None:
    """A right that only Cyrus knows is kept under its wire name."""
    inbox = await client.mailbox.by_role("inbox")
    assert True is inbox.my_rights["mayAdmin"]


async def test_t113_mailbox_is_found_by_its_role(client: Client) -> None:
    """A role finds its mailbox; one that nobody has is an error that lists those there are."""
    assert "Drafts" == (await client.mailbox.by_role("drafts")).name
    with pytest.raises(NotFound, match=r"'flagged'.* archive, drafts, inbox, junk, sent, trash"):
        await client.mailbox.by_role("flagged")


async def test_mailbox_is_created_renamed_and_destroyed(client: Client) -> None:
    """A mailbox lives as it should; Cyrus reports fewer properties of a new one than the RFC."""
    box = await create(client, "Work")
    assert box == (await names(client))["Work"]
    (await client.mailbox.set(update={box: {"name": "Arbeit ü"}})).raise_for_errors()
    assert box == (await names(client))["Arbeit ü"]
    assert [box] == (await client.mailbox.set(destroy=box)).destroyed
    assert [box] == (await client.mailbox.get(box)).not_found


async def test_t99_server_set_properties_of_a_new_mailbox(client: Client) -> None:
    """`created` has what was not sent: Cyrus gives the id and a sort order, but no rights."""
    done = await client.mailbox.set(create={"new": Mailbox(name="Work")})
    new = done.created["new"]
    assert 10 == new.sort_order
    assert not hasattr(new, "my_rights")
    assert not hasattr(new, "name")


async def test_t57_parent_may_be_created_in_the_same_call(client: Client) -> None:
    """A child refers to a parent that is created beside it, by creation id."""
    done = await client.mailbox.set(
        create={
            "child": Mailbox(name="Child", parent_id="#parent"),
            "parent": Mailbox(name="Parent"),
        }
    )
    done.raise_for_errors()
    [child] = (await client.mailbox.get(done.created["child"].id)).list
    assert done.created["parent"].id == child.parent_id


async def test_t54_parent_may_be_created_by_an_earlier_call(client: Client) -> None:
    """A child refers to a parent of another call, and both go in one POST."""
    first = client.mailbox.set(create={"box": Mailbox(name="Parent")})
    second = client.mailbox.set(
        create={"box": Mailbox(name="Child", parent_id=first.created_id("box"))}
    )
    with counting(client) as sent:
        child = (await second).created["box"].id
    assert (1, 2) == (sent.posts, sent.invocations)
    [mailbox] = (await client.mailbox.get(child)).list
    assert (await first).created["box"].id == mailbox.parent_id


async def test_t59_parent_that_exists_by_now_is_referred_to_by_its_id(client: Client) -> None:
    """A reference to a creation that was answered before becomes the id in a later POST."""
    first = client.mailbox.set(create={"box": Mailbox(name="Parent")})
    parent = (await first).created["box"].id
    done = await client.mailbox.set(
        create={"new": Mailbox(name="Child", parent_id=first.created_id("box"))}
    )
    [child] = (await client.mailbox.get(done.created["new"].id)).list
    assert parent == child.parent_id


async def test_t97_refused_objects_are_reported_one_by_one(client: Client) -> None:
    """What is wrong in one object leaves the others alone, and is told under its key."""
    done = await client.mailbox.set(
        create={"good": Mailbox(name="Work"), "bad": Mailbox(name="Inbox")},
        update={"nothing": {"name": "Nowhere"}},
        destroy=["nobody"],
    )
    assert ["good"] == list(done.created)
    assert ["name"] == done.not_created["bad"].properties
    assert "notFound" == done.not_updated["nothing"].type
    assert "notFound" == done.not_destroyed["nobody"].type
    with pytest.raises(SetFailed) as caught:
        done.raise_for_errors()
    assert {"bad", "nothing", "nobody"} == set(caught.value.errors)


async def test_t137_mailbox_with_a_child_is_not_destroyed(client: Client) -> None:
    """A mailbox that has children stays, also when its Emails may be removed."""
    parent = await create(client, "Parent")
    child = await create(client, "Child", parentId=parent)
    refused = await client.mailbox.set(destroy=parent, on_destroy_remove_emails=True)
    assert "mailboxHasChild" == refused.not_destroyed[parent].type
    (await client.mailbox.set(destroy=[child])).raise_for_errors()
    (await client.mailbox.set(destroy=[parent])).raise_for_errors()


async def test_mailbox_with_mail_is_destroyed_only_on_demand(client: Client) -> None:
    """Emails keep their mailbox alive unless `on_destroy_remove_emails` is given."""
    box = await create(client, "Work")
    [email] = await put(client, letter())
    await client.email.set(update={email.id: {"mailboxIds": {box: True}}})
    refused = await client.mailbox.set(destroy=box)
    assert "mailboxHasEmail" == refused.not_destroyed[box].type
    done = await client.mailbox.set(destroy=box, on_destroy_remove_emails=True)
    assert [box] == done.destroyed
    assert [email.id] == (await client.email.get(email.id)).not_found


async def test_changes_follow_what_happens_to_mailboxes(client: Client) -> None:
    """Created, renamed and destroyed mailboxes are reported from state to state."""
    start = (await client.mailbox.get([])).state
    box = await create(client, "Work")
    created = await client.mailbox.changes(start)
    assert ([box], []) == (created.created, created.destroyed)
    await client.mailbox.set(update={box: {"name": "Play"}})
    renamed = await client.mailbox.changes(created.new_state)
    assert [box] == renamed.updated
    await client.mailbox.set(destroy=box)
    assert [box] == (await client.mailbox.changes(renamed.new_state)).destroyed


async def test_t52_updated_properties_narrow_the_next_get(client: Client) -> None:
    """After new mail only the counts changed, and a get that refers to them fetches no more."""
    start = (await client.mailbox.get([])).state
    await put(client, letter())
    changes = client.mailbox.changes(start)
    fresh = client.mailbox.get(changes.updated, properties=changes.updated_properties)
    with counting(client) as sent:
        [inbox] = (await fresh).list
    assert 1 == sent.posts
    assert "totalEmails" in ((await changes).updated_properties or [])
    assert 1 == inbox.total_emails
    assert not hasattr(inbox, "name")


async def test_mailboxes_are_found_and_sorted(client: Client) -> None:
    """A query filters by role and name and sorts in both directions."""
    known = await names(client)
    found = await client.mailbox.query(MailboxFilter(has_any_role=True), sort="-name")
    descending = [known[name] for name in sorted(known, reverse=True)]
    assert descending == found.ids
    found = await client.mailbox.query(MailboxFilter(name="en"))
    assert [known["Sent"]] == found.ids
    either = MailboxFilter(role="junk") | MailboxFilter(role="trash")
    found = await client.mailbox.query(either, sort=["name"])
    assert [known["Junk"], known["Trash"]] == found.ids


async def test_t62_null_in_a_filter_is_a_condition(client: Client) -> None:
    """`role=None` finds the mailboxes that have no role, `parent_id=None` those at the top."""
    parent = await create(client, "Parent")
    child = await create(client, "Child", parentId=parent)
    without_role = await client.mailbox.query(MailboxFilter(role=None))
    assert {parent, child} == set(without_role.ids)
    at_the_top = await client.mailbox.query(MailboxFilter(parent_id=None))
    assert child not in at_the_top.ids
    assert parent in at_the_top.ids


async def test_mailboxes_are_sorted_as_a_tree(client: Client) -> None:
    """Children come behind their parent when the tree is asked for."""
    parent = await create(client, "Parent")
    child = await create(client, "AChild", parentId=parent)
    await create(client, "Quiet")
    found = await client.mailbox.query(sort="name", sort_as_tree=True)
    assert found.ids.index(parent) + 1 == found.ids.index(child)


async def test_query_changes_can_be_decoded(client: Client) -> None:
    """Mailbox/queryChanges tells a new mailbox; Cyrus may report entries that did not change."""
    found = await client.mailbox.query()
    box = await create(client, "Work")
    delta = await client.mailbox.query_changes(found.query_state)
    assert found.query_state == delta.old_query_state
    assert box in [one.id for one in delta.added]
