"""Tests of Emails, Threads and counts in step."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.data_types import mailstore
from tests.testing.model import Model, message


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Hello", "Hello"),
        ("Re: Hello", "Hello"),
        ("RE: re[2]:  Fwd: Hello", "Hello"),
        ("[list] Re: Hello (fwd)", "Hello"),
        ("[only]", "[only]"),
        ("Re:", ""),
        ("  a\tb ", "a b"),
        (None, ""),
    ],
)
def test_the_base_subject(subject: str | None, base: str) -> None:
    """Prefixes, list names and forward marks go, unless nothing would be left."""
    assert base == mailstore.base_subject(subject)


def reply_to(message_id: str, subject: str, own: str) -> bytes:
    """Return a message that answers another."""
    return message(
        f"Subject: {subject}", f"Message-ID: <{own}>", f"In-Reply-To: <{message_id}>", "", "Yes."
    )


def test_an_answer_joins_the_thread(model: Model) -> None:
    """A common message id and base subject make a Thread; another subject makes a new one."""
    server = model.server
    first = server.add_email(message=reply_to("x@x", "Hi", "a@x"))
    second = server.add_email(message=reply_to("a@x", "Re: Hi", "b@x"))
    third = server.add_email(message=reply_to("a@x", "Other", "c@x"))
    threads = [model.get_one("Email", id, "threadId")["threadId"] for id in (first, second, third)]
    assert threads[0] == threads[1] != threads[2]
    assert [first, second] == model.get_one("Thread", threads[0])["emailIds"]


def test_a_thread_lists_the_oldest_email_first(model: Model) -> None:
    """It is the time of receipt that counts, not the order of arrival."""
    server, clock = model.server, model.clock
    late = server.add_email(message=reply_to("x@x", "Hi", "a@x"), received_at=clock())
    clock.forward(days=-1)
    early = server.add_email(message=reply_to("a@x", "Hi", "b@x"), received_at=clock())
    thread = model.get_one("Email", late, "threadId")["threadId"]
    assert [early, late] == model.get_one("Thread", thread)["emailIds"]


def test_a_thread_ends_with_its_last_email(model: Model) -> None:
    """Its changes are told as those of any record; a later answer begins a new Thread."""
    server, state = model.server, model.state("Thread")
    first = server.add_email(message=reply_to("x@x", "Hi", "a@x"))
    thread = model.get_one("Email", first, "threadId")["threadId"]
    second = server.add_email(message=reply_to("a@x", "Hi", "b@x"))
    assert [thread] == model.call("Thread/changes", sinceState=state)["created"]
    state = model.state("Thread")
    model.call("Email/set", destroy=[first])
    assert [thread] == model.call("Thread/changes", sinceState=state)["updated"]
    assert [second] == model.get_one("Thread", thread)["emailIds"]
    model.call("Email/set", destroy=[second])
    assert [thread] == model.call("Thread/changes", sinceState=state)["destroyed"]
    again = server.add_email(message=reply_to("a@x", "Hi", "d@x"))
    assert thread != model.get_one("Email", again, "threadId")["threadId"]


def counts(model: Model, mailbox: str) -> tuple[int, ...]:
    """Return the four counts of a Mailbox."""
    found = model.get_one("Mailbox", mailbox)
    names = ("totalEmails", "unreadEmails", "totalThreads", "unreadThreads")
    return tuple(found[name] for name in names)


def test_t117_drafts_and_seen_emails_are_not_unread(model: Model) -> None:
    """Both keywords count."""
    for keywords in ([], ["$seen"], ["$draft"], ["$flagged"]):
        model.server.add_email(keywords=keywords)
    assert (4, 2, 4, 2) == counts(model, "P1")


def test_t117_the_trash_is_a_thread_of_its_own(model: Model) -> None:
    """An unread Email only in the trash makes the trash unread, and no other Mailbox."""
    server = model.server
    server.add_email(message=reply_to("x@x", "Hi", "a@x"), keywords=["$seen"])
    server.add_email(message=reply_to("a@x", "Hi", "b@x"), mailbox="trash")
    assert (1, 0, 1, 0) == counts(model, server.mailbox_id("inbox"))
    assert (1, 1, 1, 1) == counts(model, server.mailbox_id("trash"))


def test_an_unread_answer_elsewhere_makes_the_thread_unread(model: Model) -> None:
    """The unread Email need not be in the Mailbox itself."""
    server = model.server
    server.add_email(message=reply_to("x@x", "Hi", "a@x"), keywords=["$seen"])
    server.add_email(message=reply_to("a@x", "Hi", "b@x"), mailbox="archive")
    assert (1, 0, 1, 1) == counts(model, "P1")


def test_t75_a_change_of_counts_alone_is_told_as_such(model: Model) -> None:
    """The four properties are named, and null means that there was more."""
    state = model.state("Mailbox")
    email = model.server.add_email()
    changes = model.call("Mailbox/changes", sinceState=state)
    assert ["P1"] == changes["updated"]
    assert ["totalEmails", "unreadEmails", "totalThreads", "unreadThreads"] == changes[
        "updatedProperties"
    ]
    model.update("Mailbox", "P1", sortOrder=5)
    assert model.call("Mailbox/changes", sinceState=state)["updatedProperties"] is None
    state = model.state("Mailbox")
    model.update("Email", email, **{"keywords/$flagged": True})
    assert state == model.state("Mailbox")


MAILBOXES = st.sets(st.sampled_from(["P1", "P2", "P4", "P6"]), min_size=1)
KEYWORDS = st.sets(st.sampled_from(["$seen", "$draft", "$flagged"]))


@given(
    emails=st.lists(st.tuples(MAILBOXES, KEYWORDS, st.integers(0, 2)), max_size=8),
    moves=st.lists(st.tuples(st.integers(0, 7), MAILBOXES, KEYWORDS), max_size=5),
)
def test_t117_counts_agree_with_the_emails(
    emails: list[tuple[set[str], set[str], int]], moves: list[tuple[int, set[str], set[str]]]
) -> None:
    """However Emails were filed and marked, the counts are those of what is there."""
    model = Model()
    ids = [model.server.add_email(subject=str(n)) for _, _, n in emails]
    changes = [(n, mailboxes, keywords) for n, (mailboxes, keywords, _) in enumerate(emails)]
    for index, mailboxes, keywords in [*changes, *(move for move in moves if move[0] < len(ids))]:
        patch = {
            "mailboxIds": dict.fromkeys(mailboxes, True),
            "keywords": dict.fromkeys(keywords, True),
        }
        model.update("Email", ids[index], **patch)
        counts(model, "P1")
    for mailbox in ("P1", "P2", "P4", "P6"):
        inside = model.query("Email", {"inMailbox": mailbox})
        unread = model.query(
            "Email",
            {
                "operator": "AND",
                "conditions": [
                    {"inMailbox": mailbox},
                    {"notKeyword": "$seen"},
                    {"notKeyword": "$draft"},
                ],
            },
        )
        assert (len(inside), len(unread)) == counts(model, mailbox)[:2]


def test_counts_are_integers_from_the_first_email_on(model: Model) -> None:
    """The only email of a mailbox makes its counts 1, not true."""
    model.server.add_email()
    inbox = model.server.mailbox_id("inbox")
    counts = mailstore.counts(model.server.world.accounts[model.server.account_id])
    assert int is type(counts.total_emails[inbox])
    assert int is type(counts.unread_emails[inbox])
