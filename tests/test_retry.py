"""Tests of how long to wait before a repeat."""

import random

import pytest
from hypothesis import given, strategies as st

from jmap_async import Retry

delays = st.floats(0, 1000)


@given(delays, delays, st.integers(0, 60), st.integers())
def test_the_wait_doubles_up_to_a_bound(
    first: float, longest: float, attempt: int, seed: int
) -> None:
    """Half of the wait or more is certain, the rest is chance, and the bound is kept."""
    retry = Retry(first_delay=first, max_delay=longest)
    wait = retry.delay(attempt, None, random.Random(seed))
    full = min(longest, first * 2**attempt)
    assert wait is not None
    assert full / 2 <= wait <= full


@given(delays, st.floats(0, 100), st.integers(0, 9), st.integers())
def test_t32_nobody_comes_before_the_server_said(
    longest: float, retry_after: float, attempt: int, seed: int
) -> None:
    """A Retry-After is waited for and a little more, or reported when it is too long."""
    wait = Retry(max_delay=longest).delay(attempt, retry_after, random.Random(seed))
    if retry_after > longest:
        assert wait is None
    else:
        assert wait is not None
        assert retry_after <= wait <= retry_after + 1


@pytest.mark.parametrize("name", ["attempts", "first_delay", "max_delay"])
def test_negative_settings_are_refused(name: str) -> None:
    """Less than no waiting and less than no repeats make no sense."""
    with pytest.raises(ValueError, match=name):
        Retry(**{name: -1})
