"""Usual calls: what is known of others like them saves looking again, and changes nothing."""

from collections.abc import Callable
from typing import Any, cast

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.capabilities.mail.email_arguments import EmailGet, EmailSet
from jmap_async.capabilities.mail.mailbox import MailboxSet
from jmap_async.errors import (
    LocalProtocolError,
    ReadOnlyAccount,
    UnsupportedCapability,
)
from jmap_async.planner import Entry
from jmap_async.planner.prepare.careful import prepare
from jmap_async.protocol.call import Call, raw_method
from jmap_async.protocol.standard import Arguments, Get, Set
from tests.planner.desk import CORE, VENDOR, Desk, Wire, altered, spoil
from tests.planner.model import MAIL, Task, method_of

SHARING = "urn:ietf:params:jmap:mail:share"

ids = st.lists(
    st.sampled_from(["M1", "M2", "", "#k", "a#k", "ü", "two words", "M1\n", "x" * 256]),
    min_size=1,
    max_size=3,
)
properties = st.sampled_from([None, ["subject"], ["#k"], [], ["ü"], ["id"] * 2])
patches = st.dictionaries(
    st.sampled_from(["keywords/a", "keywords", "/x", "x~", "mailboxIds/#k", "", "ü"]),
    st.sampled_from([True, None, {}, {"a": True}, "#k", float("nan"), {"parentId": "#k"}]),
    max_size=2,
)
reads = st.builds(lambda ids, names: {"ids": ids, "properties": names}, ids, properties)
updates = st.dictionaries(
    st.sampled_from(["M1", "M2", "#k", "", "ü"]), patches, min_size=1, max_size=2
).map(lambda update: {"update": update})


def typed(desk: Desk, arguments: Wire, task: Task, account: str | None = "A2") -> Call[Any]:
    """Make a call as a facade does."""
    made: Arguments = Get(**arguments) if "ids" in arguments else Set(**arguments)
    method = method_of("Email/get" if "ids" in arguments else "Email/set", capability=MAIL)
    desk._teller.task = task
    return Call(method, made, sender=desk._teller, account_id=account)


def prepare_with_care(desk: Desk, call: Call[Any]) -> Entry:
    """Prepare a call as if nothing was known of others."""
    find = desk.planner.creator_of
    return prepare(call, desk.session, entry_of=desk.submit, creator_of=find)


def outcome(prepared: Callable[[Desk, Call[Any]], Entry], desk: Desk, call: Call[Any]) -> object:
    """Return all that is known of a call once it was prepared."""
    try:
        entry = prepared(desk, call)
    except LocalProtocolError as error:
        return str(error)
    assert orjson.loads(entry.encoded) == entry.arguments
    # As bytes: to Python True is 1.
    sent = orjson.dumps(entry.arguments, option=orjson.OPT_SORT_KEYS)
    known = entry.using, entry.accounts, sent, entry.alike, entry.ids, entry.mergeable
    return *known, entry.creates, entry.creators, entry.unknown_names, [*entry.needs]


@given(st.lists(st.tuples(reads | updates, st.booleans()), min_size=1, max_size=4))
def test_usual_calls_are_prepared_quickly_or_with_care_to_the_same_end(
    calls: list[tuple[Wire, bool]],
) -> None:
    """What is known of calls like it saves looking again, and changes nothing."""
    desk, task = Desk(), Task()
    for arguments, mergeable in calls:
        quick, careful = typed(desk, arguments, task), typed(desk, arguments, task)
        quick.mergeable = careful.mergeable = mergeable

        expected = outcome(prepare_with_care, desk, careful)
        assert expected == outcome(Desk.submit, desk, quick)


@pytest.mark.parametrize("arguments", [{"ids": ["M1"]}, {"update": {"M1": {"keywords/a": True}}}])
def test_what_is_known_of_an_account_is_not_known_of_another(arguments: Wire) -> None:
    """The same call goes to the account of its facade."""
    desk, task = Desk(), Task()
    calls = [typed(desk, arguments, task, account) for account in ("A1", "A2", None)]
    entries = [desk.submit(call) for call in calls]
    assert ["A1", "A2", "A1"] == [entry.arguments["accountId"] for entry in entries]
    assert [("A1",), ("A2",), ("A1",)] == [entry.accounts for entry in entries]


def test_a_patch_that_is_kept_apart_is_sent_alone() -> None:
    """Though it could be merged."""
    desk, task = Desk(), Task()
    for one in ("M1", "M2"):
        desk.submit(typed(desk, {"update": {one: {"keywords/a": True}}}, task).alone())
    desk.run()
    assert ["Email/set", "Email/set"] == desk.names()


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        (
            EmailGet(["M1"], properties=["id"]),
            EmailGet(["M1"], properties=cast("Any", ["header:x:asNothing"])),
        ),
        (
            EmailSet(update={"M1": {"keywords/a": True}}),
            EmailSet(update={"M1": {"keywords/a": False}}),
        ),
    ],
)
def test_a_usual_call_is_checked_each_time(good: Arguments, bad: Arguments) -> None:
    """Also if another one like it was good."""
    desk = Desk()
    method = raw_method("Email/get" if isinstance(good, EmailGet) else "Email/set", capability=MAIL)
    desk.planner.submit(Call(method, good, sender=desk._teller), desk.session)
    with pytest.raises(LocalProtocolError, match=r"^Email/[gs]et: "):
        desk.planner.submit(Call(method, bad, sender=desk._teller), desk.session)


def test_a_usual_call_uses_what_it_was_made_with() -> None:
    """Capabilities that the caller names, and those that the arguments need."""
    desk = Desk(capabilities=[VENDOR, SHARING])
    get, change = (raw_method(f"Mailbox/{verb}", capability=MAIL) for verb in ("get", "set"))
    shared = MailboxSet(update={"P1": {"shareWith": None}})
    entries = [
        desk.submit(Call(get, Get(["P1"]), sender=desk._teller, using=[VENDOR])),
        desk.submit(Call(get, Get(["P1"]), sender=desk._teller)),
        desk.submit(Call(change, shared, sender=desk._teller)),
    ]
    assert [{CORE, MAIL, VENDOR}, {CORE, MAIL}, {CORE, MAIL, SHARING}] == [
        {*entry.using} for entry in entries
    ]


@pytest.mark.parametrize("update", [{"M1": {"keywords/a": True}}, {"M1": {}, "M2": {"x": "#k"}}])
def test_an_update_is_what_it_was_when_it_was_awaited(update: Wire) -> None:
    """A caller may go on with its patches."""
    desk = Desk()
    call = desk.call("Email/set", {})
    call.arguments = Set(update=orjson.loads(orjson.dumps(update)))
    entry = desk.planner.submit(call, desk.session)
    spoil(call.arguments.update)
    assert {"update": update, "accountId": "A1"} == entry.arguments


def test_nobody_else_notices_what_becomes_of_the_arguments_of_the_first_call() -> None:
    """What is remembered of them is a copy."""
    desk, names = Desk(), ["subject"]
    for _ in range(2):
        entry = desk.get("M1", properties=names)
        names.append("size")
        assert ["subject"] == entry.arguments["properties"]
        assert entry.arguments == orjson.loads(entry.encoded)
        names.remove("size")


def test_what_is_known_of_calls_ends_with_the_session() -> None:
    """Another may permit less."""
    desk = Desk()
    desk.get("M1")
    desk.flag("M1")
    altered(desk, is_read_only=True)
    with pytest.raises(ReadOnlyAccount):
        desk.flag("M1")
    altered(desk, account_capabilities={"urn:x": {}})
    with pytest.raises(UnsupportedCapability):
        desk.get("M2")


def test_the_kinds_of_reads_that_are_known_are_bounded() -> None:
    """Who chooses the properties or the account anew each time does not fill the memory."""
    desk = Desk()
    method = raw_method("Email/get", capability=MAIL)
    for number in range(100):
        read = Get(["M1"], properties=[f"header:X-{number}"])
        entry = desk.submit(Call(method, read, sender=desk._teller))
        assert [f"header:X-{number}"] == entry.arguments["properties"]
        other = raw_method("Email/get", capability=MAIL)
        desk.submit(Call(other, Get(["M1"]), sender=desk._teller))
    assert 64 == len(desk.session.usual)
    assert 8 == max(map(len, desk.session.usual.values()))


@pytest.mark.parametrize(
    "given",
    [
        [{"fetch_text_body_values": one} for one in (True, 1, 1.0)],
        [{"fetch_text_body_values": one} for one in (False, 0)],
        [{"max_body_value_bytes": one} for one in (9, 9.0)],
        [{"max_body_value_bytes": one} for one in (1, True)],
        [{"properties": one} for one in (["id"], ("id",), ["id", "size"])],
    ],
)
def test_what_one_caller_wrote_is_not_sent_for_another(given: list[Wire]) -> None:
    """To Python 1 is True, and 1.0 is 1; a server refuses one of them."""
    method = raw_method("Email/get", capability=MAIL)

    def sent(desk: Desk, arguments: Wire) -> bytes:
        call: Call[Any] = Call(method, EmailGet(["M1"], **arguments), sender=desk._teller)
        return desk.submit(call).encoded

    desk = Desk()
    for one in (*given, *reversed(given)):
        assert sent(Desk(), one) == sent(desk, one)


def test_a_list_that_its_caller_goes_on_with_is_not_sent_for_another() -> None:
    """What is remembered of it is a copy."""
    desk, names = Desk(), ["id"]
    method = raw_method("Email/get", capability=MAIL)
    desk.submit(Call(method, Get(["M1"], properties=names), sender=desk._teller))
    names.append("subject")
    other = Get(["M2"], properties=["id", "subject"])
    entry = desk.submit(Call(method, other, sender=desk._teller))
    assert ["id", "subject"] == entry.arguments["properties"]


def test_what_one_patch_needs_others_do_not() -> None:
    """A capability that the server refuses would cost them their answer."""
    desk = Desk(capabilities=[SHARING])
    method = raw_method("Mailbox/set", capability=MAIL)
    used = [
        desk.submit(Call(method, MailboxSet(update={"P1": patch}), sender=desk._teller)).using
        for patch in ({"shareWith": None}, {"sortOrder": 1}, {"shareWith": None})
    ]
    assert [{CORE, MAIL, SHARING}, {CORE, MAIL}, {CORE, MAIL, SHARING}] == used


def test_long_patches_are_not_remembered() -> None:
    """Photographs, scripts: nobody else sets the same."""
    desk = Desk()
    call = desk.call("Email/set", {})
    call.arguments = Set(update={"M1": {"x": "x" * 1000}})
    desk.submit(call)
    [[kind]] = desk.session.usual.values()
    assert not kind.patches


def test_the_patches_that_are_known_are_bounded() -> None:
    """Who sets another keyword each time does not fill the memory."""
    desk = Desk()
    for number in range(300):
        desk.flag("M1", keyword=f"k{number}")
    [[kind]] = desk.session.usual.values()
    assert 1 <= len(kind.patches) <= 64
    assert {"M2": {"keywords/k299": True}} == desk.flag("M2", keyword="k299").arguments["update"]


@pytest.mark.parametrize("bad", ["", "two words", "x" * 256])
def test_a_known_patch_is_refused_for_what_is_no_id(bad: str) -> None:
    """What is known is the patch, not whom it is for."""
    desk = Desk()
    desk.flag("M1")
    with pytest.raises(LocalProtocolError, match="is no id"):
        desk.flag(bad)
