"""The names that the rest of the protocol is written in."""

from collections.abc import Mapping
from typing import Any, Final

Id = str
"""An identifier of the server: opaque, case-sensitive, unique for type and account only."""

Wire = Mapping[str, object]
"""An object spelled as on the wire, such as a filter condition or a patch."""


class Absent:
    """The type of ABSENT: a property that was neither set nor fetched."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "ABSENT"


# Any, so that every property may default to it; it never becomes the value of one.
ABSENT: Final[Any] = Absent()
