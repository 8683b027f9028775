"""Header fields as properties."""

import pytest

from jmap_async.capabilities.mail.headers import (
    EmailHeader,
    check_header_property,
    check_properties,
    header,
    header_field,
)
from jmap_async.errors import LocalProtocolError


def test_t124_grammar() -> None:
    """The form comes before `:all`."""
    assert "header:X-Ticket" == header("X-Ticket")
    assert "header:X-Ticket:asText" == header("X-Ticket", "asText")
    assert "header:X-Ticket:asText:all" == header("X-Ticket", "asText", all=True)
    assert "header:Received:all" == header("Received", all=True)


@pytest.mark.parametrize(
    "property",
    [
        "header:",
        "header::asText",
        "header:X-Ticket:all:asText",
        "header:X-Ticket:text",
        "header:X-Ticket:asNothing",
        "header:X Ticket",
        "header:X-Tickét",
        "header:X-Ticket:asText:all:all",
        "header:X-Ticket:asRaw",
    ],
)
def test_t124_malformed(property: str) -> None:
    """What no server accepts is refused before it is sent."""
    with pytest.raises(LocalProtocolError, match="header"):
        check_header_property(property)


@pytest.mark.parametrize("field", ["", "X:Y", "X Y", "Tickét"])
def test_no_field_name(field: str) -> None:
    """A header field name is printable ASCII without a colon."""
    with pytest.raises(LocalProtocolError):
        header(field)


def test_t125_the_error_names_the_forms_that_are_allowed() -> None:
    """A forbidden form says what to use instead; the case of the field does not matter."""
    with pytest.raises(LocalProtocolError, match="asAddresses or asGroupedAddresses"):
        header("FROM", "asText")
    with pytest.raises(LocalProtocolError, match="leave the form out"):
        header("received", "asDate")


def test_field_of_a_property() -> None:
    """A property tells which field it stands for."""
    assert "x-ticket" == header_field("header:X-Ticket:asText:all")
    assert None is header_field("subject")


def test_check_properties() -> None:
    """Among other properties, and in whatever collection."""
    check_properties(["subject", "header:X-Ticket"])
    check_properties(None)
    check_properties(["subject", 5, "header:X-Ticket"])
    with pytest.raises(LocalProtocolError, match="asDate"):
        check_properties(("subject", "header:Subject:asDate"))
    with pytest.raises(LocalProtocolError, match=r"\['subject'\]"):
        check_properties("subject")


def test_header_of_a_message() -> None:
    """A header field has a name and a value."""
    assert "X" == EmailHeader(name="X", value=" 1").name
