"""What a call may use: its capabilities, and the accounts that it is for."""

from collections.abc import Iterable
from typing import Any

from jmap_async.errors import NoAccount, ReadOnlyAccount, UnsupportedCapability
from jmap_async.protocol.call import AnyCall
from jmap_async.protocol.ids import check_id
from jmap_async.protocol.json import JSONObject
from jmap_async.protocol.session import CORE, Session
from jmap_async.protocol.standard import Arguments


def permitted(
    call: AnyCall, session: Session, literals: JSONObject
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
