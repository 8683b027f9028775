"""Preparing: a call becomes an entry, if nothing is wrong with it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

import orjson

from jmap_async.errors import (
    LocalProtocolError,
    NoAccount,
    ReadOnlyAccount,
    UnsupportedCapability,
)
from jmap_async.planner import creations
from jmap_async.planner.entry import NOTHING, Entry, Reference
from jmap_async.protocol.call import AnyCall, Method
from jmap_async.protocol.converter import encodable, encode, unstructure
from jmap_async.protocol.ids import are_plain_ids, are_strings, check_id
from jmap_async.protocol.references import CreationReference, ResultReference
from jmap_async.protocol.session import CORE, Session
from jmap_async.protocol.standard import Arguments, ByIds, Set

# Kinds of calls that are remembered, at most: a program has few, but they may hold anything.
_KINDS: Final = 256

_Known = tuple[frozenset[str], tuple[str | None, ...], dict[str, Any], bytes]
"""Capabilities, accounts, and the arguments that are the same each time, also as JSON."""


def prepare_usual(call: AnyCall, session: Session) -> Entry | None:
    """Turn a read by ids, or a patch of objects, into an entry; None: it needs more care.

    Most calls are one of these and differ from others in ids and patches alone: whatever else there
    is to know of them is found out once. What is wrong with a call `prepare` has to tell.
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
    if not call.method.reads or not isinstance(ids, list) or not are_plain_ids(ids):
        return None
    others: dict[str, Any] = unstructure(arguments)
    del others["ids"]
    rest = encode(others)
    kind = *_kind(call), rest
    known = session.usual.get(kind)
    if known is None:
        if creations.may_mention(rest):
            return None
        arguments.check()
        known = _remember(call, session, kind, others)
    using, accounts, others, rest = known
    return Entry(call.method, using, accounts, others, NOTHING, rest, ids, mergeable=call.mergeable)


def _update(call: AnyCall, session: Session) -> Entry | None:
    arguments: Any = call.arguments
    update: object = arguments.update
    if not creations.is_object(update) or not update or len(unstructure(arguments)) > 1:
        return None
    arguments.check()
    patches = encode(update)
    if creations.may_mention(patches) or tuple(arguments.needs()):
        return None
    kind = _kind(call)
    known = session.usual.get(kind) or _remember(call, session, kind, {})
    using, accounts, others, _ = known
    return Entry(
        call.method,
        using,
        accounts,
        others,
        patched=[*update],
        patches=patches[1:-1],
        mergeable=call.mergeable,
    )


def _kind(call: AnyCall) -> tuple[object, ...]:
    method = call.method
    return method.name, method.capability, method.takes_account_id, call.account_id


def _remember(call: AnyCall, session: Session, kind: object, others: dict[str, Any]) -> _Known:
    using, accounts = _permitted(call, session, others)
    while len(session.usual) >= _KINDS:
        del session.usual[next(iter(session.usual))]
    rest = encode(others)
    # A copy: what is in there belongs to whoever made this call.
    known = session.usual[kind] = using, accounts, orjson.loads(rest), rest
    return known


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
    using, accounts = _permitted(call, session, literals)
    exact: list[CreationReference] = []
    encoded = encode(literals, _collector(exact))
    creates = creations.created(call.method.name, literals)
    mentions = creations.may_mention(encoded)
    if mentions or creates or references:
        # It is written anew when it is sent: as it is now, whatever becomes of it meanwhile.
        literals = orjson.loads(encoded)
    makers: Mapping[str, Entry] = NOTHING
    strangers: tuple[str, ...] = ()
    if mentions:
        named = {creations.exact_name(one): entry_of(one.call) for one in exact}
        names = creations.mentioned(literals).difference(creates)
        found = {name: named.get(name) or creator_of(call.scope, name) for name in names}
        makers = {name: maker for name, maker in found.items() if maker is not None}
        strangers = tuple(name for name, maker in found.items() if maker is None)
    ids = rest = None
    # Names of creations are made to fit when it is sent.
    if not (references or makers or strangers) and _is_by_ids(call.method, literals):
        ids = [*literals.pop("ids")]
        rest = encode(literals)
    return Entry(
        call.method,
        using,
        accounts,
        literals,
        references,
        rest,
        ids,
        encoded=encoded,
        creates=creates,
        makers=makers,
        strangers=strangers,
        mergeable=call.mergeable,
    )


def _is_by_ids(method: Method, arguments: Mapping[str, Any]) -> bool:
    """Tell whether a call reads objects by their ids; an empty list asks for the state alone."""
    if not method.reads or not method.name.endswith("/get"):
        return False
    ids = arguments.get("ids")
    return bool(ids) and creations.is_list_of_ids(ids)


def _split(
    call: AnyCall, entry_of: Callable[[AnyCall], Entry]
) -> tuple[dict[str, Any], Mapping[str, Reference]]:
    """Tell the arguments that are values from those that refer to other calls."""
    arguments = call.arguments
    if isinstance(arguments, Arguments):
        arguments.check()
        literals: dict[str, Any] = unstructure(arguments)
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
    if value.call.sender.carrier(value.call) is not call.sender.carrier(call):
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


def _permitted(
    call: AnyCall, session: Session, literals: dict[str, Any]
) -> tuple[frozenset[str], tuple[str | None, ...]]:
    """Return the capabilities and the accounts of a call, which may use them.

    The account id is completed.
    """
    method, arguments = call.method, call.arguments
    extra = arguments.needs() if isinstance(arguments, Arguments) else ()
    given = literals.get("accountId", call.account_id) if method.takes_account_id else None
    key = (method.capability, method.takes_account_id, method.reads, given, *call.using, *extra)
    try:
        using, account_id = session.permitted[key]
    except (KeyError, TypeError):  # not found out yet, or no id at all
        using = _capabilities(call, session, extra)
        account_id = _account_id(call, session, given) if method.takes_account_id else None
        session.permitted[key] = using, account_id
    if account_id is None:
        return using, (None,)
    literals["accountId"] = account_id
    origin = literals.get("fromAccountId")
    if origin is None or origin == account_id:
        return using, (account_id,)
    _account(session, origin)
    return using, (account_id, origin)


def _capabilities(call: AnyCall, session: Session, extra: Iterable[str]) -> frozenset[str]:
    using = frozenset({CORE, call.method.capability, *call.using, *extra})
    for uri in using:
        # RFC 8620, 3.6.1: one that the server does not know would fail the whole request.
        if uri not in session.capabilities:
            raise UnsupportedCapability(
                f"the server does not offer {uri!r} to these credentials. It offers "
                f"{', '.join(sorted(session.capabilities))}"
            )
    return using


def _account_id(call: AnyCall, session: Session, given: object) -> str:
    """Return the account that a call is for: the primary one unless another is named."""
    account_id = session.primary_account(call.method.capability) if given is None else given
    if account_id is None:
        raise NoAccount(
            f"there is no primary account for {call.method.capability!r}: name one with "
            f"client.account(...). There are {', '.join(session.accounts) or 'none'}"
        )
    _check_account(call, session, account_id)
    return str(account_id)


def _account(session: Session, account_id: object) -> Any:
    check_id(account_id, "account id")
    account = session.accounts.get(str(account_id))
    if account is None:
        raise NoAccount(
            f"there is no account {account_id!r}. There are {', '.join(session.accounts)}"
        )
    return account


def _check_account(call: AnyCall, session: Session, account_id: object) -> None:
    account = _account(session, account_id)
    uri = call.method.capability
    # RFC 8620, 2: what an account lacks, it does not list. Core is not listed at all.
    if uri != CORE and account.account_capabilities and uri not in account.account_capabilities:
        raise UnsupportedCapability(f"the account {account_id!r} does not have {uri!r}")
    if account.is_read_only and not call.method.reads:
        raise ReadOnlyAccount(
            f"the account {account_id!r} is read-only: use credentials that may change it"
        )
