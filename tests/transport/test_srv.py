"""SRV records: only who looks up a domain pays for dnspython."""

import subprocess
import sys

import pytest

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
