"""Creation ids: where they can stand, and that nothing else is taken for one."""

from typing import Any

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.planner.names.creations import (
    created,
    created_id,
    may_mention,
    mentioned,
    rename,
    restore,
    unique,
)

names = st.text("abk-", min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"create": {"a": {"parentId": "#b"}}}, {"b"}),
        ({"create": {"a": {"mailboxIds": {"#b": True, "M1": True}}}}, {"b"}),
        ({"create": {"a": {"emailId": "#b", "identityId": "#c"}}}, {"b", "c"}),
        ({"create": {"a": {"emailIds": ["#b", "x", "#c"]}}}, {"b", "c"}),
        ({"update": {"#b": {"name": "x"}}}, {"b"}),
        ({"update": {"M1": {"mailboxIds/#b": True}}}, {"b"}),
        ({"destroy": ["#b", "M1"]}, {"b"}),
        ({"onSuccessUpdateEmail": {"#b": {"mailboxIds/#c": True}}}, {"b", "c"}),
        ({"onSuccessDestroyEmail": ["#b"]}, {"b"}),
        ({"onSuccessActivateScript": "#b"}, {"b"}),
        ({"ids": ["#b"]}, {"b"}),
        ({"create": {"a": {"subject": "#b"}}}, set[str]()),
        ({"create": {"a": {"header:Message-Id": "#b"}}}, set[str]()),
        ({"create": {"a": {"bodyValues": {"1": {"value": "#b"}}}}}, set[str]()),
        ({"create": {"a": {"keywords": {"#b": True}}}}, set[str]()),
        ({"filter": {"subject": "#b"}}, set[str]()),
    ],
)
def test_t54_where_a_reference_may_stand(arguments: dict[str, Any], expected: set[str]) -> None:
    """Wherever an id is expected, and nowhere else: text is text."""
    assert expected == mentioned(arguments)


@pytest.mark.parametrize(
    ("method", "arguments", "expected"),
    [
        ("Email/set", {"create": {"a": {}, "b": {}}}, ("a", "b")),
        ("Email/import", {"emails": {"a": {}}}, ("a",)),
        ("MDN/send", {"send": {"a": {}}}, ("a",)),
        ("Email/set", {"create": None}, ()),
        ("Email/get", {"ids": []}, ()),
    ],
)
def test_what_a_call_creates(
    method: str, arguments: dict[str, Any], expected: tuple[str, ...]
) -> None:
    """The argument that holds it differs by method."""
    assert expected == created(method, arguments)


@given(st.lists(names, unique=True), st.sets(names))
def test_t55_chosen_names_are_unique_in_the_request(new: list[str], taken: set[str]) -> None:
    """No name is given twice, and one that is free is kept."""
    before = set(taken)
    chosen = unique(new, taken)
    assert len(new) == len(set(chosen.values()))
    assert before.isdisjoint(chosen.values())
    assert before | set(chosen.values()) == taken
    # Only a name chosen a moment ago for another creation can be in the way of a free one.
    given_away = {wire for name, wire in chosen.items() if wire != name}
    assert all(name == wire or name in before | given_away for name, wire in chosen.items())


def test_t56_a_long_name_stays_within_the_length_of_an_id() -> None:
    """An id has at most 255 characters."""
    taken = {"x" * 255}
    (wire,) = unique(["x" * 255], taken).values()
    assert 255 >= len(wire)


def test_rename_changes_names_and_what_refers_to_them() -> None:
    """Own creations, those of others, and real ids in their place; the argument stays as it was."""
    arguments = {
        "create": {"a": {"parentId": "#b", "name": "#a"}, "b": {"parentId": "#other"}},
        "update": {"M1": {"mailboxIds/#a": True, "mailboxIds/#real": None}},
    }
    copy = {**arguments}
    renamed = rename("X/set", arguments, {"a": "a-2", "b": "b"}, {"other": "#o-3", "real": "M9"})
    assert {
        "create": {"a-2": {"parentId": "#b", "name": "#a"}, "b": {"parentId": "#o-3"}},
        "update": {"M1": {"mailboxIds/#a-2": True, "mailboxIds/M9": None}},
    } == renamed
    assert copy == arguments


def example(name: str) -> dict[str, Any]:
    """Return arguments that mention a creation wherever an id can stand (T54)."""
    return {
        "create": {
            "a": {
                "parentId": f"#{name}",
                "mailboxIds": {f"#{name}": True},
                "emailIds": [f"#{name}"],
                "nested": [{"blobId": f"#{name}"}],
            }
        },
        "update": {f"#{name}": {f"mailboxIds/#{name}": True}},
        "destroy": [f"#{name}"],
        "onSuccessUpdateEmail": {f"#{name}": {f"mailboxIds/#{name}": None}},
        "onSuccessDestroyEmail": [f"#{name}"],
    }


@given(names)
def test_every_mention_is_replaced(name: str) -> None:
    """What is rewritten is what the same arguments would be under another name."""
    renamed = rename("Email/set", example(name), {}, {name: "#zzz"})
    assert example("zzz") == renamed


@given(st.lists(names, unique=True, min_size=1), st.sets(names))
def test_callers_see_their_own_names(own: list[str], taken: set[str]) -> None:
    """Renaming on the way out is undone on the way back."""
    chosen = unique(own, taken)
    arguments = {"create": {name: {"parentId": f"#{name}"} for name in own}}
    sent = rename("Mailbox/set", arguments, chosen, {})
    assert {wire: {"parentId": f"#{wire}"} for wire in chosen.values()} == sent["create"]
    answer = {"created": {wire: {"id": wire} for wire in sent["create"]}, "state": "1"}
    expected = {"created": {name: {"id": chosen[name]} for name in own}, "state": "1"}
    assert expected == restore(answer, {wire: name for name, wire in chosen.items()})


def test_rename_leaves_what_nobody_knows() -> None:
    """The server will refuse it."""
    assert {"ids": ["#x"]} == rename("X/get", {"ids": ["#x"]}, {}, {})


def test_restore_gives_each_caller_the_own_names() -> None:
    """In maps and lists by creation ids or by references, in what was refused, nowhere else."""
    error = {"type": "x", "properties": ["mailboxIds/#a-2", 1], "description": "no '#a-2', #a-23"}
    response = {
        "created": {"a-2": {"id": "1", "parentId": "#a-2"}},
        "notCreated": {"b": error},
        "updated": {"#a-2": {"note": "#a-2"}},
        "notUpdated": {"#a-2": error},
        "destroyed": ["#a-2", "a-2", 1],
        "notDestroyed": {"#a-2": {"type": "x", "arguments": {"#a-2": 1}}},
        "notFound": ["#a-2", "#a-2-2"],
        "newState": "#a-2",
    }
    own = {"type": "x", "properties": ["mailboxIds/#a", 1], "description": "no '#a', #a-23"}
    expected = {
        "created": {"a": {"id": "1", "parentId": "#a-2"}},
        "notCreated": {"b": own},
        "updated": {"#a": {"note": "#a-2"}},
        "notUpdated": {"#a": own},
        "destroyed": ["#a", "a-2", 1],
        "notDestroyed": {"#a": {"type": "x", "arguments": {"#a-2": 1}}},
        "notFound": ["#a", "#a-2-2"],
        "newState": "#a-2",
    }
    assert expected == restore(response, {"a-2": "a"})


def test_restore_has_nothing_to_do_for_unchanged_names() -> None:
    """The response is the same object then."""
    response = {"created": {"a": {"id": "1"}}}
    assert response is restore(response, {})


@pytest.mark.parametrize("member", ["created", "notCreated", "notFound", "notUpdated"])
@pytest.mark.parametrize("garbage", [None, 1, [1], {"a": 1}, {"a": [None]}, "text"])
def test_restore_leaves_garbage_to_the_decoder(member: str, garbage: object) -> None:
    """What has no names is left alone."""
    assert {member: garbage} == restore({member: garbage}, {"a-2": "a"})


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3))
def test_what_mentions_nothing_is_recognised_by_its_octets(arguments: dict[str, Any]) -> None:
    """The quick test may err on one side only."""
    if mentioned(arguments):
        assert may_mention(orjson.dumps(arguments))


@pytest.mark.parametrize(
    "response", [{}, {"created": None}, {"created": []}, {"created": {"k": None}}]
)
def test_an_answer_may_tell_no_id(response: dict[str, object]) -> None:
    """Servers are not trusted: neither with the map, nor with what is in it."""
    assert created_id(response, "k") is None
    assert created_id({"created": {"k": {"id": 5}}}, "k") is None
    assert "M1" == created_id({"created": {"k": {"id": "M1"}}}, "k")
