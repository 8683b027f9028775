"""What was looked up is out of date when it is written, and as long as nobody knows."""

from typing import Any

import pytest

from jmap_async.errors import TransportError
from jmap_async.planner import Entry
from tests.planner.desk import Desk, once, prepared


def create(name: str) -> dict[str, Any]:
    """Return the arguments that create a mailbox."""
    return {"create": {"k": {"name": name}}}


def test_reads_and_writes_of_other_types_leave_it_as_it_was() -> None:
    """Whoever remembers mailboxes need not care for emails."""
    desk = Desk()
    before = desk.planner.writes.last("Mailbox")
    assert before is not None
    desk.flag("M1")
    desk.ask("Mailbox/get", {"ids": None})
    assert before == desk.planner.writes.last("Mailbox")
    desk.run()
    assert before == desk.planner.writes.last("Mailbox")


def answered(desk: Desk) -> Entry:
    """The server makes it."""
    entry = desk.ask("Mailbox/set", create("box"))
    desk.run()
    return entry


def silent(desk: Desk) -> Entry:
    """Nobody knows whether it was made."""
    desk.refuse = once(TransportError("gone", outcome="unknown"))
    return answered(desk)


def deserted(desk: Desk) -> Entry:
    """Whoever wanted it has left before it was sent."""
    entry = prepared(desk, "Mailbox/set", create("box"))
    assert desk.next_request() is None
    assert entry.abandoned
    return entry


def too_large(desk: Desk) -> Entry:
    """It has failed before it was sent."""
    desk.ask("Mailbox/set", create("x" * 20_000_000))
    assert desk.next_request() is None
    return desk.entries[-1]


def come_back(desk: Desk) -> Entry:
    """Whoever wanted it has left, and awaits it once more."""
    call = desk.call("Mailbox/set", create("box"))
    desk.planner.submit(call, desk.session)
    assert desk.next_request() is None
    entry = desk.submit(call)
    assert desk.planner.writes.last("Mailbox") is None
    desk.run()
    return entry


@pytest.mark.parametrize("write", [answered, silent, deserted, too_large, come_back])
def test_whatever_becomes_of_a_write_it_is_another_one_afterwards(write: Any) -> None:  # noqa: ANN401 - one of the above
    """And there is no last one as long as it has not come to its end."""
    desk = Desk()
    first = desk.planner.writes.last("Mailbox")
    waiting = desk.ask("Mailbox/set", create("first"))
    assert desk.planner.writes.last("Mailbox") is None
    desk.run()
    second = desk.planner.writes.last("Mailbox")
    write(desk)
    assert waiting.answer is not None
    assert 3 == len({first, second, desk.planner.writes.last("Mailbox")} - {None})


def test_copies_are_writes() -> None:
    """Whatever they are called."""
    desk = Desk()
    before = desk.planner.writes.last("Email")
    create = {"k": {"id": "M1", "mailboxIds": {"P2": True}}}
    desk.ask("Email/copy", {"fromAccountId": "A2", "accountId": "A1", "create": create})
    assert desk.planner.writes.last("Email") is None
    desk.run()
    assert desk.planner.writes.last("Email") not in (before, None)
