"""Connect, and show what the server offers and which mailboxes there are."""

import asyncio
from collections.abc import Iterator

from _account import connected

from jmap_async import Mailbox


def tree(mailboxes: list[Mailbox], parent_id: str | None = None, depth: int = 0) -> Iterator[str]:
    """Yield a line for each mailbox, children below their parents."""
    children = [one for one in mailboxes if one.parent_id == parent_id]
    for mailbox in sorted(children, key=lambda one: (one.sort_order, one.name)):
        role = f" ({mailbox.role})" if mailbox.role else ""
        name = f"{'  ' * depth}{mailbox.name}{role}"
        yield f"  {name:30}{mailbox.unread_emails:6} of {mailbox.total_emails} unread"
        yield from tree(mailboxes, mailbox.id, depth + 1)


async def main() -> None:
    """Show the session and the mailboxes."""
    async with connected("reads the session and the mailboxes, and changes nothing") as client:
        session = client.session
        print(f"Hello, {session.username}.")
        print("The server offers:", *sorted(session.capabilities), sep="\n  ")
        for account_id, account in session.accounts.items():
            print(f"Account {account_id} is {account.name}.")
        mailboxes = await client.mailbox.get()
        print("Mailboxes:", *tree(mailboxes.list), sep="\n")


if __name__ == "__main__":
    asyncio.run(main())
