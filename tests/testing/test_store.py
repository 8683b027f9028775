"""Tests of tables, change logs and blobs."""

from jmap_async.testing.store import Push, QuerySnapshot, SentMessage, Table
from tests.testing.model import Model


def table() -> Table:
    """Return an empty table."""
    return Table("Email", lambda: None)


def test_t68_a_state_is_a_new_string_for_each_change() -> None:
    """It is known again by the table that made it, and by no other."""
    emails = table()
    before = emails.state
    emails.insert({"id": emails.next_id()})
    assert before != emails.state
    assert (0, 1) == (emails.position_of(before), emails.position_of(emails.state))
    assert Table("Thread", lambda: None).position_of(before) is None


def test_ids_are_never_used_again() -> None:
    """A destroyed record leaves its id behind."""
    emails = table()
    first = emails.next_id()
    emails.insert({"id": first})
    assert {"id": first} == emails.remove(first)
    assert first != emails.next_id()


def test_every_change_is_told() -> None:
    """Whoever listens hears of each line of the log."""
    heard: list[int] = []
    emails = Table("Email", lambda: heard.append(1))
    emails.insert({"id": "a"})
    emails.replace({"id": "a", "x": 1})
    emails.remove("a")
    assert 3 == len(heard) == len(emails.log)


def test_changes_stop_at_the_limit() -> None:
    """The position says how far they go; what came and went in between still counts."""
    emails = table()
    for id in "abc":
        emails.insert({"id": id})
    emails.replace({"id": "a", "x": 1})
    emails.remove("b")
    found = emails.changes(0, 2)
    assert (["a", "b"], [], [], 2) == (found.created, found.updated, found.destroyed, found.until)
    found = emails.changes(2, None)
    assert (["c"], ["a"], ["b"]) == (found.created, found.updated, found.destroyed)
    assert not found.only_counts


def test_counts_alone_are_told_apart() -> None:
    """An update of nothing but counts is known as such."""
    emails = table()
    emails.insert({"id": "a"})
    emails.note("a", "counts")
    assert emails.changes(1, None).only_counts
    assert not emails.changes(0, None).only_counts
    assert not emails.changes(2, None).only_counts


def test_t37_the_same_bytes_are_the_same_blob(model: Model) -> None:
    """The first media type stays."""
    account = model.server.world.accounts["A1"]
    first = account.put_blob(b"x", "text/plain")
    assert first == account.put_blob(b"x", "image/png")
    assert "text/plain" == account.blobs[first].type


def test_a_snapshot_brings_the_tables_back(model: Model) -> None:
    """Records, ids and log are what they were."""
    account = model.server.world.accounts["A1"]
    model.server.add_email()
    snapshot, state = account.snapshot(), account.tables["Email"].state
    model.server.add_email()
    account.restore(snapshot)
    assert (["M1"], state) == (list(account.records("Email")), account.tables["Email"].state)
    assert "M2" == model.server.add_email()


def test_old_queries_are_forgotten(model: Model) -> None:
    """Only so many results are kept for /queryChanges."""
    account = model.server.world.accounts["A1"]
    for number in range(300):
        account.remember_query(str(number), QuerySnapshot([], 0))
    assert 200 == len(account.queries)
    assert "299" in account.queries


def test_what_was_sent_and_pushed_are_values() -> None:
    """They compare by what they hold."""
    sent = SentMessage(mail_from="a", rcpt_to=["b"], message=b"", email_id="M1", submission_id="S1")
    assert sent == SentMessage(
        mail_from="a", rcpt_to=["b"], message=b"", email_id="M1", submission_id="S1"
    )
    assert Push(url="u", body={}) == Push(url="u", body={})


def test_t163_subscriptions_belong_to_a_credential(model: Model) -> None:
    """Each credential has a table of its own."""
    world = model.server.world
    assert world.subscriptions("a") is world.subscriptions("a")
    assert world.subscriptions("a") is not world.subscriptions("b")
