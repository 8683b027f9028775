"""The standard /copy between two accounts, and Blob/copy (RFC 8620, 5.4 and 6.3)."""

from collections.abc import Callable
from typing import Final

from jmap_async.testing.checks import (
    is_id,
    is_object,
    is_string,
    list_of,
    map_of,
    nullable,
)
from jmap_async.testing.failures import MethodFailure, SetFailure, invalid_properties
from jmap_async.testing.methods import FLAG, Argument, Call, Method
from jmap_async.testing.standard.datatype import DataType, dereference
from jmap_async.testing.standard.getting import method
from jmap_async.testing.standard.setting import IF_IN_STATE, check_size, check_state
from jmap_async.testing.store import Account
from jmap_async.testing.types import CORE, JSONObject

CopyOne = Callable[[Call, JSONObject, Account, JSONObject], JSONObject]
"""Stores the copy of one record: call, original, its account, what is to differ."""

_ARGUMENTS: Final = {
    **IF_IN_STATE,
    "fromAccountId": Argument(is_id),
    "ifFromInState": Argument(nullable(is_string), None),
    "create": Argument(map_of(is_id, is_object)),
    "onSuccessDestroyOriginal": FLAG,
    "destroyFromIfInState": Argument(nullable(is_string), None),
}


def copy_method(data_type: DataType, copy_one: CopyOne) -> Method:
    """Return Foo/copy."""
    return method(
        data_type,
        lambda call, given: _copy(call, data_type, copy_one, given),
        _ARGUMENTS,
        writes=True,
    )


def source_account(call: Call, given: JSONObject, capability: str) -> Account:
    """Return the account to copy from.

    Raises:
        MethodFailure: it does not exist, lacks the type, or is the one to copy to.
    """
    source = call.world.accounts.get(given["fromAccountId"])
    if source is None:
        raise MethodFailure("fromAccountNotFound", f"No account {given['fromAccountId']!r}.")
    if source is call.account:
        raise MethodFailure("invalidArguments", "Copying needs two different accounts.")
    if capability not in source.capabilities:
        raise MethodFailure("fromAccountNotSupportedByMethod", "The account lacks the type.")
    return source


def _copy(call: Call, data_type: DataType, copy_one: CopyOne, given: JSONObject) -> JSONObject:
    source = source_account(call, given, data_type.capability)
    table, originals = data_type.table(call), source.tables[data_type.name]
    check_size(call, len(given["create"]))
    check_state(given, "ifFromInState", originals.state)
    check_state(given, "ifInState", table.state)
    old_state = table.state
    created, not_created = JSONObject(), JSONObject()
    copied: list[str] = []
    for key, wanted in given["create"].items():
        try:
            original, changes = _wanted(call, data_type, originals.records, wanted)
            record = copy_one(call, original, source, changes)
        except SetFailure as failure:
            not_created[key] = failure.to_wire()
            continue
        call.creation_ids[key] = record["id"]
        created[key] = {name: record[name] for name in data_type.told()}
        copied.append(original["id"])
    if given["onSuccessDestroyOriginal"] and copied:
        _destroy_originals(call, data_type, given, copied)
    return {
        "fromAccountId": source.id,
        "accountId": call.account.id,
        "oldState": old_state,
        "newState": table.state,
        "created": created or None,
        "notCreated": not_created or None,
    }


def _wanted(
    call: Call, data_type: DataType, originals: dict[str, JSONObject], wanted: JSONObject
) -> tuple[JSONObject, JSONObject]:
    """Return the original, and what is to differ in the copy."""
    id = wanted.get("id")
    if not is_string(id):
        raise invalid_properties("id", description="The id in the source account is missing.")
    original = originals.get(call.real_id(id) or id)
    if original is None:
        raise SetFailure("notFound", f"There is no {data_type.name} {id!r} to copy.")
    changes: JSONObject = {}
    for name, value in wanted.items():
        known = data_type.properties.get(name)
        if name != "id":
            changes[name] = value if known is None else dereference(call, known, value)
    return original, changes


def _destroy_originals(
    call: Call, data_type: DataType, given: JSONObject, copied: list[str]
) -> None:
    call.implicit.append(
        (
            f"{data_type.name}/set",
            {
                "accountId": given["fromAccountId"],
                "ifInState": given["destroyFromIfInState"],
                "destroy": list(dict.fromkeys(copied)),
            },
        )
    )


def _copy_blobs(call: Call, given: JSONObject) -> JSONObject:
    """Answer Blob/copy (RFC 8620, 6.3)."""
    source = source_account(call, given, CORE)
    copied, not_copied = JSONObject(), JSONObject()
    for blob_id in given["blobIds"]:
        blob = source.blobs.get(blob_id)
        if blob is None:
            not_copied[blob_id] = SetFailure("notFound", "There is no such blob.").to_wire()
        else:
            copied[blob_id] = call.account.put_blob(blob.data, blob.type)
    return {
        "fromAccountId": source.id,
        "accountId": call.account.id,
        "copied": copied or None,
        "notCopied": not_copied or None,
    }


METHODS: Final[dict[str, Method]] = {
    "Blob/copy": Method(
        capability=CORE,
        arguments={"fromAccountId": Argument(is_id), "blobIds": Argument(list_of(is_id))},
        handler=_copy_blobs,
        writes=True,
    )
}
