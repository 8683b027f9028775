"""Calls that were dropped: which are lost, and what takes their place."""

from typing import Any

import orjson
import pytest

from jmap_async.planner import Answer, Entry
from jmap_async.planner.base.entry import Reference
from jmap_async.planner.prepare.requeue import is_lost, renewed
from jmap_async.protocol.call import raw_method
from tests.planner.model import MAIL


def entry(*needs: Entry, makes: Entry | None = None) -> Entry:
    """Return a call that refers to others."""
    references = {f"r{number}": Reference(one, "/ids") for number, one in enumerate(needs)}
    creators = {"k": makes} if makes else {}
    method = raw_method("Email/set", capability=MAIL)
    return Entry(
        method, frozenset(), ("A1",), {"a": 1}, references, encoded=b'{"a":1}', creators=creators
    )


def test_what_waits_is_not_lost() -> None:
    """Nor is what is answered, however it was left."""
    assert not is_lost(entry())
    answered = entry()
    answered.answer, answered.abandoned = Answer({}), True
    assert not is_lost(answered)
    assert not is_lost(entry(answered))


def test_what_was_dropped_is_lost_with_all_that_needs_it() -> None:
    """However far away it is, by a reference or by a name."""
    dropped = entry()
    dropped.abandoned = True
    assert is_lost(dropped)
    assert is_lost(entry(entry(dropped)))
    assert is_lost(entry(makes=dropped))
    assert is_lost(entry(entry(), entry(dropped)))


def test_what_somebody_waits_for_is_not_lost() -> None:
    """For then nothing that it needs is dropped."""
    dropped = entry()
    follower = entry(dropped)
    follower.claim()
    assert not is_lost(follower)
    assert not is_lost(entry(follower))


def test_many_ways_to_the_same_call_are_gone_once() -> None:
    """A ladder of references has exponentially many ways down."""
    last = entry()
    for _ in range(200):
        last = entry(last, last)
    assert not is_lost(last)


def test_what_takes_its_place_is_the_same_call_on_new_ones() -> None:
    """It refers to what took the place of what was referred to; the old one knows it."""
    first, second = entry(), entry()
    old = entry(first, makes=second)
    others = {one: renewed(one, {}) for one in (first, second)}
    new = renewed(old, others)
    assert new is old.latest
    assert (old.method, old.arguments, old.accounts) == (new.method, new.arguments, new.accounts)
    assert [others[first], others[second]] == list(new.needs)
    assert "/ids" == new.references["r0"].path
    assert not is_lost(new)


@pytest.mark.parametrize(
    "made",
    [
        {
            "others": {"properties": ["id"]},
            "alike": ("Email/get", frozenset[str](), b"{}"),
            "ids": ["M1"],
        },
        {"others": {}, "patched": ("M1",), "patches": b'"M1":{"keywords/a":true}'},
    ],
)
def test_what_is_usual_keeps_its_ids_and_patches(made: dict[str, Any]) -> None:
    """They are not among the other arguments."""
    others = made.pop("others")
    old = Entry(raw_method("Email/set", capability=MAIL), frozenset(), ("A1",), others, **made)
    new = renewed(old, {})
    assert old.arguments == new.arguments == orjson.loads(new.encoded)
    assert (old.alike, old.ids, old.patched, old.patches) == (
        new.alike,
        new.ids,
        new.patched,
        new.patches,
    )
