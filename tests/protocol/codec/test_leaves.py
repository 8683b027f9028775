"""Tests of leaves, and of the lines that test for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Optional

import pytest

from jmap_async.protocol.codec.leaves import NAMES, Leaf, check, indented, leaf_of
from tests.protocol.strategies import utc


@pytest.mark.parametrize(
    ("type", "leaf"),
    [
        (str, Leaf(str, None, nullable=False)),
        (int | None, Leaf(int, None, nullable=True)),
        (Optional[bool], Leaf(bool, None, nullable=True)),  # noqa: UP045 - both spellings
        (datetime, Leaf(datetime, None, nullable=False)),
        (list[str] | None, Leaf(str, list, nullable=True)),
        (Sequence[int], Leaf(int, list, nullable=False)),
        (dict[str, bool], Leaf(bool, dict, nullable=False)),
        (Mapping[str, str] | None, Leaf(str, dict, nullable=True)),
    ],
    ids=repr,
)
def test_leaves(type: object, leaf: Leaf) -> None:
    """What JSON gives in its final form, dates, and the lists and maps of the former."""
    assert leaf == leaf_of(type)


@pytest.mark.parametrize(
    "type",
    [
        *(float, object, Any, Leaf, str | int, list, dict),
        *(list[datetime], list[list[str]], list[str | None], dict[str, object], Mapping[str, Leaf]),
    ],
    ids=repr,
)
def test_all_other_types_are_none(type: object) -> None:
    """Each of their values is looked at by a function."""
    assert leaf_of(type) is None


def checked(leaf: Leaf, value: object) -> object:
    """Run the lines that test for a leaf; return what the variable is then."""
    text = ["def run(value):", *indented(check("value", leaf)), "    return value"]
    names = dict(NAMES)
    exec("\n".join(text), names)  # noqa: S102 - that is what they are for
    run: Any = names["run"]
    result: object = run(value)
    return result


@pytest.mark.parametrize(
    ("type", "value"),
    [
        *((str, "x"), (int, 1), (bool, True), (str | None, None), (list[int], [1, 2])),
        *((list[str], []), (list[str] | None, None), (dict[str, bool], {"a": True, "b": False})),
    ],
    ids=repr,
)
def test_what_fits_stays_as_it_is(type: object, value: object) -> None:
    """It is the very same."""
    leaf = leaf_of(type)
    assert leaf is not None
    assert value is checked(leaf, value)


@pytest.mark.parametrize(
    ("type", "value"),
    [
        *((str, 1), (str, None), (int, True), (int, 1.0), (bool, 1), (list[int], [1, True])),
        *((list[str], "x"), (list[str], {"x": "y"}), (list[str] | None, [None])),
        *((dict[str, bool], ["x"]), (dict[str, bool], {"a": True, "b": 1})),
        *((datetime, "soon"), (datetime, 5), (datetime, ["-"] * 20), (datetime, {})),
    ],
    ids=repr,
)
def test_what_does_not_fit_is_refused(type: object, value: object) -> None:
    """Whatever JSON it is, with the one error that is waited for."""
    leaf = leaf_of(type)
    assert leaf is not None
    with pytest.raises(ValueError):
        checked(leaf, value)


@pytest.mark.parametrize("text", ["2020-01-01T00:00:00Z", "2020-01-01T02:00:00+02:00"])
def test_dates_are_converted(text: str) -> None:
    """The usual form and others."""
    assert utc(2020, 1, 1) == checked(Leaf(datetime, None, nullable=True), text)
