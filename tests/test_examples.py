"""The examples: each does what it says, on an account in memory and on one that is named to it."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from jmap_async.testing import MemoryServer
from pytest_jmap_async import jmap_server  # noqa: F401

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("[!_]*.py"))

Run = Callable[..., Awaitable[str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs an example by name and returns what it printed."""
    monkeypatch.syspath_prepend(EXAMPLES)
    for name in ("JMAP_URL", "JMAP_TOKEN", "JMAP_USER", "JMAP_PASSWORD", "JMAP_ADDRESS"):
        monkeypatch.delenv(name, raising=False)

    async def main(name: str, *arguments: str) -> str:
        await importlib.import_module(name).main(*arguments)
        return capsys.readouterr().out

    return main


@pytest.fixture
def named(
    monkeypatch: pytest.MonkeyPatch,
    run: Run,  # noqa: ARG001 - it clears the environment, so it has to come first
    jmap_server: MemoryServer,  # noqa: F811
) -> MemoryServer:
    """Return a server that the environment names, as if it held somebody's own account."""
    monkeypatch.setenv("JMAP_URL", jmap_server.session_url)
    monkeypatch.setenv("JMAP_TOKEN", jmap_server.token)
    return jmap_server


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("quickstart", "Those were 20 calls in 4 requests"),
        ("quickstart", "In all, 30 calls took 9 requests"),
        ("hello_world", "12 of 12 unread"),
        ("top_ten", "3 calls, 1 request\n"),
        ("send_with_attachment", "visitors.csv: text/csv, 34 octets"),
        ("masked_email_manager", "Deleted masked-1"),
        ("many_tasks", "Requests: 1;"),
    ],
)
async def test_without_an_account_there_is_one_in_memory(run: Run, name: str, shown: str) -> None:
    """Each example runs by itself and shows its point."""
    printed = await run(name)
    assert printed.startswith("On an account in memory (JMAP_URL is not set), this ")
    assert shown in printed


@pytest.mark.parametrize("name", NAMES)
async def test_with_an_account_it_says_first_what_it_will_do(
    run: Run, named: MemoryServer, name: str
) -> None:
    """Whose account it is, and what happens to it, stands in the first line."""
    printed = await run(name)
    assert printed.startswith(f"On the account of {named.user}, this ")


@pytest.mark.parametrize("name", NAMES)
async def test_what_was_in_the_account_stays(run: Run, named: MemoryServer, name: str) -> None:
    """An example changes only what it made itself, and sends only to the account's owner."""
    for subject in ("Precious", "Treasured"):
        named.add_email(subject=subject, keywords=["$seen"])
    before = dict(named.world.accounts[named.account_id].records("Email"))
    await run(name)
    after = named.world.accounts[named.account_id].records("Email")
    assert before == {id: record for id, record in after.items() if id in before}
    assert {named.user} >= {address for sent in named.sent for address in sent.rcpt_to}


async def test_user_and_password_do_as_well(
    run: Run, named: MemoryServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a token there may be a pair."""
    monkeypatch.delenv("JMAP_TOKEN")
    monkeypatch.setenv("JMAP_USER", named.user)
    monkeypatch.setenv("JMAP_PASSWORD", named.password)
    assert f"Hello, {named.user}." in await run("hello_world")


@pytest.mark.usefixtures("named")
async def test_an_account_without_a_credential_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says what to set."""
    monkeypatch.delenv("JMAP_TOKEN")
    with pytest.raises(SystemExit, match="set JMAP_TOKEN"):
        await run("hello_world")


async def test_an_address_that_the_server_does_not_say_is_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An identity without an address, as Cyrus has it, and a login that is none."""
    async with MemoryServer(user="alice") as server:
        (identity,) = server.world.accounts[server.account_id].records("Identity").values()
        identity["email"] = ""
        monkeypatch.setenv("JMAP_URL", server.session_url)
        monkeypatch.setenv("JMAP_TOKEN", server.token)
        with pytest.raises(SystemExit, match="set JMAP_ADDRESS"):
            await run("send_with_attachment")


@pytest.mark.usefixtures("named")
async def test_masked_addresses_are_managed_by_command(run: Run) -> None:
    """What one command creates, the next disables, and a third lists."""
    created = await run("masked_email_manager", "create", "https://shop.example")
    found = re.search(r"its id is (\S+)\.", created)
    assert found is not None
    await run("masked_email_manager", "disable", found[1])
    listed = await run("masked_email_manager", "list")
    assert f"{found[1]}  disabled " in listed


async def test_an_unknown_command_is_explained(run: Run) -> None:
    """Who mistypes sees what there is."""
    with pytest.raises(SystemExit, match="disable ID"):
        await run("masked_email_manager", "enlarge")


@pytest.mark.usefixtures("run")
def test_the_demo_is_a_program() -> None:
    """`make demo` runs the quick start as it stands."""
    command = [sys.executable, str(EXAMPLES / "quickstart.py")]
    environment = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent)}
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "calls took 9 requests" in shown.stdout
