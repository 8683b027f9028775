"""Usual calls: reads by ids, and patches of objects.

Most calls are one of these and differ from others in ids or patches alone: whatever else there is
to know of them is found out once for each kind.

The careful twin is careful.py. `test_usual_calls_are_prepared_quickly_or_with_care_to_the_same_end`
keeps them equal; without this the guard's `plan, reads` and `plan, updates` would rise.
"""

from collections.abc import Callable, Mapping
from copy import copy
from functools import cache
from operator import attrgetter
from typing import Any, Final, cast

import attrs
import orjson

from jmap_async.errors import LocalProtocolError
from jmap_async.planner.base.entry import NOTHING, Alike, Entry
from jmap_async.planner.names import creations
from jmap_async.planner.prepare.permitted import permitted
from jmap_async.protocol.call import AnyCall
from jmap_async.protocol.codec.converter import encode, unstructure
from jmap_async.protocol.declaring import record
from jmap_async.protocol.ids import are_plain_ids
from jmap_async.protocol.json import JSONObject, is_object
from jmap_async.protocol.session import Session
from jmap_async.protocol.standard import ByIds, Set

# What is remembered, at most: a program has few kinds of calls, but they may hold anything.
_METHODS: Final = 64
_KINDS: Final = 8
_PATCHES: Final = 64
_SHORT: Final = 200


@record(eq=False)
class KnownCall:
    """What is known of calls of a kind.

    `values` are their other arguments as the caller gave them, and `arguments` as they are sent.
    `scalars` are the types of those that are numbers or flags, by position, where they are not left
    at their defaults.
    `patches` are some short ones, as JSON, of which there is nothing to say against.
    """

    values: tuple[object, ...]
    scalars: Mapping[int, type]
    using: frozenset[str]
    accounts: tuple[str | None, ...]
    arguments: JSONObject
    alike: Alike
    patches: set[bytes] = attrs.field(factory=set[bytes], init=False)

    def is_other_than(self, values: tuple[object, ...]) -> bool:
        """Tell whether equal values are of other types: to Python True is 1, and that is 1.0."""
        return any(type(values[place]) is not kind for place, kind in self.scalars.items())


def prepare_usual(call: AnyCall, session: Session) -> Entry | None:
    """Turn a read by ids, or a patch of objects, into an entry; None: it needs more care.

    What is wrong with a call `prepare` has to tell.
    """
    arguments = call.arguments
    if call.using:
        return None
    try:
        if isinstance(arguments, ByIds):
            return _read(call, session, arguments)
        if isinstance(arguments, Set):
            return _update(call, session)
    except LocalProtocolError:
        pass
    return None


def _read(call: AnyCall, session: Session, arguments: ByIds) -> Entry | None:
    ids = arguments.ids
    if not isinstance(ids, list) or not are_plain_ids(ids):
        return None
    kind = _kind(call, session, "ids")
    if kind is None:
        return None
    return Entry(
        call.method,
        kind.using,
        kind.accounts,
        kind.arguments,
        NOTHING,
        kind.alike,
        ids,
        mergeable=call.mergeable,
        owner=call.owner,
    )


def _update(call: AnyCall, session: Session) -> Entry | None:
    arguments: Any = call.arguments
    update: object = arguments.update
    if not is_object(update) or not update:
        return None
    kind = _kind(call, session, "update")
    if kind is None:
        return None
    ids = (*update,)
    patches = _patches(arguments, ids, kind)
    if patches is None:
        return None
    return Entry(
        call.method,
        kind.using,
        kind.accounts,
        kind.arguments,
        patched=ids,
        patches=patches,
        mergeable=call.mergeable,
        owner=call.owner,
    )


def _patches(arguments: Any, ids: tuple[str, ...], kind: KnownCall) -> bytes | None:
    """Return the JSON of `update` without braces; None: there is more to be said of it."""
    update = arguments.update
    patch = update[ids[0]]
    # Thousands of tasks set the same few keywords: what was found good once is not checked again.
    alone = encode(patch) if len(ids) == 1 and patch.__class__ is dict else b""
    known = alone in kind.patches and are_plain_ids(ids)
    if not known:
        arguments.check()
    patches = orjson.dumps(ids[0]) + b":" + alone if alone else encode(update)[1:-1]
    if known:
        return patches
    if creations.may_mention(patches) or tuple(arguments.needs()):
        return None
    if 0 < len(alone) <= _SHORT:
        if len(kind.patches) >= _PATCHES:
            kind.patches.clear()
        kind.patches.add(alone)
    return patches


def _kind(call: AnyCall, session: Session, varying: str) -> KnownCall | None:
    """Return what is known of calls that differ in one argument alone; None: it is no usual one."""
    arguments: Any = call.arguments
    values = _others(arguments.__class__, varying)(arguments)
    about = call.method, call.account_id
    known: list[KnownCall] = session.usual.get(about, [])
    for kind in known:
        if kind.values == values and not (kind.scalars and kind.is_other_than(values)):
            return kind
    learnt = _learn(call, session, varying, values)
    if learnt is not None:
        session.usual.pop(about, None)
        while len(session.usual) >= _METHODS:
            del session.usual[next(iter(session.usual))]
        session.usual[about] = [learnt, *known[: _KINDS - 1]]
    return learnt


@cache
def _others(cls: type[Any], varying: str) -> Callable[[object], tuple[object, ...]]:
    """Return the function that gives the class, and the arguments but one."""
    names = [one.name for one in _fields(cls, varying)]
    # The class twice: a lone name would not give a tuple.
    return attrgetter("__class__", "__class__", *names)


def _fields(cls: type[Any], varying: str) -> "list[attrs.Attribute[Any]]":
    return [one for one in attrs.fields(cls) if one.name != varying]


def _is_plain(value: object) -> bool:
    """Tell whether whatever is equal to a value, and of the same type, is sent in the same way."""
    if isinstance(value, list | tuple):
        return {str}.issuperset(map(type, cast("list[object]", value)))
    return value is None or type(value) in (str, bool, int)


def _learn(
    call: AnyCall, session: Session, varying: str, values: tuple[object, ...]
) -> KnownCall | None:
    arguments: Any = call.arguments
    fields = _fields(arguments.__class__, varying)
    if not all(map(_is_plain, values[2:])):
        return None
    others: JSONObject = unstructure(arguments)
    del others[varying]
    only_patches = varying == "update" and not others
    if not (only_patches or call.method.reads) or creations.may_mention(encode(others)):
        return None
    arguments.check()
    if only_patches and tuple(arguments.needs()):
        return None  # others like it need less
    using, accounts = permitted(call, session, others)
    rest = encode(others)
    # Copies: what is in there belongs to whoever made this call.
    own = tuple(copy(one) for one in values)
    scalars = {
        place: type(value)
        for place, (value, one) in enumerate(zip(values[2:], fields, strict=True), 2)
        if isinstance(value, int) and value != one.default
    }
    alike = call.method.name, using, rest
    return KnownCall(own, scalars, using, accounts, orjson.loads(rest), alike)
