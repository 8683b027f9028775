"""References: calls that feed each other, in one request or in several."""

import pytest

from jmap_async.errors import InvalidResultReference, MethodError
from jmap_async.planner import Entry
from tests.planner.desk import Desk, error_of, found, members, with_limits


def follow(desk: Desk, path: str, **arguments: object) -> tuple[Entry, Entry]:
    """Queue a search and something that needs a part of its answer."""
    call = desk.call("Email/query", {"sort": [{"property": "subject"}], **arguments})
    follower = desk.ask("Email/query", {"limit": call.ref(path)})
    return desk.submit(call), follower


def test_an_answer_that_is_here_is_put_in_as_a_value() -> None:
    """The same JSON Pointer is evaluated here when both calls are in two requests."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    _, follower = follow(desk, "/position", anchor="M2")
    assert 2 == desk.run()
    assert 1 == desk.sent()[0][1]["limit"]
    assert ["M1"] == members(follower)["ids"]


def test_a_reference_into_nothing_is_found_out_here_too() -> None:
    """The error is that which the server would have given."""
    desk = Desk(told=with_limits(max_calls_in_request=1))
    _, follower = follow(desk, "/nothing")
    assert 1 == desk.run()
    error = error_of(follower)
    assert isinstance(error, InvalidResultReference)
    assert "Email/query has nothing at '/nothing'" in str(error)


@pytest.mark.parametrize("calls", [1, 16])
def test_t45_the_root_cause_is_reported(calls: int) -> None:
    """A call that needs the result of one that failed gets that one's error, with a note."""
    desk = Desk(told=with_limits(max_calls_in_request=calls))
    first, follower = follow(desk, "/position", filter={"nonsense": 1})
    desk.run()
    assert isinstance(error_of(first), MethodError)
    error = error_of(follower)
    assert type(error_of(first)) is type(error)
    assert error is not error_of(first)
    assert "needs the result of Email/query" in error.__notes__[0]


def test_a_reference_to_a_call_that_was_answered_long_ago() -> None:
    """Its answer is put in, whatever has happened since."""
    desk = Desk()
    call = desk.call("Email/query", {"sort": [{"property": "subject"}]})
    desk.submit(call)
    desk.run()
    read = desk.ask("Email/get", {"ids": call.ref("/ids"), "properties": ["subject"]})
    desk.run()
    assert [("Email/get", ["M1", "M2", "M3", "M4"])] == [
        (name, arguments["ids"]) for name, arguments in desk.sent()
    ]
    assert ["M1", "M2", "M3", "M4"] == found(read)


def test_t57_what_is_referred_to_stands_before() -> None:
    """A call is sent with everything that it refers to, in order."""
    desk = Desk()
    query = desk.call("Email/query", {})
    emails = desk.call("Email/get", {"ids": query.ref("/ids"), "properties": ["threadId"]})
    desk.ask("Thread/get", {"ids": emails.ref("/list/*/threadId")})
    desk.run()
    assert ["Email/query", "Email/get", "Thread/get"] == desk.names()


def test_readers_of_one_answer_may_be_many() -> None:
    """Equal calls with equal references are merged as well."""
    desk = Desk()
    query = desk.call("Email/query", {})
    entries = [
        desk.ask("SearchSnippet/get", {"emailIds": query.ref("/ids"), "filter": None})
        for _ in range(5)
    ]
    desk.run()
    assert ["Email/query", "SearchSnippet/get"] == desk.names()
    assert 5 == len({id(members(one)) for one in entries})
