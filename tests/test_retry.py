"""How long is waited before a request is sent again."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from jmap_async import Retry

seconds = st.floats(0, 1000)
attempts = st.integers(0, 5000)
seeds = st.integers(0, 100)


@given(seconds, seconds, attempts, seeds)
def test_backoff_doubles_up_to_a_bound(first: float, most: float, attempt: int, seed: int) -> None:
    """Of the doubled wait at least half is left, whatever is drawn."""
    retry = Retry(first_delay=first, max_delay=most)
    wait = retry.delay(attempt, None, random.Random(seed))
    assert wait is not None
    whole = min(most, first * 2.0 ** min(attempt, 1000))
    assert whole / 2 <= wait <= whole


@given(seconds, attempts, seeds)
def test_t32_retry_after_is_honoured(after: float, attempt: int, seed: int) -> None:
    """Never sooner than the server said, at most a second later; too long is not waited for."""
    retry = Retry(max_delay=100)
    wait = retry.delay(attempt, after, random.Random(seed))
    if after > 100:
        assert wait is None
    else:
        assert wait is not None
        assert after <= wait <= after + 1


def test_not_all_clients_wait_alike() -> None:
    """The wait has a random part."""
    waits = [Retry().delay(2, None, random.Random(seed)) for seed in range(10)]
    assert 10 == len(set(waits))


def test_without_a_first_delay_there_is_no_wait() -> None:
    """Repeats leave at once."""
    assert [0.0] * 5 == [
        Retry(first_delay=0.0).delay(attempt, None, random.Random(1)) for attempt in range(5)
    ]


def test_the_usual_waits_grow() -> None:
    """By default three repeats, after about half a second, one, and two."""
    retry = Retry()
    steady = random.Random(3)
    lowest = [retry.delay(attempt, None, steady) for attempt in range(retry.attempts)]
    assert 3 == len(lowest)
    bounds = [(0.25, 0.5), (0.5, 1.0), (1.0, 2.0)]
    for (least, most), wait in zip(bounds, lowest, strict=True):
        assert wait is not None
        assert least <= wait <= most
    assert all(a[1] == b[0] for a, b in pairwise(bounds))


@pytest.mark.parametrize("name", ["attempts", "first_delay", "max_delay"])
def test_nothing_is_negative(name: str) -> None:
    """Such values are refused at once."""
    with pytest.raises(ValueError, match=name):
        Retry(**{name: -1})
