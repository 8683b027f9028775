"""Preparing: a call becomes an entry, if nothing is wrong with it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import orjson

from jmap_async.errors import LocalProtocolError
from jmap_async.planner.base.entry import NOTHING, Entry, Reference
from jmap_async.planner.names import creations
from jmap_async.planner.prepare.permitted import permitted
from jmap_async.protocol.call import AnyCall, Method
from jmap_async.protocol.codec.converter import encodable, encode, unstructure
from jmap_async.protocol.json import JSONObject, Members, are_strings, is_list_of_ids
from jmap_async.protocol.references import CreationReference, ResultReference
from jmap_async.protocol.session import Session
from jmap_async.protocol.standard import Arguments


def prepare(
    call: AnyCall,
    session: Session,
    *,
    entry_of: Callable[[AnyCall], Entry],
    creator_of: Callable[[object, str], Entry | None],
) -> Entry:
    """Turn a call into an entry; everything that can be refused without the server is refused.

    Raises:
        LocalProtocolError: the call cannot be sent; the message names it and says what to do.
    """
    try:
        return _prepare(call, session, entry_of, creator_of)
    except LocalProtocolError as error:
        name = call.method.name
        if str(error).startswith(name):
            raise
        raise type(error)(f"{name}: {error}") from error


def _prepare(
    call: AnyCall,
    session: Session,
    entry_of: Callable[[AnyCall], Entry],
    creator_of: Callable[[object, str], Entry | None],
) -> Entry:
    literals, references = _split(call, entry_of)
    using, accounts = permitted(call, session, literals)
    exact: list[CreationReference] = []
    encoded = encode(literals, _collector(exact))
    creates = creations.created(call.method.name, literals)
    mentions = creations.may_mention(encoded)
    if mentions or creates or references:
        # It is written anew when it is sent: as it is now, whatever becomes of it meanwhile.
        literals = orjson.loads(encoded)
    creators: Mapping[str, Entry] = NOTHING
    unknown_names: tuple[str, ...] = ()
    if mentions:
        named = {creations.exact_name(one): entry_of(one.call) for one in exact}
        names = creations.mentioned(literals).difference(creates)
        found = {name: named.get(name) or creator_of(call.scope, name) for name in names}
        creators = {name: creator for name, creator in found.items() if creator is not None}
        unknown_names = tuple(name for name, creator in found.items() if creator is None)
    ids = alike = None
    # Names of creations are made to fit when it is sent.
    if not (references or creators or unknown_names) and _is_by_ids(call.method, literals):
        ids = [*literals.pop("ids")]
        alike = call.method.name, using, encode(literals)
    return Entry(
        call.method,
        using,
        accounts,
        literals,
        references,
        alike,
        ids,
        encoded=encoded,
        creates=creates,
        creators=creators,
        unknown_names=unknown_names,
        mergeable=call.mergeable,
        owner=call.owner,
    )


def _is_by_ids(method: Method, arguments: Members) -> bool:
    """Tell whether a call reads objects by their ids; an empty list asks for the state alone."""
    if not method.reads or not method.name.endswith("/get"):
        return False
    ids = arguments.get("ids")
    return bool(ids) and is_list_of_ids(ids)


def _split(
    call: AnyCall, entry_of: Callable[[AnyCall], Entry]
) -> tuple[JSONObject, Mapping[str, Reference]]:
    """Tell the arguments that are values from those that refer to other calls."""
    arguments = call.arguments
    if isinstance(arguments, Arguments):
        arguments.check()
        literals: JSONObject = unstructure(arguments)
    else:
        literals = {**arguments}
    if not are_strings(literals, without="#"):
        _refuse_by_hand(literals)
    references: dict[str, Reference] = {}
    for name, value in literals.items():
        if isinstance(value, ResultReference):
            reference = cast("ResultReference[object]", value)
            references[name] = _reference(name, reference, call, entry_of)
    for name in references:
        del literals[name]
    return literals, references or NOTHING


def _refuse_by_hand(names: Iterable[object]) -> None:
    for name in names:
        if not isinstance(name, str):
            raise LocalProtocolError(f"{name!r:.80} is no name of an argument: it is no string")
        if name.startswith("#"):
            raise LocalProtocolError(
                f"{name!r} is not given as an argument by hand: pass {name.lstrip('#')!r} "
                "with call.ref(...) as its value"
            )


def _reference(
    name: str,
    value: ResultReference[object],
    call: AnyCall,
    entry_of: Callable[[AnyCall], Entry],
) -> Reference:
    if value.call.sender.root_of(value.call) is not call.sender.root_of(call):
        raise LocalProtocolError(
            f"{name} refers to a call of another client: await that call and pass its result"
        )
    return Reference(entry_of(value.call), value.path)


def _collector(found: list[CreationReference]) -> Callable[[Any], Any]:
    def default(value: Any) -> Any:
        if isinstance(value, CreationReference):
            found.append(value)
            return f"#{creations.exact_name(value)}"
        return encodable(value)

    return default
