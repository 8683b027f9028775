"""Who is to blame for a write that was refused."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import InvalidArguments
from jmap_async.planner.writes.changes import Change
from jmap_async.planner.writes.culprits import divided, words
from tests.planner.desk import Desk
from tests.planner.writes.test_changes import changes


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
    assert {"k", "subject", "header", "X-A", "asText"} == words(made)
    (gone,) = changes(desk, destroy=["M1"])
    assert {"M1"} == words(gone)
