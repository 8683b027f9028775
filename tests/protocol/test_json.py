"""Tests of what tells one kind of JSON from another."""

from collections.abc import Callable

import pytest

from jmap_async.protocol.json import are_strings, is_array, is_list_of_ids, is_object

VALUES: list[object] = [None, True, 0, 1.5, "", "a", [], ["a"], ["a", 1], [["a"]], {}, {"a": "b"}]


@pytest.mark.parametrize(
    ("guard", "fitting"),
    [
        (is_object, [{}, {"a": "b"}]),
        (is_array, [[], ["a"], ["a", 1], [["a"]]]),
        (is_list_of_ids, [[], ["a"]]),
    ],
)
def test_each_guard_takes_one_kind(guard: Callable[[object], bool], fitting: list[object]) -> None:
    """An object is no array, and neither is text, which has items, too."""
    assert fitting == [one for one in VALUES if guard(one)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [((), True), (("a", "b"), True), (("a", "x#"), False), (("a", None), False), ((b"a",), False)],
)
def test_strings_without_a_text(values: tuple[object, ...], *, expected: bool) -> None:
    """One value that is no string, or has the text in it, is enough."""
    assert expected == are_strings(values, without="#")
