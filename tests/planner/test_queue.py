"""Order: what may go when, and what must wait for what."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.planner import Entry, Remedy, Request
from tests.planner.desk import Desk, Wire, found, members, refused, with_limits
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


# Reads and writes


def test_a_read_does_not_overtake_a_write() -> None:
    """It sees what was written before, and does not see what was written after."""
    desk = Desk()
    before = desk.get("M1", properties=["keywords"])
    desk.flag("M1")
    after = desk.get("M1", properties=["keywords"])
    assert 1 == desk.run()
    assert ["Email/get", "Email/set", "Email/get"] == desk.names()
    assert {} == members(before)["list"][0]["keywords"]
    assert {"a": True} == members(after)["list"][0]["keywords"]


def test_reads_go_while_others_are_under_way() -> None:
    """Several requests may read at the same time."""
    desk = Desk()
    desk.get("M1")
    first = taken(desk)
    desk.get("M2")
    second = taken(desk)
    assert (["Email/get"], ["Email/get"]) == (names(first), names(second))


def test_a_write_waits_for_reads_that_are_under_way() -> None:
    """They were awaited before; what follows the write waits with it."""
    desk = Desk()
    desk.get("M1")
    reading = taken(desk)
    desk.flag("M1")
    desk.get("M1")
    assert desk.next_request() is None
    desk.carry(reading)
    assert ["Email/set", "Email/get"] == names(taken(desk))


def test_a_read_waits_for_a_write_that_is_under_way() -> None:
    """Unless it stands behind it in the same request."""
    desk = Desk()
    desk.flag("M1")
    writing = taken(desk)
    read = desk.get("M1", properties=["keywords"])
    assert desk.next_request() is None
    desk.carry(writing)
    desk.run()
    assert {"a": True} == members(read)["list"][0]["keywords"]


def test_one_write_at_a_time() -> None:
    """Writes of one account are never in two requests at once."""
    desk = Desk()
    desk.flag("M1")
    taken(desk)
    desk.flag("M2")
    assert desk.next_request() is None


def test_accounts_do_not_wait_for_each_other() -> None:
    """Order is kept within an account only."""
    desk = Desk()
    desk.flag("M1")
    taken(desk)
    desk.flag("M1", accountId="A2")
    assert ["Email/set"] == names(taken(desk))


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
    desk = Desk()
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
    desk = Desk(told=with_limits(max_calls_in_request=calls), slots=2)
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
    desk = Desk()
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
    desk.planner.recover(request, refused(), Remedy.REPEAT)
    assert "M1" in str(taken(desk).encode())
    assert first.answer is None


def test_an_empty_queue_has_nothing_to_send() -> None:
    """And nothing is remembered of what was sent."""
    desk = Desk()
    assert desk.next_request() is None
    desk.get("M1")
    desk.flag("M1")
    desk.run()
    assert desk.next_request() is None
    assert {} == desk.planner._queue._lanes


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
    desk = Desk(told=with_limits(max_calls_in_request=2))
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
