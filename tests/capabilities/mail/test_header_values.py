"""What may stand in the header fields of messages to create, and in what else goes into them."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from jmap_async.capabilities.mail.address import EmailAddress
from jmap_async.capabilities.mail.body import EmailBodyPart
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.email_rules import check_creation
from jmap_async.capabilities.mail.header_values import check_header_value
from jmap_async.capabilities.submission.email_submission import (
    EmailSubmission,
    EmailSubmissionSet,
    Envelope,
)
from jmap_async.capabilities.submission.identity import Identity, IdentitySet
from jmap_async.capabilities.vacation_response.vacation_response import VacationResponseSet
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.standard import Arguments


def is_one_field(value: str) -> bool:
    """Tell whether a reader of RFC 5322 finds one header field, none of whose lines is blank."""
    _, *more = value.split("\r\n")
    return not set("\0\r\n") & set(value.replace("\r\n", "")) and all(
        line[:1] in (" ", "\t") and line.strip(" \t") for line in more
    )


@given(st.text(st.sampled_from("\r\n\t \0aé"), max_size=8), st.sampled_from(["", ":all"]))
def test_a_raw_value_is_one_field(value: str, suffix: str) -> None:
    """Exactly the values are accepted after which no reader sees another field, or the body."""
    for name in ("header:X-Ticket", "header:Content-Description"):
        given = [" a", value] if suffix else value
        if is_one_field(value):
            check_header_value(name + suffix, given)
        else:
            with pytest.raises(LocalProtocolError, match=name):
                check_header_value(name + suffix, given)


ADDRESSES = [{"name": "Bob\nCc: x@y.example", "email": "bob@example.net"}]


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"subject": "Hi\r\nBcc: eve@example.net"}, "subject"),
        ({"header:X-Ticket:asText": "4\r\n 2"}, "header:X-Ticket:asText"),
        ({"header:X-Tag:asText:all": ["a", "b\0"]}, "header:X-Tag"),
        ({"to": ADDRESSES}, "to"),
        ({"from": [EmailAddress(email="bob@example.net\n")]}, "from"),
        ({"header:X-To:asGroupedAddresses": [{"name": "a", "addresses": ADDRESSES}]}, "X-To"),
        ({"header:X-Link:asURLs": ["https://a.example/\rb"]}, "X-Link"),
        ({"messageId": ["a\r@b"]}, "messageId"),
        ({"messageId": ["<a@b>"]}, "messageId.*brackets"),
        ({"inReplyTo": "<a@b>"}, "inReplyTo.*brackets"),
        ({"references": ["a@b", "c@d e@f"]}, "references.*brackets"),
        ({"header:References:asMessageIds": ["<a@b>"]}, "brackets"),
        ({"header:X-Refs:asMessageIds:all": [["a@b"], ["<c@d>"]]}, "brackets"),
        ({"header:List-Post:asURLs": ["<mailto:a@b>"]}, "brackets"),
        ({"attachments": [{"blobId": "B1", "name": "a\r\nb.txt"}]}, "name"),
        ({"attachments": [{"blobId": "B1", "type": "text/x\nX-A: b"}]}, "type"),
        ({"attachments": [EmailBodyPart(blob_id="B1", language=["de\n"])]}, "language"),
        ({"attachments": [{"blobId": "B1", "cid": "<a@b>"}]}, "cid.*brackets"),
        ({"attachments": [{"blobId": "B1", "header:X-Part": " a\nb"}]}, "header:X-Part"),
        (
            {"bodyStructure": {"type": "multipart/x", "subParts": [{"location": "a\0"}]}},
            "location",
        ),
    ],
)
def test_what_no_header_field_holds(properties: dict[str, Any], named: str) -> None:
    """Line ends are refused in whatever becomes part of a header field, brackets in bare forms."""
    with pytest.raises(LocalProtocolError, match=rf"create\['k'\]: .*{named}"):
        check_creation("k", properties)


def test_what_header_fields_may_hold() -> None:
    """Folded lines in Raw form, brackets where the form has them, and lines of text anywhere."""
    check_creation(
        "k",
        Email(
            subject="1 < 2 > 0",
            references=["<a@b>", " c@d "],
            extra={"header:X-A": " a\r\n\tb", "header:X-Id": " <a@b>", "header:X-B:asText": None},
            text_body=[EmailBodyPart(part_id="1", type="text/plain", cid="<e@f>")],
            body_values={"1": {"value": "a\r\nb\n\0"}},  # type: ignore[dict-item]
        ),
    )


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (IdentitySet(create={"k": Identity(name="Al\nBcc: eve@example.net")}), "name"),
        (IdentitySet(update={"I1": {"replyTo": ADDRESSES}}), "replyTo"),
        (VacationResponseSet(update={"singleton": {"subject": "Away\r\nX: y"}}), "subject"),
        (
            EmailSubmissionSet(
                create={"k": EmailSubmission(envelope=Envelope(rcpt_to="a@b\r\nRCPT TO:<c@d>"))}
            ),
            "envelope",
        ),
        (
            EmailSubmissionSet(
                create={
                    "k": {"envelope": {"mailFrom": {"email": "a@b", "parameters": {"X\n": None}}}}
                }
            ),
            "envelope",
        ),
    ],
)
def test_what_goes_into_messages_later(arguments: Arguments, named: str) -> None:
    """The same holds for identities and replies, and for the commands made of an envelope."""
    with pytest.raises(LocalProtocolError, match=f"{named} holds a line end"):
        arguments.check()
