"""Tests of warnings of what is malformed."""

import logging

import pytest

from jmap_async.protocol.codec import oddities
from jmap_async.protocol.fields import Malformed


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Have nothing been told before."""
    monkeypatch.setattr(oddities, "_told", set[str]())
    caplog.set_level(logging.WARNING, "jmap_async")


def fault(*path: str) -> Malformed:
    """Return an error with a value that is nobody's business."""
    error = Malformed("a string", {"secret": "s3cret"})
    for step in reversed(path):
        error.inside(step)
    return error


def test_what_is_left_out_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """For each kind of object and each property, however many objects are malformed."""
    for number in range(100):
        oddities.tell("Email", fault("from", str(number)))
    oddities.tell("Email", fault("to", "x" * 10_000))
    first, second = caplog.messages
    assert (
        "the server sent a malformed Email, which is read without what is malformed: "
        "from.0: expected a string, got dict"
    ) == first
    assert "s3cret" not in caplog.text
    assert len(second) < 500


def test_what_was_told_is_remembered_within_bounds(caplog: pytest.LogCaptureFixture) -> None:
    """A server cannot fill memory, nor the log."""
    for number in range(1_000):
        oddities.warn_once(str(number), "again")
    assert len(caplog.messages) == len(oddities._told) < 1_000
