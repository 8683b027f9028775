"""A data type as a table of properties, with hooks for what is special about it."""

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Final

import attrs

from jmap_async.testing.checks import Check, is_id, is_object
from jmap_async.testing.failures import SetFailure, invalid_properties
from jmap_async.testing.methods import Call
from jmap_async.testing.store import Table
from jmap_async.testing.types import JSONObject

UNSET: Final = object()
"""Stands for the default of a property that has none."""


@attrs.frozen
class Property:
    """One property of a data type.

    `references` says that its value is an id, or has ids as its keys, so that "#creationId" is
    replaced there (RFC 8620, 5.3).
    """

    check: Check
    default: object = UNSET
    server_set: bool = attrs.field(default=False, kw_only=True)
    immutable: bool = attrs.field(default=False, kw_only=True)
    references: bool = attrs.field(default=False, kw_only=True)


def server_set(check: Check, default: object = None) -> Property:
    """Return a property that only the server sets."""
    return Property(check, default, server_set=True)


ID_PROPERTY: Final = server_set(is_id)


class DataType:
    """The common behaviour of a data type; subclasses fill the table and the hooks."""

    name: ClassVar[str]
    capability: ClassVar[str]
    properties: ClassVar[Mapping[str, Property]]
    default_properties: ClassVar[tuple[str, ...] | None] = None
    created_properties: ClassVar[tuple[str, ...] | None] = None
    singleton: ClassVar[bool] = False
    takes_account: ClassVar[bool] = True

    def table(self, call: Call) -> Table:
        """Return the table that a call is about."""
        return call.account.tables[self.name]

    def render(
        self, call: Call, record: JSONObject, names: Iterable[str], options: JSONObject
    ) -> JSONObject:
        """Return the named properties of a record as /get shows them."""
        return {name: record[name] for name in names}

    def shown(self) -> tuple[str, ...]:
        """Return the properties that /get gives when none are named."""
        return self.default_properties or tuple(self.properties)

    def told(self) -> tuple[str, ...]:
        """Return the properties that `created` tells, unless the client sent them."""
        return self.created_properties or self.shown()

    def knows(self, name: str) -> bool:
        """Say whether /get may be asked for the property."""
        return name in self.properties

    def create(self, call: Call, values: JSONObject, options: JSONObject) -> JSONObject:
        """Store a new object of checked values, defaults filled in, and return its record."""
        table = self.table(call)
        record = {**values, "id": table.next_id()}
        table.insert(record)
        return record

    def update(
        self, call: Call, old: JSONObject, new: JSONObject, options: JSONObject
    ) -> JSONObject:
        """Store the checked new values of an object and return its record."""
        self.table(call).replace(new)
        return new

    def destroy(self, call: Call, record: JSONObject, options: JSONObject) -> None:
        """Take an object away, or raise SetFailure."""
        self.table(call).remove(record["id"])

    def normalise(self, values: JSONObject) -> JSONObject:
        """Return values of a create or keys of a patch in the form that is stored."""
        return values

    def destroy_order(self, call: Call, ids: list[str]) -> list[str]:
        """Return the ids in the order in which they can be destroyed."""
        return ids

    def final_check(self) -> Callable[[Call], bool] | None:
        """Return what says whether the table as a whole is valid, if objects depend on others."""
        return None

    def check(self, values: JSONObject) -> None:
        """Check what a client sent to create an object.

        Raises:
            SetFailure: "invalidProperties" with all the properties that are wrong or missing.
        """
        wrong = [name for name, value in values.items() if not self.fits(name, value)]
        wrong += [
            name
            for name, known in self.properties.items()
            if known.default is UNSET and name not in values
        ]
        if wrong:
            raise invalid_properties(*wrong)

    def fits(self, name: str, value: object) -> bool:
        """Say whether a client may create an object with this property of this value."""
        known = self.properties.get(name)
        return known is not None and not known.server_set and known.check(value)

    def defaults(self) -> JSONObject:
        """Return the default of every property that has one."""
        return {
            name: known.default
            for name, known in self.properties.items()
            if known.default is not UNSET
        }


def dereference(call: Call, known: Property, value: object) -> object:
    """Replace "#creationId" in the value of a property (RFC 8620, 5.3).

    Raises:
        SetFailure: nothing was created under that creation id.
    """
    if not known.references:
        return value
    if isinstance(value, str):
        return real_id(call, value)
    if is_object(value):
        return {real_id(call, key): inner for key, inner in value.items()}
    return value


def real_id(call: Call, id: str) -> str:
    """Return the id that an id or "#creationId" stands for, or raise SetFailure."""
    found = call.real_id(id)
    if found is None:
        raise SetFailure("invalidProperties", f"Nothing was created as {id!r}.")
    return found
