"""The verbs of every data type."""

import asyncio
import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from jmap_async import Client, verbs
from jmap_async.capabilities.core.push_subscription import PushSubscription
from jmap_async.capabilities.mail.mailbox import Mailbox, MailboxFilter
from jmap_async.errors import MethodError, NotFound
from jmap_async.protocol.standard import GetResponse
from jmap_async.testing.server import MemoryServer
from jmap_async.verbs.reading import GetVerbs, QueryVerbs


def _declared() -> Iterator[tuple[Any, Any, tuple[Any, ...]]]:
    """Yield the data types that have verbs: the class, which verbs, and for what they are."""
    for module in pkgutil.iter_modules(verbs.__path__, f"{verbs.__name__}."):
        for kind in vars(importlib.import_module(module.name)).values():
            if isinstance(kind, type) and kind.__module__ == module.name:
                for base in getattr(kind, "__orig_bases__", ()):
                    if get_origin(base) in {GetVerbs, QueryVerbs} and kind is not QueryVerbs:
                        yield kind, get_origin(base), get_args(base)


@pytest.mark.parametrize(("kind", "given", "parameters"), [*_declared()])
def test_verbs_are_for_what_the_table_says(
    kind: Any,  # noqa: ANN401 - a data type with any methods
    given: type,
    parameters: tuple[Any, ...],
) -> None:
    """Type checkers take the objects, names, filters and sort orders of a class at its word."""
    objects, names, *searched = parameters
    assert (GetResponse, (objects,)) == (get_origin(kind.get.response), get_args(kind.get.response))
    properties = get_args(get_type_hints(kind.get.arguments)["properties"])
    assert (Sequence, (names,)) in [(get_origin(one), get_args(one)) for one in properties]
    if given is QueryVerbs:
        filters, _ = searched
        [base] = kind.query.arguments.__orig_bases__
        assert (filters,) == get_args(base)


async def make(client: Client, server: MemoryServer) -> dict[str, str]:
    """See that there is an object of every data type, and return their ids."""
    email_id = server.add_email()
    sent = await client.email.send(to="bob@example.net", subject="Hi")
    push = PushSubscription(device_client_id="d", url="https://push.example.net/x")
    pushing = await client.push_subscription.set(create={"k": push})
    return {
        "email": email_id,
        "email_submission": sent.id,
        "identity": (await client.identity.get()).list[0].id,
        "mailbox": server.mailbox_id("inbox"),
        "masked_email": (await client.masked_email.create()).id,
        "push_subscription": pushing.created["k"].id,
        "thread": (await client.email.get(email_id)).list[0].thread_id,
        "vacation_response": "singleton",
    }


async def test_get_one_of_every_data_type(client: Client, server: MemoryServer) -> None:
    """It has what was asked for, the object is taken for its id, and the error names its type."""
    ids = await make(client, server)
    kinds = {kind for kind, _, _ in _declared()}
    assert kinds == {type(getattr(client, name)) for name in ids}
    for name, id in ids.items():
        methods = getattr(client, name)
        one = await methods.get_one(id, properties=["id"])
        assert (id, ["id"]) == (one.id, [*one.to_wire()])
        assert id == (await methods.get_one(one)).id
        place = "" if name == "push_subscription" else " in this account"
        with pytest.raises(NotFound, match=f"^there is no {type(one).__name__} 'nope'{place}$"):
            await methods.get_one("nope")


async def test_objects_read_one_by_one_share_a_request(
    client: Client, server: MemoryServer
) -> None:
    """Whatever their data types are."""
    ids = await make(client, server)
    posts = client.stats.posts
    await asyncio.gather(*(getattr(client, name).get_one(id) for name, id in ids.items()))
    assert posts + 1 == client.stats.posts


async def test_iter_of_every_data_type_with_queries(client: Client, server: MemoryServer) -> None:
    """Page by page all is found, in order, with the properties that were asked for."""
    kinds = {type(getattr(client, name)): name for name in await make(client, server)}
    for number in range(5):
        await client.mailbox.set(create={"k": Mailbox(name=f"{number}")})
        await client.email.send(to="bob@example.net", subject=f"{number}")
    searched = {kinds[kind]: kind for kind, given, _ in _declared() if given is QueryVerbs}
    assert {"email", "email_submission", "mailbox"} == set(searched)
    for name in searched:
        methods = getattr(client, name)
        ids = (await methods.query()).ids
        assert 6 <= len(ids)
        found = [one async for one in methods.iter(properties=["id"], page_size=2)]
        assert ids == [one.id for one in found]
        assert ["id"] == [*found[0].to_wire()]


async def test_iter_takes_filter_and_sort(client: Client) -> None:
    """They are those of the query."""
    found = client.mailbox.iter(MailboxFilter(has_any_role=True), sort="-name", page_size=2)
    names = [mailbox.name async for mailbox in found]
    assert sorted(names, reverse=True) == names
    with pytest.raises(MethodError, match="Mailbox/query"):
        await anext(client.mailbox.iter({"nonsense": 1}))
