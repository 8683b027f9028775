"""Readers: functions that are made for rows with certain properties.

They have exact subscripts, tests of types and plain stores, and no loop over what there is. What
does not fit they leave to the shape.

`test_the_quick_way_gives_what_the_careful_way_gives` keeps both equal; without these the guard's
`decode` would rise.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from jmap_async.protocol.codec.leaves import NAMES, Leaf, check, indented
from jmap_async.protocol.declaring import record
from jmap_async.protocol.fields import Decoder
from jmap_async.protocol.json import JSONObject

C = TypeVar("C")

Names = tuple[str, ...]

_USED: Final = ("len", "dict", "list", "str", "int", "bool", "writable", "cls")
_LOCALS: Final = ", ".join(f"{name}={name}" for name in _USED)
"""What each row needs, as names of the function itself: it takes a twentieth less."""

_WAITS: Final[Mapping[type | None, str]] = {
    None: "{0}.__class__ is dict",
    list: "{0}.__class__ is list and (not {0} or {0}[0].__class__ is dict)",
    dict: "{0}.__class__ is dict and begins_with_row({0})",
}
"""What tells that a row, or a list or map of rows, is as it should be as far as one looks."""


def begins_with_row(value: JSONObject) -> bool:
    """Tell whether the first value of a map is one of the server's objects."""
    return next(iter(value.values()), None).__class__ is dict


@record()
class Field:
    """How one property is stored, read and written."""

    name: str
    wire: str
    decode: Decoder
    member: Any
    """The slot, which is written to past the object's being frozen."""
    convert: Callable[[Any], Any] | None
    hidden: bool
    leaf: Leaf | None
    nullable: bool
    decode_rows: Decoder | None
    """Reads rows, which stay as they came until then; None: they are read at once."""
    container: type | None

    def stored(self, instance: object, default: object) -> Any:  # noqa: ANN401 - any value
        """Return what is in the slot; `default` when that is empty."""
        try:
            return self.member.__get__(instance)
        except AttributeError:
            return default

    def store(self, instance: object, value: object) -> None:
        """Put a value into the slot."""
        self.member.__set__(instance, value)


class Reader(Generic[C]):
    """The functions that decode rows which have just these names, in any order.

    What a name stands for is None where no field has it. A row that does not fit goes to `careful`,
    and one with other names to `other`.
    """

    def __init__(
        self,
        cls: type[C],
        fields: Mapping[str, Field | None],
        *,
        writable: type[Any],
        careful: Callable[[Any], C],
        other: Callable[[Any], C],
    ) -> None:
        self._class = cls.__name__
        self._fields = [*fields.values()]
        # The names are never in the text: the server chose them. And orjson's own strings for its
        # keys are found in half the time.
        self._keys = {f"key{number}": name for number, name in enumerate(fields)}
        self._namespace = {
            **NAMES,
            **self._keys,
            "keys": tuple(fields),
            "cls": cls,
            "writable": writable,
            "careful": careful,
            "begins_with_row": begins_with_row,
            "other": other,
            **{f"decode{number}": one.decode for number, one in enumerate(self._fields) if one},
        }
        self.one: Callable[[Any], C] = self._first_one
        """Decodes a row."""
        self.many: Callable[[list[Any]], list[C]] = self._first_many
        """Decodes a list: the same in a loop, with names of its own, takes a fifth less."""

    # Each is compiled when it is needed first: that takes as long as a hundred rows.

    def _first_one(self, row: Any) -> C:  # noqa: ANN401 - any JSON
        self.one = self._compiled(
            f"def read(row, {_LOCALS}):", *indented(_lines(self._fields, "return {}"))
        )
        return self.one(row)

    def _first_many(self, rows: list[Any]) -> list[C]:
        self.many = self._compiled(
            f"def read(rows, {_LOCALS}):",
            *([f"    {', '.join(self._keys)}, = keys"] if self._keys else []),
            "    found = []",
            "    for row in rows:",
            *indented(indented(_lines(self._fields, "found.append({}); continue"))),
            "    return found",
        )
        return self.many(rows)

    def _compiled(self, *lines: str) -> Any:  # noqa: ANN401 - ours
        code = compile("\n".join(lines), f"<rows of {self._class}>", "exec")
        namespace = dict(self._namespace)
        exec(code, namespace)  # noqa: S102 - ours
        return namespace["read"]


def _lines(fields: Sequence[Field | None], give: str) -> list[str]:
    """Return the lines that read a row; None stands for a name that no field has."""
    known = [(f"v{number}", one) for number, one in enumerate(fields) if one]
    checks = [line for number, one in enumerate(fields) if one for line in _checks(number, one)]
    others = [number for number, one in enumerate(fields) if not one]
    extra = ", ".join(f"key{number}: v{number}" for number in others)
    return [
        f"if row.__class__ is not dict or len(row) != {len(fields)}:",
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
        "self._asked = self._odd = None",
        *([f"self.extra = {{{extra}}}"] if extra else []),
        "self.__class__ = cls",
        give.format("self"),
    ]


def _checks(number: int, field: Field) -> list[str]:
    """Return the lines that raise ValueError for what does not fit, and convert what must be."""
    name = f"v{number}"
    if field.leaf:
        return check(name, field.leaf)
    decode = f"{name} = decode{number}({name})"
    if field.decode_rows is None:
        return [decode]
    # As `is_raw`, without a call.
    waits = _WAITS[field.container].format(name)
    if field.nullable:
        waits = f"{name} is None or {waits}"
    return [f"if not ({waits}):", f"    {decode}"]
