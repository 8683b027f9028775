"""What waits of a merged write: in which order it goes, and who it comes from."""

from collections import deque

from jmap_async.planner import Entry
from jmap_async.planner.writes.backlog import Backlog, Piece
from jmap_async.planner.writes.changes import Change
from jmap_async.planner.writes.patches import Patches
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


def first(backlog: Backlog) -> deque[Piece]:
    """Return what goes next."""
    return next(backlog.parts)


def take(backlog: Backlog) -> list[Piece]:
    """Take out what goes next."""
    taken = [*first(backlog)]
    first(backlog).clear()
    return taken


def test_patches_that_follow_each_other_are_one_piece() -> None:
    """Nobody looks at them one by one."""
    entries = flags(3)
    [piece] = first(backlog_of(*entries))
    assert isinstance(piece, Patches)
    assert entries == piece.entries


def test_other_writes_are_pieces_in_the_order_of_the_server() -> None:
    """Call by call, and within a call phase by phase."""
    desk = Desk()
    backlog = backlog_of(
        desk.ask("Email/set", {"create": {"k": {}}}),
        desk.flag("M1"),
        desk.ask("Email/set", {"update": {"M2": {}}}),
        desk.flag("M3"),
        desk.ask("Email/set", {"update": {"M4": {}}, "destroy": ["M5"]}),
    )
    changes = backlog.in_detail(first(backlog))
    assert ["k", "M1", "M2", "M3", "M4", "M5"] == keys(changes)
    assert [1, 2, 3, 4, 5, 6] == [one.position for one in changes]


def test_who_came_last_can_leave() -> None:
    """A patch among others, a patch of its own, and a call with several changes."""
    desk = Desk()
    one, other = flags(2)
    many = desk.ask("Email/set", {"create": {"k": {}, "l": {}}, "destroy": ["M1"]})
    backlog = backlog_of(one, other)
    backlog.split_off(other)
    assert [one] == backlog.callers
    backlog.add(many)
    assert [True, False] == [*map(backlog.holds, (many, other))]
    backlog.split_off(many)
    backlog.split_off(one)
    assert not backlog


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
    assert ["N2"] == keys(backlog.in_detail(first(backlog)))


def test_a_backlog_is_divided_by_callers() -> None:
    """Each half has what its callers want, parts included, and knows all that write."""
    one, two, three = flags(3)
    backlog = backlog_of(one, two)
    backlog.keep(take(backlog))
    backlog.add(three)
    assert [one, two, three] == backlog.callers
    halves = backlog.divided([one], [two, three])
    assert [["N0"], ["N1", "N2"]] == [keys(half.in_detail(first(half))) for half in halves]
    assert not backlog
    assert all(backlog.writers is half.writers for half in halves)
