"""What a piece of work costs, counted rather than timed: requests, calls, memory."""

import gc
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

import jmap_async
from benchmarks.guard.workloads import Workloads

Counts = dict[str, int]
"""Numbers by what is counted."""

POSTS: Final = "requests"
OWN_CALLS: Final = "calls of functions of jmap_async"
CALLS: Final = "calls of all functions"
MEMORY: Final = "octets of memory at most"
INSTRUCTIONS: Final = "instructions"

_PACKAGE: Final = str(Path(jmap_async.__file__).parent)


def count_all(workloads: Workloads) -> dict[str, Counts]:
    """Count everything that the interpreter can count by itself."""
    return {name: count(work) for name, work in workloads.items()}


def count(work: Callable[[], int]) -> Counts:
    """Count what one piece of work costs."""
    with quiet():
        posts = work()
        own, every = _calls(work)
        return {POSTS: posts, OWN_CALLS: own, CALLS: every, MEMORY: _memory(work)}


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the collector of garbage away, which comes when it wants."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _calls(work: Callable[[], object]) -> tuple[int, int]:
    """Return how often functions of the package, and all functions, were called or resumed."""
    own = every = 0
    ours: dict[CodeType, bool] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        nonlocal own, every
        if event == "c_call":
            every += 1
        elif event == "call":
            every += 1
            code = frame.f_code
            if code not in ours:
                ours[code] = _is_ours(code)
            own += ours[code]

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return own, every


def _is_ours(code: CodeType) -> bool:
    # Methods that are made at run time have a name in pointed brackets, with that of the class.
    name = code.co_filename
    return name.startswith(_PACKAGE) or (name.startswith("<") and "jmap_async" in name)


def _memory(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
