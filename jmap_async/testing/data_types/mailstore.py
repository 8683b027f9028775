"""Keeping Emails, Threads and the counts of Mailboxes in step (RFC 8621, 2 to 4)."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

import attrs

from jmap_async.testing.instants import instant
from jmap_async.testing.store import Account
from jmap_async.testing.types import JSONObject

_REPLY_PREFIX: Final = re.compile(
    r"^\s*(?:(?:re|fwd?)\s*(?:\[[^\]]*\])?\s*:|\[[^\]]*\])\s*", re.IGNORECASE
)
_FORWARD_SUFFIX: Final = re.compile(r"\s*\(fwd\)\s*$", re.IGNORECASE)


def base_subject(subject: str | None) -> str:
    """Return the subject without "Re:", "Fwd:" and blobs in brackets (RFC 5256, 2.1)."""
    text = " ".join((subject or "").split())
    while True:
        shorter = _FORWARD_SUFFIX.sub("", text)
        stripped = _REPLY_PREFIX.sub("", shorter)
        # A blob in brackets stays if nothing else would.
        shorter = stripped or (shorter if shorter.startswith("[") else stripped)
        if shorter == text:
            return text
        text = shorter


def find_thread(account: Account, message_ids: Iterable[str], subject: str | None) -> str | None:
    """Return the Thread of a message: a common message id and base subject (RFC 8621, 3)."""
    base = base_subject(subject)
    for message_id in message_ids:
        thread_id = account.thread_of.get(f"{message_id} {base}")
        if thread_id in account.records("Thread"):
            return thread_id
    return None


def add_email(
    account: Account, record: JSONObject, message_ids: Iterable[str], subject: str | None
) -> None:
    """Store a new Email; its id and threadId are set here.

    `message_ids` are those of the message itself and of what it refers to.
    """
    known = list(message_ids)
    threads = account.tables["Thread"]
    thread_id = find_thread(account, known, subject) if known else None
    record["id"] = account.tables["Email"].next_id()
    record["threadId"] = own_thread = thread_id or threads.next_id()
    if known:
        base = base_subject(subject)
        account.thread_of.update(dict.fromkeys((f"{m} {base}" for m in known), own_thread))
    account.tables["Email"].insert(record)
    if thread_id is None:
        threads.insert({"id": own_thread, "emailIds": [record["id"]]})
    else:
        _rethread(account, thread_id, [*threads.records[thread_id]["emailIds"], record["id"]])
    _note_counts(account, own_thread, record)


def change_email(account: Account, old: JSONObject, new: JSONObject) -> None:
    """Replace an Email whose mailboxIds or keywords changed."""
    account.tables["Email"].replace(new)
    if old["mailboxIds"] != new["mailboxIds"] or is_unread(old) != is_unread(new):
        _note_counts(account, new["threadId"], old)


def remove_email(account: Account, id: str) -> None:
    """Take an Email away, and its Thread with the last one."""
    record = account.tables["Email"].remove(id)
    threads, thread_id = account.tables["Thread"], record["threadId"]
    left = [other for other in threads.records[thread_id]["emailIds"] if other != id]
    if left:
        _rethread(account, thread_id, left)
    else:
        threads.remove(thread_id)
    _note_counts(account, thread_id, record)


def _rethread(account: Account, thread_id: str, email_ids: list[str]) -> None:
    emails, order = account.records("Email"), account.tables["Email"].order
    email_ids.sort(key=lambda id: (instant(emails[id]["receivedAt"]), order[id]))
    account.tables["Thread"].replace({"id": thread_id, "emailIds": email_ids})


def _note_counts(account: Account, thread_id: str, record: JSONObject) -> None:
    """Note that the counts of every Mailbox around an Email may be new."""
    emails, thread = account.records("Email"), account.records("Thread").get(thread_id)
    touched = dict.fromkeys(record["mailboxIds"])
    for id in thread["emailIds"] if thread else ():
        touched |= dict.fromkeys(emails[id]["mailboxIds"])
    for mailbox_id in touched:
        account.tables["Mailbox"].note(mailbox_id, "counts")


def is_unread(record: JSONObject) -> bool:
    """Say whether an Email counts as unread: neither seen nor a draft (RFC 8621, 2)."""
    keywords = record["keywords"]
    return "$seen" not in keywords and "$draft" not in keywords


@attrs.define
class Counts:
    """The counts of all Mailboxes of an account, by Mailbox id."""

    version: tuple[int, int]
    total_emails: Counter[str] = attrs.field(factory=Counter[str])
    unread_emails: Counter[str] = attrs.field(factory=Counter[str])
    total_threads: Counter[str] = attrs.field(factory=Counter[str])
    unread_threads: Counter[str] = attrs.field(factory=Counter[str])


def counts(account: Account) -> Counts:
    """Return the counts, computed once for each state of the account."""
    version = (len(account.tables["Email"].log), len(account.tables["Mailbox"].log))
    known = account.cache.get("counts")
    if isinstance(known, Counts) and known.version == version:
        return known
    fresh = account.cache["counts"] = _count(account, Counts(version))
    return fresh


def _count(account: Account, found: Counts) -> Counts:
    emails = account.records("Email")
    for email in emails.values():
        # Their names only: a Counter would take over the values of a mapping.
        found.total_emails.update(list(email["mailboxIds"]))
        if is_unread(email):
            found.unread_emails.update(list(email["mailboxIds"]))
    trash = role_id(account, "trash")
    for thread in account.records("Thread").values():
        _count_thread([emails[id] for id in thread["emailIds"]], trash, found)
    return found


def _count_thread(emails: list[JSONObject], trash: str | None, found: Counts) -> None:
    mailboxes = set[str]().union(*(email["mailboxIds"] for email in emails))
    found.total_threads.update(mailboxes)
    # RFC 8621, 2: what is only in the trash is a thread of its own, for unread counts.
    unread = [email["mailboxIds"] for email in emails if is_unread(email)]
    if any(trash in ids for ids in unread) and trash is not None:
        found.unread_threads[trash] += 1
    if any(ids.keys() != {trash} for ids in unread):
        found.unread_threads.update(mailboxes - {trash})


def role_id(account: Account, role: str) -> str | None:
    """Return the id of the Mailbox with a role."""
    for mailbox in account.records("Mailbox").values():
        if mailbox["role"] == role:
            id: str = mailbox["id"]
            return id
    return None
