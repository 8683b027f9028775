"""Tests of creation ids: found, made unique, replaced."""

from typing import Any

from hypothesis import given, strategies as st

from jmap_async.planner import creations

names = st.text("abk-", min_size=1, max_size=3)


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
def test_t54_mentions_are_found_wherever_an_id_can_stand(name: str) -> None:
    """Ids, lists and maps of ids, patch paths, and what a method is told to do on success."""
    assert {name} == creations.mentioned(example(name))


@given(names)
def test_every_mention_is_replaced(name: str) -> None:
    """What is rewritten is what the same arguments would be under another name."""
    renamed = creations.rename("Email/set", example(name), {}, {name: "#zzz"})
    assert example("zzz") == renamed


@given(names)
def test_text_is_left_alone(name: str) -> None:
    """A subject or a header field that begins with "#" is no reference."""
    arguments = {
        "create": {"a": {"subject": f"#{name}", "header:X-Id": f"#{name}", "tags": [f"#{name}"]}}
    }
    assert set() == creations.mentioned(arguments)
    assert arguments == creations.rename("Email/set", arguments, {}, {name: "M1"})


@given(st.lists(names, unique=True), st.sets(names))
def test_t55_chosen_names_are_unique_in_the_request(new: list[str], taken: set[str]) -> None:
    """No name is given twice, and one that is free is kept."""
    before = set(taken)
    chosen = creations.unique(new, taken)
    assert len(new) == len(set(chosen.values()))
    assert before.isdisjoint(chosen.values())
    assert before | set(chosen.values()) == taken
    # Only a name chosen a moment ago for another creation can be in the way of a free one.
    given_away = {wire for name, wire in chosen.items() if wire != name}
    assert all(name == wire or name in before | given_away for name, wire in chosen.items())


@given(st.lists(names, unique=True, min_size=1), st.sets(names))
def test_callers_see_their_own_names(own: list[str], taken: set[str]) -> None:
    """Renaming on the way out is undone on the way back."""
    chosen = creations.unique(own, taken)
    arguments = {"create": {name: {"parentId": f"#{name}"} for name in own}}
    sent = creations.rename("Mailbox/set", arguments, chosen, {})
    assert {wire: {"parentId": f"#{wire}"} for wire in chosen.values()} == sent["create"]
    answer = {"created": {wire: {"id": wire} for wire in sent["create"]}, "state": "1"}
    expected = {"created": {name: {"id": chosen[name]} for name in own}, "state": "1"}
    assert expected == creations.restore(answer, chosen)


def test_each_method_has_its_own_member_for_creations() -> None:
    """Email/import calls it emails, MDN/send send, all others create."""
    assert ("k",) == creations.created("Email/import", {"emails": {"k": {}}})
    assert ("k",) == creations.created("MDN/send", {"send": {"k": {}}})
    assert ("k",) == creations.created("Email/set", {"create": {"k": {}}})
    assert () == creations.created("Email/set", {"create": None})
