"""Tests of the predicates for JMAP's data types."""

import pytest

from jmap_async.testing import checks


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.is_string, ["", "a"], [None, 1, b"a"]),
        (checks.is_boolean, [True, False], [0, 1, None, "true"]),
        (checks.is_int, [0, -1, 2**53 - 1, 1 - 2**53], [True, 1.0, 2**53, "1", None]),
        (checks.is_unsigned, [0, 7], [-1, True, None]),
        (checks.is_positive, [1], [0, -1, True, None]),
        (checks.is_object, [{}], [[], None, "x"]),
        (checks.is_list, [[]], [{}, None, "x", ()]),
        (checks.is_keyword, ["$seen", "a[b", "x"], ["", "a b", "ü", "a{", 'a"', "a" * 256, None]),
        (checks.anything, [None, 1, {}], []),
        (checks.is_true, [True], [1, False, None]),
        (checks.nullable(checks.is_id), [None, "a"], [1, ""]),
        (checks.list_of(checks.is_id), [[], ["a"]], [None, ["a", 1], "a"]),
        (checks.map_of(checks.is_id, checks.is_true), [{}, {"a": True}], [{"a": 1}, {"": True}]),
        (checks.one_of("a", "b"), ["a", "b"], ["c", None, 1]),
        (
            checks.is_address,
            [{"email": "a@b"}, {"email": "", "name": None}, {"email": "a", "name": "A"}],
            [{}, {"email": None}, {"email": "a", "name": 1}, {"email": "a", "x": 1}, "a@b"],
        ),
    ],
)
def test_checks(check: checks.Check, good: list[object], bad: list[object]) -> None:
    """Each check accepts the values of its type and no others."""
    assert [] == [value for value in good if not check(value)]
    assert [] == [value for value in bad if check(value)]


def test_t56_ids() -> None:
    """An Id has 1 to 255 characters of a small alphabet; a reference has a "#" before it."""
    for value in ("a", "A-z_0", "x" * 255):
        assert checks.is_id(value)
        assert checks.is_id_or_reference(f"#{value}")
    for wrong in ("", "a.b", "#a", "a b", "ü", "x" * 256, "a\n", None, 1):
        assert not checks.is_id(wrong)
    assert not checks.is_id_or_reference("##a")
