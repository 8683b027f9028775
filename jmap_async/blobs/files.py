"""Files, whose calls block: in threads, and cleared up whatever happens."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Literal, TypeVar

R = TypeVar("R")


@asynccontextmanager
async def opened(path: Path, mode: Literal["rb", "xb"]) -> AsyncGenerator[BinaryIO, None]:
    """Open a file, which is closed in the end."""

    def open_it() -> BinaryIO:
        return path.open(mode)

    def close(file: BinaryIO) -> None:
        file.close()

    file = await in_thread(open_it, undo=close)
    try:
        yield file
    finally:
        await in_thread(file.close)


async def in_thread(
    function: Callable[..., R], *args: object, undo: Callable[[R], object] | None = None
) -> R:
    """Run what blocks, as files do, in a thread, and always to its end; then be cancelled."""
    work = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        if work.exception() is None and undo is not None:
            undo(work.result())
        raise
