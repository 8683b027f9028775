"""The planner against the law: as if every call had been made alone, in an order of each task."""

import os
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from jmap_async.testing import Limits
from tests.planner.model import (
    ACCOUNTS,
    ADDRESSES,
    Coalesced,
    Program,
    Sequential,
    Step,
    contents,
    disorder,
)

EMAILS = [f"M{number}" for number in range(1, 10)]
KEYS = ["k", "l"]

MethodCall = tuple[str, dict[str, Any]]

accounts = st.sampled_from(ACCOUNTS)
# Nobody writes to what was not there before, or guesses the id of what another one just made.
emails = st.sampled_from([*EMAILS[:4], "nope"])
ids = st.lists(st.sampled_from([*EMAILS, "nope"]), min_size=1, max_size=7)
properties = st.sampled_from([["subject"], ["threadId", "keywords"], ["nonsense"]])
keywords = st.dictionaries(
    st.sampled_from(["keywords/$seen", "keywords/a"]), st.sampled_from([True, None]), min_size=1
)
# What becomes of one depends on the others: "outer" (P7) has a child, and may change names with it.
MAILBOXES = ["P2", "P4", "P7", "P8"]
mailboxes = st.sampled_from(MAILBOXES)
patches = st.sampled_from(
    [
        {"sortOrder": 7},
        {"isSubscribed": False},
        {"name": "outer"},
        {"name": "inner", "parentId": None},
        {"parentId": None},
        {"parentId": "P4"},
        {"role": "sent"},
    ]
)


@st.composite
def gets(draw: st.DrawFn) -> MethodCall:
    """Generate a read by ids."""
    kind = draw(st.sampled_from(["Email/get", "Thread/get", "Mailbox/get"]))
    arguments = {"accountId": draw(accounts), "ids": draw(ids)}
    if kind == "Email/get":
        arguments["properties"] = draw(properties)
    return kind, arguments


@st.composite
def sets(draw: st.DrawFn) -> MethodCall:
    """Generate a write, of emails or of mailboxes."""
    arguments: dict[str, Any] = {"accountId": draw(accounts)}
    if draw(st.booleans()):
        arguments["update"] = draw(st.dictionaries(emails, keywords, max_size=4))
        if draw(st.booleans()):
            untouched = [one for one in EMAILS[:4] if one not in arguments["update"]] or ["nope"]
            arguments["destroy"] = draw(
                st.lists(st.sampled_from(untouched), unique=True, max_size=2)
            )
        return "Email/set", arguments
    parents = st.sampled_from([None, *(f"#{key}" for key in KEYS)])
    names = st.sampled_from(["one", "two", "three"])
    arguments["create"] = {
        key: {"name": draw(names), "parentId": draw(parents)}
        for key in draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1))
    }
    return "Mailbox/set", arguments


@st.composite
def trees(draw: st.DrawFn) -> MethodCall:
    """Generate a change of mailboxes, some of which stand below others."""
    update = draw(st.dictionaries(mailboxes, patches, max_size=2))
    untouched = [one for one in MAILBOXES if one not in update]
    destroy = draw(st.lists(st.sampled_from(untouched), unique=True, max_size=2))
    return "Mailbox/set", {"accountId": draw(accounts), "update": update, "destroy": destroy}


@st.composite
def poison(draw: st.DrawFn) -> MethodCall:
    """Generate a write that the server refuses as a whole, whatever it is merged with."""
    return "Email/set", {"accountId": draw(accounts), "update": {draw(emails): "poison"}}


@st.composite
def drafts(draw: st.DrawFn) -> MethodCall:
    """Generate the creation of emails to send."""
    account = draw(accounts)
    keys = draw(st.lists(st.sampled_from(KEYS), unique=True, min_size=1))
    create = {key: draft_of(account, key) for key in keys}
    return "Email/set", {"accountId": account, "create": create}


def draft_of(account: str, key: str) -> dict[str, Any]:
    """Return an email to send."""
    return {
        "mailboxIds": {"P2": True},
        "keywords": {"$draft": True},
        "from": [{"email": ADDRESSES[account]}],
        "to": [{"email": "bob@example.net"}],
        "subject": f"draft {key}",
    }


SENT = {"keywords/$draft": None, "mailboxIds/P2": None, "mailboxIds/P3": True}


@st.composite
def submissions(draw: st.DrawFn) -> MethodCall:
    """Generate the sending of emails, and what becomes of them then."""
    ids = st.sampled_from([*(f"#{key}" for key in KEYS), *EMAILS[:4]])
    names = draw(st.lists(st.sampled_from(["s", "t"]), unique=True, min_size=1))
    arguments: dict[str, Any] = {
        "accountId": draw(accounts),
        "create": {name: {"identityId": "I1", "emailId": draw(ids)} for name in names},
    }
    patches = st.sampled_from([SENT, {"keywords/a": True}, {"keywords": {}}, {"subject": "no"}])
    if draw(st.booleans()):
        some = draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
        arguments["onSuccessUpdateEmail"] = {f"#{name}": draw(patches) for name in some}
    elif draw(st.booleans()):
        arguments["onSuccessDestroyEmail"] = [f"#{draw(st.sampled_from(names))}"]
    return "EmailSubmission/set", arguments


@st.composite
def queries(draw: st.DrawFn) -> MethodCall:
    """Generate a search."""
    filters = st.sampled_from([None, {"hasKeyword": "$seen"}, {"notKeyword": "a"}])
    return "Email/query", {
        "accountId": draw(accounts),
        "filter": draw(filters),
        "sort": [{"property": "subject"}],
    }


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Generate a few turns of a few calls each, some of which need others."""
    # Where the server refuses merged writes, ids are given to new emails in another order.
    rare = draw(st.sampled_from([drafts(), poison(), trees()]))
    calls = st.one_of(gets(), sets(), queries(), submissions(), rare)
    turns: list[list[Step]] = []
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 3))):
        turn: list[Step] = []
        for method, arguments in draw(st.lists(calls, max_size=6)):
            task = draw(st.integers(0, 2))
            step = Step(task, method, arguments)
            turn.append(step)
            steps.append(step)
            if method == "Email/query" and draw(st.booleans()):
                account = {"accountId": arguments["accountId"]}
                wanted = {**account, "properties": ["threadId"]}
                turn.append(Step(task, "Email/get", wanted, len(steps) - 1, "ids", "/ids"))
                steps.append(turn[-1])
                if draw(st.booleans()):
                    path = "/list/*/threadId"
                    turn.append(Step(task, "Thread/get", account, len(steps) - 1, "ids", path))
                    steps.append(turn[-1])
        turns.append(turn)
    leaving = draw(st.frozensets(st.integers(0, max(0, len(steps) - 1)), max_size=3))
    return Program(turns, leaving)


limits = st.builds(
    Limits,
    max_calls_in_request=st.integers(1, 5),
    max_objects_in_get=st.integers(1, 5),
    max_objects_in_set=st.integers(4, 6),
    max_size_request=st.sampled_from([700, 2_000, 10_000_000]),
)

EXAMPLES = int(os.environ.get("JMAP_MODEL_EXAMPLES", "1000"))


SUBMISSION_IN_PARTS = Program(
    [
        [
            Step(0, "Email/set", {"accountId": "A1", "create": {"k": draft_of("A1", "k")}}),
            Step(0, "Email/set", {"accountId": "A1", "create": {"k": draft_of("A1", "k")}}),
            Step(0, "Email/set", {"accountId": "A1", "create": {"l": draft_of("A1", "l")}}),
            Step(
                0,
                "EmailSubmission/set",
                {
                    "accountId": "A1",
                    "create": {
                        "s": {"identityId": "I1", "emailId": "#l"},
                        "t": {"identityId": "I1", "emailId": "#k"},
                    },
                    "onSuccessUpdateEmail": {"#s": SENT, "#t": SENT},
                },
            ),
        ]
    ]
)
"""Each part is followed by an Email/set of its own."""

READ_THAT_FAILS_TWICE = Program(
    [
        [
            Step(1, "Email/set", {"accountId": "A2", "update": {"M1": "poison"}}),
            Step(
                1, "Email/get", {"accountId": "A2", "ids": ["M1", "M2"], "properties": ["nonsense"]}
            ),
            Step(0, "Email/set", {"accountId": "A2", "update": {"M2": "poison"}}),
        ]
    ]
)
"""Its parts are taken back with the write before it; then one of them fails for good."""


COME_BACK = Program(
    [
        [
            Step(1, "Email/query", {"accountId": "A1"}),
            Step(0, "Email/set", {"accountId": "A1", "create": {"k": draft_of("A1", "k")}}),
        ],
        [],
        [
            Step(
                0,
                "EmailSubmission/set",
                {"accountId": "A1", "create": {"s": {"identityId": "I1", "emailId": "#k"}}},
            )
        ],
    ],
    leaving=frozenset({1}),
)
"""What was dropped because its caller had left is queued again: somebody refers to it."""


@example(COME_BACK, Limits(max_calls_in_request=1), 1, Random(4))
@example(SUBMISSION_IN_PARTS, Limits(max_calls_in_request=2, max_objects_in_set=4), 1, Random(0))
@example(READ_THAT_FAILS_TWICE, Limits(max_calls_in_request=3, max_objects_in_get=1), 1, Random(0))
@pytest.mark.timeout(30 + EXAMPLES // 5)
@settings(max_examples=EXAMPLES)
@given(programs(), limits, st.integers(1, 3), st.randoms(use_true_random=False))
def test_coalescing_changes_nothing_that_anybody_sees(
    program: Program, limits: Limits, slots: int, random: Random
) -> None:
    """Each gets what it would have got alone, in an order that keeps that of each task."""
    coalesced = Coalesced(limits, slots=slots, pick=random.randrange)
    together = coalesced.run(program)
    events = coalesced.events
    assert [] == disorder(program, events, together)
    alone = Sequential(limits)
    expected = alone.run(program, events)
    answers = zip(program.steps(), expected, together, strict=True)
    pairs = [(step, law, fact) for step, law, fact in answers if fact is not None]
    assert [] == [(step, law, fact) for step, law, fact in pairs if law != fact]
    assert contents(alone.server) == contents(coalesced.server)
