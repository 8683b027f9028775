"""Merged reads: one invocation for many callers, and for each what it would have got alone."""

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import MethodError, RemoteProtocolError, RequestTooLarge, TooLarge
from jmap_async.planner import Entry, Remedy, Request, Verdict
from tests.planner.desk import (
    Desk,
    Wire,
    error_of,
    failed,
    found,
    members,
    mentions,
    refused,
    with_limits,
)

KNOWN = {"M1", "M2", "M3", "M4"}
some_ids = st.lists(st.sampled_from([*sorted(KNOWN), "x1", "x2"]), min_size=1, max_size=6)


def sent_ids(desk: Desk) -> list[list[str]]:
    """Return the ids of each call that was sent, in order."""
    return [
        arguments["ids"]
        for post in range(len(desk.posts))
        for name, arguments in desk.sent(post)
        if name.endswith("/get")
    ]


@given(st.lists(some_ids, min_size=1, max_size=8), st.integers(1, 4), st.integers(1, 3))
def test_t64_t65_everybody_gets_what_was_asked_for(
    wanted: list[list[str]], most: int, slots: int
) -> None:
    """Objects and `notFound` come in each caller's own order, however the reads were cut up."""
    desk = Desk(told=with_limits(max_objects_in_get=most, max_calls_in_request=2), slots=slots)
    entries = [desk.get(*ids) for ids in wanted]
    desk.run()
    for entry, ids in zip(entries, wanted, strict=True):
        unique = list(dict.fromkeys(ids))
        assert [one for one in unique if one in KNOWN] == found(entry)
        assert [one for one in unique if one not in KNOWN] == members(entry)["notFound"]
    sent = [one for ids in sent_ids(desk) for one in ids]
    assert sorted({one for ids in wanted for one in ids}) == sorted(sent), "each id goes once"
    assert all(len(ids) <= most for ids in sent_ids(desk))


def test_reads_with_other_arguments_are_not_merged() -> None:
    """What is read has to be the same, not only of what."""
    desk = Desk()
    desk.get("M1")
    desk.get("M2", properties=["threadId"])
    desk.get("M3", accountId="A2")
    desk.ask("Thread/get", {"ids": ["T1"]})
    assert 1 == desk.run()
    assert ["Email/get", "Email/get", "Email/get", "Thread/get"] == desk.names()


def test_a_read_that_stays_alone_is_not_merged() -> None:
    """A call marked `alone` has an invocation of its own."""
    desk = Desk()
    desk.get("M1")
    desk.submit(desk.call("Email/get", {"ids": ["M2"], "properties": ["subject"]}).alone())
    desk.run()
    assert [["M1"], ["M2"]] == sent_ids(desk)


def test_each_caller_has_objects_of_its_own() -> None:
    """What one caller does to its result, no other sees."""
    desk = Desk()
    first, second = (
        desk.get("M1", properties=["mailboxIds"]),
        desk.get("M1", properties=["mailboxIds"]),
    )
    desk.run()
    members(first)["list"][0]["mailboxIds"]["changed"] = True
    members(first)["list"].clear()
    members(first)["notFound"].append("changed")
    assert ["M1"] == found(second)
    assert "changed" not in members(second)["list"][0]["mailboxIds"]
    assert [] == members(second)["notFound"]


def test_an_empty_list_asks_for_the_state() -> None:
    """A read of no ids is sent as it is."""
    desk = Desk()
    entry = desk.get()
    desk.run()
    assert [[]] == sent_ids(desk)
    assert members(entry)["state"]


def test_t69_the_state_is_that_of_the_part_answered_first() -> None:
    """What changed between two parts is changed since the state that is reported."""
    desk = Desk(told=with_limits(max_objects_in_get=1, max_calls_in_request=1))
    entry = desk.get("M1", "M2")
    request = desk.next_request()
    assert request is not None
    desk.carry(request)
    desk.server.add_email(subject="later")
    desk.run()
    assert [["M1"], ["M2"]] == sent_ids(desk)
    changes = desk.ask("Email/changes", {"sinceState": members(entry)["state"]})
    desk.run()
    assert 1 == len(members(changes)["created"])


# References


def chained(desk: Desk, **arguments: object) -> Entry:
    """Queue a search and a read of what it finds; return the read."""
    query = desk.call("Email/query", {"sort": [{"property": "subject"}], **arguments})
    return desk.ask("Email/get", {"ids": query.ref("/ids"), "properties": ["subject"]})


def test_a_chain_is_one_request() -> None:
    """The server feeds the read with what the search finds."""
    desk = Desk()
    entry = chained(desk)
    assert 1 == desk.run()
    assert {"resultOf": "c0", "name": "Email/query", "path": "/ids"} == desk.sent()[1][1]["#ids"]
    assert ["M1", "M2", "M3", "M4"] == found(entry)


def test_what_a_reference_makes_too_large_is_read_in_parts() -> None:
    """When the server finds too many ids behind a reference, they are cut up here."""
    desk = Desk(told=with_limits(max_objects_in_get=3))
    entry = chained(desk)
    assert 2 == desk.run()
    assert ["M1", "M2", "M3", "M4"] == found(entry)
    assert ["Email/get", "Email/get"] == desk.names()


def test_a_server_that_takes_fewer_ids_than_it_says_is_asked_for_fewer() -> None:
    """`requestTooLarge` for plain ids halves them until the server is content."""
    desk = Desk()
    desk.reject = lambda _, arguments: "requestTooLarge" if len(arguments["ids"]) > 1 else None
    entry = desk.get("M1", "M2", "M3", "M4")
    desk.run()
    assert ["M1", "M2", "M3", "M4"] == found(entry)


def test_one_id_that_is_too_large_is_an_error() -> None:
    """There is nothing smaller than one."""
    desk = Desk()
    desk.reject = lambda _name, _arguments: "requestTooLarge"
    entry = desk.get("M1", "M2")
    desk.run()
    assert isinstance(error_of(entry), RequestTooLarge)


def test_a_reference_to_no_list_of_ids_is_the_readers_error() -> None:
    """What is put in locally is looked at first."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    query = desk.call("Email/query", {})
    entry = desk.ask("Email/get", {"ids": query.ref("/queryState")})
    other = desk.get("M1")
    desk.run()
    assert "no list of ids" in str(error_of(entry))
    assert ["M1"] == found(other)


@pytest.mark.parametrize("garbage", [None, 1, [1], [["M1"]], {"M1": 1}, "missing"])
def test_a_broken_answer_to_a_search_hurts_only_its_reader(garbage: object) -> None:
    """A server that contradicts itself makes no defect here, whatever it says."""
    desk = Desk(told=with_limits(max_objects_in_get=2))
    entry, other = chained(desk), desk.get("M1", properties=["threadId"])

    def alter(response: Wire) -> Wire:
        for name, arguments, _ in response["methodResponses"]:
            if name == "Email/query":
                del arguments["ids"]
                if garbage != "missing":
                    arguments["ids"] = garbage
        return response

    desk.alter = alter
    desk.run()
    assert isinstance(error_of(entry), MethodError)
    assert ["M1"] == found(other)


# Isolation


@given(st.integers(2, 200), st.data(), st.sampled_from(["invalidArguments", "serverFail"]))
def test_the_culprit_of_a_merged_read_fails_alone(n: int, data: st.DataObject, kind: str) -> None:
    """A refused invocation is divided by callers; a few requests are enough."""
    bad = data.draw(st.integers(0, n - 1))
    desk = Desk()
    entries = [desk.get(f"x{i}") for i in range(n)]
    is_bad = mentions(f"x{bad}")
    desk.reject = lambda _, arguments: kind if is_bad(arguments) else None
    assert desk.run() <= 4
    assert [bad] == list(failed(entries))
    assert kind == getattr(error_of(entries[bad]), "type", None)


@given(st.data())
def test_many_culprits_of_a_merged_read_fail_alone(data: st.DataObject) -> None:
    """Half of the callers may be wrong: the other half gets its answers."""
    n = 60
    bad = data.draw(st.sets(st.integers(0, n - 1), min_size=1, max_size=n // 2))
    desk = Desk()
    entries = [desk.get(f"x{i}") for i in range(n)]
    is_bad = mentions(*(f"x{i}" for i in bad))
    desk.reject = lambda _, arguments: "invalidArguments" if is_bad(arguments) else None
    desk.run()
    # 20 failures in a row with no success at all are taken for everybody's fault.
    assert bad <= set(failed(entries))
    assert sorted(bad) == list(failed(entries)) or min(set(range(n)) - bad) >= 20


def test_an_error_that_concerns_everybody_is_not_looked_for() -> None:
    """No part of a read can do better when the account is not there."""
    desk = Desk()
    entries = [desk.get(f"x{i}") for i in range(50)]
    desk.reject = lambda _name, _arguments: "accountNotFound"
    assert 1 == desk.run()
    assert list(range(50)) == list(failed(entries))


def test_a_mistake_that_all_share_costs_few_requests() -> None:
    """Five hundred callers with the same wrong property do not become five hundred calls."""
    desk = Desk()
    entries = [desk.get(f"x{i}", properties=["nonsense"]) for i in range(500)]
    assert desk.run() <= 20
    assert list(range(500)) == list(failed(entries))


def test_a_refused_request_is_divided_and_nothing_is_read_twice() -> None:
    """Parts of a division replace what they are parts of, also while others are under way."""
    desk = Desk(slots=2)
    entries = [desk.get("x0"), desk.get("x1")]

    def refuse(request: Wire) -> None:
        if mentions("x0")(request):
            raise refused()

    desk.refuse = refuse
    desk.run()
    assert [["x0", "x1"], ["x0"], ["x1"]] == sent_ids(desk)
    assert [0] == list(failed(entries))


# Coming and going


def in_flight(desk: Desk) -> Request:
    """Return the next request, as if it were under way."""
    request = desk.next_request()
    assert request is not None
    return request


def test_who_comes_while_a_part_is_under_way_takes_nothing_from_others() -> None:
    """When that part has to be sent again, all who want an id get it."""
    desk = Desk(told=with_limits(max_objects_in_get=2, max_calls_in_request=1))
    first = desk.get("M1", "M2", "M3")
    request = in_flight(desk)
    second = desk.get("M1")
    desk.planner.recover(request, refused(503), Verdict(Remedy.REPEAT))
    desk.run()
    assert (["M1", "M2", "M3"], ["M1"]) == (found(first), found(second))


def test_who_leaves_takes_only_the_own_ids_along() -> None:
    """Ids that nobody wants any more are not asked for."""
    desk = Desk()
    staying, leaving = desk.get("M1", "M2"), desk.get("M2", "M3")
    leaving.release()
    desk.run()
    assert [["M1", "M2"]] == sent_ids(desk)
    assert ["M1", "M2"] == found(staying)


@pytest.mark.parametrize("leaves_after", [1, 2])
def test_a_read_that_was_left_half_way_can_be_awaited_again(leaves_after: int) -> None:
    """Who comes back gets the whole answer."""
    desk = Desk(told=with_limits(max_objects_in_get=1, max_calls_in_request=1))
    call = desk.call("Email/get", {"ids": ["M1", "M2", "M3"]})
    entry = desk.submit(call)
    for _ in range(leaves_after):
        desk.carry(in_flight(desk))
    entry.release()
    desk.run()
    again = desk.submit(call)
    desk.run()
    assert ["M1", "M2", "M3"] == found(again)


# What cannot be sent, and what cannot be read


def test_an_id_that_fits_into_no_request_is_an_error_before_sending() -> None:
    """The octets of the request are measured, as UTF-8."""
    desk = Desk(told=with_limits(max_size_request=400))
    entry = desk.ask("Email/get", {"ids": ["x" * 200 + "ü" * 100]})
    other = desk.get("M1", properties=["threadId"])
    assert 1 == desk.run()
    assert isinstance(error_of(entry), TooLarge)
    assert ["M1"] == found(other)


@given(st.integers(1, 300), st.integers(300, 2000))
def test_t35_reads_are_cut_up_by_octets(n: int, size: int) -> None:
    """No request is larger than the server allows."""
    desk = Desk(told=with_limits(max_size_request=size))
    entry = desk.get(*(f"id-number-{i:04}" for i in range(n)))
    desk.run()
    assert n == len(members(entry)["notFound"])


@pytest.mark.parametrize("rows", [None, 1, {}, [1], ["id"], [{}], [{"id": []}]])
def test_an_answer_without_objects_is_the_servers_error(rows: object) -> None:
    """Whoever shares a broken answer is told; the others are not concerned."""
    desk = Desk()
    entry, other = desk.get("M1"), desk.ask("Mailbox/get", {"ids": ["P1"]})

    def alter(response: Wire) -> Wire:
        response["methodResponses"][0][1]["list"] = rows
        return response

    desk.alter = alter
    desk.run()
    assert isinstance(error_of(entry), RemoteProtocolError)
    assert ["P1"] == found(other)


def test_t69_a_part_is_never_older_than_the_state_that_is_reported() -> None:
    """Further parts leave when the first one has come back: two requests have no order."""
    desk = Desk(told=with_limits(max_objects_in_get=1, max_calls_in_request=2), slots=2)
    entry = desk.get("M1", "M2", "M3", "M4")
    first = in_flight(desk)
    other = desk.get("M1", properties=["threadId"])
    second = in_flight(desk)
    assert ["Email/get"] == [one.name for one in second.invocations], "others do not wait"
    desk.carry(second)
    assert ["M1"] == found(other)
    assert desk.next_request() is None
    desk.carry(first)
    desk.run()
    assert ["M1", "M2", "M3", "M4"] == found(entry)


def test_a_read_of_all_is_not_one_of_some() -> None:
    """They have the same arguments but the ids, and different answers."""
    desk = Desk()
    every = desk.ask("Mailbox/get", {})
    some = desk.ask("Mailbox/get", {"ids": ["P1"]})
    null = desk.ask("Mailbox/get", {"ids": None})
    assert 1 == desk.run()
    assert found(every) == found(null)
    assert len(found(every)) > 1
    assert ["P1"] == found(some)


def test_single_ids_of_many_callers_never_wait_for_each_other() -> None:
    """Each caller has its answer from one call, whatever request that is in."""
    desk = Desk(told=with_limits(max_objects_in_get=1, max_calls_in_request=1), slots=3)
    for one in ("M1", "M2", "M3"):
        desk.get(one)
    requests = [in_flight(desk) for _ in range(3)]
    sent = [orjson.loads(one.body)[1]["ids"] for each in requests for one in each.invocations]
    assert [["M1"], ["M2"], ["M3"]] == sent


@pytest.mark.parametrize("remedy", [Remedy.REPEAT, Remedy.DIVIDE, Remedy.REPLAN])
def test_a_first_part_that_failed_is_not_waited_for(remedy: Remedy) -> None:
    """When it has to be sent again, any part may be the first."""
    desk = Desk(told=with_limits(max_objects_in_get=1, max_calls_in_request=1), slots=2)
    entry, other = desk.get("M1", "M2", "M3"), desk.get("M2", "M4")
    request = in_flight(desk)
    desk.planner.recover(request, refused(), Verdict(remedy))
    desk.run()
    assert (["M1", "M2", "M3"], ["M2", "M4"]) == (found(entry), found(other))


def test_a_first_part_that_never_comes_holds_nobody_up() -> None:
    """Ids that a failed call wanted too are still read for the others."""
    desk = Desk(told=with_limits(max_objects_in_get=1, max_calls_in_request=1))
    failing, other = desk.get("M1", "M2"), desk.get("M2")

    def alter(response: Wire) -> Wire:
        if len(desk.posts) == 1:
            response["methodResponses"].clear()
        return response

    desk.alter = alter
    desk.run()
    assert isinstance(error_of(failing), RemoteProtocolError)
    assert ["M2"] == found(other)


@pytest.mark.parametrize("calls", [1, 16])
def test_what_was_not_found_belongs_to_each_caller(calls: int) -> None:
    """Whatever becomes of the ids in the answer that a read refers to."""
    desk = Desk(told=with_limits(max_calls_in_request=calls))
    query = desk.call("Email/query", {"limit": 1})
    read = desk.ask("Email/get", {"ids": query.ref("/ids"), "properties": ["subject"]})
    first = desk.submit(query)
    desk.run()
    members(first)["ids"].append("more")
    assert [] == members(read)["notFound"]


def test_what_an_answer_has_besides_is_shared_by_nobody() -> None:
    """Members that the RFC does not know may be objects, and each caller gets them."""
    desk = Desk()

    def alter(response: Wire) -> Wire:
        response["methodResponses"][0][1]["vendor"] = {"x": [1]}
        return response

    desk.alter = alter
    first, second, third = desk.get("M1"), desk.get("M2"), desk.get("M3")
    desk.run()
    members(first)["vendor"]["x"].append(2)
    assert [{"x": [1]}] * 2 == [members(second)["vendor"], members(third)["vendor"]]
