"""From a call to an entry: what is completed, and what is refused before anything is sent."""

from typing import Any

import attrs
import orjson
import pytest

from jmap_async.errors import (
    JMAPError,
    LocalProtocolError,
    NoAccount,
    ReadOnlyAccount,
    UnsupportedCapability,
)
from jmap_async.planner import Entry
from jmap_async.planner.creations import original_name
from jmap_async.protocol.call import Call, raw_method
from tests.planner.desk import CORE, SUBMISSION, Desk, Wire, altered, found, spoil
from tests.planner.model import MAIL, Task, Teller


def prepared(
    desk: Desk,
    method: str,
    arguments: Wire,
    *,
    task: Task | None = None,
    capability: str = MAIL,
    account: str | None = None,
) -> Entry:
    """Queue a call, without waiting for it."""
    call = desk.call(method, arguments, task=task, capability=capability, account=account)
    return desk.planner.submit(call, desk.session)


# Accounts


def test_t63_the_primary_account_is_filled_in() -> None:
    """Unless the call names one, or its facade does."""
    desk = Desk()
    assert "A1" == prepared(desk, "Email/get", {"ids": []}).arguments["accountId"]
    assert "A2" == prepared(desk, "Email/get", {"ids": []}, account="A2").arguments["accountId"]
    given = {"ids": [], "accountId": "A1"}
    assert "A1" == prepared(desk, "Email/get", given, account="A2").arguments["accountId"]


def test_a_method_without_account_gets_none() -> None:
    """PushSubscription/get and Core/echo take no accountId."""
    desk = Desk()
    method = raw_method("Core/echo", capability=CORE, takes_account_id=False)
    call: Call[Any] = Call(method, {"x": 1}, sender=desk._teller)
    entry = desk.planner.submit(call, desk.session)
    assert {"x": 1} == entry.arguments
    assert (None,) == entry.accounts


def test_t8_without_a_primary_account_one_has_to_be_named() -> None:
    """No other account is taken in its place."""
    desk = Desk()
    desk.session = attrs.evolve(desk.session, primary_accounts={})
    with pytest.raises(NoAccount, match=r"Email/get: .*client\.account.*A1, A2"):
        prepared(desk, "Email/get", {"ids": []})


@pytest.mark.parametrize("argument", ["accountId", "fromAccountId"])
def test_an_account_that_is_not_there(argument: str) -> None:
    """The message says which there are."""
    desk = Desk()
    with pytest.raises(NoAccount, match=r"no account 'A9'\. There are A1, A2"):
        prepared(desk, "Email/copy", {argument: "A9"})


def test_a_call_between_two_accounts_keeps_the_order_of_both() -> None:
    """Once, if it is the same."""
    desk = Desk()
    both = prepared(desk, "Email/copy", {"fromAccountId": "A2", "create": {}})
    same = prepared(desk, "Email/copy", {"fromAccountId": "A1", "create": {}})
    assert (("A1", "A2"), ("A1",)) == (both.accounts, same.accounts)


def test_t10_a_read_only_account_is_only_read() -> None:
    """A write is refused here, whatever the server would say."""
    desk = Desk()
    altered(desk, is_read_only=True)
    prepared(desk, "Email/get", {"ids": []})
    with pytest.raises(ReadOnlyAccount, match=r"Email/set: .*'A1' is read-only"):
        prepared(desk, "Email/set", {"destroy": ["M1"]})


def test_a_read_only_account_may_be_copied_from() -> None:
    """Nothing is changed there."""
    desk = Desk()
    altered(desk, is_read_only=True)
    prepared(desk, "Email/copy", {"fromAccountId": "A1", "accountId": "A2", "create": {}})


def test_t7_an_account_without_the_capability() -> None:
    """A shared account may have mail and no submission."""
    desk = Desk(capabilities=[SUBMISSION])
    altered(desk, account_capabilities={MAIL: {}})
    with pytest.raises(UnsupportedCapability, match="'A1' does not have"):
        prepared(desk, "Identity/get", {"ids": []}, capability=SUBMISSION)


def test_an_account_that_lists_nothing_is_given_the_benefit_of_the_doubt() -> None:
    """Some servers leave the list out."""
    desk = Desk()
    altered(desk, account_capabilities={})
    prepared(desk, "Email/get", {"ids": []})


# Capabilities


def test_t2_core_is_always_used() -> None:
    """With what the method needs, and nothing more."""
    assert frozenset({CORE, MAIL}) == prepared(Desk(), "Email/get", {"ids": []}).using


def test_t3_a_capability_that_the_session_lacks_is_never_sent() -> None:
    """The message says what there is."""
    with pytest.raises(UnsupportedCapability, match=r"X/get: .*'urn:x'.*jmap:mail"):
        prepared(Desk(), "X/get", {}, capability="urn:x")


def test_what_is_permitted_is_found_out_for_each_session() -> None:
    """An account that becomes read-only, or goes away, is noticed with the next session."""
    desk = Desk()
    prepared(desk, "Email/set", {"destroy": ["M1"]})
    altered(desk, is_read_only=True)
    with pytest.raises(ReadOnlyAccount):
        prepared(desk, "Email/set", {"destroy": ["M2"]})
    prepared(desk, "Email/get", {"ids": ["M1"]})
    desk.session = attrs.evolve(desk.session, accounts={})
    with pytest.raises(NoAccount):
        prepared(desk, "Email/get", {"ids": ["M2"]})


def test_an_account_id_that_is_none() -> None:
    """Whatever was given for one."""
    wrongs: list[object] = [[], {}, 5, "", "a b"]
    for wrong in wrongs:
        with pytest.raises(LocalProtocolError, match="is no account id"):
            prepared(Desk(), "Email/get", {"ids": [], "accountId": wrong})


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
    assert b'{"properties":["subject"],"accountId":"A1"}' == first.rest == other.rest
    prepared(desk, "Email/set", {"create": {"k": {}}}, task=task)
    made = prepared(desk, "Email/get", {"ids": ["#k"]}, task=task)
    changes = desk.call("Email/changes", {"sinceState": "x"})
    behind = prepared(desk, "Email/get", {"ids": ["M1"], "properties": changes.ref("/updated")})
    nobodys = prepared(desk, "Email/get", {"ids": ["#x"]})
    everything = prepared(desk, "Email/get", {"ids": None})
    write = prepared(desk, "Email/set", {"ids": ["M1"]})
    assert {None} == {one.rest for one in (made, behind, nobodys, everything, write)}


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
    assert {"p": first} == second.makers
    assert ("nobody",) == second.strangers
    assert [first] == list(second.needs)


def test_the_newest_creation_of_a_name_is_meant() -> None:
    """A task may use a name again."""
    desk = Desk()
    task = Task()
    make = "Mailbox/set"
    prepared(desk, make, {"create": {"p": {"name": "one"}}}, task=task)
    newest = prepared(desk, make, {"create": {"p": {"name": "two"}}}, task=task)
    child = prepared(desk, make, {"create": {"c": {"parentId": "#p"}}}, task=task)
    assert newest is child.makers["p"]


def test_an_exact_reference_has_a_name_that_nobody_can_choose() -> None:
    """And the original one can be had from it."""
    desk = Desk()
    parent = desk.call("Mailbox/set", {"create": {"p": {"name": "p"}}})
    create = {"c": {"parentId": parent.created_id("p")}}
    entry = prepared(desk, "Mailbox/set", {"create": create}, task=Task())
    ((name, maker),) = entry.makers.items()
    assert "p" == original_name(name)
    assert "@" in name
    assert ("p",) == maker.creates


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
