"""Leaves: types that JSON gives in their final form, and dates; how functions made for them test.

Classes of records and of data objects have functions made for them, which are text first. What a
leaf needs is a few lines of it: no call is as quick.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from jmap_async.protocol import dates
from jmap_async.protocol.declaring import record
from jmap_async.protocol.fields import LEAVES, is_optional, many_or_one, without_null

NAMES: Final[Mapping[str, object]] = {"date": dates.decode, "fast": datetime.fromisoformat}
"""What the lines call."""


@record()
class Leaf:
    """A value of `kind`, or a `container` of such."""

    kind: type
    container: type | None
    nullable: bool


def leaf_of(type_: object) -> Leaf | None:
    """Return what is to be known of a leaf; None for all other types."""
    [kind, *others] = without_null(type_)
    if others:
        return None
    nullable = is_optional(type_)
    if kind is datetime:
        return Leaf(kind, None, nullable)
    container, inner = many_or_one(kind)
    return Leaf(inner, container, nullable) if inner in LEAVES else None


def check(name: str, leaf: Leaf) -> list[str]:
    """Return the lines that raise ValueError if a variable is no such leaf, and convert a date."""
    kind, container = leaf.kind.__name__, leaf.container
    if leaf.kind is datetime:
        # The marks of "2014-10-30T06:12:00Z", from its end; fromisoformat() looks at the digits.
        usual = f"{name}[-16::3] == '--T::Z'"
        lines = [*_refuse(name, "str"), f"{name} = fast({name}) if {usual} else date({name})"]
    elif container is None:
        lines = _refuse(name, kind)
    else:
        each = _refuse("one" if container is list else f"{name}[one]", kind)
        lines = [*_refuse(name, container.__name__), f"for one in {name}:", *indented(each)]
    return [f"if {name} is not None:", *indented(lines)] if leaf.nullable else lines


def _refuse(name: str, kind: str) -> list[str]:
    test = f"{name}.__class__ is not {kind}"  # type() takes half as long again
    if kind == "bool":  # quicker still, above all for the usual value
        test = f"{name} is not True and {name} is not False"
    return [f"if {test}:", "    raise ValueError"]


def indented(lines: Sequence[str]) -> list[str]:
    """Return lines one level further in."""
    return [f"    {line}" for line in lines]
