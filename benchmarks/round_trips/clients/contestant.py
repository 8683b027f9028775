"""What every client here is asked to do, each in the best way that it has."""

from collections.abc import Sequence
from typing import Final, Protocol

FOUND: Final = 10
"""How many Emails a handler finds."""


class Contestant(Protocol):
    """A client and a way to use it.

    `share` is the part of the work that it is given where there is much of it, because it takes
    long; its time is scaled up, which is right for clients that send one call after the other.
    """

    name: str
    share: float

    async def open(self, session_url: str) -> None:
        """Connect."""

    async def close(self) -> None:
        """Disconnect."""

    async def read(self, ids: Sequence[str]) -> None:
        """Read Emails in list view: as many tasks as ids, each of which wants one of them."""

    async def flag(self, ids: Sequence[str]) -> None:
        """Set $seen on Emails: as many tasks as ids, each of which has one to change."""

    async def read_one(self, id: str) -> None:
        """Read one Email, while nothing else goes on."""

    async def read_pages(self, *, emails: int, page: int) -> None:
        """Find Emails and read them in list view, page by page; the pages are independent."""

    async def iterate(self, *, emails: int, page: int) -> None:
        """Go through as many Emails in list view, in order."""


class Asynchronous(Contestant, Protocol):
    """One that serves handlers, and shares the event loop with other tasks."""

    async def handle(self, number: int) -> None:
        """Find ten Emails, read them, read their Threads: each needs the one before."""

    async def fetch(self, ids: Sequence[str], properties: Sequence[str]) -> None:
        """Read many Emails by one call."""


def expect(found: object, expected: object) -> None:
    """Make sure that a client got what it asked for."""
    if found != expected:
        raise AssertionError(f"expected {expected!r}, got {found!r}")
