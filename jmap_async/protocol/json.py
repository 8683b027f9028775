"""Plain JSON, as it comes from the parser: its objects, and what tells what a value is."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

JSONObject = dict[str, Any]
"""A JSON object; what is in it is known by whoever reads it."""

Members = Mapping[str, Any]
"""The members of a JSON object, to be looked at only."""


def is_object(value: object) -> TypeGuard[JSONObject]:
    """Tell whether JSON is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Tell whether JSON is an array."""
    return isinstance(value, list)


def is_list_of_ids(value: object) -> TypeGuard[list[str]]:
    """Tell whether a value is what /get takes for its ids."""
    return is_array(value) and are_strings(value)


def are_strings(values: Iterable[Any], *, without: str | None = None) -> bool:
    """Tell whether all are strings, and a text is in none of them."""
    try:
        # All in one: a tenth of the price of a loop.
        joined = "\n".join(values)
    except TypeError:
        return False
    return without is None or without not in joined
