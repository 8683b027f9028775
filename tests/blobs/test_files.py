"""Files in threads: opened and closed, whoever is cancelled."""

import asyncio
import threading
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

import pytest

from jmap_async.blobs.files import in_thread, opened
from tests.serving import turns


async def test_a_file_is_closed_in_the_end(tmp_path: Path) -> None:
    """Also when its block raises."""
    path = tmp_path / "data"
    files: list[BinaryIO] = []

    async def fail() -> None:
        async with opened(path, "xb") as file:
            files.append(file)
            await in_thread(file.write, b"abc")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert files[0].closed
    assert b"abc" == path.read_bytes()


async def test_what_was_begun_in_a_thread_is_ended_and_undone() -> None:
    """Cancelling waits for the thread, and hands what it made to whoever clears it up."""
    begun, end = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    undone: list[str] = []

    def work() -> str:
        loop.call_soon_threadsafe(begun.set)
        end.wait()
        return "made"

    task = asyncio.create_task(in_thread(work, undo=undone.append))
    await begun.wait()
    task.cancel()
    await turns(3)
    assert not task.done()
    end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ["made"] == undone


async def test_cancelled_opening_leaves_nothing_open(tmp_path: Path) -> None:
    """At any turn; a file that nobody closed would be reported."""
    path = tmp_path / "data"
    path.write_bytes(b"abc")

    async def read() -> bytes:
        async with opened(path, "rb") as file:
            assert isinstance(file, BufferedReader)
            return await in_thread(file.read)

    for turn in range(12):
        task = asyncio.create_task(read())
        await turns(turn)
        task.cancel()
        await asyncio.wait([task])
