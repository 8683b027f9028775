"""Entries: calls that were submitted, as the planner sees them."""

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

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
from jmap_async.protocol.ids import check_id
from jmap_async.protocol.messages import MethodResponse
from jmap_async.protocol.references import CreationReference, ResultReference
from jmap_async.protocol.session import CORE, Session
from jmap_async.protocol.standard import Arguments

if TYPE_CHECKING:
    from jmap_async.planner.request import Request
    from jmap_async.planner.units import Unit


@attrs.frozen(eq=False)
class Answer:
    """What the server answered to a call, in wire form; `implicit` came under the same call id."""

    arguments: dict[str, Any]
    implicit: MethodResponse | None = None


@attrs.frozen(eq=False)
class Reference:
    """The part at `path` of another entry's answer."""

    entry: "Entry"
    path: str


@attrs.define(eq=False)
class Entry:
    """A submitted call: its wire arguments, what it refers to and, in the end, its answer.

    `accounts` are those whose order it has to keep. `creates` are the creation ids that it
    introduces, and `makers` the entries that introduce the others that it mentions. `wire_names`
    are its creation ids in the request that it went into.
    """

    method: Method
    using: frozenset[str]
    accounts: tuple[str | None, ...]
    arguments: dict[str, Any]
    encoded: bytes
    references: Mapping[str, Reference]
    creates: tuple[str, ...] = ()
    makers: Mapping[str, "Entry"] = attrs.field(factory=dict[str, "Entry"])
    strangers: tuple[str, ...] = ()
    """Names that it mentions and that nobody in its scope has created."""
    mergeable: bool = True
    answer: Answer | Exception | None = None
    unit: "Unit | None" = None
    claims: int = 0
    requests: "list[Request]" = attrs.field(factory=list["Request"])
    carried: int = 0
    """How many requests have carried it, less those that certainly were not carried out."""
    abandoned: bool = False
    """Nobody waited for it when its turn came: it was never sent and never will be."""
    wire_names: dict[str, str] = attrs.field(factory=dict[str, str])

    def __repr__(self) -> str:
        return f"<Entry {self.method.name}>"

    @cached_property
    def rest(self) -> bytes | None:
        """The JSON of a /get's arguments but its ids; None unless those are a list of plain ids.

        Reads that have it in common can be merged.
        """
        ids = self.arguments.get("ids")
        if not self.method.name.endswith("/get") or not isinstance(ids, list) or self.makers:
            return None
        return encode({name: value for name, value in self.arguments.items() if name != "ids"})

    @property
    def sent(self) -> bool:
        """Tell whether it, or a part of it, may have been carried out."""
        return self.carried > 0

    @property
    def withdrawn(self) -> bool:
        """Tell whether nobody waits for it any more."""
        return not self.claims

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
    using = _capabilities(call, session)
    accounts = _accounts(call, session, literals)
    exact: list[CreationReference] = []
    encoded = encode(literals, _collector(exact))
    creates = creations.created(call.method.name, literals)
    makers: dict[str, Entry] = {}
    strangers: list[str] = []
    if creations.may_mention(encoded):
        literals = orjson.loads(encoded)
        named = {_token(one): entry_of(one.call) for one in exact}
        for name in creations.mentioned(literals) - set(creates):
            maker = named.get(name) or creator_of(call.scope, name)
            if maker is None:
                strangers.append(name)
            else:
                makers[name] = maker
    return Entry(
        method=call.method,
        using=using,
        accounts=accounts,
        arguments=literals,
        encoded=encoded,
        references=references,
        creates=creates,
        makers=makers,
        strangers=tuple(strangers),
        mergeable=call.mergeable,
    )


def _split(
    call: AnyCall, entry_of: Callable[[AnyCall], Entry]
) -> tuple[dict[str, Any], dict[str, Reference]]:
    """Tell the arguments that are values from those that refer to other calls."""
    arguments = call.arguments
    if isinstance(arguments, Arguments):
        arguments.check()
        arguments = unstructure(arguments)
    literals: dict[str, Any] = {}
    references: dict[str, Reference] = {}
    for name, value in arguments.items():
        if isinstance(value, ResultReference):
            if value.call.sender.carrier(value.call) is not call.sender.carrier(call):
                raise LocalProtocolError(
                    f"{name} refers to a call of another client: await that call "
                    "and pass its result"
                )
            references[name] = Reference(entry_of(value.call), value.path)
        else:
            literals[name] = value
    for name in (*literals, *references):
        if name.startswith("#") or (name in literals and name in references):
            raise LocalProtocolError(
                f"{name!r} is not given as an argument by hand: pass {name.lstrip('#')!r} "
                "with call.ref(...) as its value"
            )
    return literals, references


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


def _capabilities(call: AnyCall, session: Session) -> frozenset[str]:
    extra = call.arguments.needs() if isinstance(call.arguments, Arguments) else ()
    using = frozenset({CORE, call.method.capability, *call.using, *extra})
    for uri in using:
        # RFC 8620, 3.6.1: one that the server does not know would fail the whole request.
        if uri not in session.capabilities:
            raise UnsupportedCapability(
                f"the server does not offer {uri!r} to these credentials. It offers "
                f"{', '.join(sorted(session.capabilities))}"
            )
    return using


def _accounts(call: AnyCall, session: Session, literals: dict[str, Any]) -> tuple[str | None, ...]:
    """Complete the account id and return the accounts that the call touches."""
    if not call.method.takes_account_id:
        return (None,)
    given = literals.get("accountId", call.account_id)
    if given is None:
        given = session.primary_account(call.method.capability)
        if given is None:
            raise NoAccount(
                f"there is no primary account for {call.method.capability!r}: name one with "
                f"client.account(...). There are {', '.join(session.accounts) or 'none'}"
            )
    literals["accountId"] = given
    _check_account(call, session, given)
    origin = literals.get("fromAccountId")
    if origin is None or origin == given:
        return (given,)
    _account(session, origin)
    return (given, origin)


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
