"""Merged submissions: many messages in two calls, and what became of each told to its sender."""

from collections.abc import Sequence

import pytest

from jmap_async.errors import InvalidArguments
from jmap_async.planner import Entry
from tests.planner.desk import (
    SUBMISSION,
    Desk,
    Wire,
    error_of,
    failed,
    members,
    mentions,
    with_limits,
)
from tests.planner.model import MAIL, Task

MASKED_EMAIL = "https://www.fastmail.com/dev/maskedemail"
SENT: Wire = {"keywords/$draft": None, "mailboxIds/P2": None, "mailboxIds/P3": True}


def desk_for_mail(**limits: int) -> Desk:
    """Make a desk whose session has submissions too."""
    return Desk(told=with_limits(**limits), capabilities=(SUBMISSION,))


def draft(desk: Desk, task: Task, subject: str = "Hi") -> Entry:
    """Queue the creation of a draft, "d"."""
    create = {
        "d": {
            "mailboxIds": {"P2": True},
            "keywords": {"$draft": True},
            "from": [{"email": "alice@example.org"}],
            "to": [{"email": "bob@example.net"}],
            "subject": subject,
        }
    }
    return desk.ask("Email/set", {"create": create}, task=task)


def submit(desk: Desk, *emails: str, task: Task | None = None, **extra: object) -> Entry:
    """Queue the submission of emails, as "s0" and so on."""
    create = {f"s{i}": {"identityId": "I1", "emailId": one} for i, one in enumerate(emails)}
    call = desk.call(
        "EmailSubmission/set", {"create": create, **extra}, task=task, capability=SUBMISSION
    )
    call.using = (MAIL,)
    return desk.submit(call)


def send(desk: Desk, subject: str = "Hi", **extra: object) -> tuple[Entry, Entry]:
    """Queue the creation of a draft and its submission, by one task."""
    task = Task()
    made = draft(desk, task, subject)
    return made, submit(desk, "#d", task=task, **(extra or {"onSuccessUpdateEmail": {"#s0": SENT}}))


def implicit(entry: Entry) -> Wire | None:
    """Return the answer to what followed upon success."""
    members(entry)
    answer = getattr(entry.answer, "implicit", None)
    return None if answer is None else dict(answer.arguments)


def sent_ids(drafts: Sequence[Entry]) -> list[str]:
    """Return the ids of drafts that were made."""
    return [members(one)["created"]["d"]["id"] for one in drafts]


def test_many_messages_are_two_calls_in_one_request() -> None:
    """One Email/set creates the drafts, one EmailSubmission/set sends them."""
    desk = desk_for_mail()
    pairs = [send(desk, f"message {i}") for i in range(100)]
    assert 1 == desk.run()
    assert ["Email/set", "EmailSubmission/set"] == desk.names()
    emails = sent_ids([made for made, _ in pairs])
    assert 100 == len(set(emails))
    assert emails == [one.email_id for one in desk.server.sent]
    for email, (_, sent) in zip(emails, pairs, strict=True):
        followed = implicit(sent) or {}
        assert ([email], None) == (list(followed["updated"]), followed["destroyed"])


def test_sending_goes_on_where_the_limits_cut() -> None:
    """Drafts and submissions go in parts, each draft before it is sent."""
    desk = desk_for_mail(max_objects_in_set=7, max_calls_in_request=3)
    pairs = [send(desk, f"message {i}") for i in range(20)]
    assert desk.run() <= 4
    assert 20 == len(desk.server.sent)
    assert all(implicit(sent) for _, sent in pairs)


def test_t43_each_caller_learns_what_became_of_its_own_email() -> None:
    """Updated, destroyed, or neither: as it would have been told alone."""
    desk = desk_for_mail()
    moved, (refused, gone, nothing) = send(desk), (
        submit(desk, "M1", onSuccessUpdateEmail={"#s0": {"mailboxIds/nowhere": True}}),
        submit(desk, "M2", onSuccessDestroyEmail=["#s0"]),
        submit(desk, "M3"),
    )  # fmt: skip
    assert 1 == desk.run()
    assert ["Email/set", "EmailSubmission/set"] == desk.names()
    assert sent_ids(moved[:1]) == list((implicit(moved[1]) or {})["updated"])
    assert ["M1"] == list((implicit(refused) or {})["notUpdated"])
    assert (None, ["M2"]) == (
        (implicit(gone) or {})["updated"],
        (implicit(gone) or {})["destroyed"],
    )
    assert implicit(nothing) is None


def test_one_call_with_several_submissions_gets_the_answer_to_all() -> None:
    """Also where it goes in parts."""
    desk = desk_for_mail(max_objects_in_set=2)
    patches = {f"#s{i}": {"keywords/a": True} for i in range(4)}
    others = [send(desk), send(desk)]
    entry = submit(desk, "M1", "M2", "M3", "M4", onSuccessUpdateEmail=patches)
    desk.run()
    assert {"M1", "M2", "M3", "M4"} == set((implicit(entry) or {})["updated"])
    assert all(1 == len((implicit(one) or {})["updated"]) for _, one in others)


def test_a_failure_to_send_is_the_senders_alone() -> None:
    """Neither its draft nor what follows is anybody else's matter."""
    desk = desk_for_mail()
    _, good = send(desk)
    bad = submit(desk, "nope", onSuccessUpdateEmail={"#s0": SENT})
    desk.run()
    assert {"s0"} == set(members(good)["created"])
    assert {"s0"} == set(members(bad)["notCreated"])
    assert implicit(good) is not None
    assert implicit(bad) is None


def test_a_draft_that_is_refused_fails_only_its_own_submission() -> None:
    """The others are sent."""
    desk = desk_for_mail()
    task = Task()
    pairs = [send(desk), send(desk)]
    spoilt = desk.ask("Email/set", {"create": {"d": {"subject": "no mailbox"}}}, task=task)
    unsent = submit(desk, "#d", task=task, onSuccessUpdateEmail={"#s0": SENT})
    pairs.append(send(desk))
    assert 1 == desk.run()
    assert {"d"} == set(members(spoilt)["notCreated"])
    assert {"s0"} == set(members(unsent)["notCreated"])
    assert 3 == len(desk.server.sent)
    assert all(implicit(sent) for _, sent in pairs)


def test_messages_whose_drafts_were_refused_together_are_sent_once_each() -> None:
    """The submissions fail with the drafts, and go again with them."""
    desk = desk_for_mail()
    pairs = [send(desk, f"message {i}") for i in range(10)]
    is_bad = mentions("message 4")
    desk.reject = lambda _, arguments: "invalidArguments" if is_bad(arguments) else None
    assert 2 == desk.run()
    assert [4] == list(failed([made for made, _ in pairs]))
    assert {"s0"} == set(members(pairs[4][1])["notCreated"])
    assert 9 == len({one.email_id for one in desk.server.sent}) == len(desk.server.sent)
    assert all(implicit(sent) for i, (_, sent) in enumerate(pairs) if i != 4)


def test_submissions_that_are_refused_together_are_divided() -> None:
    """A draft was made once, whoever is at fault."""
    desk = desk_for_mail()
    pairs = [send(desk) for _ in range(5)]
    bad = submit(desk, "poison", onSuccessDestroyEmail=["#s0"])
    is_bad = mentions("poison")
    desk.reject = lambda _, arguments: "invalidArguments" if is_bad(arguments) else None
    assert 2 == desk.run()
    assert isinstance(error_of(bad), InvalidArguments)
    emails = sent_ids([made for made, _ in pairs])
    assert emails == [one.email_id for one in desk.server.sent]


def test_a_failure_of_what_follows_is_told_to_all_whose_message_was_sent() -> None:
    """Nobody's Email was touched then, and all of them have to know."""
    desk = desk_for_mail()
    pairs = [send(desk), send(desk)]
    unsent = submit(desk, "nope", onSuccessUpdateEmail={"#s0": SENT})
    plain = submit(desk, "M1")

    def alter(response: Wire) -> Wire:
        response["methodResponses"][-1] = ["error", {"type": "serverFail"}, "c1"]
        return response

    desk.alter = alter
    desk.run()
    assert all({"type": "serverFail"} == implicit(sent) for _, sent in pairs)
    assert (None, None) == (implicit(unsent), implicit(plain))


# Apart


@pytest.mark.parametrize(
    "extra",
    [
        {"onSuccessUpdateEmail": {"#s0": {"subject": "no"}}},
        {"onSuccessUpdateEmail": {"#s0": {"keywords/a": "wrong"}}},
        {"onSuccessUpdateEmail": {"#s0": {"keywords": {"a": True}}}},
        {"onSuccessUpdateEmail": {"#s0": {"mailboxIds/#d": True}}},
        {"onSuccessUpdateEmail": {"#s0": 1}},
        {"onSuccessUpdateEmail": {"#other": SENT}},
        {"onSuccessDestroyEmail": ["S1"]},
        {"onSuccessDestroyEmail": "#s0"},
        {"onSuccessDestroyEmail": [{}]},
        {"onSuccessUpdateEmail": [1]},
        {"ifInState": "x"},
    ],
)
def test_what_could_hurt_others_is_sent_apart(extra: Wire) -> None:
    """A patch that might make the server refuse all, and what is of no submission of the call."""
    desk = desk_for_mail()
    good = [submit(desk, "M1"), submit(desk, "M2", onSuccessUpdateEmail={"#s0": SENT})]
    entry = submit(desk, "M3", **extra)
    desk.run()
    assert [1, 2] == sorted(
        len(arguments["create"])
        for post in range(len(desk.posts))
        for name, arguments in desk.sent(post)
        if name == "EmailSubmission/set"
    )
    assert entry.answer is not None
    assert [] == list(failed(good))


def test_one_email_is_never_sent_twice_in_a_call() -> None:
    """The server would make one patch of two."""
    desk = desk_for_mail()
    first = submit(desk, "M1", onSuccessUpdateEmail={"#s0": {"keywords/a": True}})
    second = submit(desk, "M1", onSuccessUpdateEmail={"#s0": {"keywords/a": None}})
    both = submit(desk, "M2", "M2", onSuccessUpdateEmail={"#s0": SENT})
    desk.run()
    assert ["EmailSubmission/set"] * 3 == [
        name for post in range(len(desk.posts)) for name in desk.names(post)
    ]
    assert ["M1"] == list((implicit(first) or {})["updated"])
    assert ["M1"] == list((implicit(second) or {})["updated"])
    assert set() == desk.keywords("M1")
    assert implicit(both) is not None


def test_a_draft_that_was_made_meanwhile_is_the_same_by_its_id() -> None:
    """Whoever refers to it and whoever names it do not share a call."""
    desk = desk_for_mail(max_calls_in_request=1)
    task = Task()
    made = draft(desk, task)
    request = desk.next_request()
    assert request is not None
    by_name = submit(desk, "#d", task=task, onSuccessUpdateEmail={"#s0": {"keywords/a": True}})
    desk.carry(request)
    by_id = submit(desk, *sent_ids([made]), onSuccessDestroyEmail=["#s0"])
    assert 2 == desk.run()
    assert [True, True] == [implicit(one) is not None for one in (by_name, by_id)]


@pytest.mark.parametrize(
    ("write", "passes"),
    [
        ({"update": {"M1": {"keywords/a": True}}}, False),
        ({"destroy": ["M1"]}, False),
        ({"update": {"M2": {"keywords/a": True}}}, True),
    ],
)
def test_a_write_does_not_pass_the_submission_of_its_email(write: Wire, passes: bool) -> None:  # noqa: FBT001
    """Others may: tasks that create and send would not be merged otherwise."""
    desk = desk_for_mail()
    desk.flag("M4")
    desk.flag("M3")
    submit(desk, "M1", onSuccessUpdateEmail={"#s0": {"keywords/b": True}})
    desk.ask("Email/set", write)
    desk.run()
    names = [name for post in range(len(desk.posts)) for name in desk.names(post)]
    assert ["Email/set", "EmailSubmission/set", *([] if passes else ["Email/set"])] == names


def test_submissions_are_not_passed_without_end() -> None:
    """When the drafts before them are under way, later drafts come after them."""
    desk = desk_for_mail(max_objects_in_set=1, max_calls_in_request=1)
    first = [send(desk), send(desk)]
    request = desk.next_request()
    assert request is not None
    desk.carry(request)
    later = send(desk)
    for _ in range(3):
        request = desk.next_request()
        assert request is not None
        desk.carry(request)
    assert [True, True] == [sent.answer is not None for _, sent in first]
    assert later[0].answer is None
    desk.run()
    assert 3 == len(desk.server.sent)


# Other types


@pytest.mark.parametrize(
    ("method", "capability", "create"),
    [
        ("Identity/set", SUBMISSION, {"email": "alice@example.org", "name": "Alice"}),
        ("MaskedEmail/set", MASKED_EMAIL, {"forDomain": "https://shop.example"}),
    ],
)
def test_creations_of_other_types_are_merged(method: str, capability: str, create: Wire) -> None:
    """Each caller gets its own object."""
    desk = Desk(capabilities=(SUBMISSION, MASKED_EMAIL))
    entries = []
    for number in range(3):
        named = {**create, "name": f"{number}"} if "name" in create else create
        entries.append(desk.ask(method, {"create": {"k": named}}, capability=capability))
    assert 1 == desk.run()
    assert [method] == desk.names()
    assert 3 == len({members(one)["created"]["k"]["id"] for one in entries})
