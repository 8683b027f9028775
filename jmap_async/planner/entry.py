"""Entries: calls that were submitted, as the planner sees them."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

import attrs
import orjson

from jmap_async.errors import (
    LocalProtocolError,
    NoAccount,
    ReadOnlyAccount,
    UnsupportedCapability,
)
from jmap_async.planner import creations
from jmap_async.protocol.call import AnyCall, Method
from jmap_async.protocol.converter import encodable, encode, unstructure
from jmap_async.protocol.ids import are_strings, check_id
from jmap_async.protocol.messages import MethodResponse
from jmap_async.protocol.references import CreationReference, ResultReference
from jmap_async.protocol.session import CORE, Session
from jmap_async.protocol.standard import Arguments

if TYPE_CHECKING:
    from jmap_async.planner.request import Request
    from jmap_async.planner.units import Unit


NOT_DECODED: Final = object()


@attrs.define(eq=False)
class Answer:
    """What the server answered to a call, in wire form; `implicit` came under the same call id.

    `objects` is its list, where that was decoded beforehand, and `value` what whoever awaited the
    call first has made of it all.
    """

    arguments: dict[str, Any]
    implicit: MethodResponse | None = None
    objects: list[Any] | None = None
    value: object = NOT_DECODED


@attrs.frozen(eq=False)
class Reference:
    """The part at `path` of another entry's answer."""

    entry: "Entry"
    path: str


_NONE: Final[Mapping[str, Any]] = MappingProxyType({})

# Type checkers cannot tell what a bare `list` or `dict` is a factory of; subscripted they are slow.
_no_requests = cast("Callable[[], list[Request]]", list)
_no_names = cast("Callable[[], dict[str, str]]", dict)


@attrs.define(eq=False)
class Entry:
    """A submitted call: its wire arguments, what it refers to and, in the end, its answer.

    `accounts` are those whose order it has to keep. `rest` is the JSON of a /get's arguments but
    its ids, where those are a list and depend on no other call: reads that have it in common can be
    merged. `creates` are the creation ids that it introduces, and `makers` the entries that
    introduce the others that it mentions. `wire_names` are its creation ids in the request that it
    went into.
    """

    method: Method
    using: frozenset[str]
    accounts: tuple[str | None, ...]
    arguments: dict[str, Any]
    references: Mapping[str, Reference] = _NONE
    rest: bytes | None = None
    _encoded: bytes | None = attrs.field(default=None, alias="encoded")
    creates: tuple[str, ...] = ()
    makers: Mapping[str, "Entry"] = _NONE
    strangers: tuple[str, ...] = ()
    """Names that it mentions and that nobody in its scope has created."""
    mergeable: bool = True
    answer: Answer | Exception | None = None
    unit: "Unit | None" = None
    claims: int = 0
    requests: "list[Request]" = attrs.field(factory=_no_requests)
    carried: int = 0
    """How many requests have carried it, less those that certainly were not carried out."""
    abandoned: bool = False
    """Nobody waited for it when its turn came: it was never sent and never will be."""
    successor: "Entry | None" = None
    """What was queued in its place when somebody came back to it."""
    wire_names: dict[str, str] = attrs.field(factory=_no_names)

    def __repr__(self) -> str:
        return f"<Entry {self.method.name}>"

    @property
    def encoded(self) -> bytes:
        """The JSON of the arguments, as they were when the call was submitted."""
        if self._encoded is None:
            # A /get, most of which are merged and have no need of it.
            rest, ids = self.rest or b"{}", encode(self.arguments["ids"])
            self._encoded = b'%b%b"ids":%b}' % (rest[:-1], b"," if len(rest) > 2 else b"", ids)
        return self._encoded

    @property
    def sent(self) -> bool:
        """Tell whether it, or a part of it, may have been carried out."""
        return self.carried > 0

    @property
    def withdrawn(self) -> bool:
        """Tell whether nobody waits for it any more."""
        return not self.claims

    @property
    def latest(self) -> "Entry":
        """Itself, or what was queued in its place."""
        entry = self
        while entry.successor is not None:
            entry = entry.successor
        return entry

    def claim(self) -> None:
        """Wait for it, and so for all that it needs."""
        self.claims += 1
        if self.claims == 1:
            for request in self.requests:
                request.claimed += 1
            for entry in self.needs:
                entry.claim()

    def release(self) -> None:
        """Stop waiting for it."""
        self.claims -= 1
        if not self.claims:
            for request in self.requests:
                request.claimed -= 1
            for entry in self.needs:
                entry.release()

    @property
    def needs(self) -> Iterable["Entry"]:
        """The entries that have to be carried out before this one."""
        if not self.references and not self.makers:
            return ()
        # Each once, however often it is referred to.
        return dict.fromkeys(
            (*(one.entry for one in self.references.values()), *self.makers.values())
        )


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
    write = _collector(exact)
    rest = None if references else _rest(call.method, literals, write)
    if rest and not exact and not creations.may_mention(rest) and _are_plain(literals["ids"]):
        # As most calls are: what there is to know of it is known.
        literals["ids"] = [*literals["ids"]]
        return Entry(call.method, using, accounts, literals, rest=rest, mergeable=call.mergeable)
    encoded = encode(literals, write)
    creates = creations.created(call.method.name, literals)
    mentions = creations.may_mention(encoded)
    if mentions or creates or references:
        # It is written anew when it is sent: as it is now, whatever becomes of it meanwhile.
        literals = orjson.loads(encoded)
    makers = _NONE
    strangers: tuple[str, ...] = ()
    if mentions:
        named = {_token(one): entry_of(one.call) for one in exact}
        names = creations.mentioned(literals).difference(creates)
        found = {name: named.get(name) or creator_of(call.scope, name) for name in names}
        makers = {name: maker for name, maker in found.items() if maker is not None}
        strangers = tuple(name for name, maker in found.items() if maker is None)
    return Entry(
        call.method,
        using,
        accounts,
        literals,
        references,
        # Names of creations are made to fit when it is sent.
        None if makers or strangers else rest,
        encoded,
        creates,
        makers,
        strangers,
        call.mergeable,
    )


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
    return literals, references or _NONE


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


def _rest(method: Method, literals: Mapping[str, Any], write: Callable[[Any], Any]) -> bytes | None:
    """Return the JSON of a /get's arguments but its ids; None: those are no list."""
    if not isinstance(literals.get("ids"), list) or not method.name.endswith("/get"):
        return None
    others = {**literals}
    del others["ids"]
    return encode(others, write)


def _are_plain(ids: list[Any]) -> bool:
    """Tell whether ids can be serialised, and none of them is a creation id."""
    try:
        joined = "".join(ids)
    except TypeError:
        return False
    return joined.isascii() and "#" not in joined


def _collector(found: list[CreationReference]) -> Callable[[Any], Any]:
    def default(value: Any) -> Any:
        if isinstance(value, CreationReference):
            found.append(value)
            return f"#{_token(value)}"
        return encodable(value)

    return default


def _token(reference: CreationReference) -> str:
    # "@" is no character of a creation id, so that no name of a user can be equal.
    return f"{reference.key}@{id(reference.call):x}"


def original_name(mentioned: str) -> str:
    """Return the creation id as its maker knows it."""
    return mentioned.partition("@")[0]


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
