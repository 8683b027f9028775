"""Tests of envelopes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from jmap_async.testing.data_types import envelope as envelopes
from jmap_async.testing.failures import SetFailure
from jmap_async.testing.message.content import Content
from tests.testing.model import message

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
IDENTITY = {"email": "alice@x"}


def content(*lines: str) -> Content:
    """Return header lines as parsed content."""
    return Content(message(*lines, "", ""), lambda data, type: None)


def envelope(*recipients: str, **parameters: object) -> dict[str, Any]:
    """Return an envelope of Alice's."""
    return {
        "mailFrom": {"email": "alice@x", "parameters": parameters or None},
        "rcptTo": [{"email": email} for email in recipients],
    }


def test_t142_the_shape_of_an_envelope() -> None:
    """Parameters are strings or null, not numbers."""
    good: list[object] = [
        envelope("b@x"),
        envelope("b@x", HOLDFOR="60", SMTPUTF8=None),
        {"mailFrom": {"email": ""}, "rcptTo": []},
    ]
    bad: list[object] = [
        envelope("b@x", HOLDFOR=60),
        {"mailFrom": {"email": None}, "rcptTo": []},
        {"mailFrom": {"email": "a@x"}},
        {"mailFrom": {"email": "a@x"}, "rcptTo": ["b@x"]},
        {"mailFrom": {"email": "a@x", "parameters": []}, "rcptTo": []},
        [],
    ]
    assert good == [value for value in [*good, *bad] if envelopes.is_envelope(value)]


@pytest.mark.parametrize(
    ("email", "covered", "others"),
    [
        ("alice@x", ["ALICE@X"], ["bob@x", "alice@y", "x"]),
        ("*@x", ["anyone@X", "alice@x"], ["anyone@y.x", "x", ""]),
    ],
)
def test_t143_an_identity_covers_addresses(
    email: str, covered: list[str], others: list[str]
) -> None:
    """A star covers one domain."""
    allowed = [a for a in [*covered, *others] if envelopes.is_allowed(a, {"email": email})]
    assert covered == allowed


def test_t142_the_envelope_comes_from_the_header() -> None:
    """Sender goes before From; recipients are each there once."""
    made = envelopes.build(
        content("From: bob@x", "Sender: Alice <alice@x>", "To: a@x, b@x", "Cc: a@x", "Bcc: c@x"),
        IDENTITY,
    )
    assert "alice@x" == made["mailFrom"]["email"]
    assert ["a@x", "b@x", "c@x"] == [recipient["email"] for recipient in made["rcptTo"]]
    made = envelopes.build(content("From: bob@x", "To: a@x"), IDENTITY)
    assert "alice@x" == made["mailFrom"]["email"]


def refused(call: Callable[..., object], *arguments: object) -> SetFailure:
    """Return how a call is refused."""
    with pytest.raises(SetFailure) as caught:
        call(*arguments)
    return caught.value


def test_more_than_one_sender_is_no_sender() -> None:
    """Without a Sender, From must have one address."""
    failure = refused(envelopes.build, content("From: a@x, b@x"), IDENTITY)
    assert ("invalidEmail", ["from"]) == (failure.type, failure.properties)


def test_t143_the_identity_decides_who_may_send() -> None:
    """A message needs a From that it allows."""
    envelopes.check_from(content("From: alice@x"), IDENTITY)
    assert "invalidEmail" == refused(envelopes.check_from, content("To: a@x"), IDENTITY).type
    assert "forbiddenFrom" == refused(envelopes.check_from, content("From: b@x"), IDENTITY).type


def test_envelopes_are_checked() -> None:
    """Each fault has a SetError of its own."""
    envelopes.check(envelope("b@x"), IDENTITY)
    envelopes.check({**envelope("b@x"), "mailFrom": {"email": ""}}, IDENTITY)
    foreign = {**envelope("b@x"), "mailFrom": {"email": "b@x"}}
    failure = refused(envelopes.check, foreign, IDENTITY)
    assert "forbiddenMailFrom" == failure.type
    assert "noRecipients" == refused(envelopes.check, envelope(), IDENTITY).type
    failure = refused(envelopes.check, envelope(*["b@x"] * 1001), IDENTITY)
    assert ("tooManyRecipients", 1000) == (failure.type, failure.extra["maxRecipients"])
    failure = refused(envelopes.check, envelope("b@x", "nope", "a b@x"), IDENTITY)
    assert ["nope", "a b@x"] == failure.extra["invalidRecipients"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "2026-03-01T12:00:00Z"),
        ({"holdfor": "3600"}, "2026-03-01T13:00:00Z"),
        ({"HOLDUNTIL": "2026-03-01T14:00:00Z"}, "2026-03-01T14:00:00Z"),
        ({"HOLDUNTIL": "2026-03-01T12:00:00.000000010Z"}, "2026-03-01T12:00:00.000000010Z"),
        ({"HOLDUNTIL": "2020-01-01T00:00:00Z"}, "2026-03-01T12:00:00Z"),
    ],
)
def test_t147_a_message_can_be_held(parameters: dict[str, object], expected: str) -> None:
    """For a time or until one; what is past is now."""
    assert expected == envelopes.release_time(envelope("b@x", **parameters), NOW, 86400)


@pytest.mark.parametrize(
    "parameters",
    [
        {"HOLDFOR": "soon"},
        {"HOLDFOR": "86401"},
        {"HOLDFOR": "9" * 99},
        {"HOLDUNTIL": "tomorrow"},
        {"HOLDUNTIL": "2026-03-03T14:00:00Z"},
        {"HOLDUNTIL": "2026-03-02T12:00:00.0000001Z"},
    ],
)
def test_t147_not_for_ever(parameters: dict[str, object]) -> None:
    """Malformed and too long holds are refused."""
    failure = refused(envelopes.release_time, envelope("b@x", **parameters), NOW, 86400)
    assert ["envelope"] == [*(failure.properties or ())]


def test_t144_bcc_is_not_delivered() -> None:
    """Only the header field goes, wherever it is and however it is folded."""
    raw = message("Bcc: a@x,", " b@x", "To: c@x", "BCC: d@x", "", "Bcc: stays", "")
    assert message("To: c@x", "", "Bcc: stays", "") == envelopes.without_bcc(raw)
    assert b"To: c@x\n\nBcc: stays" == envelopes.without_bcc(b"Bcc: a\n b\nTo: c@x\n\nBcc: stays")
    assert b"\r\nbody" == envelopes.without_bcc(b"BCC : a@x\r\n\r\nbody")
    assert b"To: c@x\n" == envelopes.without_bcc(b"To: c@x\nBcc: a,\n\tb")
    plain = message("To: c@x", "", "x")
    assert plain == envelopes.without_bcc(plain)
