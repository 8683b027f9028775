"""Who stands behind whom: the calls of one owner, in the order of their first await."""

from random import Random

from hypothesis import given, settings, strategies as st

from jmap_async.errors import RateLimited
from jmap_async.planner import Answer, Entry, Request
from jmap_async.planner.base.order import Owners, is_done, may_go, pending
from jmap_async.protocol.session import CoreCapability
from tests.planner.desk import Desk, Wire, failed, members, mentions, with_limits
from tests.planner.model import method_of

KINDS = {"r": "Email/get", "w": "Email/set"}


def call(kind: str, owner: object, *accounts: str) -> Entry:
    """Return a call of somebody."""
    return Entry(method_of(KINDS[kind], capability="x"), frozenset(), accounts, {}, owner=owner)


def end(entry: Entry, owners: Owners) -> None:
    """Give a call an answer."""
    entry.answer = Answer({})
    owners.leave((entry,))
    owners.tidy()


steps = st.lists(
    st.tuples(
        st.sampled_from("rw"),
        st.sampled_from(["A", "B", None]),
        st.sampled_from([("1",), ("2",), ("1", "2")]),
        st.integers(0, 30),
    ),
    max_size=10,
)


@given(steps)
def test_everything_that_is_owed_order_is_stood_behind(
    program: list[tuple[str, object, tuple[str, ...], int]],
) -> None:
    """Directly or by way of others, in whatever order calls come to their end; nothing is kept."""
    owners, made = Owners(), list[Entry]()
    for kind, owner, accounts, ending in program:
        entry = call(kind, owner, *accounts)
        owners.join(entry)
        assert _owed(entry, made) == _all_before(entry)
        made.append(entry)
        waiting = [one for one in made if one.answer is None]
        if ending < len(waiting):
            end(waiting[ending], owners)
    for entry in reversed(made):
        if entry.answer is None:
            end(entry, owners)
    assert 0 == len(owners)
    assert all(map(is_done, made))
    assert {()} >= {entry.after for entry in made}


def _owed(entry: Entry, earlier: list[Entry]) -> set[Entry]:
    """Return what a call must not overtake: by itself, or since others stand in between."""
    found: set[Entry] = set()
    for place, one in enumerate(earlier):
        if (
            one.owner == entry.owner
            and not {*one.accounts}.isdisjoint(entry.accounts)
            and not (one.method.reads and entry.method.reads)
        ):
            found |= {one, *_owed(one, earlier[:place])}
    return {one for one in found if one.answer is None}


def _all_before(entry: Entry) -> set[Entry]:
    found = {*pending(entry)}
    for one in [*found]:
        found |= _all_before(one)
    return found


def test_a_long_line_of_calls_that_failed_early_is_no_burden() -> None:
    """A task's thousands of writes, all given up while the first is under way."""
    owners = Owners()
    writes = [call("w", "A", "1") for _ in range(5_000)]
    for entry in writes:
        owners.join(entry)
    for entry in reversed(writes[1:]):
        entry.answer = Answer({})
        owners.leave((entry,))
    last = call("r", "A", "1")
    owners.join(last)
    assert (writes[0],) == pending(last)
    end(writes[0], owners)
    end(last, owners)
    assert 0 == len(owners)


def test_who_has_one_call_at_a_time_stands_behind_nobody() -> None:
    """Nearly every task: nothing is looked for, and nothing kept."""
    owners = Owners()
    for kind in "rwwr":
        entry = call(kind, "A", "1")
        owners.join(entry)
        assert () == entry.after
        end(entry, owners)
    assert 0 == len(owners)


def test_a_call_goes_when_what_it_stands_behind_is_answered_or_in_front_of_it() -> None:
    """In the same request, and all of it."""
    desk = Desk().by("me")
    write = desk.flag("M1")
    read = desk.get("M1")
    request, other = Request(CoreCapability()), Request(CoreCapability())
    assert not may_go(read, request)
    desk.planner._queue.fill(request)
    assert {write, read} == {*request.entries}
    assert may_go(read, request)
    assert not may_go(read, other)
    write.answer = Answer({})
    assert not may_go(read, other)  # its request has not come to its end
    request.over = True
    assert may_go(read, other)


EMAILS = ["M1", "M2", "M3", "M4"]

rows = st.just(["poison"]) | st.lists(st.sampled_from(EMAILS), unique=True, min_size=1, max_size=3)
asked = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("rw"), rows, st.booleans()), max_size=12
)
most = st.sampled_from([1, 2, 3, 500])
limits = st.fixed_dictionaries(
    {"max_calls_in_request": most, "max_objects_in_get": most, "max_objects_in_set": most}
)


@settings(max_examples=400)
@given(asked, limits, st.integers(1, 3), st.builds(Random, st.integers(0, 2**32)))
def test_whatever_the_server_refuses_order_is_kept(
    program: list[tuple[str, str, list[str], bool]],
    limits: dict[str, int],
    slots: int,
    random: Random,
) -> None:
    """A read sees what its task wrote before, and only that; and only what is wrong fails."""
    desk = Desk(told=with_limits(**limits), slots=slots, attempts=100)
    is_bad = mentions("poison")
    desk.reject = lambda _, arguments: "forbidden" if is_bad(arguments) else None

    def refuse(_: Wire) -> None:
        if random.random() < 0.2:
            raise RateLimited("busy")

    desk.refuse = refuse
    flying: list[Request] = []
    for number, (owner, kind, ids, turn) in enumerate(program):
        desk.by(owner)
        _ = (
            desk.get(*ids, properties=["keywords"])
            if kind == "r"
            else desk.flag(*ids, keyword=f"{owner}{number}")
        )
        if turn and len(flying) < slots and (request := desk.next_request()):
            flying.append(request)
        if flying and random.random() < 0.5:
            desk.carry(flying.pop(random.randrange(len(flying))))
    while flying:
        desk.carry(flying.pop(random.randrange(len(flying))))
    desk.run()
    assert _wrong(program) == [*failed(desk.entries)]
    for number, (owner, kind, ids, _) in enumerate(program):
        if kind == "r" and "poison" not in ids:
            for row in members(desk.entries[number])["list"]:
                seen = {one for one in row["keywords"] if one.startswith(owner)}
                assert _written(program[:number], owner, row["id"]) == seen


def _wrong(program: list[tuple[str, str, list[str], bool]]) -> list[int]:
    return [number for number, (*_, ids, _) in enumerate(program) if "poison" in ids]


def _written(program: list[tuple[str, str, list[str], bool]], owner: str, id: str) -> set[str]:
    """Return the keywords that somebody has set on an email."""
    return {
        f"{owner}{number}"
        for number, (who, kind, ids, _) in enumerate(program)
        if (who, kind) == (owner, "w") and id in ids
    }
