"""Every replay has a reason: whatever made calls go again is told, once each."""

from collections.abc import Callable

import pytest

from jmap_async.errors import LimitExceeded, RateLimited, TransportError, UnknownCapability
from jmap_async.planner import Again, replay
from tests.planner.desk import SUBMISSION, VENDOR, Desk, mentions, once, refused, with_limits
from tests.planner.model import Task


def busy(desk: Desk) -> None:
    """The server has no time."""
    desk.get("M1")
    desk.refuse = once(RateLimited("busy"))


def connection_lost(desk: Desk) -> None:
    """The server goes away."""
    desk.get("M1")
    desk.refuse = once(TransportError("gone"))


def limit_learnt(desk: Desk) -> None:
    """The server enforces less than it says."""
    desk.get("M1")
    desk.get("M2", properties=["threadId"])
    desk.refuse = once(LimitExceeded("no", limit="maxCallsInRequest"))


def halved(desk: Desk) -> None:
    """Something in the request is refused."""
    desk.get("M1")
    desk.get("M2", properties=["threadId"])
    desk.refuse = once(refused())


def capability(desk: Desk) -> None:
    """The token may not use a capability."""
    desk.get("M1")
    desk.ask("Foo/get", {"ids": None}, capability=VENDOR)
    desk.refuse = once(UnknownCapability(VENDOR))


def refused_in_parts(desk: Desk) -> None:
    """A merged call is refused for one of its callers."""
    desk.flag("M1")
    desk.flag("M2", keyword="poison")
    is_bad = mentions("keywords/poison")
    desk.reject = lambda _, arguments: "invalidArguments" if is_bad(arguments) else None


def too_large(desk: Desk) -> None:
    """The server gives fewer objects than it says."""
    desk.get("M1", "M2", "M3")
    desk.reject = lambda _, arguments: "requestTooLarge" if len(arguments["ids"]) > 1 else None


def built_on_replay(desk: Desk) -> None:
    """What sends a draft goes again, since that does."""
    draft = {
        "mailboxIds": {"P2": True},
        "from": [{"email": "alice@example.org"}],
        "to": [{"email": "bob@example.net"}],
    }
    task = Task()
    desk.ask("Email/set", {"create": {"k": draft}}, task=task)
    desk.flag("M2", keyword="poison")
    create = {"s": {"identityId": "I1", "emailId": "#k"}}
    desk.ask("EmailSubmission/set", {"create": create}, task=task, capability=SUBMISSION)
    is_bad = mentions("keywords/poison")
    desk.reject = lambda _, arguments: "invalidArguments" if is_bad(arguments) else None


def behind_replay(desk: Desk) -> None:
    """A read must see the own write that goes again."""
    desk.by("me").flag("M1")
    desk.by("other").flag("M2", keyword="poison")
    desk.by("me").get("M1")
    is_bad = mentions("keywords/poison")
    desk.reject = lambda _, arguments: "invalidArguments" if is_bad(arguments) else None


REASONS: dict[Again, Callable[[Desk], None]] = {
    Again.BUSY: busy,
    Again.CONNECTION_LOST: connection_lost,
    Again.LIMIT_LEARNT: limit_learnt,
    Again.HALVED: halved,
    Again.CAPABILITY: capability,
    Again.REFUSED_IN_PARTS: refused_in_parts,
    Again.TOO_LARGE: too_large,
    Again.BUILT_ON_REPLAY: built_on_replay,
    Again.BEHIND_REPLAY: behind_replay,
}


@pytest.mark.parametrize("why", REASONS, ids=lambda why: why.name.lower())
def test_what_goes_again_says_why(why: Again) -> None:
    """Its methods and how many callers they are."""
    desk = Desk(told=with_limits(), capabilities=(SUBMISSION, VENDOR))
    assert REASONS[why].__doc__
    REASONS[why](desk)
    desk.run()
    told = [*desk.planner.replays]
    assert why in {one.why for one in told}
    assert all(one.methods and one.callers for one in told)
    assert {Again.REFUSED_IN_PARTS, why} >= {one.why for one in told}


def test_a_request_that_everybody_has_left_says_so() -> None:
    """If somebody comes back to one of its reads, that goes again."""
    desk = Desk()
    entry = desk.get("M1")
    request = desk.next_request()
    assert request is not None
    desk.planner.abandon(request, TransportError("cancelled"))
    assert [Again.DESERTED] == [one.why for one in desk.planner.replays]
    desk.run()
    assert entry.answer is not None


def test_nothing_goes_again_without_a_reason() -> None:
    """As nearly always."""
    desk = Desk()
    desk.get("M1")
    desk.flag("M1")
    desk.run()
    assert [] == desk.planner.replays


def test_a_replay_names_each_method_once() -> None:
    """For the log."""
    told = replay(Again.BUSY, ["Email/get", "Email/set", "Email/get"], 7)
    assert "Email/get, Email/set (7 calls): busy" == str(told)
