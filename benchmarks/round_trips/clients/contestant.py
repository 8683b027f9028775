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


SHOWN: Final = 20
"""How many Emails a page of a web mailer shows."""


class Asynchronous(Contestant, Protocol):
    """One that serves handlers, and shares the event loop with other tasks."""

    async def handle(self, number: int) -> None:
        """Find ten Emails, read them, read their Threads: each needs the one before."""

    async def fetch(self, ids: Sequence[str], properties: Sequence[str]) -> None:
        """Read many Emails by one call."""

    async def review(self, number: int) -> None:
        """Read an Email, flag it because of what it says, read it again: three round trips."""

    async def mark(self, number: int) -> None:
        """Mark an Email as read."""

    async def conversation(self, number: int) -> None:
        """Read a Thread, and by reference its Emails, however many there are."""

    async def inbox(self, number: int) -> None:
        """Find a page of Emails, and read them."""

    async def search(self, number: int) -> None:
        """Find Emails by a word; read them, and the snippets that show it."""

    async def folders(self) -> None:
        """Read all Mailboxes."""

    async def send(self, number: int) -> None:
        """Send a message, and file it among the sent ones."""


def searched(number: int) -> dict[str, str]:
    """Return the filter of a search: hardly anybody looks for what another one does."""
    return {"text": f"word{number}"}


def expect(found: object, expected: object) -> None:
    """Make sure that a client got what it asked for."""
    if found != expected:
        raise AssertionError(f"expected {expected!r}, got {found!r}")
