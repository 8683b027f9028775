"""What every client here is asked to do, each in the best way that it has."""

from collections.abc import Sequence
from typing import Protocol


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


def expect(found: object, expected: object) -> None:
    """Make sure that a client got what it asked for."""
    if found != expected:
        raise AssertionError(f"expected {expected!r}, got {found!r}")
