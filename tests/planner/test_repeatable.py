"""Only what cannot be applied twice is sent again."""

from jmap_async.errors import (
    NotRequest,
    RateLimited,
    RemoteProtocolError,
)
from jmap_async.planner.repeatable import repeatable
from tests.planner.desk import (
    Desk,
    refused,
)
from tests.planner.failing import SILENCE, UNSENT


def test_what_may_be_sent_again() -> None:
    """Reads always, conditional writes always, other writes when nothing was carried out."""
    desk = Desk()
    read, write, guarded = desk.get("M1"), desk.flag("M1"), desk.flag("M2", ifInState="0")
    broken = RemoteProtocolError("?")
    assert [True, False, True] == [repeatable(one, SILENCE) for one in (read, write, guarded)]
    assert [True, False, True] == [repeatable(one, broken) for one in (read, write, guarded)]
    for error in (UNSENT, refused(), NotRequest("no"), RateLimited("later")):
        assert repeatable(write, error)
