"""The standard /get and /changes over any data type (RFC 8620, 5.1 and 5.2)."""

from collections.abc import Mapping

from jmap_async.testing.checks import is_id, is_positive, is_string, list_of, nullable
from jmap_async.testing.failures import MethodFailure
from jmap_async.testing.methods import Argument, Call, Handler, Method
from jmap_async.testing.standard.datatype import DataType
from jmap_async.testing.store import Changes
from jmap_async.testing.types import JSONObject

GET_ARGUMENTS = {
    "ids": Argument(nullable(list_of(is_id)), None),
    "properties": Argument(nullable(list_of(is_string)), None),
}
CHANGES_ARGUMENTS = {
    "sinceState": Argument(is_string),
    "maxChanges": Argument(nullable(is_positive), None),
}


def method(
    data_type: DataType,
    handler: Handler,
    arguments: Mapping[str, Argument],
    *,
    writes: bool = False,
) -> Method:
    """Return a method of a data type."""
    return Method(
        capability=data_type.capability,
        arguments=arguments,
        handler=handler,
        writes=writes,
        takes_account=data_type.takes_account,
    )


def get_method(data_type: DataType, extra: Mapping[str, Argument] | None = None) -> Method:
    """Return Foo/get; `extra` are the arguments that the type adds."""
    arguments = {**GET_ARGUMENTS, **(extra or {})}
    return method(data_type, lambda call, given: get(call, data_type, given), arguments)


def changes_method(data_type: DataType) -> Method:
    """Return Foo/changes."""
    return method(data_type, lambda call, given: changes(call, data_type, given), CHANGES_ARGUMENTS)


def get(call: Call, data_type: DataType, given: JSONObject) -> JSONObject:
    """Answer Foo/get."""
    table = data_type.table(call)
    ids: list[str] | None = given["ids"]
    wanted = list(table.records) if ids is None else ids
    if len(wanted) > call.world.limits.max_objects_in_get:
        raise MethodFailure("requestTooLarge", f"{len(wanted)} objects are too many for one /get.")
    names = property_names(data_type, given["properties"])
    found = table.in_order(wanted)
    response: JSONObject = {
        "list": [data_type.render(call, table.records[id], names, given) for id in found],
        "notFound": [id for id in dict.fromkeys(wanted) if id not in table.records],
    }
    if data_type.takes_account:
        response = {"accountId": call.account.id, "state": table.state, **response}
    return response


def property_names(data_type: DataType, properties: list[str] | None) -> list[str]:
    """Return the properties to show, "id" among them (RFC 8620, 5.1).

    Raises:
        MethodFailure: "invalidArguments" for a property that the type does not have.
    """
    if properties is None:
        return list(data_type.shown())
    for name in properties:
        if not data_type.knows(name):
            raise MethodFailure("invalidArguments", f"{data_type.name} has no property {name!r}.")
    return list(dict.fromkeys(["id", *properties]))


def changes(call: Call, data_type: DataType, given: JSONObject) -> JSONObject:
    """Answer Foo/changes."""
    table, found = data_type.table(call), summary(call, data_type, given)
    return {
        "accountId": call.account.id,
        "oldState": given["sinceState"],
        "newState": table.state_at(found.until),
        "hasMoreChanges": found.until < len(table.log),
        "created": found.created,
        "updated": found.updated,
        "destroyed": found.destroyed,
    }


def summary(call: Call, data_type: DataType, given: JSONObject) -> Changes:
    """Return what happened since the state that /changes names."""
    table = data_type.table(call)
    since = table.position_of(given["sinceState"])
    if since is None:
        raise MethodFailure("cannotCalculateChanges", "That state is unknown or too old.")
    return table.changes(since, given["maxChanges"])
