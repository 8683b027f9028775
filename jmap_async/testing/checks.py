"""Predicates for the data types of JMAP, to combine into tables (RFC 8620, 1.1 to 1.3)."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeGuard

from jmap_async.testing.types import JSONObject

Check = Callable[[object], bool]

_MAX_INT: Final = 2**53 - 1
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_KEYWORD: Final = re.compile(r"""[!#$&'+,\-./0-9:;<=>?@A-Z\[^_`a-z|~]{1,255}""")


def is_string(value: object) -> TypeGuard[str]:
    """Say whether it is a String."""
    return isinstance(value, str)


def is_boolean(value: object) -> TypeGuard[bool]:
    """Say whether it is a Boolean."""
    return isinstance(value, bool)


def is_int(value: object) -> TypeGuard[int]:
    """Say whether it is an Int: within plus or minus 2^53-1."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_INT


def is_unsigned(value: object) -> TypeGuard[int]:
    """Say whether it is an UnsignedInt."""
    return is_int(value) and value >= 0


def is_positive(value: object) -> TypeGuard[int]:
    """Say whether it is an UnsignedInt above zero."""
    return is_int(value) and value > 0


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Say whether it is an array."""
    return isinstance(value, list)


def is_object(value: object) -> TypeGuard[JSONObject]:
    """Say whether it is a JSON object."""
    return isinstance(value, dict)


def is_id(value: object) -> TypeGuard[str]:
    """Say whether it is an Id: 1 to 255 of the characters of URL-safe base64."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_id_or_reference(value: object) -> TypeGuard[str]:
    """Say whether it is an Id, or "#" and a creation id (RFC 8620, 5.3)."""
    return isinstance(value, str) and is_id(value.removeprefix("#"))


def is_keyword(value: object) -> TypeGuard[str]:
    """Say whether it may be a keyword of an Email (RFC 8621, 4.1.1)."""
    return isinstance(value, str) and _KEYWORD.fullmatch(value) is not None


def nullable(check: Check) -> Check:
    """Return a check that accepts null too."""
    return lambda value: value is None or check(value)


def list_of(check: Check) -> Check:
    """Return a check for arrays whose items all pass."""
    return lambda value: is_list(value) and all(map(check, value))


def map_of(key: Check, check: Check) -> Check:
    """Return a check for objects whose keys and values all pass."""
    return lambda value: (
        is_object(value) and all(map(key, value)) and all(map(check, value.values()))
    )


def one_of(*values: str) -> Check:
    """Return a check for a closed set of strings."""
    return lambda value: isinstance(value, str) and value in values


def is_true(value: object) -> bool:
    """Say whether it is true, the only value in a set-like map (RFC 8621, 4.1.1)."""
    return value is True


def is_address(value: object) -> TypeGuard[JSONObject]:
    """Say whether it is an EmailAddress (RFC 8621, 4.1.2.3)."""
    return (
        is_object(value)
        and is_string(value.get("email"))
        and (value.get("name") is None or is_string(value["name"]))
        and not value.keys() - {"name", "email"}
    )


def anything(_value: object) -> bool:
    """Accept every value: the type of the property is checked elsewhere."""
    return True
