"""Pieces of writes: how they come apart, what they mention, and who is to blame for them."""

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import InvalidArguments
from jmap_async.planner.changes import CREATE, DESTROY, UPDATE, Change, Writer, changes_of, divided
from jmap_async.planner.request import Request
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


# Who is to blame


def part(count: int) -> list[Change]:
    """Return the updates of many callers, each of an object and a keyword of its own."""
    desk = Desk()
    updates = [{f"N{i}": {f"keywords/word{i}": True}} for i in range(count)]
    return [one for update in updates for one in changes(desk, update=update)]


def groups(pieces: list[Change], **error: object) -> list[list[str]]:
    """Return the keys of the parts that a refused write is divided into."""
    refusal = InvalidArguments(arguments={"type": "invalidArguments", **error})
    return [[key for one in some for key in one.keys] for some in divided(pieces, refusal)]


@given(st.integers(1, 100))
def test_a_refused_write_is_divided_into_sixteen(count: int) -> None:
    """In order, each caller in one part."""
    found = groups(part(count))
    assert len(found) <= 16
    assert [f"N{i}" for i in range(count)] == [key for some in found for key in some]
    assert count < 2 or len(found) > 1


@pytest.mark.parametrize(
    "error",
    [
        {"description": "N3: no such thing"},
        {"arguments": ["update/N3/keywords"]},
        {"properties": ["keywords/word3"]},
    ],
)
def test_whoever_is_named_is_alone(error: dict[str, object]) -> None:
    """What stands before and behind it stays together."""
    expected = [["N0", "N1", "N2"], ["N3"], ["N4", "N5", "N6", "N7", "N8", "N9"]]
    assert expected == groups(part(10), **error)


def test_what_several_have_said_names_nobody() -> None:
    """So does an error that names everybody."""
    many = part(40)
    assert 14 == len(groups(many, description="keywords: wrong"))
    assert 14 == len(groups(many, arguments=[f"N{i}" for i in range(40)]))


def test_a_change_is_known_by_the_words_of_its_paths() -> None:
    """Not by those of its values, which may be long."""
    desk = Desk()
    (made,) = changes(desk, create={"k": {"subject": "secret", "header:X-A:asText": "b"}})
    assert {"k", "subject", "header", "X-A", "asText"} == made.words
    (gone,) = changes(desk, destroy=["M1"])
    assert {"M1"} == gone.words
    assert {"M1": {}} == orjson.loads(b"{%b}" % changes(desk, update={"M1": {}})[0].body)
