"""What stands for a creation that a call mentions: its id, its name in the request, or nobody."""

import pytest

from jmap_async.planner import Answer, Entry
from jmap_async.planner.base.request import Draft
from jmap_async.planner.names.creation_refs import nobody, stand_in, way_back
from jmap_async.protocol.call import raw_method
from jmap_async.protocol.session import CoreCapability
from tests.planner.model import MAIL


def creator(answer: Answer | Exception | None) -> Entry:
    """Return a call that creates "k", and what has come of it."""
    method = raw_method("Email/set", capability=MAIL)
    arguments = {"create": {"k": dict[str, object]()}}
    return Entry(method, frozenset(), ("A1",), arguments, creates=("k",), answer=answer)


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"created": {"k": {"id": "M1"}}}),
        Answer({"created": {"k": {"id": "M1", "size": 3}, "j": {"id": "M2"}}}),
    ],
)
def test_what_was_created_stands_for_itself(answer: Answer) -> None:
    """By the id that the server gave, wherever it is mentioned."""
    request = Draft(CoreCapability())
    for here in (True, False):
        assert "M1" == stand_in("k", creator(answer), request, set(), here=here)


@pytest.mark.parametrize(
    "answer",
    [
        RuntimeError("it failed"),
        Answer({}),
        Answer({"created": None}),
        Answer({"created": {"k": None}}),
        Answer({"created": {"k": {"id": 5}}}),
        Answer({"notCreated": {"k": {"type": "invalidProperties"}}}),
    ],
)
def test_what_was_not_created_leads_nowhere(answer: Answer | Exception) -> None:
    """Under a name that nothing in the request has, and that is taken from then on."""
    request, taken = Draft(CoreCapability()), {"k", "k-missing"}
    stands = stand_in("k", creator(answer), request, taken, here=True)
    assert stands is not None
    assert stands.startswith("#k-missing-")
    assert stands[1:] in taken
    assert stands != stand_in("k", creator(answer), request, taken, here=True)


def test_what_is_still_to_come_is_not_known() -> None:
    """Unless it stands in the same request, and a write asks."""
    request, entry = Draft(CoreCapability()), creator(None)
    assert stand_in("k", entry, request, set(), here=True) is None
    entry.wire_names = {"k": "k-2"}
    request.firm_creations.add((entry, "k"))
    assert "#k-2" == stand_in("k", entry, request, set(), here=True)
    assert stand_in("k", entry, request, set(), here=False) is None


def test_the_name_of_nobody_is_no_longer_than_a_name_may_be() -> None:
    """RFC 8620, 1.2: 255 octets."""
    taken = {"k" * 200 + "-missing"}
    assert len(nobody("k" * 255, taken)) <= 1 + 255


def test_the_way_back_leads_to_the_caller_s_names() -> None:
    """From what the request calls by another name; ids and equal names need none."""
    others = {"k": "#k-2", "j": "#j", "i": "M1", "h@7f": "#h-missing", "g@7f": "#g"}
    assert {"k-2": "k", "h-missing": "h"} == way_back(others)
