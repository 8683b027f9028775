"""The hygiene of conftest.py, shown on small suites that break it."""

import asyncio
import sys
import time
from pathlib import Path

import pytest
from blockbuster import BlockingError

from jmap_async.errors import shorten
from tests.conftest import loop_factories

HERE = Path(__file__).parent


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Give an empty suite that has this one's settings and conftest.py."""
    monkeypatch.setenv("PYTHONPATH", str(HERE.parent))
    pytester.makeconftest((HERE / "conftest.py").read_text())
    pytester.path.joinpath("pyproject.toml").write_text(
        (HERE.parent / "pyproject.toml").read_text().replace('"tests"', '"."')
    )
    return pytester


def test_trouble_behind_the_back_of_a_test_fails_it(suite: pytest.Pytester) -> None:
    """A leaked task, an unseen error and a far address are errors; a clean test passes."""
    suite.makepyfile(
        """
        import asyncio
        import socket


        async def fail():
            raise ValueError("unseen")


        async def test_leaks_a_task():
            test_leaks_a_task.task = asyncio.create_task(asyncio.sleep(60))


        async def test_loses_an_error():
            task = asyncio.create_task(fail())
            await asyncio.wait([task])


        async def test_has_a_failing_callback():
            asyncio.get_running_loop().call_soon(lambda: 1 / 0)


        def test_reaches_another_machine():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
                try:
                    far.sendto(b"", ("192.0.2.1", 9))
                except OSError:
                    pass


        async def test_is_clean():
            assert await asyncio.create_task(asyncio.sleep(0, "done")) == "done"
        """
    )
    result = suite.runpytest_subprocess()
    result.assert_outcomes(passed=5, errors=4)
    result.stdout.fnmatch_lines_random(
        [
            "E*tasks were left running*",
            "E*errors reached the event loop*ValueError('unseen')*",
            "E*errors reached the event loop*ZeroDivisionError*",
            "E*may use the loopback interface only*192.0.2.1*",
        ]
    )


class BlockingText(str):
    """A text that is slow to measure."""

    __slots__ = ()

    def __len__(self) -> int:
        time.sleep(0)
        return super().__len__()


async def test_the_package_may_not_block_the_event_loop() -> None:
    """A blocking call with a frame of the package below it raises, another does not."""
    assert 4 == len(BlockingText("text"))
    with pytest.raises(BlockingError, match=r"time\.sleep"):
        shorten(BlockingText("text"))


def test_without_an_event_loop_the_package_may_block() -> None:
    """Only coroutines have others waiting for them."""
    assert "text" == shorten(BlockingText("text"))


@pytest.mark.loops
async def test_a_test_marked_loops_runs_on_every_kind(request: pytest.FixtureRequest) -> None:
    """Each run has the event loop that its name says."""
    loop = asyncio.get_running_loop()
    kind = {
        "uvloop": type(loop).__module__ == "uvloop",
        "debug": loop.get_debug(),
        "eager": loop.get_task_factory() is getattr(asyncio, "eager_task_factory", object),
    }
    name = request.node.callspec.id
    assert {name} - {"default"} == {found for found, is_it in kind.items() if is_it}


def test_every_kind_of_loop_is_there() -> None:
    """The kinds are those that this Python and this platform have."""
    expected = {"default", "debug"}
    expected |= {"eager"} if sys.version_info >= (3, 12) else set()
    expected |= {"uvloop"} if sys.platform != "win32" else set()
    assert expected == set(loop_factories())
