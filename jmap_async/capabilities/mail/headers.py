"""Header fields as properties: "header:List-Id:asText" and the forms allowed (RFC 8621, 4.1)."""

import re
from typing import Final, Literal, NewType, get_args

from jmap_async.capabilities.inputs import items
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import declared
from jmap_async.protocol.json import are_strings
from jmap_async.protocol.types import ABSENT


@data_object
@declared(kw_only=True)
class EmailHeader(DataObject):
    """A header field as it is in the message; `value` is in Raw form (RFC 8621, 4.1.3)."""

    name: str = ABSENT
    value: str = ABSENT


HeaderForm = Literal[
    "asText", "asAddresses", "asGroupedAddresses", "asMessageIds", "asDate", "asURLs"
]
"""The parsed forms; without one a value comes in Raw form (RFC 8621, 4.1.2)."""

HeaderProperty = NewType("HeaderProperty", str)
"""A property made by `header()`, for the fields that EmailHeaderProperty does not list."""

EmailHeaderProperty = Literal[
    "header:From",
    "header:From:asAddresses",
    "header:From:asGroupedAddresses",
    "header:Sender",
    "header:Sender:asAddresses",
    "header:Sender:asGroupedAddresses",
    "header:Reply-To",
    "header:Reply-To:asAddresses",
    "header:Reply-To:asGroupedAddresses",
    "header:To",
    "header:To:asAddresses",
    "header:To:asGroupedAddresses",
    "header:Cc",
    "header:Cc:asAddresses",
    "header:Cc:asGroupedAddresses",
    "header:Bcc",
    "header:Bcc:asAddresses",
    "header:Bcc:asGroupedAddresses",
    "header:Resent-From",
    "header:Resent-From:asAddresses",
    "header:Resent-From:asAddresses:all",
    "header:Resent-Sender",
    "header:Resent-Sender:asAddresses",
    "header:Resent-Sender:asAddresses:all",
    "header:Resent-Reply-To",
    "header:Resent-Reply-To:asAddresses",
    "header:Resent-Reply-To:asAddresses:all",
    "header:Resent-To",
    "header:Resent-To:asAddresses",
    "header:Resent-To:asAddresses:all",
    "header:Resent-Cc",
    "header:Resent-Cc:asAddresses",
    "header:Resent-Cc:asAddresses:all",
    "header:Resent-Bcc",
    "header:Resent-Bcc:asAddresses",
    "header:Resent-Bcc:asAddresses:all",
    "header:Message-ID",
    "header:Message-ID:asMessageIds",
    "header:In-Reply-To",
    "header:In-Reply-To:asMessageIds",
    "header:References",
    "header:References:asMessageIds",
    "header:Resent-Message-ID",
    "header:Resent-Message-ID:asMessageIds",
    "header:Resent-Message-ID:asMessageIds:all",
    "header:Date",
    "header:Date:asDate",
    "header:Resent-Date",
    "header:Resent-Date:asDate",
    "header:Resent-Date:asDate:all",
    "header:Subject",
    "header:Subject:asText",
    "header:Comments",
    "header:Comments:asText",
    "header:Comments:asText:all",
    "header:Keywords",
    "header:Keywords:asText",
    "header:Keywords:asText:all",
    "header:List-Id",
    "header:List-Id:asText",
    "header:List-Help",
    "header:List-Help:asURLs",
    "header:List-Unsubscribe",
    "header:List-Unsubscribe:asURLs",
    "header:List-Unsubscribe-Post",
    "header:List-Unsubscribe-Post:asText",
    "header:List-Subscribe",
    "header:List-Subscribe:asURLs",
    "header:List-Post",
    "header:List-Post:asURLs",
    "header:List-Owner",
    "header:List-Owner:asURLs",
    "header:List-Archive",
    "header:List-Archive:asURLs",
    "header:Return-Path",
    "header:Received",
    "header:Received:all",
    "header:Received-SPF",
    "header:Authentication-Results",
    "header:Authentication-Results:all",
    "header:DKIM-Signature",
    "header:DKIM-Signature:all",
    "header:Delivered-To",
    "header:Delivered-To:asAddresses",
    "header:Delivered-To:asAddresses:all",
    "header:X-Original-To",
    "header:X-Original-To:asAddresses",
    "header:Disposition-Notification-To",
    "header:Disposition-Notification-To:asAddresses",
    "header:Auto-Submitted",
    "header:Auto-Submitted:asText",
    "header:Precedence",
    "header:Precedence:asText",
    "header:Autocrypt",
    "header:MIME-Version",
    "header:User-Agent",
    "header:User-Agent:asText",
    "header:X-Mailer",
    "header:X-Mailer:asText",
    "header:X-Priority",
    "header:X-Priority:asText",
    "header:X-Spam-Status",
    "header:X-Spam-Status:asText",
]
"""Properties for the usual header fields; `header()` makes those for any other."""

BodyPartHeaderProperty = Literal[
    "header:Content-Type",
    "header:Content-Disposition",
    "header:Content-Transfer-Encoding",
    "header:Content-ID",
    "header:Content-ID:asMessageIds",
    "header:Content-Description",
    "header:Content-Description:asText",
    "header:Content-Language",
    "header:Content-Language:asText",
    "header:Content-Location",
    "header:Content-Location:asText",
    "header:Content-MD5",
]
"""Properties for the usual header fields of a body part."""

_ANY: Final[frozenset[str]] = frozenset(get_args(HeaderForm))

_ADDRESSES: Final = frozenset({"asAddresses", "asGroupedAddresses"})

# RFC 8621, 4.1.2: the fields that RFC 5322 and RFC 2369 define have only the forms given here.
ALLOWED_FORMS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(["from", "sender", "reply-to", "to", "cc", "bcc"], _ADDRESSES),
    **dict.fromkeys(["resent-from", "resent-sender", "resent-reply-to"], _ADDRESSES),
    **dict.fromkeys(["resent-to", "resent-cc", "resent-bcc"], _ADDRESSES),
    **dict.fromkeys(["message-id", "in-reply-to"], frozenset({"asMessageIds"})),
    **dict.fromkeys(["references", "resent-message-id"], frozenset({"asMessageIds"})),
    **dict.fromkeys(["date", "resent-date"], frozenset({"asDate"})),
    **dict.fromkeys(["subject", "comments", "keywords"], frozenset({"asText"})),
    **dict.fromkeys(["list-help", "list-unsubscribe", "list-subscribe"], frozenset({"asURLs"})),
    **dict.fromkeys(["list-post", "list-owner", "list-archive"], frozenset({"asURLs"})),
    **dict.fromkeys(["return-path", "received"], frozenset[str]()),
}
"""Header field, in lower case, to its parsed forms; a field that is not here may have any."""

_GRAMMAR: Final = r"header:(?P<field>[!-9;-~]+)(?::(?P<form>as[^:]*))?(?::all)?"


def header(field: str, form: HeaderForm | None = None, *, all: bool = False) -> HeaderProperty:
    """Name the property for a header field, for `properties` and `body_properties`.

    `form` None is the Raw form. `all` asks for every instance as a list; otherwise the last one
    counts (RFC 8621, 4.1.3).

    >>> header("X-Ticket", "asText")
    'header:X-Ticket:asText'

    Raises:
        LocalProtocolError: no field has this name, or this field may not have this form.
    """
    name = f"header:{field}{f':{form}' if form else ''}{':all' if all else ''}"
    if ":" in field:
        raise LocalProtocolError(f"{field!r} is no header field name: it holds a colon")
    check_header_property(name)
    return HeaderProperty(name)


def header_field(property: str) -> str | None:
    """Return the field, in lower case, of a "header:..." property; None for other properties.

    Raises:
        LocalProtocolError: it is one, but malformed.
    """
    if not property.startswith("header:"):
        return None
    return _parse(property)["field"].lower()


def check_header_property(property: str) -> None:
    """Refuse a "header:..." property that no server accepts (RFC 8621, 4.1.2 and 4.1.3).

    Raises:
        LocalProtocolError: it is malformed, or the field may not have the form.
    """
    match = _parse(property)
    field, form = match["field"], match["form"]
    allowed = ALLOWED_FORMS.get(field.lower(), _ANY)
    if form is not None and form not in allowed:
        choice = f"use {' or '.join(sorted(allowed))}" if allowed else "leave the form out"
        raise LocalProtocolError(
            f"{property!r}: the header field {field} may not have the form {form}: {choice}"
        )


def check_properties(properties: object) -> None:
    """Check the "header:..." properties among those that a call asks for.

    Raises:
        LocalProtocolError: one of them is malformed or has a forbidden form.
    """
    if isinstance(properties, str):
        raise LocalProtocolError(f"properties is a list: write [{properties!r}]")
    names = items(properties)
    if are_strings(names, without="header:"):
        return  # as good as always
    for one in names:
        if isinstance(one, str) and one.startswith("header:"):
            check_header_property(one)


def _parse(property: str) -> re.Match[str]:
    match = re.fullmatch(_GRAMMAR, property)
    if match is None:
        raise LocalProtocolError(
            f"{property!r:.200} is no header property: write header:Name, header:Name:asText or "
            "header:Name:asText:all"
        )
    return match
