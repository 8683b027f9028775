"""A sender that answers calls when a test says so."""

import asyncio
from collections.abc import Generator
from typing import Any, TypeVar

from jmap_async.protocol.call import Call, raw_method

R = TypeVar("R")


class Desk:
    """Keeps calls until they are answered; each waiter has a future of its own."""

    def __init__(self) -> None:
        self.begun: list[Call[Any]] = []
        self.waiting: list[asyncio.Future[Any]] = []
        self.left = 0
        self.answer: Any = None

    def result(self, call: Call[R]) -> Generator[Any, None, R]:
        """Wait until `answer` is set."""
        while self.answer is None:
            waiter = asyncio.get_running_loop().create_future()
            self.waiting.append(waiter)
            try:
                yield from waiter
            except BaseException:
                self.left += 1
                raise
        if isinstance(self.answer, Exception):
            raise self.answer
        answer: R = self.answer
        return answer

    def root_of(self, call: Call[Any]) -> object:
        """Return what sends the call."""
        return self

    def begin(self, call: Call[Any]) -> tuple[object, object]:
        """Take note of a call, and return its owner and its scope."""
        self.begun.append(call)
        return self, len(self.begun)

    def running_task(self) -> object:
        """Return the running task."""
        try:
            return asyncio.current_task()
        except RuntimeError:
            return None

    def settle(self, answer: object) -> None:
        """Answer all calls."""
        self.answer = answer
        for waiter in self.waiting:
            if not waiter.done():
                waiter.set_result(None)


def call(name: str = "Core/echo", desk: Desk | None = None) -> Call[Any]:
    """Return a call that is not sent yet."""
    return Call(raw_method(name, capability="x"), {}, sender=desk or Desk())
