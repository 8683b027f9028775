"""Order: what may go when, and what must wait for what."""

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import TooLarge
from jmap_async.planner import Entry, Remedy, Request, Verdict
from tests.planner.desk import Desk, Wire, failed, found, members, once, refused, with_limits
from tests.planner.model import Task


def taken(desk: Desk) -> Request:
    """Take the next request out, as if it were under way."""
    request = desk.next_request()
    assert request is not None
    return request


def names(request: Request) -> list[str]:
    """Return the names of the calls in a request."""
    return [one.name for one in request.invocations]


def copied(desk: Desk, origin: str, to: str) -> Entry:
    """Queue a copy from one account to another."""
    create = {"k": {"id": "M1", "mailboxIds": {"P1": True}}}
    return desk.ask("Email/copy", {"fromAccountId": origin, "accountId": to, "create": create})


# Calls of others


def test_writes_and_reads_of_others_wait_for_nothing() -> None:
    """What is under way for one task holds no other task up."""
    desk = Desk()
    desk.get("M1")
    taken(desk)
    desk.flag("M1")
    assert ["Email/set"] == names(taken(desk))
    desk.flag("M1")
    assert ["Email/set"] == names(taken(desk))
    desk.get("M1")
    assert ["Email/get"] == names(taken(desk))


def test_whatever_waits_at_the_same_time_is_merged() -> None:
    """Reads with reads, writes with writes, however they alternate."""
    desk = Desk()
    for one in ("M1", "M2", "M3", "M4"):
        desk.get(one)
        desk.flag(one)
    assert 1 == desk.run()
    assert ["Email/get", "Email/set"] == desk.names()


@given(
    st.lists(st.lists(st.sampled_from("rw"), min_size=1, max_size=4), min_size=1, max_size=8),
    st.integers(1, 16),
)
def test_tasks_that_alternate_need_as_many_invocations_as_one_of_them(
    tasks: list[list[str]], calls: int
) -> None:
    """Each wave of a kind is one invocation, whatever the others do: no task waits for another."""
    desk = Desk(told=with_limits(max_calls_in_request=calls), slots=4)
    waves = max(len(one) for one in tasks)
    for number in range(waves):
        for place, one in enumerate(tasks):
            if number < len(one):
                id = f"M{place % 4 + 1}" if one[number] == "r" else f"N{place}"
                _ = desk.get(id) if one[number] == "r" else desk.flag(id)
        desk.run()
    assert sum(map(len, map(desk.names, range(len(desk.posts))))) <= 2 * waves


# Calls of one task


def test_a_read_does_not_overtake_a_write() -> None:
    """It sees what was written before, and does not see what was written after."""
    desk = Desk().by("me")
    before = desk.get("M1", properties=["keywords"])
    desk.flag("M1")
    after = desk.get("M1", properties=["keywords"])
    assert 1 == desk.run()
    assert ["Email/get", "Email/set", "Email/get"] == desk.names()
    assert {} == members(before)["list"][0]["keywords"]
    assert {"a": True} == members(after)["list"][0]["keywords"]


def test_reads_go_while_others_are_under_way() -> None:
    """Several requests may read at the same time, for the same task too."""
    desk = Desk().by("me")
    desk.get("M1")
    first = taken(desk)
    desk.get("M2")
    second = taken(desk)
    assert (["Email/get"], ["Email/get"]) == (names(first), names(second))


def test_a_write_waits_for_reads_that_are_under_way() -> None:
    """They were awaited before; what follows the write waits with it."""
    desk = Desk().by("me")
    desk.get("M1")
    reading = taken(desk)
    desk.flag("M1")
    desk.get("M1")
    assert desk.next_request() is None
    desk.carry(reading)
    assert ["Email/set", "Email/get"] == names(taken(desk))


def test_a_read_waits_for_a_write_that_is_under_way() -> None:
    """Unless it stands behind it in the same request."""
    desk = Desk().by("me")
    desk.flag("M1")
    writing = taken(desk)
    read = desk.get("M1", properties=["keywords"])
    assert desk.next_request() is None
    desk.carry(writing)
    desk.run()
    assert {"a": True} == members(read)["list"][0]["keywords"]


def test_a_read_waits_for_a_write_whose_caller_has_left() -> None:
    """A time-out around a write, and then a read: the write may still be carried out."""
    desk = Desk().by("me")
    write = desk.flag("M1")
    writing = taken(desk)
    desk.by(None).get("M1")
    write.release()
    read = desk.by("me").get("M1", properties=["keywords"])
    other = taken(desk)
    assert ["Email/get"] == names(other)
    assert read not in other.entries
    desk.carry(writing)
    desk.carry(other)
    desk.run()
    assert {"a": True} == members(read)["list"][0]["keywords"]


def test_merging_closes_no_circle() -> None:
    """One task reads and then writes, another writes and then reads."""
    desk = Desk()
    desk.by("A").get("M1", properties=["keywords"])
    first = desk.by("A").flag("M1")
    second = desk.by("B").flag("M2")
    read = desk.by("B").get("M2", properties=["keywords"])
    assert 1 == desk.run()
    assert ["Email/get", "Email/set", "Email/get"] == desk.names()
    assert [{"a": True}] == [row["keywords"] for row in members(read)["list"]]
    assert [True, True] == ["updated" in members(one) for one in (first, second)]


def test_a_read_in_parts_keeps_the_writes_of_its_task_behind_it() -> None:
    """Those of others go in between."""
    desk = Desk(told=with_limits(max_objects_in_get=2, max_calls_in_request=2), slots=4)
    desk.by("me").get("M1", "M2", "M3", "M4", properties=["keywords"])
    mine = desk.flag("M4")
    other = desk.by("other").flag("M1")
    first = taken(desk)
    assert ["Email/get", "Email/get"] == names(first)
    second = taken(desk)
    assert ["Email/set"] == names(second)
    assert [other] == [*second.entries]
    assert desk.next_request() is None
    desk.carry(first)
    desk.carry(second)
    desk.run()
    assert mine.answer is not None


def test_a_write_waits_for_the_answer_of_an_own_one_that_may_be_sent_again() -> None:
    """A merged write that is refused for another's sake goes again; its successor must not pass."""
    desk = Desk()
    desk.by("other").flag("M1")
    first = desk.by("me").flag("M2")
    second = desk.by("me").ask("Mailbox/set", {"create": {"k": {"name": "box"}}})
    third = desk.by("me").get("M2", properties=["keywords"])
    request = taken(desk)
    assert ["Email/set"] == names(request)
    assert desk.next_request() is None
    desk.carry(request)
    last = taken(desk)
    assert ["Mailbox/set", "Email/get"] == names(last)
    desk.carry(last)
    assert all(one.answer for one in (first, second, third))


def test_what_one_task_writes_is_merged_in_its_order() -> None:
    """A thousand calls that a task makes at once are one; the server creates before it destroys."""
    desk = Desk().by("me")
    for number in range(1000):
        desk.flag(f"N{number}")
    desk.ask("Email/set", {"destroy": ["M1"]})
    desk.ask("Email/set", {"create": {"k": {"mailboxIds": {"P2": True}}}})
    assert 3 == desk.run()
    assert [500, 500] == [len(desk.sent(post)[0][1]["update"]) for post in (0, 1)]
    assert [["destroy"], ["create"]] == [[*one.keys()][1:] for _, one in desk.sent(2)]


def test_accounts_do_not_wait_for_each_other() -> None:
    """Order is kept within an account only."""
    desk = Desk().by("me")
    desk.flag("M1")
    taken(desk)
    desk.flag("M1", accountId="A2")
    assert ["Email/set"] == names(taken(desk))


# What comes first


def test_a_write_under_a_condition_comes_first() -> None:
    """Its neighbours must not make it fail."""
    desk = Desk()
    state = members(_answered(desk, desk.ask("Email/get", {"ids": []})))["state"]
    desk.flag("M1")
    guarded = desk.flag("M2", ifInState=state)
    assert 1 == desk.run()
    assert ["M2"] == [*members(guarded)["updated"]]


def test_a_write_under_a_condition_keeps_the_order_of_its_task() -> None:
    """It does not pass what its own task has asked for."""
    desk = Desk().by("me")
    state = members(_answered(desk, desk.ask("Email/get", {"ids": []})))["state"]
    desk.flag("M1")
    guarded = desk.flag("M2", ifInState=state)
    desk.run()
    assert "stateMismatch" in str(guarded.answer)


def _answered(desk: Desk, entry: Entry) -> Entry:
    desk.run()
    return entry


def test_in_a_request_a_later_patch_of_an_object_stands_behind_the_earlier_one() -> None:
    """Also when the earlier one has to wait for something else: then both wait."""
    desk = Desk()
    desk.by("A").flag("M2")
    writing = taken(desk)
    desk.by("A").ask("Email/set", {"update": {"M1": {"keywords": {"first": True}}}})
    desk.by("B").ask("Email/set", {"update": {"M1": {"keywords": {"last": True}}}})
    others = desk.by("C").flag("M3")
    request = taken(desk)
    assert [others] == [*request.entries]
    desk.carry(writing)
    desk.carry(request)
    desk.run()
    assert {"last"} == desk.keywords("M1")


def test_calls_keep_their_order_in_a_request() -> None:
    """Those of several accounts go by the order of the calls."""
    desk = Desk()
    for account in ("A1", "A2", "A1", "A2"):
        desk.flag("M1", accountId=account, ifInState="x")
    desk.run()
    assert ["A1", "A2", "A1", "A2"] == [arguments["accountId"] for _, arguments in desk.sent()]


@given(st.integers(1, 3), st.integers(1, 60))
def test_accounts_take_their_turns(calls: int, n: int) -> None:
    """No account waits for all calls of another: first come, first served."""
    desk = Desk(told=with_limits(max_calls_in_request=calls))
    for i in range(n):
        desk.ask("Email/query", {"filter": {"subject": str(i)}})
    last = desk.get("M1", accountId="A2")
    for i in range(n):
        desk.ask("Email/query", {"filter": {"subject": f"later {i}"}})
    while last.answer is None:
        desk.carry(taken(desk))
    assert -(-(n + 1) // calls) == len(desk.posts)
    desk.run()


# Two accounts


def test_a_call_that_touches_two_accounts_keeps_the_order_of_both() -> None:
    """It waits for what is under way in either, and what comes later waits for it."""
    desk = Desk().by("me")
    desk.flag("M1", accountId="A2")
    writing = taken(desk)
    copied(desk, "A2", "A1")
    desk.get("M1", accountId="A1")
    assert desk.next_request() is None
    desk.carry(writing)
    assert ["Email/copy", "Email/get"] == names(taken(desk))


@given(
    st.lists(st.sampled_from(["12", "21", "1", "2", "r1", "r2"]), max_size=12), st.integers(1, 3)
)
def test_calls_that_touch_two_accounts_never_lock_each_other(kinds: list[str], calls: int) -> None:
    """Whatever their order, everything is answered."""
    desk = Desk(told=with_limits(max_calls_in_request=calls), slots=2).by("me")
    for kind in kinds:
        accounts = [f"A{one}" for one in kind.strip("r")]
        if len(accounts) > 1:
            copied(desk, *accounts)
        elif kind.startswith("r"):
            desk.get("M1", accountId=accounts[0])
        else:
            desk.flag("M1", accountId=accounts[0])
    desk.run()


def test_a_call_without_account_keeps_its_own_order() -> None:
    """Calls that take no accountId have an order among themselves."""
    desk = Desk().by("me")
    desk.get("M1", accountId="A1")
    taken(desk)
    desk.flag("M1", accountId="A2")
    assert ["Email/set"] == names(taken(desk))


# Chains


def chain(desk: Desk, word: str = "") -> Entry:
    """Queue a search, a read of what it finds, and of their threads."""
    query = desk.call("Email/query", {"filter": {"subject": word}} if word else {})
    emails = desk.call("Email/get", {"ids": query.ref("/ids"), "properties": ["threadId"]})
    return desk.ask("Thread/get", {"ids": emails.ref("/list/*/threadId")})


@pytest.mark.parametrize(("calls", "expected"), [(3, 4), (4, 4), (5, 4), (6, 2), (16, 1)])
def test_chains_stay_in_one_request_where_they_fit(calls: int, expected: int) -> None:
    """A request is not filled up with the start of a chain that would fit into the next one."""
    desk = Desk(told=with_limits(max_calls_in_request=calls))
    for i in range(4):
        chain(desk, f"A1 {i}")
    assert expected == desk.run()


def test_others_fill_the_place_that_a_chain_leaves() -> None:
    """What comes later may go along, if it does not overtake a write."""
    desk = Desk(told=with_limits(max_calls_in_request=4))
    chain(desk, "A1 1")
    chain(desk, "A1 2")
    desk.get("M1", properties=["subject"])
    first = taken(desk)
    assert ["Email/query", "Email/get", "Thread/get", "Email/get"] == names(first)


@pytest.mark.parametrize("calls", [1, 2])
def test_a_chain_that_fits_nowhere_is_split(calls: int) -> None:
    """Its references are resolved here."""
    desk = Desk(told=with_limits(max_calls_in_request=calls))
    entry = chain(desk)
    desk.run()
    assert 4 == len(members(entry)["list"])


def test_a_merged_read_that_somebody_refers_to_is_set_apart() -> None:
    """Its answer has to be its own, or the reference would bring too much."""
    desk = Desk()
    desk.get("M1", properties=["threadId"])
    second = desk.call("Email/get", {"ids": ["M2"], "properties": ["threadId"]})
    entry = desk.ask("Thread/get", {"ids": second.ref("/list/*/threadId")})
    assert 1 == desk.run()
    assert ["T2"] == [row["id"] for row in members(entry)["list"]]


def test_what_waits_for_an_answer_holds_nobody_up() -> None:
    """Other reads go while a reference cannot be resolved yet."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    query = desk.call("Email/query", {})
    blocked = desk.ask("Email/get", {"ids": query.ref("/ids"), "properties": ["subject"]})
    searching = taken(desk)
    desk.get("M1", properties=["threadId"])
    reading = taken(desk)
    assert ["Email/get"] == names(reading)
    desk.carry(searching)
    desk.carry(reading)
    desk.run()
    assert 4 == len(found(blocked))


# Coming back


def test_what_is_put_back_goes_first() -> None:
    """Calls that failed are sent before those that came later."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    first = desk.flag("M1", ifInState="x")
    request = taken(desk)
    desk.flag("M2", ifInState="x")
    desk.planner.recover(request, refused(), Verdict(Remedy.REPEAT))
    assert "M1" in str(taken(desk).encode())
    assert first.answer is None


def test_an_empty_queue_has_nothing_to_send() -> None:
    """And nothing is remembered of what was sent."""
    desk = Desk()
    assert desk.next_request() is None
    for owner in ("A", "B", None):
        for _ in range(3):
            desk.by(owner).get("M1")
            desk.by(owner).flag("M1")
    desk.run()
    assert desk.next_request() is None
    assert is_empty(desk)


@pytest.mark.parametrize("ask", [Desk.get, Desk.flag])
def test_nothing_is_kept_of_a_unit_of_which_all_is_taken_by_others(
    ask: Callable[..., Entry],
) -> None:
    """A part of it was refused with its request, while the rest had to wait for its turn."""
    desk = Desk()
    desk.by("me").ask("Mailbox/set", {"create": {"k": {"name": "box"}}})
    writing = taken(desk)
    entries = [ask(desk.by(owner), id) for owner, id in (("A", "M1"), ("B", "M2"), ("me", "M3"))]
    desk.refuse = once(refused())
    desk.carry(taken(desk))
    desk.carry(writing)
    desk.run()
    assert [] == list(failed(entries))
    assert is_empty(desk)


def test_nothing_is_kept_of_calls_that_fail_before_they_are_sent() -> None:
    """The later one of a task first, so that it stands behind the other one till that fails."""
    desk = Desk(told=with_limits(max_objects_in_set=1)).by("me")
    calls = [
        desk.call("Email/set", {"update": {one: {"keywords/a": True} for one in ids}})
        for ids in (["M1"], ["M1", "M2"])
    ]
    entries = desk.planner.submit_batch(calls, desk.session)
    for entry in entries:
        entry.claim()
    assert desk.next_request() is None
    assert [TooLarge, TooLarge] == [type(entry.answer) for entry in entries]
    assert is_empty(desk)


def is_empty(desk: Desk) -> bool:
    """Tell whether nothing is kept of calls that have come to their end."""
    queue = desk.planner._queue
    kept = [*queue._units], queue._joinable, queue._writes, queue._guarded
    return ([], {}, {}, 0) == kept and 0 == len(desk.planner._owners)


def test_a_hundred_chains_in_the_way_do_not_make_planning_slow() -> None:
    """A request is closed when too many had to be passed over; all are answered in the end."""
    desk = Desk(told=with_limits(max_calls_in_request=4))
    entries = [chain(desk, f"A1 {i}") for i in range(150)]
    tasks = Task()
    desk.ask("Mailbox/set", {"create": {"k": {"name": "n"}}}, task=tasks)
    desk.run()
    assert all(isinstance(members(one), dict) for one in entries)


def test_garbage_between_reads_leaves_the_queue_in_order() -> None:
    """An omitted answer neither holds up nor reorders what comes later."""
    desk = Desk(told=with_limits(max_calls_in_request=2)).by("me")
    desk.flag("M1")
    desk.get("M1", properties=["keywords"])
    last = desk.get("M1", properties=["subject"])

    def alter(response: Wire) -> Wire:
        del response["methodResponses"][0]
        return response

    desk.alter = alter
    request = taken(desk)
    desk.carry(request)
    desk.alter = lambda response: response
    desk.run()
    assert ["M1"] == found(last)
