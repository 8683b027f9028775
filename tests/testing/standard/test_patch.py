"""Tests of PatchObjects."""

import copy
from typing import Any

import pytest
from hypothesis import given, strategies as st

from jmap_async.protocol import pointer
from jmap_async.testing.failures import SetFailure
from jmap_async.testing.standard import patch

KEYS = st.sampled_from(["a", "b", "c/d", "~", "~1", ""])
VALUES = st.none() | st.booleans() | st.integers() | st.lists(st.integers(), max_size=2)
OBJECTS = st.recursive(
    st.dictionaries(KEYS, VALUES, max_size=4),
    lambda inner: st.dictionaries(KEYS, VALUES | inner, max_size=4),
    max_leaves=8,
)


def leaves(value: dict[str, Any], prefix: tuple[str, ...] = ()) -> dict[tuple[str, ...], object]:
    """Return the paths to everything that is no object, or an empty one."""
    found: dict[tuple[str, ...], object] = {}
    for key, inner in value.items():
        path = (*prefix, key)
        found |= leaves(inner, path) if isinstance(inner, dict) and inner else {path: inner}
    return found


def set_at(target: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    """Set or, for None, remove what is at a path: the naive way."""
    for token in path[:-1]:
        target = target[token]
    if value is None:
        target.pop(path[-1], None)
    else:
        target[path[-1]] = value


@given(target=OBJECTS, data=st.data())
def test_t102_a_patch_of_leaves_does_what_setting_them_does(
    target: dict[str, Any], data: st.DataObject
) -> None:
    """Escaped paths to any set of leaves are set one by one; the original stays as it was."""
    paths = list(leaves(target)) or [("a",)]
    chosen = data.draw(st.lists(st.sampled_from(paths), unique=True))
    changes = {path: data.draw(VALUES) for path in chosen}
    before, expected = copy.deepcopy(target), copy.deepcopy(target)
    for path, value in changes.items():
        set_at(expected, path, value)
    wire = {"/".join(map(pointer.escape, path)): value for path, value in changes.items()}

    result = patch.apply(target, wire, defaults={})

    assert expected == result
    assert before == target


@given(target=OBJECTS)
def test_a_whole_object_is_a_patch_of_itself(target: dict[str, Any]) -> None:
    """Null members are the only ones that change: they go."""
    wire = {pointer.escape(key): value for key, value in target.items()}
    expected = {key: value for key, value in target.items() if value is not None}
    assert expected == patch.apply(target, wire, defaults={})


def test_t104_null_means_the_default_or_removal() -> None:
    """At the top level null sets the default, if there is one; inside, it removes."""
    target = {"a": 1, "b": 2, "k": {"$seen": True}}
    changes = {"a": None, "b": None, "k/$seen": None, "missing": None}
    assert {"a": 0, "k": {}} == patch.apply(target, changes, defaults={"a": 0})


@pytest.mark.parametrize(
    "changes",
    [
        {"list/0": 1},
        {"list/0/x": 1},
        {"missing/x": 1},
        {"number/x": 1},
        {"map": {}, "map/x": 1},
        {"map/x": 1, "map/x/y": 2},
        {"map/~2": 1},
    ],
)
def test_t103_a_patch_that_breaks_a_rule_is_refused(changes: dict[str, object]) -> None:
    """Arrays, missing parents, prefixes of other paths and bad escapes are invalidPatch."""
    target = {"list": [0, {"x": 1}], "number": 1, "map": {"x": {}}}
    with pytest.raises(SetFailure) as caught:
        patch.apply(target, changes, defaults={})
    assert "invalidPatch" == caught.value.type


def test_the_top_level_property_of_a_path_is_unescaped() -> None:
    """Escapes are resolved before the property is named."""
    assert "a/b" == patch.top_level("a~1b/c")
