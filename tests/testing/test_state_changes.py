"""Tests of the states that are pushed."""

from jmap_async.testing.state_changes import changed


def test_new_accounts_are_news() -> None:
    """Whatever is in them; accounts without news are left out."""
    before, after = (
        {"A": {"Email": "1"}},
        {"A": {"Email": "1"}, "B": {"Email": "1", "Mailbox": "2"}},
    )
    assert {"B": {"Email": "1", "Mailbox": "2"}} == changed(before, after, None)
    assert {"B": {"Email": "1"}} == changed(before, after, frozenset({"Email"}))
