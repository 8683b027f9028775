"""Mailboxes: their methods, and the verbs built on them (RFC 8621, 2)."""

from collections.abc import Iterable

from jmap_async.capabilities.mail.mailbox import (
    Mailbox,
    MailboxFilter,
    MailboxProperty,
    MailboxSorting,
    MailboxTable,
)
from jmap_async.errors import NotFound
from jmap_async.protocol.codec.objects import check_readable, is_readable
from jmap_async.verbs.reading import QueryVerbs


class MailboxMethods(
    MailboxTable, QueryVerbs[Mailbox, MailboxProperty, MailboxFilter, MailboxSorting]
):
    """Mailboxes: their methods, and the verbs built on them."""

    async def by_role(self, role: str) -> Mailbox:
        """Return the mailbox that has a role, such as "inbox", "sent" or "trash".

        Raises:
            NotFound: there is none; names the roles that there are.
            RemoteProtocolError: there is none, but the role of a mailbox is malformed.
        """
        mailboxes = (await self.get()).list
        roles = by_role(mailboxes)
        if role.lower() not in roles:
            check_readable(mailboxes, "id", "role")
            raise no_role(role, roles)
        return roles[role.lower()]


def by_role(mailboxes: Iterable[Mailbox]) -> dict[str, Mailbox]:
    """Return the mailboxes that have a role, by their role; one that is malformed has none."""
    sound = (mailbox for mailbox in mailboxes if is_readable(mailbox, "id", "role"))
    found = ((getattr(mailbox, "role", None), mailbox) for mailbox in sound)
    return {role: mailbox for role, mailbox in found if role is not None}


def no_role(role: str, roles: Iterable[str]) -> NotFound:
    """Make the error for a role that no mailbox has."""
    known = ", ".join(sorted(roles)) or "none"
    return NotFound(f"no mailbox has the role {role!r}; the roles there are: {known}")
