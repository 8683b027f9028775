"""Tests of the predicates for JMAP's data types."""

from datetime import datetime, timedelta, timezone

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


def test_t91_t128_dates() -> None:
    """A Date has an offset and no zero fraction; a UTCDate ends with Z."""
    for value in ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.25Z"):
        assert checks.is_utc_date(value)
    assert checks.is_date("2026-01-02T03:04:05+02:00")
    assert not checks.is_utc_date("2026-01-02T03:04:05+02:00")
    for wrong in (
        "2026-01-02T03:04:05",
        "2026-01-02t03:04:05z",
        "2026-01-02T03:04:05.0Z",
        "2026-13-02T03:04:05Z",
        "2026-01-02",
        None,
    ):
        assert not checks.is_date(wrong)


def test_a_moment_is_written_as_utc_date() -> None:
    """Other zones are converted, and fractions dropped."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=1)))
    assert "2026-01-02T02:04:05Z" == checks.to_utc_date(moment)
