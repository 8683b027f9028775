"""A defect of the package may cost calls, but nobody hangs and the client stays usable."""

import asyncio
from collections.abc import Callable

import pytest

from jmap_async import Client
from jmap_async.planner import Planner
from tests.serving import is_idle


def failing_once(wrapped: Callable[..., object]) -> Callable[..., object]:
    """Return a function that fails the first time, and is the wrapped one from then on."""
    failures = [ZeroDivisionError("a defect")]

    def function(*args: object, **kwargs: object) -> object:
        if failures:
            raise failures.pop()
        return wrapped(*args, **kwargs)

    return function


@pytest.mark.loops
@pytest.mark.parametrize("name", ["next_request", "settle"])
async def test_planning_fails(
    jmap_client: Client,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    """Whoever waits gets the error, which is logged; the next calls are carried out."""
    monkeypatch.setattr(Planner, name, failing_once(getattr(Planner, name)))
    calls = [jmap_client.core.echo({"n": number}) for number in range(3)]
    async with asyncio.timeout(10):
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [ZeroDivisionError] * 3 == [*map(type, results)]
        assert {"n": 4} == await jmap_client.core.echo({"n": 4})
    assert "a defect" in caplog.text
    assert is_idle(jmap_client)


async def test_a_batch_meets_it(jmap_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The block raises it."""
    monkeypatch.setattr(Planner, "settle", failing_once(Planner.settle))

    async def batch() -> None:
        async with jmap_client.batch() as batch:
            _ = batch.core.echo(), batch.email.query()

    with pytest.raises(ZeroDivisionError):
        await batch()
    assert is_idle(jmap_client)
