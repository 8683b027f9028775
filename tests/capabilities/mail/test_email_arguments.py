"""Arguments and responses of the methods of Email."""

import pytest

from jmap_async.capabilities.mail.body import EmailBodyPart
from jmap_async.capabilities.mail.email import Email, EmailImport
from jmap_async.capabilities.mail.email_arguments import (
    EmailGet,
    EmailImportResponse,
    EmailImports,
    EmailParse,
    EmailParseResponse,
    EmailQuery,
    EmailQueryChanges,
    EmailSet,
)
from jmap_async.capabilities.mail.email_query import EmailFilter
from jmap_async.capabilities.mail.headers import header
from jmap_async.errors import LocalProtocolError, SetFailed
from jmap_async.protocol.codec.converter import decoder, unstructure
from jmap_async.protocol.filters import Comparator
from jmap_async.protocol.standard import Arguments

SMIME = {"urn:ietf:params:jmap:smimeverify"}


def test_t62_defaults_are_not_sent() -> None:
    """An argument at its default is left out; no ids is not all ids."""
    assert {} == unstructure(EmailGet())
    assert {"ids": []} == unstructure(EmailGet([]))
    assert {} == unstructure(EmailQuery())


def test_wire_names() -> None:
    """HTML is written in capitals (RFC 8621, 4.2)."""
    arguments = EmailGet("M1", fetch_html_body_values=True, max_body_value_bytes=10)
    expected = {"ids": ["M1"], "fetchHTMLBodyValues": True, "maxBodyValueBytes": 10}
    assert expected == unstructure(arguments)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (EmailGet(["M 1"]), "no id"),
        (EmailGet("M1", properties=["header:Subject:asDate"]), "asDate"),  # type: ignore[list-item]
        (EmailGet("M1", body_properties=["header:"]), "header"),  # type: ignore[list-item]
        (EmailGet("M1", max_body_value_bytes=-1), "negative"),
        (EmailParse("B1", properties=["header:Date:asText"]), "asText"),  # type: ignore[list-item]
        (EmailQuery({"header": []}), "header condition"),
        (EmailQuery(sort=Comparator("hasKeyword")), "keyword"),
        (EmailQuery(limit=-1), "limit"),
        (EmailQueryChanges("q", filter={"header": []}), "header condition"),
        (EmailQueryChanges("q", sort=Comparator("hasKeyword")), "keyword"),
        (EmailQueryChanges("q", max_changes=0), "max_changes"),
        (EmailSet(create={"k": Email(text_body=[EmailBodyPart(type="text/html")])}), "text/plain"),
        (EmailSet(create={"a b": Email()}), "creation id"),
        (EmailSet(update={"M1": {"keywords/$seen": False}}), "takes it out"),
        (EmailImports({"a b": EmailImport(blob_id="B1")}), "creation id"),
    ],
)
def test_local_refusals(arguments: Arguments, problem: str) -> None:
    """What no server accepts is refused before anything is sent."""
    with pytest.raises(LocalProtocolError, match=problem):
        arguments.check()


@pytest.mark.parametrize(
    "arguments",
    [
        EmailGet("M1", properties=["subject", header("X-Ticket")], body_properties=["partId"]),
        EmailQuery(EmailFilter(text="x"), sort="-receivedAt"),
        EmailQueryChanges("q", filter=EmailFilter(text="x")),
        EmailSet(create={"k": Email(subject="x")}, update={"M1": {"keywords/$seen": True}}),
        EmailImports({"k": EmailImport(blob_id="B1", mailbox_ids="MB1")}),
        EmailParse(["B1"], properties=["subject"]),
    ],
)
def test_what_is_right(arguments: Arguments) -> None:
    """What is right passes, and needs no capability but the method's own."""
    arguments.check()
    assert set() == set(arguments.needs())


@pytest.mark.parametrize(
    "arguments",
    [
        EmailGet("M1", properties=["smimeStatus"]),
        EmailParse("B1", properties=["smimeErrors"]),
        EmailQuery(EmailFilter(text="x") & ~EmailFilter(has_smime=True)),
        EmailQuery({"hasVerifiedSmime": True}),
        EmailQueryChanges("q", filter=EmailFilter(has_verified_smime_at_delivery=True)),
    ],
)
def test_t67_what_an_extension_brings_needs_its_capability(arguments: Arguments) -> None:
    """S/MIME properties and conditions need their capability (RFC 9219)."""
    assert SMIME == set(arguments.needs())


def test_t133_parse_response() -> None:
    """The three maps may be null; what was parsed is by blob id."""
    read = decoder(EmailParseResponse)({"parsed": {"B1": {"subject": "x"}}, "notFound": None})
    assert "x" == read.parsed["B1"].subject
    assert [] == read.not_found == read.not_parsable


def test_t132_import_response() -> None:
    """What is there already is named by the error."""
    read = decoder(EmailImportResponse)(
        {"created": None, "notCreated": {"k": {"type": "alreadyExists", "existingId": "M7"}}}
    )
    assert {} == read.created
    with pytest.raises(SetFailed, match="alreadyExists") as refused:
        read.raise_for_errors()
    assert "M7" == refused.value.errors["k"].existing_id
    EmailImportResponse().raise_for_errors()
