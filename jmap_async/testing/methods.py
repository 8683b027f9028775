"""What a method is to the engine: its arguments as a table, and the call at hand."""

from collections.abc import Callable, Mapping
from typing import Final

import attrs

from jmap_async.testing.checks import Check, is_boolean, is_id
from jmap_async.testing.failures import MethodFailure
from jmap_async.testing.store import Account, World
from jmap_async.testing.types import JSONObject

REQUIRED: Final = object()
"""Stands for the default of an argument that has none."""


@attrs.frozen
class Argument:
    """One argument of a method: what it may be, and its default unless it is required."""

    check: Check
    default: object = REQUIRED


FLAG: Final = Argument(is_boolean, default=False)
"""A Boolean that is false unless given."""


@attrs.define(kw_only=True)
class Call:
    """One method call under way, with what it may see of its request.

    `creation_ids` is the map of the whole request, shared by its calls. A handler appends to
    `implicit` the calls that must follow under the same call id (RFC 8620, 5.4). While `lenient`,
    checks that compare one object with its neighbours wait for the end of the /set.
    """

    world: World
    using: frozenset[str]
    creation_ids: dict[str, str]
    credential: str
    current: Account | None
    implicit: list[tuple[str, JSONObject]] = attrs.field(factory=list[tuple[str, JSONObject]])
    lenient: bool = False

    @property
    def account(self) -> Account:
        """The account that `accountId` names."""
        if self.current is None:
            raise LookupError("the method takes no accountId")
        return self.current

    def real_id(self, id: str) -> str | None:
        """Follow "#creationId" to the id of the record; None if nothing was created so."""
        return self.creation_ids.get(id[1:]) if id.startswith("#") else id


Handler = Callable[[Call, JSONObject], JSONObject]


@attrs.frozen(kw_only=True)
class Method:
    """A method: the capability it needs, its arguments, and the function that answers it."""

    capability: str
    arguments: Mapping[str, Argument]
    handler: Handler
    writes: bool = False
    takes_account: bool = True

    def read(self, arguments: JSONObject) -> JSONObject:
        """Check the arguments and fill in the defaults (RFC 8620, 3.6.2).

        Raises:
            MethodFailure: one is missing, unknown or of the wrong type.
        """
        table = self.arguments
        if self.takes_account:
            table = {"accountId": Argument(is_id), **table}
        for name in arguments:
            if name not in table:
                raise MethodFailure("invalidArguments", f"There is no argument {name!r}.")
        return {name: _read(name, argument, arguments) for name, argument in table.items()}


def _read(name: str, argument: Argument, arguments: JSONObject) -> object:
    if name not in arguments:
        if argument.default is REQUIRED:
            raise MethodFailure("invalidArguments", f"The argument {name!r} is missing.")
        return argument.default
    value = arguments[name]
    if not argument.check(value):
        raise MethodFailure("invalidArguments", f"The argument {name!r} has a wrong value.")
    return value
