"""The kinds of event loop that the clients are measured on."""

import asyncio
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Final

Factory = Callable[[], asyncio.AbstractEventLoop]


def _factories() -> dict[str, Factory]:
    found: dict[str, Factory] = {"asyncio": asyncio.new_event_loop}
    if find_spec("uvloop"):
        found["uvloop"] = import_module("uvloop").new_event_loop
    return found


LOOPS: Final[Mapping[str, Factory]] = _factories()
"""asyncio's own and, where it is installed, uvloop."""


def on_loop(name: str, loop: str) -> str:
    """Return what stands for `name` on that loop: asyncio's own goes without saying."""
    return name if loop == "asyncio" else f"{name}, {loop}"
