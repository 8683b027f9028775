"""What all units have in common."""

import pytest

from jmap_async.errors import (
    InvalidArguments,
    UnknownMethod,
    UnsupportedFilter,
)
from jmap_async.planner import result_of
from jmap_async.planner.base.unit import concerns_all
from tests.planner.desk import (
    Desk,
    found,
    members,
    refused,
)
from tests.planner.model import MAIL
from tests.planner.test_plain_unit import find


def test_whoever_left_is_not_counted_twice() -> None:
    """One of two equal calls may leave; the other one is answered."""
    desk = Desk()
    first, second = find(desk), find(desk)
    first.release()
    desk.run()
    assert ["M1", "M2", "M3", "M4"] == members(second)["ids"]
    assert first.abandoned


def test_a_call_that_nobody_waits_for_is_not_sent() -> None:
    """It takes no place in a request."""
    desk = Desk()
    leaving, staying = find(desk), desk.get("M1")
    leaving.release()
    desk.run()
    assert ["Email/get"] == desk.names()
    assert ["M1"] == found(staying)


def test_each_caller_of_a_failed_call_has_an_error_of_its_own() -> None:
    """Notes that one adds are not seen by another."""
    desk = Desk()
    first, second = (find(desk, filter={"nonsense": 1}) for _ in range(2))
    desk.run()
    with pytest.raises(UnsupportedFilter) as mine:
        result_of(first.method, first.answer)
    mine.value.add_note("mine")
    with pytest.raises(UnsupportedFilter) as other:
        result_of(second.method, second.answer)
    assert not hasattr(other.value, "__notes__")


def test_errors_that_concern_all_calls_alike() -> None:
    """Whether the method or the account is there does not depend on the arguments."""
    assert concerns_all(UnknownMethod())
    assert not concerns_all(InvalidArguments())


def test_a_unit_says_what_it_is() -> None:
    """Which helps whoever looks at a queue."""
    desk = Desk()
    entry = desk.get("M1")
    desk.get("M2")
    assert "<GetUnit Email/get for 2>" == repr(entry.unit)
    assert "<Entry Email/get>" == repr(entry)
    assert 400 == refused().status
    assert MAIL in entry.using
