"""Programs of many tasks, carried out twice: coalesced by the planner, and one call at a time.

The second way is the law: what everybody gets has to be explained by some order of all calls, which
keeps that of each task. The order in which the server carried them out is the one to try; of a call
that was sent in parts each part has a place of its own in it.

A program is a list of steps; the steps of one turn are submitted together, as tasks do that run in
the same turn of an event loop.
"""

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, NoReturn

import attrs
import orjson

from jmap_async.planner import Answer, Entry, Planner, Request
from jmap_async.planner.base.request import Invocation
from jmap_async.planner.fitting import PHASES
from jmap_async.planner.writes.patches import Patches
from jmap_async.protocol.call import AnyCall, Call, raw_method
from jmap_async.protocol.messages import parse_response
from jmap_async.protocol.session import Session, parse
from jmap_async.protocol.standard import Get, Set
from jmap_async.testing import Limits, MemoryServer, RequestFailure

MAIL = "urn:ietf:params:jmap:mail"
SUBMISSION = "urn:ietf:params:jmap:submission"
# The same each time, as those of facades: what is known of calls is known by their methods.
method_of = cache(raw_method)

USING = ["urn:ietf:params:jmap:core", MAIL, SUBMISSION]
ACCOUNTS = ("A1", "A2")
ADDRESSES = {"A1": "alice@example.org", "A2": "a2@example.org"}


class Task:
    """Stands for an asyncio task: whose names creation ids are."""


class Teller:
    """A sender that sends nothing: calls are given to the planner by hand."""

    task: Task | None = None
    owner: object = None

    def result(self, call: AnyCall) -> NoReturn:
        """Nothing awaits these calls."""
        raise NotImplementedError

    def root_of(self, call: AnyCall) -> object:
        """All calls are of one client."""
        return self

    def begin(self, call: AnyCall) -> tuple[object, object]:
        """Calls are of the task that makes them; those of none have nothing to do with others."""
        return self.task or self.owner or object(), self.task

    def running_task(self) -> object:
        """Nothing runs."""
        return None


@attrs.frozen
class Step:
    """A call of a task: `needs` is the step whose answer fills `argument`, found at `path`."""

    task: int
    method: str
    arguments: dict[str, Any]
    needs: int | None = None
    argument: str = ""
    path: str = ""


@attrs.frozen
class Program:
    """Turns of steps; `leaving` are steps whose callers leave in the turn after theirs."""

    turns: list[list[Step]]
    leaving: frozenset[int] = frozenset()

    def steps(self) -> Iterator[Step]:
        """Yield all steps in the order in which they are submitted."""
        for turn in self.turns:
            yield from turn


def server(limits: Limits) -> MemoryServer:
    """Make a server with two accounts, and a few mailboxes and emails in each."""
    made = MemoryServer(limits=limits, clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    made.add_account("A2")
    for account in ACCOUNTS:
        parent: str | None = None
        for name in ("outer", "inner"):
            parent = made.add_mailbox(name, parent_id=parent, account_id=account)
        for number in range(4):
            made.add_email(
                subject=f"{account} {number}", from_=ADDRESSES[account], account_id=account
            )
    return made


def session_of(limits: Limits) -> Session:
    """Make the session that such a server would show."""
    core = {
        "maxCallsInRequest": limits.max_calls_in_request,
        "maxObjectsInGet": limits.max_objects_in_get,
        "maxObjectsInSet": limits.max_objects_in_set,
        "maxSizeRequest": limits.max_size_request,
    }
    account = {
        "name": "",
        "isPersonal": True,
        "isReadOnly": False,
        "accountCapabilities": {MAIL: {}, SUBMISSION: {}},
    }
    document = {
        "capabilities": {"urn:ietf:params:jmap:core": core, MAIL: {}, SUBMISSION: {}},
        "accounts": dict.fromkeys(ACCOUNTS, account),
        "primaryAccounts": {MAIL: "A1", SUBMISSION: "A1"},
        "apiUrl": "/",
        "state": "0",
    }
    return parse(orjson.dumps(document), "http://127.0.0.1/")


# Coalesced

Item = tuple[str, str]
"""A part of a call: an argument, and an id or a key in it; or ("", "") for all of the call."""

WHOLE: Item = "", ""


@attrs.frozen
class Event:
    """A step, or a part of it, that the server carried out in one invocation with others."""

    invocation: int
    step: int
    items: tuple[Item, ...]
    refused: bool


def items_of(invocation: Invocation) -> dict[Entry, list[Item]]:
    """Return what an invocation carries of each call."""
    found: dict[Entry, list[Item]] = {entry: [] for entry in invocation.entries}
    payload: Any = invocation.payload
    if isinstance(payload, dict):
        for id, takers in payload.items():
            for share in takers:
                found[share.entry].append(("ids", id))
        return found
    if not isinstance(payload, list):
        return {entry: [WHOLE] for entry in found}
    for piece in payload:
        if isinstance(piece, Patches):
            for entry in piece.entries:
                found[entry] += [("update", id) for id in entry.patched or ()]
        else:
            found[piece.writer.entry] += [(PHASES[piece.phase], key) for key in piece.keys]
    return found


class Coalesced:
    """A planner, a server, and requests between them in any number."""

    def __init__(self, limits: Limits, *, slots: int, pick: Callable[[int], int]) -> None:
        self.server = server(limits)
        self.requests = 0
        self._session = session_of(limits)
        self._planner = Planner()
        self._slots = slots
        self._pick = pick
        self._flying: list[Request] = []
        self._teller = Teller()
        self._tasks: dict[int, Task] = {}
        self.calls: list[AnyCall] = []
        self.entries: list[Entry] = []
        self._events: list[Event] = []
        self._invocations = 0

    def run(self, program: Program) -> list[object]:
        """Carry a program out; return what each call came to, None where its caller has left."""
        left: list[Entry] = []
        for turn in program.turns:
            for entry in left:
                entry.release()
            left = []
            for step in turn:
                self._submit(step)
                if len(self.entries) - 1 in program.leaving:
                    left.append(self.entries[-1])
            self._send()
            # Answers come in any order; between two turns some come, or none.
            for _ in range(self._pick(len(self._flying) + 1)):
                self._answer()
        while self._flying:
            self._answer()
        return [outcome_of(entry.answer) if entry.claims else None for entry in self.entries]

    @property
    def events(self) -> list[Event]:
        """What the server carried out, in order: of what was sent again, the last time counts."""
        last = {(one.step, item): one for one in self._events for item in one.items}
        for step in {step for step, item in last if item != WHOLE}:
            last.pop((step, WHOLE), None)  # it was too much at once
        refusals = {one.step: one for one in self._events if one.refused}
        kept: list[Event] = []
        for one in self._events:
            entry = self.entries[one.step].latest
            items = tuple(item for item in one.items if last.get((one.step, item)) is one)
            # Refusals that are nobody's answer: what would have been sent again, had nobody left;
            # and parts of a read that were to go again when another part failed.
            given_up = one.refused and not entry.claims
            outdone = one.refused and entry.method.reads and refusals[one.step] is not one
            if items and not (given_up or outdone):
                kept.append(attrs.evolve(one, items=items))
        return kept

    def _note(self, request: Request, response: Any) -> None:  # noqa: ANN401 - JSON
        names = {call_id: name for name, _, call_id in reversed(response["methodResponses"])}
        # Somebody may have come back for what a call that was dropped creates.
        steps = {entry.latest: step for step, entry in enumerate(self.entries)}
        for invocation in request.invocations:
            self._invocations += 1
            self._events += (
                Event(
                    self._invocations,
                    steps[entry],
                    tuple(items),
                    refused=names[invocation.call_id] == "error",
                )
                for entry, items in items_of(invocation).items()
            )

    def _submit(self, step: Step) -> None:
        self._teller.task = self._tasks.setdefault(step.task, Task())
        call = self._call(step)
        self.calls.append(call)
        entry = self._planner.submit(call, self._session)
        entry.claim()
        self.entries.append(entry)

    def _call(self, step: Step) -> AnyCall:
        arguments = dict(step.arguments)
        if step.needs is not None:
            arguments[step.argument] = self.calls[step.needs].ref(step.path)
        capability = SUBMISSION if step.method.startswith("EmailSubmission") else MAIL
        described = method_of(step.method, capability=capability)
        typed = Get if "ids" in arguments else Set[Any] if "update" in arguments else None
        if typed and capability == MAIL and self._pick(2):  # as a facade does
            account = arguments.pop("accountId")
            return Call(described, typed(**arguments), sender=self._teller, account_id=account)
        return Call(described, arguments, sender=self._teller, using=(MAIL,))

    def _send(self) -> None:
        while len(self._flying) < self._slots:
            request = self._planner.next_request(self._session.core)
            if request is None:
                return
            self._flying.append(request)

    def _answer(self) -> None:
        request = self._flying.pop(self._pick(len(self._flying)))
        body = request.encode()
        assert len(body) <= self._session.core.max_size_request
        self.requests += 1
        response = self.server.process(orjson.loads(body))
        self._note(request, response)
        self._planner.settle(request, parse_response(orjson.dumps(response)))
        self._send()


# One at a time


class Sequential:
    """Every event in a request of its own, in order, references and creation ids done by hand."""

    def __init__(self, limits: Limits) -> None:
        self.server = server(attrs.evolve(limits, max_size_request=10_000_000))
        self._answers: dict[int, dict[str, Any]] = {}
        self._implicit: dict[int, dict[str, Any]] = {}
        self._failed: dict[int, str] = {}
        # Ids by the step that created them, and by creation id.
        self._created: dict[tuple[int, str], str] = {}

    def run(self, program: Program, events: list[Event]) -> list[object]:
        """Carry events out; return what each call came to."""
        steps = [*program.steps()]
        for event in events:
            self._carry_out(steps, event)
        return [self._outcome(step, position) for position, step in enumerate(steps)]

    def _outcome(self, step: Step, position: int) -> object:
        if position not in self._answers:
            return self._failed.get(position, "failed: what it needs")
        answer = self._answers[position]
        ids = self._ids_of(step)
        if "list" in answer and ids is not None:
            # The order in which they were asked for is the client's duty.
            rows = {row["id"]: row for row in answer["list"]}
            answer["list"] = [rows[one] for one in dict.fromkeys(ids) if one in rows]
        implicit = self._implicit.get(position)
        return [normal(answer)] if implicit is None else [normal(answer), normal(implicit)]

    def _ids_of(self, step: Step) -> list[str] | None:
        if step.needs is None:
            return step.arguments.get("ids")
        answer = self._answers.get(step.needs)
        return None if answer is None else _found(answer, step.path)

    def _carry_out(self, steps: list[Step], event: Event) -> None:
        step = steps[event.step]
        arguments = copy.deepcopy(step.arguments)
        arguments.setdefault("accountId", "A1")
        if step.needs is not None:
            if step.needs not in self._answers:
                return
            self._outcome(steps[step.needs], step.needs)  # in order
            arguments[step.argument] = list(dict.fromkeys(self._ids_of(step) or ()))
        arguments = self._with_ids(_creators(steps, event.step), only(arguments, event.items))
        limits = self.server.limits
        self.server.limits = attrs.evolve(limits, max_objects_in_get=500, max_objects_in_set=500)
        try:
            (name, answer, _), *others = self._one(step.method, arguments)
        finally:
            self.server.limits = limits
        for key in arguments.get("create", ()):
            made = (answer.get("created") or {}).get(key, {})
            self._created[event.step, key] = made.get("id", "")
        if name == "error":
            self._failed[event.step] = f"failed: {answer['type']}"
            return
        join(self._answers.setdefault(event.step, {}), answer)
        for one in others[:1]:
            join(self._implicit.setdefault(event.step, {}), one[1])

    def _one(self, method: str, arguments: dict[str, Any]) -> list[list[Any]]:
        request = {"using": USING, "methodCalls": [[method, arguments, "c"]]}
        responses: list[list[Any]] = self.server.process(request)["methodResponses"]
        return responses

    def _with_ids(self, creators: dict[str, int], arguments: dict[str, Any]) -> dict[str, Any]:
        """Put real ids in the place of creation ids, but for those of the call itself."""
        own = set(arguments.get("create") or ())
        known = {
            f"#{key}": made
            for key, step in creators.items()
            if key not in own and (made := self._created.get((step, key)))
        }
        text = orjson.dumps(arguments).decode()
        for reference, made in known.items():
            text = text.replace(f'"{reference}"', f'"{made}"')
        replaced: dict[str, Any] = orjson.loads(text)
        return replaced


def _creators(steps: list[Step], position: int) -> dict[str, int]:
    """Return which step a creation id means: the newest of the same task, also if it failed."""
    task = steps[position].task
    return {
        key: earlier
        for earlier in range(position)
        if steps[earlier].task == task
        for key in steps[earlier].arguments.get("create", ())
    }


def only(arguments: dict[str, Any], items: tuple[Item, ...]) -> dict[str, Any]:
    """Return the part of a call's arguments that some items are."""
    if items == (WHOLE,):
        return arguments
    kept = {name: value for name, value in arguments.items() if name not in (*PHASES, "ids")}
    for name, key in items:
        if name in ("ids", "destroy"):
            kept.setdefault(name, []).append(key)
        else:
            kept.setdefault(name, {})[key] = arguments[name][key]
    sent = [f"#{key}" for name, key in items if name == "create"]
    for name, value in arguments.items():
        if name.startswith("onSuccess"):
            some = [one for one in value if one in sent]
            kept[name] = some if isinstance(value, list) else {one: value[one] for one in some}
    return kept


def join(answer: dict[str, Any], part: dict[str, Any]) -> None:
    """Add the answer to a part of a call."""
    for name, value in part.items():
        known = answer.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            known.update(value)
        elif isinstance(known, list) and isinstance(value, list):
            known += value
        elif name not in answer or (value is not None and name != "state"):
            answer[name] = value  # of a read it is the state of the part that was answered first


def _found(answer: dict[str, Any], path: str) -> list[str]:
    if path == "/ids":
        return list(answer["ids"])
    return [row["threadId"] for row in answer["list"]]


# Order


def disorder(
    program: Program, events: list[Event], outcomes: list[object]
) -> list[tuple[Step, Step]]:
    """Return which calls of a task were carried out the other way round.

    A read comes behind the earlier writes of its task, a write behind all that came earlier but
    reads that nobody has waited for.
    """
    steps = [*program.steps()]
    places: dict[int, list[int]] = {}
    for one in events:
        if outcomes[one.step] is not None or steps[one.step].method.endswith("/set"):
            places.setdefault(one.step, []).append(one.invocation)
    return [
        (steps[earlier], steps[later])
        for later, there in places.items()
        for earlier in range(later)
        if earlier in places
        and _ordered(steps[earlier], steps[later])
        and max(places[earlier]) > min(there)
    ]


def _ordered(earlier: Step, later: Step) -> bool:
    if earlier.task != later.task:
        return False
    if earlier.arguments["accountId"] != later.arguments["accountId"]:
        return False
    return earlier.method.endswith("/set") or later.method.endswith("/set")


# Outcomes


def outcome_of(answer: Answer | Exception | None) -> object:
    """Return what can be compared of an answer."""
    if isinstance(answer, Answer):
        implicit = [normal(answer.implicit.arguments)] if answer.implicit else []
        return [normal(answer.arguments), *implicit]
    return f"failed: {getattr(answer, 'type', answer)}"


def normal(arguments: dict[str, Any]) -> dict[str, Any]:
    """Leave out what merging may change: states between two writes, and null beside nothing."""
    kept = {
        name: value
        for name, value in arguments.items()
        if name not in {"oldState", "newState"} and value not in (None, {}, [])
    }
    if "notCreated" in kept:
        # Descriptions may quote the creation id that the planner chose.
        kept["notCreated"] = {
            key: {**error, "description": ""} for key, error in kept["notCreated"].items()
        }
    for name in {"notFound", "destroyed"} & kept.keys():
        kept[name] = sorted(kept[name])
    for made in kept.get("created", {}).values():
        if "undoStatus" in made:
            made["id"] = ""  # of a submission, see _anonymous
    return kept


def contents(made: MemoryServer) -> object:
    """Return everything that is stored, and the states, which count the changes."""
    calls = [
        [method, {"accountId": account, "ids": None}, f"{account}{method}"]
        for account in ACCOUNTS
        for method in ("Mailbox/get", "Email/get", "EmailSubmission/get")
    ]
    made.limits = Limits()
    try:
        answers = made.process({"using": USING, "methodCalls": calls})["methodResponses"]
    except RequestFailure as failure:
        raise AssertionError(failure) from failure
    for _, arguments, call_id in answers:
        if call_id.endswith("EmailSubmission/get"):
            arguments["list"] = sorted(_anonymous(one) for one in arguments["list"])
    return answers


def _anonymous(submission: dict[str, Any]) -> str:
    """Return a submission without its id: in which order concurrent ones are made is free."""
    return repr(sorted((name, value) for name, value in submission.items() if name != "id"))
