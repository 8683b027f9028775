"""A division ends where it is the server that is at fault."""

from tests.planner.desk import (
    Desk,
    failed,
    refused,
)
from tests.planner.failing import SILENCE, refusing


def test_a_server_that_refuses_everything_is_not_asked_for_each_call() -> None:
    """When many calls fail alone and nothing works, the rest fail without being tried alone."""
    desk = Desk()
    entries = [desk.get(f"x{i}") for i in range(500)]
    refusing(desk, refused(403))
    assert desk.run() < 80
    assert list(range(500)) == list(failed(entries))


def test_a_silent_server_is_given_up_soon() -> None:
    """Attempts that cost time-outs are not made for each call."""
    desk = Desk()
    entries = [desk.get(f"x{i}") for i in range(500)]
    refusing(desk, SILENCE)
    assert desk.run() < 40
    assert 500 == len([*failed(entries)])
