"""What waits of a merged write: in which order it goes, and who it comes from."""

from jmap_async.planner import Entry
from jmap_async.planner.backlog import Backlog, Piece
from jmap_async.planner.changes import Change
from jmap_async.planner.outcomes import CREATE, DESTROY, UPDATE
from jmap_async.planner.patches import Patches
from tests.planner.desk import Desk


def backlog_of(*entries: Entry) -> Backlog:
    """Return a backlog of calls."""
    backlog = Backlog()
    for entry in entries:
        backlog.add(entry)
    return backlog


def flags(count: int, *, first: int = 0) -> list[Entry]:
    """Return patches of an object each."""
    desk = Desk()
    return [desk.flag(f"N{first + number}") for number in range(count)]


def keys(pieces: list[Change]) -> list[str]:
    """Return what is changed, in order."""
    return [key for one in pieces for key in one.keys]


def take(backlog: Backlog) -> list[Piece]:
    """Take out what goes next."""
    taken = [*backlog.next]
    backlog.next.clear()
    return taken


def test_patches_that_follow_each_other_are_one_piece() -> None:
    """Nobody looks at them one by one."""
    entries = flags(3)
    [piece] = backlog_of(*entries).next
    assert isinstance(piece, Patches)
    assert entries == piece.entries


def test_other_writes_are_pieces_in_the_order_of_the_server() -> None:
    """Which tells with which phase a call ends."""
    desk, backlog = Desk(), Backlog()
    phases = [
        backlog.add(desk.ask("Email/set", {"create": {"k": {}}})),
        backlog.add(desk.flag("M1")),
        backlog.add(desk.ask("Email/set", {"update": {"M2": {}}})),
        backlog.add(desk.flag("M3")),
        backlog.add(desk.ask("Email/set", {"update": {"M4": {}}, "destroy": ["M5"]})),
    ]
    assert [CREATE, UPDATE, UPDATE, UPDATE, DESTROY] == phases
    changes = backlog.in_detail(backlog.next)
    assert ["k", "M1", "M2", "M3", "M4", "M5"] == keys(changes)
    assert [1, 2, 3, 4, 5, 6] == [one.position for one in changes]


def test_who_came_last_can_leave() -> None:
    """A patch among others, a patch of its own, and a call with several changes."""
    desk = Desk()
    first, second = flags(2)
    many = desk.ask("Email/set", {"create": {"k": {}, "l": {}}, "destroy": ["M1"]})
    backlog = backlog_of(first, second)
    backlog.leave(second)
    assert [first] == backlog.callers
    backlog.add(many)
    backlog.leave(many)
    backlog.leave(first)
    assert not backlog.next


def test_parts_go_before_the_rest_in_the_order_of_their_callers() -> None:
    """Whichever of them came back first."""
    backlog = backlog_of(*flags(4))
    [piece] = take(backlog)
    assert isinstance(piece, Patches)
    early, late = piece.cut(2), piece
    backlog.add(*flags(1, first=4))
    backlog.keep([late])
    backlog.keep([early])
    found = [keys(backlog.in_detail(take(backlog))) for _ in range(3)]
    assert [["N0", "N1"], ["N2", "N3"], ["N4"]] == found


def test_parts_can_be_given_up() -> None:
    """What has not gone yet stays."""
    backlog = backlog_of(*flags(2))
    backlog.keep(take(backlog))
    backlog.add(*flags(1, first=2))
    assert ["N0", "N1"] == keys(backlog.drop_parts())
    assert ["N2"] == keys(backlog.in_detail(backlog.next))


def test_a_backlog_is_divided_by_callers() -> None:
    """Each half has what its callers want, parts included, and knows all that write."""
    first, second, third = flags(3)
    backlog = backlog_of(first, second)
    backlog.keep(take(backlog))
    backlog.add(third)
    assert [first, second, third] == backlog.callers
    halves = backlog.divided([first], [second, third])
    assert [["N0"], ["N1", "N2"]] == [keys(one.in_detail(one.next)) for one in halves]
    assert not backlog.next
    assert all(backlog.writers is one.writers for one in halves)
