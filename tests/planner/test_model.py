"""The planner against the law: as if every call had been made alone, in the order of the calls."""

import os
from random import Random
from typing import Any

from hypothesis import given, settings, strategies as st

from jmap_async.testing import Limits
from tests.planner.model import ACCOUNTS, Coalesced, Program, Sequential, Step, contents

EMAILS = [f"M{number}" for number in range(1, 10)]
KEYS = ["k", "l"]

accounts = st.sampled_from(ACCOUNTS)
ids = st.lists(st.sampled_from([*EMAILS, "nope"]), min_size=1, max_size=7)
properties = st.sampled_from([["subject"], ["threadId", "keywords"], ["nonsense"]])
keywords = st.dictionaries(
    st.sampled_from(["keywords/$seen", "keywords/a"]), st.sampled_from([True, None]), min_size=1
)


@st.composite
def gets(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Generate a read by ids."""
    kind = draw(st.sampled_from(["Email/get", "Thread/get", "Mailbox/get"]))
    arguments = {"accountId": draw(accounts), "ids": draw(ids)}
    if kind == "Email/get":
        arguments["properties"] = draw(properties)
    return kind, arguments


@st.composite
def sets(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Generate a write, of emails or of mailboxes."""
    arguments: dict[str, Any] = {"accountId": draw(accounts)}
    if draw(st.booleans()):
        arguments["update"] = draw(
            st.dictionaries(st.sampled_from([*EMAILS, "nope"]), keywords, max_size=4)
        )
        if draw(st.booleans()):
            untouched = [one for one in EMAILS if one not in arguments["update"]]
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
def queries(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
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
    turns: list[list[Step]] = []
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 3))):
        turn: list[Step] = []
        for method, arguments in draw(st.lists(st.one_of(gets(), sets(), queries()), max_size=6)):
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
    return Program(turns)


limits = st.builds(
    Limits,
    max_calls_in_request=st.integers(1, 5),
    max_objects_in_get=st.integers(1, 5),
    max_objects_in_set=st.integers(4, 6),
    max_size_request=st.sampled_from([700, 2_000, 10_000_000]),
)

EXAMPLES = int(os.environ.get("JMAP_MODEL_EXAMPLES", "1000"))


@settings(max_examples=EXAMPLES)
@given(programs(), limits, st.integers(1, 3), st.randoms(use_true_random=False))
def test_coalescing_changes_nothing_that_anybody_sees(
    program: Program, limits: Limits, slots: int, random: Random
) -> None:
    """Each call gets what it would have got alone, and the server ends in the same state."""
    alone = Sequential(limits)
    expected = alone.run(program)
    coalesced = Coalesced(limits, slots=slots, pick=random.randrange)
    together = coalesced.run(program)
    pairs = zip(program.steps(), expected, together, strict=True)
    assert [] == [(step, law, fact) for step, law, fact in pairs if law != fact]
    assert contents(alone.server) == contents(coalesced.server)
