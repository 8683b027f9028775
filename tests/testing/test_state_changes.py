"""Tests of the states that are pushed."""

from jmap_async.testing import MemoryServer
from jmap_async.testing.registry import METHODS
from jmap_async.testing.state_changes import changed, states_of
from jmap_async.testing.types import CORE


def test_new_accounts_are_news() -> None:
    """Whatever is in them; accounts without news are left out."""
    before, after = (
        {"A": {"Email": "1"}},
        {"A": {"Email": "1"}, "B": {"Email": "1", "Mailbox": "2"}},
    )
    assert {"B": {"Email": "1", "Mailbox": "2"}} == changed(before, after, None)
    assert {"B": {"Email": "1"}} == changed(before, after, frozenset({"Email"}))


def test_every_type_with_a_state_is_pushed() -> None:
    """And EmailDelivery, which has no methods; an account tells of the types that it has."""
    server = MemoryServer()
    server.add_account("bare", capabilities=[CORE])
    types = {name.partition("/")[0] for name, known in METHODS.items() if known.takes_account}
    without_state = {"Core", "Blob", "SearchSnippet"}
    states = states_of(server.world)
    assert types - without_state | {"EmailDelivery"} == set(states["A1"])
    assert {} == states["bare"]
