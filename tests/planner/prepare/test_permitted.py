"""What a call may use: accounts that are completed, and what is refused before anything is sent."""

from typing import Any

import attrs
import pytest

from jmap_async.errors import (
    LocalProtocolError,
    NoAccount,
    ReadOnlyAccount,
    UnsupportedCapability,
)
from jmap_async.protocol.call import Call, raw_method
from tests.planner.desk import CORE, SUBMISSION, Desk, altered, prepared
from tests.planner.model import MAIL

# Accounts


def test_t63_the_primary_account_is_filled_in() -> None:
    """Unless the call names one, or its facade does."""
    desk = Desk()
    assert "A1" == prepared(desk, "Email/get", {"ids": []}).arguments["accountId"]
    assert "A2" == prepared(desk, "Email/get", {"ids": []}, account="A2").arguments["accountId"]
    given = {"ids": [], "accountId": "A1"}
    assert "A1" == prepared(desk, "Email/get", given, account="A2").arguments["accountId"]


def test_a_method_without_account_gets_none() -> None:
    """PushSubscription/get and Core/echo take no accountId."""
    desk = Desk()
    method = raw_method("Core/echo", capability=CORE, takes_account_id=False)
    call: Call[Any] = Call(method, {"x": 1}, sender=desk._teller)
    entry = desk.planner.submit(call, desk.session)
    assert {"x": 1} == entry.arguments
    assert (None,) == entry.accounts


def test_t8_without_a_primary_account_one_has_to_be_named() -> None:
    """No other account is taken in its place."""
    desk = Desk()
    desk.session = attrs.evolve(desk.session, primary_accounts={})
    with pytest.raises(NoAccount, match=r"Email/get: .*client\.account.*A1, A2"):
        prepared(desk, "Email/get", {"ids": []})


@pytest.mark.parametrize("argument", ["accountId", "fromAccountId"])
def test_an_account_that_is_not_there(argument: str) -> None:
    """The message says which there are."""
    desk = Desk()
    with pytest.raises(NoAccount, match=r"no account 'A9'\. There are A1, A2"):
        prepared(desk, "Email/copy", {argument: "A9"})


def test_a_call_between_two_accounts_keeps_the_order_of_both() -> None:
    """Once, if it is the same."""
    desk = Desk()
    both = prepared(desk, "Email/copy", {"fromAccountId": "A2", "create": {}})
    same = prepared(desk, "Email/copy", {"fromAccountId": "A1", "create": {}})
    assert (("A1", "A2"), ("A1",)) == (both.accounts, same.accounts)


def test_t10_a_read_only_account_is_only_read() -> None:
    """A write is refused here, whatever the server would say."""
    desk = Desk()
    altered(desk, is_read_only=True)
    prepared(desk, "Email/get", {"ids": []})
    with pytest.raises(ReadOnlyAccount, match=r"Email/set: .*'A1' is read-only"):
        prepared(desk, "Email/set", {"destroy": ["M1"]})


def test_a_read_only_account_may_be_copied_from() -> None:
    """Nothing is changed there."""
    desk = Desk()
    altered(desk, is_read_only=True)
    prepared(desk, "Email/copy", {"fromAccountId": "A1", "accountId": "A2", "create": {}})


def test_t7_an_account_without_the_capability() -> None:
    """A shared account may have mail and no submission."""
    desk = Desk(capabilities=[SUBMISSION])
    altered(desk, account_capabilities={MAIL: {}})
    with pytest.raises(UnsupportedCapability, match="'A1' does not have"):
        prepared(desk, "Identity/get", {"ids": []}, capability=SUBMISSION)


def test_an_account_that_lists_nothing_is_given_the_benefit_of_the_doubt() -> None:
    """Some servers leave the list out."""
    desk = Desk()
    altered(desk, account_capabilities={})
    prepared(desk, "Email/get", {"ids": []})


# Capabilities


def test_t2_core_is_always_used() -> None:
    """With what the method needs, and nothing more."""
    assert frozenset({CORE, MAIL}) == prepared(Desk(), "Email/get", {"ids": []}).using


def test_t3_a_capability_that_the_session_lacks_is_never_sent() -> None:
    """The message says what there is."""
    with pytest.raises(UnsupportedCapability, match=r"X/get: .*'urn:x'.*jmap:mail"):
        prepared(Desk(), "X/get", {}, capability="urn:x")


def test_what_is_permitted_is_found_out_for_each_session() -> None:
    """An account that becomes read-only, or goes away, is noticed with the next session."""
    desk = Desk()
    prepared(desk, "Email/set", {"destroy": ["M1"]})
    altered(desk, is_read_only=True)
    with pytest.raises(ReadOnlyAccount):
        prepared(desk, "Email/set", {"destroy": ["M2"]})
    prepared(desk, "Email/get", {"ids": ["M1"]})
    desk.session = attrs.evolve(desk.session, accounts={})
    with pytest.raises(NoAccount):
        prepared(desk, "Email/get", {"ids": ["M2"]})


def test_an_account_id_that_is_none() -> None:
    """Whatever was given for one."""
    wrongs: list[object] = [[], {}, 5, "", "a b"]
    for wrong in wrongs:
        with pytest.raises(LocalProtocolError, match="is no account id"):
            prepared(Desk(), "Email/get", {"ids": [], "accountId": wrong})
