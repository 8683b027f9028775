"""Waiting for two things at once."""

import asyncio

import pytest

from jmap_async.verbs.together import together


async def value(result: int) -> int:
    """Return after a while."""
    await asyncio.sleep(0)
    return result


async def fail(message: str, done: list[str]) -> int:
    """Fail after a while."""
    await asyncio.sleep(0)
    done.append(message)
    raise ValueError(message)


async def test_both_results() -> None:
    """Both results come back, in order."""
    assert (1, 2) == await together(value(1), value(2))


async def test_the_first_error_counts() -> None:
    """Both are waited for; of two errors the first one is raised."""
    done: list[str] = []
    with pytest.raises(ValueError, match="first"):
        await together(fail("first", done), fail("second", done))
    assert ["first", "second"] == done


async def test_the_second_error() -> None:
    """An error of the second alone is raised, too."""
    with pytest.raises(ValueError, match="second"):
        await together(value(1), fail("second", []))
