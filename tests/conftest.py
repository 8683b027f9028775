"""What every test gets: event loops, hygiene, and the Hypothesis profiles.

A test fails when something went wrong behind its back: an error that only the event loop heard of,
a task left running, a blocking call in a coroutine of the package, traffic to another machine.
"""

import asyncio
import gc
import ipaddress
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping

import pytest
import pytest_asyncio
from blockbuster import BlockBuster
from hypothesis import settings

# Fixtures for all tests, whether the package, which brings them, is installed or not.
from pytest_jmap_async import jmap_client, jmap_server  # noqa: F401

settings.register_profile("default", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


class DebugLoop(asyncio.SelectorEventLoop):
    """An event loop that stays in debug mode when pytest-asyncio switches that off."""

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's signature
        """Switch debug mode on, whatever was asked for."""
        super().set_debug(True)


def eager_loop() -> asyncio.AbstractEventLoop:
    """Make an event loop that starts each task at once, up to its first wait."""
    loop = asyncio.new_event_loop()
    if sys.version_info >= (3, 12):
        loop.set_task_factory(asyncio.eager_task_factory)
    return loop


def loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Return the kinds of event loop that this Python has, by name."""
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
        "default": asyncio.new_event_loop,
        "debug": DebugLoop,
    }
    if sys.version_info >= (3, 12):
        factories["eager"] = eager_loop
    if sys.platform != "win32":
        import uvloop  # noqa: PLC0415 - there is none for Windows

        factories["uvloop"] = uvloop.new_event_loop
    return factories


def pytest_asyncio_loop_factories(
    config: pytest.Config,  # noqa: ARG001 - the hook's signature
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run tests marked `loops` on each kind of event loop, and all others on the default one."""
    factories = loop_factories()
    return factories if item.get_closest_marker("loops") else {"default": factories["default"]}


def pytest_collection_finish() -> None:
    """Set what lives all the time aside, so that the collection after each test is quick."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def hygiene(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that reached another machine or left something behind in its event loop."""
    marker = request.node.get_closest_marker("asyncio")
    # A loop that several tests share is not clean before the last one of them.
    if marker and marker.kwargs.get("loop_scope", "function") == "function":
        request.getfixturevalue("clean_loop")
    connected_to.clear()
    yield
    assert not connected_to, f"a test may use the loopback interface only, not {connected_to}"


@pytest_asyncio.fixture
async def clean_loop() -> AsyncIterator[None]:
    """Fail a test whose loop has a task left at the end, or an error that nobody else saw."""
    loop = asyncio.get_running_loop()
    problems: list[dict[str, object]] = []
    loop.set_exception_handler(lambda _, context: problems.append(context))
    yield
    await asyncio.sleep(0)  # what is due already, such as a cancellation, may still happen
    leaked = asyncio.all_tasks() - {asyncio.current_task()}
    gc.collect()  # an exception of a task that was never retrieved is reported by its end
    assert not leaked, f"tasks were left running: {leaked}"
    assert not problems, f"errors reached the event loop's exception handler: {problems}"


@pytest.fixture(scope="session", autouse=True)
def never_block() -> Iterator[None]:
    """Fail a coroutine of the package that blocks the event loop; tests themselves may."""
    blockbuster = BlockBuster("jmap_async")
    blockbuster.activate()
    yield
    blockbuster.deactivate()


connected_to: list[str] = []
"""Hosts other than this machine that the running test tried to reach."""


def forbid_other_machines(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse connections, packets and name look-ups that would leave this machine."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if isinstance(host, str) and not is_local(host):
        connected_to.append(host)
        msg = f"tests may not reach {host}"
        raise PermissionError(msg)


def is_local(host: str) -> bool:
    """Tell whether `host` is this machine, or a name that cannot exist (RFC 6761)."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host in {"", "localhost"} or host.endswith(".invalid")
    return address.is_loopback or address.is_unspecified


sys.addaudithook(forbid_other_machines)
