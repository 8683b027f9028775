"""What may stand in the header fields of a message to create (RFC 5322; RFC 8621, 4.1.2)."""

import re
from collections.abc import Iterator
from typing import Final

from jmap_async.capabilities.inputs import items, members
from jmap_async.errors import LocalProtocolError

_LINE_END: Final = re.compile(r"[\0\r\n]")

# RFC 5322, 2.2.3 and 3.2.2: folding is CRLF before white space, and no line has nothing else.
_UNFOLDED: Final = re.compile(r"\0|\r(?!\n)|(?<!\r)\n|\r\n(?![ \t]+[^ \t\r\n])")

# RFC 8621, 4.1.2.5 and 4.1.2.7: what is between the brackets, and nothing else.
_BRACKETS: Final = re.compile(r"[<>\s]")
_BARE: Final = frozenset({"messageId", "inReplyTo", "references", "cid"})
_BARE_FORMS: Final = frozenset({"asMessageIds", "asURLs"})


def check_header_value(property: str, value: object) -> None:
    """Refuse what would end a header field, or is not in the form that the property has.

    Raises:
        LocalProtocolError: names the property and says what is wrong.
    """
    form = header_form(property)
    for text in _strings(value):
        if form is None:
            _check_raw(property, text)
        else:
            check_one_line(property, text)
        if (property in _BARE or form in _BARE_FORMS) and _BRACKETS.search(text):
            raise LocalProtocolError(
                f"{property}: {text!r:.200} has no '<', '>' or space: leave the brackets out"
            )


def header_form(property: str) -> str | None:
    """Return the parsed form that a value is in; None: it is in Raw form."""
    if not property.startswith("header:"):
        return ""
    return next((one for one in property.split(":")[2:] if one.startswith("as")), None)


def check_one_line(name: str, value: object) -> None:
    """Refuse line ends and NUL anywhere in a value: they would end the header field or command.

    Raises:
        LocalProtocolError: names the value.
    """
    for text in _strings(value):
        if _LINE_END.search(text):
            raise LocalProtocolError(f"{name} holds a line end or NUL: {text!r:.200}")


def _check_raw(property: str, text: str) -> None:
    if _UNFOLDED.search(text):
        raise LocalProtocolError(
            f"{property} holds a line end or NUL that would end the header field: a line is folded "
            f"by CRLF before a space or tab (RFC 5322, 2.2): {text!r:.200}"
        )


def _strings(value: object) -> Iterator[str]:
    """Yield all texts inside of a value, such as the names in a list of addresses, and all keys."""
    if isinstance(value, str):
        yield value
        return
    found = members(value)
    for one in (*found, *found.values(), *items(value)):
        yield from _strings(one)
