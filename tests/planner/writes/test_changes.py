"""Pieces of writes: how they come apart, and what they mention."""

from hypothesis import given, strategies as st

from jmap_async.planner.base.request import Request
from jmap_async.planner.writes.changes import CREATE, DESTROY, UPDATE, Change, Writer, changes_of
from jmap_async.protocol.session import CoreCapability
from tests.planner.desk import Desk

ids = st.lists(st.from_regex(r"[A-Za-z0-9]+", fullmatch=True), unique=True)


def changes(desk: Desk, **arguments: object) -> list[Change]:
    """Return what a write of emails changes."""
    return changes_of(Writer(desk.ask("Email/set", arguments)))


@given(ids, ids)
def test_changes_that_come_apart_say_the_same(updated: list[str], destroyed: list[str]) -> None:
    """Object by object, in order."""
    update = {one: {"keywords/a": True} for one in updated}
    for whole in changes(Desk(), update=update, destroy=destroyed):
        parts = list(whole.apart())
        assert whole.keys == [key for one in parts for key in one.keys]
        assert whole.body == b",".join(one.body for one in parts)


def test_changes_stand_in_the_order_of_the_server() -> None:
    """Creates, one at a time, then updates, then destroys (RFC 8620, 5.3)."""
    found = changes(
        Desk(), destroy=["M3", "M3"], update={"M1": {}, "M2": {}}, create={"k": {}, "l": {}}
    )
    assert [
        (CREATE, ["k"]),
        (CREATE, ["l"]),
        (UPDATE, ["M1", "M2"]),
        (DESTROY, ["M3"]),
    ] == [(one.phase, one.keys) for one in found]


def test_creations_are_named_without_a_search() -> None:
    """However many callers use the same name, each gets one that nobody has in the request."""
    desk, names = Desk(), {"k-7"}
    request = Request(CoreCapability())
    found = [changes(desk, create={"k": {}})[0] for _ in range(10)]
    pieces = [one.bind(request, names) for one in found]
    assert 10 == len({one.name for one in found})
    assert "k-7" not in {one.name for one in found}
    assert b'"k":{}' == (pieces[0] or [(0, b"")])[0][1]
