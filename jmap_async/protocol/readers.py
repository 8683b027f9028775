"""Readers: functions that are made for rows with certain properties.

They have exact subscripts, tests of types and plain stores, and no loop over what there is. What
does not fit they leave to the shape.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from jmap_async.protocol.leaves import NAMES, check, indented

if TYPE_CHECKING:
    from jmap_async.protocol.shapes import Field, Shape

C = TypeVar("C")

Names = tuple[str, ...]


def begins_with_row(value: dict[str, Any]) -> bool:
    """Tell whether the first value of a map is one of the server's objects."""
    return next(iter(value.values()), None).__class__ is dict


class Reader(Generic[C]):
    """The functions that decode rows which have just these names, in any order."""

    def __init__(self, shape: "Shape[C]", names: Names) -> None:
        self._class = shape.cls.__name__
        self._fields = [shape.by_wire.get(name) for name in names]
        # The names are never in the text: the server chose them. And orjson's own strings for its
        # keys are found in half the time.
        self._keys = {f"key{number}": name for number, name in enumerate(names)}
        self._namespace = {
            **NAMES,
            **self._keys,
            "keys": names,
            "cls": shape.cls,
            "writable": shape.writable,
            "careful": shape.decode_carefully,
            "begins_with_row": begins_with_row,
            "other": shape.read_other,
            **{f"decode{number}": one.decode for number, one in enumerate(self._fields) if one},
        }

    # Each is compiled when it is needed first: that takes as long as a hundred rows.

    @cached_property
    def one(self) -> Callable[[Any], C]:
        """Decode a row."""
        read: Callable[[Any], C] = self._compiled(
            "def read(row):", *indented(_lines(self._fields, "return {}"))
        )
        return read

    @cached_property
    def many(self) -> Callable[[list[Any]], list[C]]:
        """Decode a list: the same in a loop, with names of its own, takes a sixth less."""
        read: Callable[[list[Any]], list[C]] = self._compiled(
            "def read(rows):",
            *([f"    {', '.join(self._keys)}, = keys"] if self._keys else []),
            "    found = []",
            "    append = found.append",
            "    for row in rows:",
            *indented(indented(_lines(self._fields, "append({}); continue"))),
            "    return found",
        )
        return read

    def _compiled(self, *lines: str) -> Any:  # noqa: ANN401 - ours
        code = compile("\n".join(lines), f"<rows of {self._class}>", "exec")
        namespace = dict(self._namespace)
        exec(code, namespace)  # noqa: S102 - ours
        return namespace["read"]


def _lines(fields: Sequence["Field | None"], give: str) -> list[str]:
    """Return the lines that read a row; None stands for a name that no field has."""
    known = [(f"v{number}", one) for number, one in enumerate(fields) if one]
    checks = [line for number, one in enumerate(fields) if one for line in _checks(number, one)]
    others = [number for number, one in enumerate(fields) if not one]
    extra = ", ".join(f"key{number}: v{number}" for number in others)
    return [
        f"if type(row) is not dict or len(row) != {len(fields)}:",
        f"    {give.format('other(row)')}",
        "try:",
        "    pass",
        *(f"    v{number} = row[key{number}]" for number in range(len(fields))),
        "except KeyError:",
        f"    {give.format('other(row)')}",
        "try:",
        "    pass",
        *indented(checks),
        "except ValueError:",
        f"    {give.format('careful(row)')}",
        "self = writable()",
        *(f"self.{one.name} = {name}" for name, one in known),
        "self._odd = None",
        *([f"self.extra = {{{extra}}}"] if extra else []),
        "self.__class__ = cls",
        give.format("self"),
    ]


def _checks(number: int, field: "Field") -> list[str]:
    """Return the lines that raise ValueError for what does not fit, and convert what must be."""
    name = f"v{number}"
    if field.leaf:
        return check(name, field.leaf)
    decode = f"{name} = decode{number}({name})"
    if not field.waits:
        return [decode]
    # As `is_raw`, without a call.
    first = f"({name}[0] if type({name}) is list and {name} else {name})"
    test = f"type({first}) is dict"
    if field.is_map:
        test = f"{test} and begins_with_row({first})"
    if field.nullable:
        test = f"{name} is None or {test}"
    return [f"if not ({test}):", f"    {decode}"]
