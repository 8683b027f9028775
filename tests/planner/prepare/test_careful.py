"""From a call to an entry: what is completed, and what is refused before anything is sent."""

from typing import Any

import orjson
import pytest

from jmap_async.errors import JMAPError, LocalProtocolError
from jmap_async.planner.names.creations import original_name
from jmap_async.protocol.call import Call, raw_method
from tests.planner.desk import Desk, Wire, found, prepared, spoil
from tests.planner.model import MAIL, Task, Teller

# Arguments


@pytest.mark.parametrize("arguments", [{"#ids": ["M1"]}, {"#ids": {"resultOf": "c0"}}])
def test_t49_references_are_not_written_by_hand(arguments: Wire) -> None:
    """Call ids are the planner's; `ref` is the way."""
    with pytest.raises(LocalProtocolError, match=r"pass 'ids' with call\.ref"):
        prepared(Desk(), "Email/get", arguments)


def test_a_reference_to_a_call_of_another_client() -> None:
    """Its answer is on another server."""
    desk = Desk()
    foreign: Call[Any] = Call(raw_method("Email/query", capability=MAIL), {}, sender=Teller())
    with pytest.raises(LocalProtocolError, match="another client"):
        prepared(desk, "Email/get", {"ids": foreign.ref("/ids")})


@pytest.mark.parametrize("value", [float("nan"), 2**60, object(), {1: 2}, "\ud800"])
def test_t27_what_is_no_json_is_refused(value: object) -> None:
    """Before it is sent, with the name of the call."""
    with pytest.raises(LocalProtocolError, match="Email/query: "):
        prepared(Desk(), "Email/query", {"filter": {"x": value}})


def test_names_of_arguments_are_strings() -> None:
    """As everything that JSON calls a name."""
    arguments: Any = {"ids": ["M1"], 1: 2}
    with pytest.raises(LocalProtocolError, match="Email/get: 1 is no name of an argument"):
        prepared(Desk(), "Email/get", arguments)


MANY: list[tuple[str, Wire]] = [
    ("Email/get", {"ids": ["M1", "M2"], "properties": ["subject"]}),
    ("Email/get", {"ids": ["#M1"], "properties": ["subject"]}),
    ("Email/get", {"ids": [], "properties": ["subject"]}),
    ("Email/get", {"ids": None, "properties": ["subject"]}),
    ("Email/query", {"filter": {"conditions": [{"text": "a"}], "operator": "AND"}}),
    ("Email/set", {"update": {"M1": {"keywords": {"a": True}}}}),
    ("Email/set", {"update": {"M1": {"keywords": {"a": True}}}, "ifInState": "s"}),
    ("Email/set", {"create": {"k": {"keywords": {"a": True}}}, "destroy": ["M2"]}),
    ("Email/set", {"update": {"#k": {"keywords": {"a": True}}}, "destroy": ["#l"]}),
    ("Email/copy", {"fromAccountId": "A2", "create": {"k": {"id": "M1", "keywords": {}}}}),
]


def sent_by(desk: Desk, call: Call[Any]) -> list[Wire]:
    """Carry a call out, and return the arguments that went to the server."""
    desk.submit(call)
    desk.run()
    return [one[1] for post in desk.posts for one in post["methodCalls"]]


@pytest.mark.parametrize(("method", "arguments"), MANY)
@pytest.mark.parametrize("mergeable", [True, False])
def test_what_is_sent_is_what_there_was_when_it_was_awaited(
    method: str, arguments: Wire, *, mergeable: bool
) -> None:
    """A caller may go on with the lists and dicts that went into a call."""
    desk, other = Desk(), Desk()
    given = orjson.loads(orjson.dumps(arguments))
    call, same = desk.call(method, given), other.call(method, arguments)
    call.mergeable = same.mergeable = mergeable
    desk.submit(call)
    spoil(given)
    assert sent_by(other, same) == sent_by(desk, call)


def test_what_goes_along_with_a_reference_is_kept_as_well() -> None:
    """It is put together only when the request is."""
    desk = Desk()
    query = desk.call("Email/query", {})
    given = {"ids": query.ref("/ids"), "properties": ["subject"]}
    call = desk.call("Email/get", given)
    desk.submit(call)
    spoil(given["properties"])
    assert ["subject"] == sent_by(desk, call)[1]["properties"]


@pytest.mark.parametrize(("method", "arguments"), MANY)
def test_the_json_of_an_entry_is_that_of_its_arguments(method: str, arguments: Wire) -> None:
    """Also where it is made only when somebody asks for it."""
    entry = prepared(Desk(), method, arguments)
    assert {**arguments, "accountId": "A1"} == orjson.loads(entry.encoded) == entry.arguments


def test_what_reads_have_in_common() -> None:
    """All but the ids of a /get, where those are there and known."""
    desk, task = Desk(), Task()
    first = prepared(desk, "Email/get", {"ids": ["M1"], "properties": ["subject"]})
    other = prepared(desk, "Email/get", {"ids": ["M2", "ü"], "properties": ["subject"]})
    rest = b'{"properties":["subject"],"accountId":"A1"}'
    assert ("Email/get", first.using, rest) == first.alike == other.alike
    prepared(desk, "Email/set", {"create": {"k": {}}}, task=task)
    made = prepared(desk, "Email/get", {"ids": ["#k"]}, task=task)
    changes = desk.call("Email/changes", {"sinceState": "x"})
    behind = prepared(desk, "Email/get", {"ids": ["M1"], "properties": changes.ref("/updated")})
    nobodys = prepared(desk, "Email/get", {"ids": ["#x"]})
    everything = prepared(desk, "Email/get", {"ids": None})
    write = prepared(desk, "Email/set", {"ids": ["M1"]})
    assert {None} == {one.alike for one in (made, behind, nobodys, everything, write)}


def test_a_call_that_is_refused_leaves_its_neighbours_alone() -> None:
    """Nothing of it is queued."""
    desk = Desk()
    read = desk.get("M1")
    with pytest.raises(JMAPError):
        prepared(desk, "X/get", {}, capability="urn:x")
    desk.run()
    assert ["M1"] == found(read)


# Creation ids


def test_what_an_entry_creates_and_mentions() -> None:
    """Names of its own, names of others, and names that nobody has."""
    desk = Desk()
    task = Task()
    make = "Mailbox/set"
    first = prepared(desk, make, {"create": {"p": {"name": "p"}}}, task=task)
    create = {"c": {"parentId": "#p"}, "d": {"parentId": "#c"}, "e": {"parentId": "#nobody"}}
    second = prepared(desk, make, {"create": create}, task=task)
    assert ("p",) == first.creates
    assert ("c", "d", "e") == second.creates
    assert {"p": first} == second.creators
    assert ("nobody",) == second.unknown_names
    assert [first] == list(second.needs)


def test_the_newest_creation_of_a_name_is_meant() -> None:
    """A task may use a name again."""
    desk = Desk()
    task = Task()
    make = "Mailbox/set"
    prepared(desk, make, {"create": {"p": {"name": "one"}}}, task=task)
    newest = prepared(desk, make, {"create": {"p": {"name": "two"}}}, task=task)
    child = prepared(desk, make, {"create": {"c": {"parentId": "#p"}}}, task=task)
    assert newest is child.creators["p"]


def test_an_exact_reference_has_a_name_that_nobody_can_choose() -> None:
    """And the original one can be had from it."""
    desk = Desk()
    parent = desk.call("Mailbox/set", {"create": {"p": {"name": "p"}}})
    create = {"c": {"parentId": parent.created_id("p")}}
    entry = prepared(desk, "Mailbox/set", {"create": create}, task=Task())
    ((name, creator),) = entry.creators.items()
    assert "p" == original_name(name)
    assert "@" in name
    assert ("p",) == creator.creates


# Waiting


def test_claims_are_passed_on_to_what_is_needed() -> None:
    """Whoever waits for a call waits for what it refers to; each is counted once."""
    desk = Desk()
    changes = desk.call("Email/changes", {"sinceState": "x"})
    read = desk.call(
        "Email/get", {"ids": changes.ref("/created"), "properties": changes.ref("/updated")}
    )
    entry = desk.planner.submit(read, desk.session)
    (needed,) = entry.needs
    claims = [needed.claims]
    for step in (entry.claim, entry.claim, entry.release, entry.release):
        step()
        claims.append(needed.claims)
    assert [0, 1, 1, 1, 0] == claims
    assert needed.withdrawn


def test_a_call_is_prepared_once() -> None:
    """Submitting it again gives the same entry."""
    desk = Desk()
    call = desk.call("Email/get", {"ids": ["M1"]})
    assert desk.planner.submit(call, desk.session) is desk.planner.submit(call, desk.session)
