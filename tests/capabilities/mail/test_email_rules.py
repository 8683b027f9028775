"""What the RFC forbids in Emails to create, and in patches."""

from typing import Any

import pytest

from jmap_async.capabilities.mail.body import EmailBodyPart, EmailBodyValue
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.email_rules import check_creation, check_updates
from jmap_async.errors import LocalProtocolError

TEXT: dict[str, Any] = {"partId": "1", "type": "text/plain"}
HTML: dict[str, Any] = {"partId": "1", "type": "text/html"}
VALUES = {"1": {"value": "Hello"}}


@pytest.mark.parametrize(
    "email",
    [
        {},
        {"subject": "Hi", "header:X-Ticket:asText": "1", "header:X-Tag:all": ["a", "b"]},
        {"textBody": [TEXT], "bodyValues": VALUES, "attachments": [{"blobId": "B1"}]},
        {
            "textBody": [{"partId": "1"}],
            "htmlBody": [{**HTML, "partId": "1"}],
            "bodyValues": VALUES,
        },
        {"textBody": [{"blobId": "B1", "type": "text/plain", "charset": "utf-8", "size": 1}]},
        {
            "bodyStructure": {
                "type": "multipart/mixed",
                "header:X-Part": " 1",
                "subParts": [TEXT, {"blobId": "B1", "type": "image/png", "name": "a.png"}],
            },
            "bodyValues": VALUES,
        },
        {"bodyStructure": {"header:Content-Type": " text/x; a=b", "blobId": "B1"}},
    ],
)
def test_t130_what_may_be_created(email: dict[str, Any]) -> None:
    """Nothing is refused that a server may accept."""
    check_creation("k", email)


@pytest.mark.parametrize(
    ("email", "problem"),
    [
        ({"headers": []}, "headers can only be read"),
        ({"from": [], "header:From": " x"}, "given twice"),
        ({"header:X-A": " x", "header:x-a:asText": "x"}, "given twice"),
        ({"sentAt": "2026-01-01T00:00:00Z", "header:date": " x"}, "given twice"),
        ({"header:Subject:asDate": None}, "may not have the form"),
        ({"header:Content-Type": " text/plain"}, "belongs to a body part"),
        ({"bodyStructure": TEXT, "bodyValues": VALUES, "textBody": []}, "not both"),
        ({"bodyStructure": TEXT, "bodyValues": VALUES, "attachments": []}, "not both"),
        ({"subject": "a", "bodyStructure": {"header:Subject": " b"}}, "given by the Email already"),
        ({"textBody": [], "bodyValues": VALUES}, "exactly one part"),
        ({"textBody": [TEXT, TEXT], "bodyValues": VALUES}, "exactly one part"),
        ({"textBody": [HTML], "bodyValues": VALUES}, "exactly one part"),
        ({"htmlBody": [TEXT], "bodyValues": VALUES}, "exactly one part"),
        ({"textBody": [TEXT]}, "no text in bodyValues"),
        ({"textBody": [{**TEXT, "blobId": "B1"}], "bodyValues": VALUES}, "one of both"),
        ({"textBody": [{**TEXT, "charset": "utf-8"}], "bodyValues": VALUES}, "charset"),
        ({"textBody": [{**TEXT, "size": 5}], "bodyValues": VALUES}, "size"),
        ({"attachments": [{"blobId": "B1", "headers": []}]}, "headers can only be read"),
        (
            {"attachments": [{"blobId": "B1", "header:Content-Transfer-Encoding": " 7bit"}]},
            "Content-Transfer-Encoding",
        ),
        ({"attachments": [{"type": "text/x", "header:Content-Type": " text/x"}]}, "given twice"),
        (
            {"bodyStructure": {"type": "multipart/mixed", "subParts": [{"partId": "2"}]}},
            "no text in bodyValues",
        ),
        ({"bodyValues": {"1": {"value": "x", "isTruncated": True}}}, "isTruncated"),
        ({"bodyValues": {"1": {"value": "x", "isEncodingProblem": True}}}, "isEncodingProblem"),
    ],
)
def test_t130_what_may_not_be_created(email: dict[str, Any], problem: str) -> None:
    """What the RFC forbids is refused, with the creation id in the message."""
    with pytest.raises(LocalProtocolError, match=problem) as refused:
        check_creation("k", email)
    assert "create['k']" in str(refused.value)


def test_t130_objects_are_looked_into_as_well() -> None:
    """Typed objects obey the same rules as wire mappings."""
    part = EmailBodyPart(part_id="1", type="text/plain")
    check_creation("k", Email(text_body=[part], body_values={"1": EmailBodyValue(value="x")}))
    with pytest.raises(LocalProtocolError, match="no text in bodyValues"):
        check_creation("k", Email(text_body=[part], body_values={}))


def test_t120_a_value_that_was_cut_is_not_sent_back() -> None:
    """Text that was fetched in part never becomes a message."""
    with pytest.raises(LocalProtocolError, match="incomplete"):
        check_creation("k", Email(body_values={"1": EmailBodyValue(value="x", is_truncated=True)}))


@pytest.mark.parametrize(
    "patch",
    [
        {"keywords/$seen": True, "mailboxIds/MB1": None, "keywords/a~1b": True},
        {"keywords": {"$seen": True}},
        {"subject": "x"},
    ],
)
def test_t104_patches(patch: dict[str, Any]) -> None:
    """A key of a set is put in with true and taken out with null."""
    check_updates({"M1": patch})


@pytest.mark.parametrize(
    ("patch", "problem"),
    [
        ({"keywords/$seen": False}, "None takes it out"),
        ({"mailboxIds/MB1": False}, "None takes it out"),
        ({"keywords/a(b": True}, "no keyword"),
    ],
)
def test_t104_what_no_patch_may_do(patch: dict[str, Any], problem: str) -> None:
    """False is no member of a set."""
    with pytest.raises(LocalProtocolError, match=problem):
        check_updates({"M1": patch})
