"""What of objects was asked for, so that it can be told who is to blame for what is not there.

All objects of an answer share one Asked: to note it takes one store for each. It is looked at when
somebody reads what is not there.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, cast

import attrs

from jmap_async.protocol.declaring import record
from jmap_async.protocol.fields import Shaped

_set_asked: Final = cast("Any", Shaped)._asked.__set__  # noqa: SLF001 - ours

Names = tuple[str, ...]


@record(eq=False)
class Asked:
    """The properties that were asked for, by an argument of this name; None: all that there are.

    `nested` says it of the objects in a property.
    """

    names: frozenset[str] | None
    argument: str = "properties"
    nested: Mapping[str, "Asked"] = attrs.field(factory=dict[str, "Asked"])

    def __contains__(self, wire: str) -> bool:
        return self.names is None or wire in self.names

    def note(self, objects: Iterable[Any]) -> None:
        """Note it with objects that the server sent."""
        for one in objects:
            _set_asked(one, self)

    def pass_on(self, wire: str, value: Any) -> None:  # noqa: ANN401 - whatever is in a property
        """Note with the objects in a property what was asked for of them."""
        objects = cast("list[object]", value) if isinstance(value, list) else [value]
        self.nested[wire].note(objects)


MADE: Final = Asked(frozenset(), argument="")
"""Stands in objects that no server sent."""


@lru_cache(maxsize=64)
def asked_of(properties: Names | None, usual: Names | None, always: Names = ()) -> Asked:
    """Return what was asked for by an argument that names properties.

    `usual` are those that come without the argument, and `always` those that come with any.
    """
    names = usual if properties is None else (*properties, *always)
    return Asked(None if names is None else frozenset(names))
