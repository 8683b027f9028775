"""Tests of the fixtures for pytest."""

import asyncio
import json
import runpy
import signal
import subprocess
import sys

import aiohttp
import pytest

import pytest_jmap_async
from jmap_async import Client
from jmap_async.testing import MemoryServer, __main__

# Installed or not, the fixtures are there.
from pytest_jmap_async import jmap_client, jmap_server  # noqa: F401


async def test_the_server_listens(jmap_server: MemoryServer) -> None:  # noqa: F811
    """A test gets one of its own."""
    headers = {"Authorization": f"Bearer {jmap_server.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(jmap_server.session_url) as response,
    ):
        assert jmap_server.user == json.loads(await response.read())["username"]


async def test_the_client_is_connected_to_the_server(
    jmap_server: MemoryServer,  # noqa: F811
    jmap_client: Client,  # noqa: F811
) -> None:
    """What the one has, the other gets."""
    id = jmap_server.add_email(subject="Hi")
    found = await jmap_client.email.get([id], properties=["subject"])
    assert ["Hi"] == [email.subject for email in found.list]


def test_importing_the_command_starts_nothing() -> None:
    """Only running it does."""
    assert "serve" in runpy.run_path(__main__.__file__)


async def test_run_alone_the_server_says_where_it_is() -> None:
    """`python -m jmap_async.testing` prints URL and token, and serves until interrupted."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "jmap_async.testing",
        "--token",
        "own-token",
        "--latency",
        "1",
        stdout=asyncio.subprocess.PIPE,
        # What runs in the background of a shell ignores interrupts, and so do its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode().split() for _ in range(2)]
    (_, url), (_, token) = lines
    assert "own-token" == token
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url) as response:
        assert 200 == response.status
    process.send_signal(signal.SIGINT)
    await process.stdout.read()
    assert 0 == await process.wait()


def test_without_pytest_asyncio_there_are_no_fixtures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin is loaded wherever the package is installed, and must not fail."""
    monkeypatch.setitem(sys.modules, "pytest_asyncio", None)
    assert "jmap_server" not in runpy.run_path(pytest_jmap_async.__file__)


def test_loading_the_plugin_imports_nothing_of_the_package() -> None:
    """Every run of pytest does that, wherever the package is installed."""
    look = (
        "import pytest_asyncio, sys; before = {*sys.modules}; import pytest_jmap_async;"
        "print(sorted({*sys.modules} - before))"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert "['pytest_jmap_async']" == done.stdout.strip()
