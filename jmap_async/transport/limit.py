"""How long an exchange may take that sends a blob, of any size, in between."""

import asyncio
from types import TracebackType
from typing import Self


class Limit:
    """A time-out of so many seconds that can be halted and begun anew, from any task."""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._scope = asyncio.timeout(seconds)
        self._entered = False

    async def __aenter__(self) -> Self:
        await self._scope.__aenter__()
        self._entered = True
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._entered = False
        await self._scope.__aexit__(kind, error, trace)

    def halt(self) -> None:
        """Let time pass."""
        self._set(None)

    def begin(self) -> None:
        """Count from the start."""
        if self._seconds is not None:
            self._set(asyncio.get_running_loop().time() + self._seconds)

    def _set(self, when: float | None) -> None:
        # Whoever sends may not have heard yet that it is over.
        if self._entered and not self._scope.expired():
            self._scope.reschedule(when)
