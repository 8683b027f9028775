"""Settling: a response reaches those who wait for it, by call id."""

from collections.abc import Sequence

from jmap_async.planner.base.order import goes_again, pending
from jmap_async.planner.base.replays import Again
from jmap_async.planner.base.request import Invocation, Request
from jmap_async.planner.base.unit import Unit
from jmap_async.planner.fitting import broken, other_account
from jmap_async.protocol import messages
from jmap_async.protocol.messages import MethodResponse, Response


def settle(request: Request, response: Response) -> list[str]:
    """Give every invocation its responses, by call id and order (RFC 8620, 3.2).

    Returns what was odd about them, for the log.
    """
    answers: dict[str, list[MethodResponse]] = {}
    for one in response.method_responses:
        answers.setdefault(one.call_id, []).append(one)
    remarks: list[str] = []
    for invocation in request.invocations:
        responses = answers.pop(invocation.call_id, [])
        # An answer may come too early for some: seldom, and that is told without a call.
        unit = invocation.unit
        if not ((unit.ordered or unit.refers) and _is_early(invocation, responses)):
            _settle(invocation, responses)
        if invocation.remark:
            remarks.append(invocation.remark)
    if answers:
        strays = ", ".join(f"{one!r:.80}" for one in answers)
        remarks.append(f"responses to calls that were not made are dropped: {strays}")
    return remarks


def _is_early(invocation: Invocation, responses: Sequence[MethodResponse]) -> bool:
    """Have those sent again who depend on what goes again; tell whether these are all.

    They have not seen what they have to see. A write never stands there.
    """
    early = [one for one in invocation.entries if goes_again(one)]
    if early and invocation.unit.reads:
        behind = any(map(pending, early))
        why = Again.BEHIND_REPLAY if behind else Again.BUILT_ON_REPLAY
        if responses and responses[0].name == "error":
            early = [*invocation.entries]  # one of those who go may be at fault
        invocation.unit.take_out(invocation, early, why)
    return not invocation.entries


def _settle(invocation: Invocation, responses: list[MethodResponse]) -> None:
    """Settle one invocation."""
    unit, name, call_id = invocation.unit, invocation.name, invocation.call_id
    if not responses:
        unit.failed(invocation, broken(invocation, "there is no response for it", None))
        return
    # Never by position: one call may bring several responses, the first one is its own.
    first, *others = responses
    if first.name == "error":
        error = messages.method_error(first.arguments, method=name, call_id=call_id)
        unit.refused(invocation, error)
        return
    problem = None
    account, *further = unit.accounts
    answered = first.arguments.get("accountId", account)
    # Nearly all answers fit: that is told without a call.
    if others or further or first.name != name or answered != account:
        problem = _mixed_up(unit, first, others)
    if problem is not None:
        unit.failed(invocation, broken(invocation, problem, first.arguments))
    else:
        implicit = next((one for one in others if one.name != name), None) if others else None
        unit.answered(invocation, first.arguments, implicit)


def _mixed_up(unit: Unit, first: MethodResponse, others: Sequence[MethodResponse]) -> str | None:
    """Return why responses must be those to another call; None: they may well be to this one."""
    if first.name != unit.name:
        return f"it is answered by a response of {first.name}"
    for one in (first, *others) if others else (first,):
        account_id = other_account(unit.accounts, one.arguments)
        if account_id is not None:
            return f"the response of {one.name} is for the account {account_id!r:.80}"
    return None
