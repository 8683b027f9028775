"""What was looked up is out of date when it is written, and as long as nobody knows."""

from typing import Any

import pytest

from jmap_async.errors import TransportError
from jmap_async.planner import Entry
from tests.planner.desk import Desk, once, prepared

BOXES = ("Mailbox", "A1")


def create(name: str) -> dict[str, Any]:
    """Return the arguments that create a mailbox."""
    return {"create": {"k": {"name": name}}}


def test_reads_and_writes_of_others_leave_it_as_it_was() -> None:
    """Of other types, and of other accounts."""
    desk = Desk()
    before = desk.planner.writes.last(BOXES)
    assert before is not None
    desk.flag("M1")
    desk.ask("Mailbox/get", {"ids": None})
    desk.ask("Mailbox/set", {**create("box"), "accountId": "A2"})
    assert before == desk.planner.writes.last(BOXES)
    desk.run()
    assert before == desk.planner.writes.last(BOXES)


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
    assert desk.planner.writes.last(BOXES) is None
    desk.run()
    return entry


@pytest.mark.parametrize("write", [answered, silent, deserted, too_large, come_back])
def test_whatever_becomes_of_a_write_it_is_another_one_afterwards(write: Any) -> None:  # noqa: ANN401 - one of the above
    """And there is no last one as long as it has not come to its end."""
    desk = Desk()
    first = desk.planner.writes.last(BOXES)
    waiting = desk.ask("Mailbox/set", create("first"))
    assert desk.planner.writes.last(BOXES) is None
    desk.run()
    second = desk.planner.writes.last(BOXES)
    write(desk)
    assert waiting.answer is not None
    assert 3 == len({first, second, desk.planner.writes.last(BOXES)} - {None})


def test_what_touches_two_accounts_is_a_write_in_both() -> None:
    """As a copy is, whatever becomes of the originals."""
    desk = Desk()
    kinds = ("Email", "A1"), ("Email", "A2")
    before = [desk.planner.writes.last(kind) for kind in kinds]
    create = {"k": {"id": "M1", "mailboxIds": {"P2": True}}}
    desk.ask("Email/copy", {"fromAccountId": "A2", "accountId": "A1", "create": create})
    assert [None, None] == [desk.planner.writes.last(kind) for kind in kinds]
    desk.run()
    assert all(
        old != desk.planner.writes.last(kind) for old, kind in zip(before, kinds, strict=True)
    )
