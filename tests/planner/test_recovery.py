"""Failures of whole requests: who is told, what is sent again, and how often."""

import math

import pytest
from hypothesis import given, settings, strategies as st

from jmap_async.errors import (
    AuthenticationError,
    HTTPError,
    JMAPError,
    LimitExceeded,
    NotRequest,
    RateLimited,
    RemoteProtocolError,
    UnknownCapability,
)
from jmap_async.planner import Entry, Remedy, divide, judge
from jmap_async.planner.recovery import named
from tests.planner.desk import (
    SUBMISSION,
    VENDOR,
    Desk,
    Wire,
    error_of,
    failed,
    found,
    members,
    once,
    refused,
    request_of,
    with_limits,
)
from tests.planner.failing import SILENCE, UNSENT, poisoned, refusing
from tests.planner.model import MAIL

# Isolation


@given(st.integers(2, 200), st.data(), st.sampled_from([400, 403, 413, 422]), st.integers(1, 4))
def test_one_culprit_among_reads_is_found_by_halving(
    n: int, data: st.DataObject, status: int, slots: int
) -> None:
    """Only the culprit fails, and finding it takes no more requests than halving does."""
    bad = data.draw(st.integers(0, n - 1))
    desk = Desk(slots=slots)
    entries = [desk.get(f"x{i}") for i in range(n)]
    refusing(desk, refused(status), f"x{bad}")
    posts = desk.run()
    assert [bad] == list(failed(entries))
    assert posts <= 2 * math.ceil(math.log2(n)) + 1
    error = error_of(entries[bad])
    assert isinstance(error, HTTPError)
    assert status == error.status


@settings(max_examples=20)
@given(st.integers(2, 200), st.data())
def test_one_culprit_among_different_calls_is_found_by_halving(n: int, data: st.DataObject) -> None:
    """Calls that share a request, not an invocation, are told apart in the same way."""
    bad = data.draw(st.integers(0, n - 1))
    desk = Desk()
    entries = poisoned(desk, n, {bad})
    refusing(desk, NotRequest("no", status=400), *[f"p{bad}"])
    posts = desk.run()
    assert [bad] == list(failed(entries))
    assert posts <= math.ceil(n / 16) + 2 * 4


@settings(max_examples=20)
@given(st.integers(2, 200), st.data())
def test_one_culprit_among_writes_is_found_and_nothing_is_written_twice(
    n: int, data: st.DataObject
) -> None:
    """A refused request changed nothing, so that its writes may be sent again in parts."""
    bad = data.draw(st.integers(0, n - 1))
    desk = Desk()
    entries = [
        desk.ask(
            "Email/set", {"create": {"k": {"mailboxIds": {"P1": True}, "subject": f"draft {i}"}}}
        )
        for i in range(n)
    ]
    refusing(desk, refused(), f"draft {bad}")
    posts = desk.run()
    assert [bad] == list(failed(entries))
    made = [one for one in desk.subjects() if one.startswith("draft")]
    assert sorted(f"draft {i}" for i in range(n) if i != bad) == made
    assert posts <= 2 * math.ceil(math.log2(n)) + 1


@given(st.integers(2, 60), st.data())
def test_many_culprits_fail_alone_too(n: int, data: st.DataObject) -> None:
    """As long as something works, everybody who did nothing wrong gets an answer."""
    bad = data.draw(st.sets(st.integers(0, n - 1), max_size=min(n - 1, 15)))
    desk = Desk()
    entries = poisoned(desk, n, bad)
    refusing(desk, refused(), *(f"p{i}" for i in bad))
    if bad:
        desk.run()
    assert sorted(bad) == list(failed(entries))


def test_calls_that_ask_the_same_share_its_fate_at_once() -> None:
    """Equal calls are not told apart: what one of them did wrong, all did."""
    desk = Desk()
    entries = [desk.ask("Email/query", {"filter": {"subject": "p"}}) for _ in range(50)]
    refusing(desk, refused())
    assert 1 == desk.run()
    assert [*range(50)] == [*failed(entries)]


def test_statuses_that_no_body_causes_fail_at_once() -> None:
    """A request that was refused for reasons of its URL or method is not taken apart."""
    desk = Desk()
    entries = [desk.get("x1"), desk.get("x2")]
    refusing(desk, refused(404))
    assert 1 == desk.run()
    assert [0, 1] == list(failed(entries))


def test_a_refused_credential_is_everybodys_error() -> None:
    """There is nobody to tell apart when the server does not know us."""
    desk = Desk()
    entries = [desk.get("x1"), desk.flag("M1")]
    refusing(desk, AuthenticationError("no"))
    assert 1 == desk.run()
    assert [0, 1] == list(failed(entries))


def test_a_batch_is_never_taken_apart() -> None:
    """A refused batch fails as a whole, and its neighbours are answered."""
    desk = Desk()
    calls = [desk.call("Email/query", {"filter": {"subject": word}}) for word in ("p", "s")]
    batch = desk.planner.submit_batch(calls, desk.session)
    for entry in batch:
        entry.claim()
    neighbour = desk.get("M1")
    refusing(desk, refused(), "p")
    desk.run()
    assert [0, 1] == list(failed(batch))
    assert ["M1"] == found(neighbour)


# No answer


def test_reads_are_repeated_after_silence_and_writes_are_not() -> None:
    """A write whose answer was lost fails with an unknown outcome; its neighbours are repeated."""
    desk = Desk()
    read, write = desk.get("M1"), desk.flag("M2")
    safe = desk.ask("Email/set", {"update": {"M3": {"keywords/a": True}}, "ifInState": "email;4"})
    answers = iter([SILENCE])

    def refuse(_: Wire) -> None:
        for error in answers:
            raise error

    desk.refuse = refuse
    assert 2 == desk.run()
    assert ["M1"] == found(read)
    assert "unknown" == getattr(error_of(write), "outcome", None)
    assert {"M3"} == set(members(safe)["updated"])
    assert set() == desk.keywords("M2")


def test_t33_writes_that_were_never_sent_are_repeated() -> None:
    """Where the server was not reached, nothing can be applied twice."""
    desk = Desk()
    write = desk.flag("M2")
    refusals = iter([UNSENT, RateLimited("later", status=429), UNSENT])

    def refuse(_: Wire) -> None:
        for error in refusals:
            raise error

    desk.refuse = refuse
    assert 4 == desk.run()
    assert {"M2"} == set(members(write)["updated"])


@pytest.mark.parametrize("error", [SILENCE, UNSENT, RateLimited("later"), RemoteProtocolError("?")])
@pytest.mark.parametrize("attempts", [0, 1, 3])
def test_repeats_end(error: JMAPError, attempts: int) -> None:
    """A read is sent again as often as is allowed, then it fails with what happened last."""
    desk = Desk(attempts=attempts)
    entry = desk.get("M1")
    refusing(desk, error)
    assert 1 + attempts == desk.run()
    assert type(error) is type(error_of(entry))


def test_a_call_that_silences_the_server_is_found() -> None:
    """After a repeat in vain the request is divided: one call may bring the server down."""
    desk = Desk()
    entries = [desk.get(f"x{i}") for i in range(64)]
    refusing(desk, SILENCE, "x17")
    posts = desk.run()
    assert [17] == list(failed(entries))
    assert posts <= 2 + 2 * 6 + 3


# Capabilities


def with_capabilities(desk: Desk, bad: str, *, said: str | None) -> dict[str, Entry]:
    """Queue a call for each of three capabilities, one of which the server will refuse."""

    def refuse(request: Wire) -> None:
        if bad in request["using"]:
            raise UnknownCapability(said or "no", status=403, detail=said)

    desk.refuse = refuse
    vendor = desk.call("Vendor/get", {"ids": ["x"]}, capability=VENDOR)
    return {
        MAIL: desk.get("M1"),
        SUBMISSION: desk.ask("Identity/get", {"ids": ["x"]}, capability=SUBMISSION),
        VENDOR: desk.submit(vendor),
    }


@pytest.mark.parametrize("bad", [SUBMISSION, VENDOR])
@pytest.mark.parametrize("names_it", [True, False])
def test_t3_a_capability_that_the_token_lacks_fails_only_its_own_calls(
    bad: str,
    names_it: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Whether or not the error names the capability, the others' calls are answered."""
    desk = Desk(capabilities=[SUBMISSION, VENDOR])
    entries = with_capabilities(desk, bad, said=f"Unknown capability {bad}." if names_it else None)
    posts = desk.run()
    assert isinstance(error_of(entries[bad]), UnknownCapability)
    assert ["M1"] == found(entries[MAIL])
    assert posts <= (2 if names_it else 4)


def test_t3_a_capability_that_was_refused_goes_apart_from_then_on() -> None:
    """Later calls do not share a request with one that is known to be refused."""
    desk = Desk(capabilities=[SUBMISSION, VENDOR])
    with_capabilities(desk, VENDOR, said=VENDOR)
    desk.run()
    later = with_capabilities(desk, VENDOR, said=VENDOR)
    assert 2 == desk.run()
    assert [["Email/get", "Identity/get"], ["Vendor/get"]] == [desk.names(-2), desk.names(-1)]
    assert isinstance(error_of(later[VENDOR]), UnknownCapability)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("there is no urn:x:mail", {"urn:x:mail"}),
        ("there is no urn:x:mail.", {"urn:x:mail"}),
        ("there is no 'urn:x:mail:share'", {"urn:x:mail:share"}),
        ("there is no urn:x:mailbox", set[str]()),
        ("no", set[str]()),
        ("there are urn:x:mail and urn:x:mail:share", set[str]()),
    ],
)
def test_a_capability_is_named_in_full_and_alone(said: str, expected: set[str]) -> None:
    """One that only begins like another is not meant, and a list accuses nobody."""
    using = ["urn:ietf:params:jmap:core", "urn:x:mail", "urn:x:mail:share"]
    assert expected == named(UnknownCapability(said), using)


# Limits


# Single decisions


def test_concurrency_is_waited_for_and_an_unknown_limit_is_looked_for() -> None:
    """A limit of concurrency passes; one that nobody knows may be one call's fault."""
    desk = Desk()
    desk.get("M1")
    desk.flag("M1")
    request = request_of(desk)
    busy = LimitExceeded("", limit="maxConcurrentRequests")
    assert Remedy.REPEAT is judge(busy, request, attempts=1).remedy
    assert Remedy.FAIL is judge(busy, request, attempts=0).remedy
    assert Remedy.DIVIDE is judge(LimitExceeded("", limit="maxVendor"), request, attempts=1).remedy
    assert Remedy.FAIL is judge(ValueError(), request, attempts=1).remedy


def test_nobody_is_told_apart_where_all_need_the_same_capabilities() -> None:
    """A request with one set of capabilities has nobody else to blame for an unknown one."""
    desk = Desk()
    desk.get("M1")
    desk.flag("M1")
    assert Remedy.FAIL is divide(UnknownCapability(""), request_of(desk)).remedy


def test_parts_of_a_write_go_again_in_their_order() -> None:
    """What its task asked for next does not pass a part of it that is still to go."""
    desk = Desk(told=with_limits(max_objects_in_set=2, max_calls_in_request=2))
    desk.by("me").flag("M1", "M2", "M3")
    desk.flag("M4")
    desk.refuse = once(RateLimited("busy"))
    desk.run()
    assert [["M1", "M2"], ["M3", "M4"]] == [[*one["update"]] for _, one in desk.sent(0)]
    assert desk.posts[0] == desk.posts[1]
