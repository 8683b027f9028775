"""The standard /set over any data type (RFC 8620, 5.3)."""

from collections.abc import Mapping, Sequence

import attrs

from jmap_async.protocol import pointer
from jmap_async.testing.checks import (
    is_id,
    is_id_or_reference,
    is_object,
    is_string,
    list_of,
    map_of,
    nullable,
)
from jmap_async.testing.failures import MethodFailure, SetFailure, invalid_properties
from jmap_async.testing.methods import Argument, Call, Method
from jmap_async.testing.standard import patch
from jmap_async.testing.standard.datatype import DataType, dereference, real_id
from jmap_async.testing.standard.getting import method
from jmap_async.testing.types import JSONObject, or_empty

IF_IN_STATE = {"ifInState": Argument(nullable(is_string), None)}
SET_ARGUMENTS = {
    "create": Argument(nullable(map_of(is_id, is_object)), None),
    "update": Argument(nullable(map_of(is_id_or_reference, is_object)), None),
    "destroy": Argument(nullable(list_of(is_id_or_reference)), None),
}


def set_method(data_type: DataType, extra: Mapping[str, Argument] | None = None) -> Method:
    """Return Foo/set; `extra` are the arguments that the type adds."""
    state = IF_IN_STATE if data_type.takes_account else {}
    return method(
        data_type,
        lambda call, given: set_(call, data_type, given),
        {**state, **SET_ARGUMENTS, **(extra or {})},
        writes=True,
    )


@attrs.define
class Outcome:
    """What a /set did, object by object."""

    created: JSONObject = attrs.field(factory=JSONObject)
    updated: JSONObject = attrs.field(factory=JSONObject)
    destroyed: list[str] = attrs.field(factory=list[str])
    not_created: JSONObject = attrs.field(factory=JSONObject)
    not_updated: JSONObject = attrs.field(factory=JSONObject)
    not_destroyed: JSONObject = attrs.field(factory=JSONObject)

    def to_wire(self) -> JSONObject:
        """Return the members of the response; empty ones are null."""
        return {
            "created": self.created or None,
            "updated": self.updated or None,
            "destroyed": self.destroyed or None,
            "notCreated": self.not_created or None,
            "notUpdated": self.not_updated or None,
            "notDestroyed": self.not_destroyed or None,
        }


def check_state(given: JSONObject, name: str, state: str) -> None:
    """Refuse the call when a state was given that is not the current one."""
    if given[name] is not None and given[name] != state:
        raise MethodFailure("stateMismatch", f"{name!r} is not the current state.")


def check_size(call: Call, count: int) -> None:
    """Refuse the call when it would change more objects than maxObjectsInSet."""
    if count > call.world.limits.max_objects_in_set:
        raise MethodFailure("requestTooLarge", f"{count} objects are too many for one call.")


def set_(call: Call, data_type: DataType, given: JSONObject) -> JSONObject:
    """Answer Foo/set: creates, then updates, then destroys."""
    names = ("create", "update", "destroy")
    check_size(call, sum(len(given[name] or ()) for name in names))
    if not data_type.takes_account:
        return _run(call, data_type, given).to_wire()
    table = data_type.table(call)
    old_state = table.state
    check_state(given, "ifInState", old_state)
    outcome = _run_soundly(call, data_type, given)
    return {
        "accountId": call.account.id,
        "oldState": old_state,
        "newState": table.state,
        **outcome.to_wire(),
    }


def _run_soundly(call: Call, data_type: DataType, given: JSONObject) -> Outcome:
    """Allow invalid states in between when the final one is valid (RFC 8620, 5.3)."""
    is_sound = data_type.final_check()
    if is_sound is None:
        return _run(call, data_type, given)
    before, creation_ids = call.account.snapshot(), dict(call.creation_ids)
    call.lenient = True
    outcome = _run(call, data_type, given)
    call.lenient = False
    if is_sound(call):
        return outcome
    call.account.restore(before)
    call.creation_ids.clear()
    call.creation_ids.update(creation_ids)
    return _run(call, data_type, given)


def _run(call: Call, data_type: DataType, given: JSONObject) -> Outcome:
    outcome = Outcome()
    _create_all(call, data_type, given, outcome)
    destroy: list[str] = given["destroy"] or []
    doomed = [call.real_id(id) or id for id in destroy]
    _update_all(call, data_type, given, outcome, doomed)
    _destroy_all(call, data_type, given, outcome, doomed)
    return outcome


def _create_all(call: Call, data_type: DataType, given: JSONObject, outcome: Outcome) -> None:
    waiting: dict[str, JSONObject] = or_empty(given["create"]).copy()
    while waiting:
        # Whatever refers to nothing that is still to be created; all of it if they form a ring.
        ready = [key for key in waiting if not _refers(data_type, waiting[key], waiting)]
        for key in ready or list(waiting):
            values = waiting.pop(key)
            try:
                outcome.created[key] = _create(call, data_type, key, values, given)
            except SetFailure as failure:
                outcome.not_created[key] = failure.to_wire()


def _refers(data_type: DataType, values: JSONObject, waiting: Mapping[str, object]) -> bool:
    for name, value in values.items():
        known = data_type.properties.get(name)
        if known is None or not known.references:
            continue
        for id in [value] if isinstance(value, str) else value or ():
            if str(id).startswith("#") and str(id)[1:] in waiting:
                return True
    return False


def _create(
    call: Call, data_type: DataType, key: str, values: JSONObject, given: JSONObject
) -> JSONObject:
    if data_type.singleton:
        raise SetFailure("singleton", f"There is exactly one {data_type.name}.")
    sent = data_type.normalise(_dereference_all(call, data_type, values))
    data_type.check(sent)
    record = data_type.create(call, {**data_type.defaults(), **sent}, given)
    call.creation_ids[key] = record["id"]
    return created_object(call, data_type, record, sent)


def created_object(
    call: Call, data_type: DataType, record: JSONObject, sent: JSONObject
) -> JSONObject:
    """Return what the client does not know yet of an object that it created."""
    shown = data_type.render(call, record, data_type.told(), {})
    return {k: v for k, v in shown.items() if k not in sent or sent[k] != v}


def _dereference_all(call: Call, data_type: DataType, values: JSONObject) -> JSONObject:
    result: JSONObject = {}
    for name, value in values.items():
        known = data_type.properties.get(name)
        try:
            result[name] = value if known is None else dereference(call, known, value)
        except SetFailure as failure:
            raise invalid_properties(name, description=failure.description) from failure
    return result


def _update_all(
    call: Call, data_type: DataType, given: JSONObject, outcome: Outcome, doomed: list[str]
) -> None:
    for key, changes in or_empty(given["update"]).items():
        id = call.real_id(key) or key
        try:
            _refuse_doomed(id, doomed)
            outcome.updated[id] = _update(call, data_type, id, changes, given)
        except SetFailure as failure:
            outcome.not_updated[id] = failure.to_wire()


def _refuse_doomed(id: str, doomed: Sequence[str]) -> None:
    if id in doomed:
        raise SetFailure("willDestroy", "The same call destroys it.")


def _update(
    call: Call, data_type: DataType, id: str, changes: JSONObject, given: JSONObject
) -> JSONObject | None:
    table = data_type.table(call)
    old = table.records.get(id)
    if old is None:
        raise SetFailure("notFound", f"There is no {data_type.name} {id!r}.")
    changes = data_type.normalise(_dereference_patch(call, data_type, changes))
    new, sent = _patched(call, data_type, old, changes)
    if new == old:
        return None
    stored = data_type.update(call, old, new, given)
    # RFC 8620, 5.3: only what changed otherwise than the patch asked for.
    news = {k: v for k, v in stored.items() if v != new.get(k) and v != old.get(k)}
    return {k: v for k, v in news.items() if k in sent or k in data_type.shown()} or None


def _patched(
    call: Call, data_type: DataType, old: JSONObject, changes: JSONObject
) -> tuple[JSONObject, set[str]]:
    """Return the record with the patch applied, and the properties that the patch names."""
    names = {patch.top_level(key) for key in changes}
    unknown = [name for name in names if not data_type.knows(name)]
    if unknown:
        raise invalid_properties(*sorted(unknown), description="There is no such property.")
    view = data_type.render(call, old, names, {})
    view |= {name: old[name] for name in names if name in old and name not in view}
    after = patch.apply(view, changes, defaults=data_type.defaults())
    changed = [name for name in sorted(names) if after.get(name) != view.get(name)]
    # RFC 8620, 5.3: what may not change may be sent with its current value.
    wrong = [name for name in changed if not _may_become(data_type, name, after.get(name))]
    if wrong:
        raise invalid_properties(*wrong)
    return {**old, **{name: after.get(name) for name in changed}}, names


def _may_become(data_type: DataType, name: str, value: object) -> bool:
    known = data_type.properties.get(name)
    if known is None or known.server_set or known.immutable:
        return False
    return known.check(value)


def _dereference_patch(call: Call, data_type: DataType, changes: JSONObject) -> JSONObject:
    """Replace creation references in values and in keys such as "mailboxIds/#k"."""
    result: JSONObject = {}
    for key, value in changes.items():
        name, _, rest = key.partition("/")
        known = data_type.properties.get(name)
        if known is None or not known.references:
            result[key] = value
            continue
        try:
            if rest.startswith("#"):
                result[f"{name}/{pointer.escape(real_id(call, rest))}"] = value
            else:
                result[key] = value if rest else dereference(call, known, value)
        except SetFailure as failure:
            raise invalid_properties(name, description=failure.description) from failure
    return result


def _destroy_all(
    call: Call, data_type: DataType, given: JSONObject, outcome: Outcome, doomed: list[str]
) -> None:
    for id in data_type.destroy_order(call, list(dict.fromkeys(doomed))):
        try:
            _destroy(call, data_type, id, given)
            outcome.destroyed.append(id)
        except SetFailure as failure:
            outcome.not_destroyed[id] = failure.to_wire()


def _destroy(call: Call, data_type: DataType, id: str, given: JSONObject) -> None:
    if data_type.singleton:
        raise SetFailure("singleton", f"There is exactly one {data_type.name}.")
    record = data_type.table(call).records.get(id)
    if record is None:
        raise SetFailure("notFound", f"There is no {data_type.name} {id!r}.")
    data_type.destroy(call, record, given)
