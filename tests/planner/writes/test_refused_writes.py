"""Merged writes that the server refuses: the culprit is found, in as few requests as possible."""

from math import ceil, log

import pytest
from hypothesis import given, settings, strategies as st

from jmap_async.errors import InvalidArguments
from jmap_async.planner import Entry
from jmap_async.protocol.call import AnyCall
from tests.planner.desk import (
    SUBMISSION,
    Desk,
    Wire,
    error_of,
    failed,
    found,
    members,
    mentions,
    with_limits,
)
from tests.planner.model import ADDRESSES, MAIL, Task


def draft(subject: str, **properties: object) -> Wire:
    """Return an email that can be created, and sent."""
    return {
        "mailboxIds": {"P2": True},
        "subject": subject,
        "from": [{"email": ADDRESSES["A1"]}],
        "to": [{"email": "bob@example.net"}],
        **properties,
    }


def write(desk: Desk, subject: str, **properties: object) -> Entry:
    """Queue the creation of an email."""
    return desk.ask("Email/set", {"create": {"k": draft(subject, **properties)}})


def drafts(desk: Desk, count: int) -> list[Entry]:
    """Queue the creation of emails by as many callers, each with a subject of its own."""
    return [write(desk, f"draft-{i}") for i in range(count)]


def reject(desk: Desk, *poison: str, kind: str = "invalidArguments") -> None:
    """Have every call refused that says one of these."""
    is_bad = mentions(*poison)
    desk.reject = lambda _, arguments: kind if is_bad(arguments) else None


def invocations(desk: Desk) -> int:
    """Return how many calls were sent."""
    return sum(len(post["methodCalls"]) for post in desk.posts)


def made(desk: Desk) -> list[str]:
    """Return the subjects of the drafts that the server has."""
    return [one for one in desk.subjects() if one.startswith("draft")]


@pytest.mark.parametrize(
    ("count", "posts", "calls"), [(1, 1, 1), (2, 2, 3), (16, 2, 17), (100, 3, 23), (1000, 4, 36)]
)
def test_one_culprit_is_found_in_a_few_rounds(count: int, posts: int, calls: int) -> None:
    """A refused write goes again in sixteen parts each time, which one request holds."""
    desk = Desk()
    entries = drafts(desk, count)
    reject(desk, f"draft-{count // 2}")
    assert posts == desk.run()
    assert calls == invocations(desk)
    assert [count // 2] == list(failed(entries))


@settings(max_examples=20)
@given(st.integers(2, 200), st.data(), st.sampled_from(["invalidArguments", "serverFail"]))
def test_culprits_fail_alone_and_nothing_is_done_twice(
    count: int, data: st.DataObject, kind: str
) -> None:
    """Whoever did nothing wrong has what it wanted, once."""
    bad = data.draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=3))
    desk = Desk()
    entries = drafts(desk, count)
    reject(desk, *(f"draft-{i}" for i in bad), kind=kind)
    # Each round is a request for each culprit at most, and parts of a part are counted up.
    assert desk.run() <= 1 + 2 * len(bad) * ceil(log(count, 16))
    assert sorted(bad) == list(failed(entries))
    assert sorted(f"draft-{i}" for i in range(count) if i not in bad) == made(desk)


@pytest.mark.parametrize("count", [2, 30, 1000])
def test_an_error_of_everybody_ends_the_division_early(count: int) -> None:
    """When one after the other fails alone and nothing succeeds, the rest is not tried."""
    desk = Desk()
    entries = drafts(desk, count)
    desk.reject = lambda _name, _arguments: "serverFail"
    assert desk.run() <= 6
    assert list(range(count)) == list(failed(entries))


@pytest.mark.parametrize(
    "said",
    [
        {"description": "create/k-17/subject is too rude"},
        {"arguments": ["create[k-17]"]},
        {"description": "there is no property isRude"},
    ],
)
def test_a_culprit_that_the_error_names_is_found_at_once(said: Wire) -> None:
    """A creation id, an id or a property that only one caller has said is told from the rest."""
    desk = Desk()
    entries = drafts(desk, 16)
    entries.append(write(desk, "draft-rude", isRude=True))
    entries += drafts(desk, 1000)
    is_bad = mentions("draft-rude")
    desk.reject = lambda _, arguments: (
        {"type": "invalidArguments", **said} if is_bad(arguments) else None
    )
    assert 2 == desk.run()
    assert 6 == invocations(desk)
    assert [16] == list(failed(entries))


def test_an_error_that_names_the_wrong_one_only_takes_longer() -> None:
    """What an error says is a hint."""
    desk = Desk()
    entries = [desk.flag(f"N{i}") for i in range(100)]
    is_bad = mentions("N50")
    desk.reject = lambda _, arguments: (
        {"type": "invalidArguments", "description": "as for N7, see N8"}
        if is_bad(arguments)
        else None
    )
    assert desk.run() <= 4
    assert [50] == list(failed(entries))
    assert {"N7"} == set(members(entries[7])["notUpdated"])


# Order


def test_a_later_write_of_the_same_task_waits_for_a_merged_one() -> None:
    """Else it would be undone by what is sent again."""
    desk = Desk()
    desk.by("me").flag("M1", keyword="first")
    bad = desk.by("other").flag("M2", keyword="poison")
    desk.by("me").ask("Email/set", {"update": {"M1": {"keywords": {"last": True}}}})
    reject(desk, "keywords/poison")
    desk.run()
    assert 1 == len(desk.posts[0]["methodCalls"])
    assert isinstance(error_of(bad), InvalidArguments)
    assert {"last"} == desk.keywords("M1")


def test_a_later_write_of_the_same_task_waits_for_one_that_is_merged_in_part() -> None:
    """It was cut up: its first part stands alone, the last one goes again for another's sake."""
    desk = Desk(told=with_limits(max_objects_in_set=2))
    desk.by("me").flag("M1", "M2", "M3")
    desk.by("other").flag("poison")
    desk.by("me").flag("M4")
    reject(desk, "poison")
    desk.run()
    assert [["M1", "M2"], ["M3", "poison"]] == [[*one["update"]] for _, one in desk.sent(0)]
    assert [["M3"], ["poison"], ["M4"]] == [[*one["update"]] for _, one in desk.sent(1)]


def test_a_conditional_write_waits_for_an_own_merged_one() -> None:
    """Whatever it touches."""
    desk = Desk()
    desk.by("me").flag("M1", keyword="first")
    desk.by("other").flag("M2", keyword="poison")
    desk.by("me").flag("M1", keyword="last", ifInState=None)
    reject(desk, "keywords/poison")
    desk.run()
    assert {"first", "last"} == desk.keywords("M1")
    assert "last" in str(desk.posts[-1])


def test_writes_of_other_types_and_objects_stay_in_the_request() -> None:
    """Only what may get into a wrong order waits."""
    desk = Desk()
    desk.flag("M1")
    desk.flag("M2")
    desk.ask("Mailbox/set", {"create": {"k": {"name": "box"}}})
    desk.flag("M3", "M4")
    assert 1 == desk.run()


def test_what_emails_are_moved_out_of_is_not_destroyed_before_that_is_done() -> None:
    """Of one task; else it would not be empty, or the emails would go with it (RFC 8621, 2.5)."""
    desk = Desk().by("me")
    move = {"mailboxIds": {"P2": True}}
    made = [desk.ask("Email/set", {"update": {one: move}}) for one in ("M1", "M2", "M3", "M4")]
    desk.by("other").flag("nope", keyword="poison")
    gone = desk.by("me").ask("Mailbox/set", {"destroy": ["P1"], "onDestroyRemoveEmails": True})
    reject(desk, "keywords/poison")
    assert 2 == desk.run()
    assert [["Email/set"], [*["Email/set"] * 5, "Mailbox/set"]] == [*map(desk.names, (0, 1))]
    assert [] == list(failed([*made, gone]))


def test_a_read_behind_a_write_that_is_repeated_goes_again_with_it() -> None:
    """It must see what the write does, however often that is sent; the reads of others do not."""
    desk = Desk()
    mine = desk.by("me").flag("M1")
    bad = desk.by("other").flag("M2", keyword="poison")
    read = desk.by("me").get("M1", "M3", properties=["keywords"])
    neighbour = desk.by("third").get("M1", "M4", properties=["keywords"])
    reject(desk, "keywords/poison")
    request = desk.next_request()
    assert request is not None
    desk.carry(request)
    assert ["Email/set", "Email/get"] == desk.names()
    assert [{}, {}] == [row["keywords"] for row in members(neighbour)["list"]]
    assert read.answer is None
    desk.run()
    assert [1] == list(failed([mine, bad, read]))
    assert [{"a": True}, {}] == [row["keywords"] for row in members(read)["list"]]


def test_who_shared_a_refused_read_with_one_that_goes_again_is_not_to_blame() -> None:
    """The one at fault was sent again for another reason: the other one is asked again with it."""
    desk = Desk()
    entries = [
        desk.by("other").flag("poison"),
        desk.by("me").flag("M1"),
        desk.by("me").get("bad", "M2"),
        desk.by("third").get("M3"),
    ]
    reject(desk, "poison", "bad")
    desk.run()
    assert [0, 2] == list(failed(entries))


def test_equal_reads_are_parted_when_one_of_them_goes_again() -> None:
    """Whoever is owed order asks once more; the others have their answer."""
    desk = Desk()
    desk.by("me").flag("M1")
    desk.by("other").flag("M2", keyword="poison")
    query = {"filter": {"hasKeyword": "a"}}
    mine = desk.by("me").ask("Email/query", query)
    theirs = desk.by("third").ask("Email/query", query)
    reject(desk, "keywords/poison")
    desk.run()
    assert [["M1"], []] == [members(one)["ids"] for one in (mine, theirs)]


def test_a_read_that_is_repeated_sees_no_later_write_of_its_task() -> None:
    """What was awaited after the read waits until that was answered."""
    desk = Desk()
    desk.by("me").flag("M1")
    desk.by("other").flag("M2", keyword="poison")
    read = desk.by("me").get("M1", "M3", properties=["keywords"])
    desk.by("me").flag("M3")
    reject(desk, "keywords/poison")
    desk.run()
    assert [{"a": True}, {}] == [row["keywords"] for row in members(read)["list"]]
    assert {"a"} == desk.keywords("M3")


def test_a_read_that_others_made_fail_sees_no_later_write_of_its_task() -> None:
    """A merged read may be sent again, too: an own write waits for its answer."""
    desk = Desk()
    desk.by("other").get("bad", properties=["keywords"])
    read = desk.by("me").get("M1", properties=["keywords"])
    desk.by("me").flag("M1")
    reject(desk, "bad")
    desk.run()
    assert [{}] == [row["keywords"] for row in members(read)["list"]]
    assert {"a"} == desk.keywords("M1")


def replayed_search(desk: Desk) -> AnyCall:
    """Let a task search behind a write that goes again for another's sake."""
    reject(desk, "poison")
    desk.by("other").flag("poison")
    desk.by("me").flag("M1", keyword="new")
    query = desk.call("Email/query", {"filter": {"hasKeyword": "new"}})
    desk.submit(query)
    return query


@pytest.mark.parametrize("most", [1, 500])
def test_what_another_task_refers_to_goes_again_with_it(most: int) -> None:
    """Whoever refers to a search gets what that finds in the end, not what it found at first."""
    desk = Desk(told=with_limits(max_objects_in_get=most))
    query = replayed_search(desk)
    desk.by("fourth").flag("M2", "M3", keyword="new")
    desk.by("third")
    emails = desk.call("Email/get", {"ids": query.ref("/ids"), "properties": ["threadId"]})
    entry = desk.submit(emails)
    threads = desk.by("third").ask("Thread/get", {"ids": emails.ref("/list/*/threadId")})
    desk.run()
    assert members(desk.planner.submit(query, desk.session))["ids"] == found(entry)
    assert {"M1", "M2", "M3"} == {*found(entry)}
    assert {"T1", "T2", "T3"} == {*found(threads)}


def test_a_write_of_another_task_waits_for_what_it_refers_to() -> None:
    """What a search finds that has to be repeated must not be destroyed."""
    desk = Desk()
    query = replayed_search(desk)
    destroy = desk.by("third").ask("Email/set", {"destroy": query.ref("/ids")})
    desk.run()
    assert ["M1"] == members(destroy)["destroyed"]


def test_writes_of_two_accounts_are_divided_side_by_side() -> None:
    """What goes again in one does not keep the other waiting."""
    desk = Desk()
    entries = [
        desk.flag("M1", keyword=keyword, accountId=account)
        for account in ("A1", "A2")
        for keyword in ("poison",)
    ]
    others = [desk.flag("M2", accountId=account) for account in ("A1", "A2")]
    reject(desk, "keywords/poison")
    assert 2 == desk.run()
    assert [0, 1] == list(failed(entries))
    assert [] == list(failed(others))


# What builds on a write that is sent again


def submit(desk: Desk, task: Task, *others: str, identity: str = "I1") -> Entry:
    """Queue the submission of what the task created as "k", and of other emails."""
    emails = {"s": "#k", **dict(zip(others, others, strict=True))}
    create = {key: {"identityId": identity, "emailId": one} for key, one in emails.items()}
    call = desk.call("EmailSubmission/set", {"create": create}, task=task, capability=SUBMISSION)
    call.using = (MAIL,)
    return desk.submit(call)


def send(desk: Desk, subject: str) -> tuple[Entry, Entry]:
    """Queue the creation of an email and its submission, by one task."""
    task = Task()
    email = desk.ask("Email/set", {"create": {"k": draft(subject)}}, task=task)
    return email, submit(desk, task)


def id_of(entry: Entry) -> str:
    """Return the id of what a call created as "k"."""
    return str(members(entry)["created"]["k"]["id"])


def sent_emails(desk: Desk) -> list[str]:
    """Return the ids of the emails that were sent."""
    arguments = {"ids": None, "properties": ["emailId"]}
    read = desk.ask("EmailSubmission/get", arguments, capability=SUBMISSION)
    desk.run()
    return sorted(row["emailId"] for row in members(read)["list"])


def test_what_builds_on_a_refused_write_goes_again_with_it() -> None:
    """A follower whose creator was refused for the sake of others is not to blame either."""
    desk = Desk(capabilities=(SUBMISSION,))
    others = drafts(desk, 3)
    email, _ = send(desk, "draft-parent")
    reject(desk, "draft-1")
    assert 2 == desk.run()
    assert [1] == list(failed(others))
    assert [id_of(email)] == sent_emails(desk)


def test_what_builds_on_the_culprit_fails_for_want_of_it() -> None:
    """As it would have, had both been sent alone."""
    desk = Desk(capabilities=(SUBMISSION,))
    others = drafts(desk, 3)
    email, sent = send(desk, "draft-bad")
    reject(desk, "draft-bad")
    desk.run()
    assert isinstance(error_of(email), InvalidArguments)
    assert {"s"} == set(members(sent)["notCreated"])
    assert [] == list(failed(others))


@pytest.mark.parametrize("others", [("M1",), ("M1", "M2", "M3", "M4")])
def test_only_what_needs_the_refused_write_goes_again(others: tuple[str, ...]) -> None:
    """What else its follower did is done, and not a second time."""
    desk = Desk(capabilities=(SUBMISSION,))
    drafts(desk, 1)
    task = Task()
    email = desk.ask("Email/set", {"create": {"k": draft("draft-parent")}}, task=task)
    sent = submit(desk, task, *others)
    reject(desk, "draft-0")
    desk.run()
    assert {"s", *others} == set(members(sent)["created"])
    assert sorted([id_of(email), *others]) == sent_emails(desk)


def test_a_server_that_refuses_the_whole_follower_is_asked_again() -> None:
    """That it knows no such creation may be an error of the call."""
    desk = Desk(capabilities=(SUBMISSION,))
    others = drafts(desk, 3)
    email, _ = send(desk, "draft-parent")
    is_bad = mentions("draft-1")
    desk.reject = lambda name, arguments: (
        "invalidArguments"
        if is_bad(arguments) or (name == "EmailSubmission/set" and len(desk.posts) == 1)
        else None
    )
    assert 2 == desk.run()
    assert [1] == list(failed(others))
    assert [id_of(email)] == sent_emails(desk)


def test_what_builds_on_two_refused_writes_waits_for_both() -> None:
    """Its identity and its email were made for others' sake in a second attempt only."""
    desk = Desk(capabilities=(SUBMISSION,))
    create = {"i": {"name": "Alice", "email": ADDRESSES["A1"]}}
    bad = {"j": {"name": "bad", "email": ADDRESSES["A1"]}}
    task = Task()
    desk.ask("Identity/set", {"create": bad}, task=Task(), capability=SUBMISSION)
    desk.ask("Identity/set", {"create": create}, task=task, capability=SUBMISSION)
    drafts(desk, 1)
    email = desk.ask("Email/set", {"create": {"k": draft("draft-mine")}}, task=task)
    submit(desk, task, identity="#i")
    reject(desk, "draft-0", "bad")
    assert 2 == desk.run()
    assert [id_of(email)] == sent_emails(desk)


def test_a_submission_waits_for_an_own_merged_write() -> None:
    """What it does on success is done to what that write has left."""
    desk = Desk(capabilities=(SUBMISSION,))
    desk.by("me").flag("M1", keyword="a")
    desk.by("other").flag("M2", keyword="poison")
    for email in ("M1", "M3"):
        create = {"s": {"identityId": "I1", "emailId": email}}
        then = {"#s": {"keywords/a": None}}
        call = desk.by("me").call(
            "EmailSubmission/set",
            {"create": create, "onSuccessUpdateEmail": then},
            capability=SUBMISSION,
        )
        call.using = (MAIL,)
        desk.submit(call)
    reject(desk, "keywords/poison")
    desk.run()
    assert set() == desk.keywords("M1")
