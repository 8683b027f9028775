"""SRV records: only who looks up a domain pays for dnspython."""

import asyncio
import subprocess
import sys

import pytest

from jmap_async.errors import DiscoveryError
from jmap_async.transport import discover

PROGRAM = """
import asyncio, sys
import jmap_async
from jmap_async.transport import discover
asyncio.run(discover({target!r}))
print("dns" in sys.modules)
"""


@pytest.mark.parametrize("target", ["https://jmap.example.com/session", "127.0.0.1:8443"])
def test_without_a_domain_dnspython_is_not_imported(target: str) -> None:
    """It takes a fifth as long as aiohttp; what it is for is tested in test_discovery.py."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(target=target)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "False" == done.stdout.strip()


class Odd:
    """A resolver that does what it was told."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def resolve(self, *_: object, **__: object) -> object:
        if self.error is None:
            await asyncio.Event().wait()
        assert self.error is not None
        raise self.error


@pytest.mark.parametrize("error", [None, OSError(), TimeoutError()], ids=repr)
async def test_a_resolver_without_an_answer_is_given_up(
    error: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it would like to go on; the domain's own URL remains."""
    monkeypatch.setattr("jmap_async.transport.srv._TIMEOUT", 0.01)
    found = await discover("example.com", resolver=Odd(error))  # type: ignore[arg-type]
    assert ("https://example.com/.well-known/jmap",) == found.urls


@pytest.mark.parametrize("error", [UnicodeError("x"), EOFError(), RuntimeError("x")], ids=repr)
async def test_a_resolver_with_a_defect_is_said_to_have_one(error: Exception) -> None:
    """Its errors do not come out as they are."""
    with pytest.raises(DiscoveryError, match=type(error).__name__) as caught:
        await discover("example.com", resolver=Odd(error))  # type: ignore[arg-type]
    assert error is caught.value.__cause__
