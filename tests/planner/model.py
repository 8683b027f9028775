"""Programs of many tasks, carried out twice: coalesced by the planner, and one call at a time.

The second way is the law. A program is a list of steps; the steps of one turn are submitted
together, as tasks do that run in the same turn of an event loop.
"""

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, NoReturn

import attrs
import orjson

from jmap_async.planner import Answer, Entry, Planner, Request
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

    def result(self, call: AnyCall) -> NoReturn:
        """Nothing awaits these calls."""
        raise NotImplementedError

    def carrier(self, call: AnyCall) -> object:
        """All calls are of one client."""
        return self

    def begin(self, call: AnyCall) -> object:
        """Creation ids are of the task that makes the call."""
        return self.task

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
    """Turns of steps."""

    turns: list[list[Step]]

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

    def run(self, program: Program) -> list[object]:
        """Carry a program out; return what each call came to."""
        for turn in program.turns:
            for step in turn:
                self._submit(step)
            self._send()
            # Answers come in any order; between two turns some come, or none.
            for _ in range(self._pick(len(self._flying) + 1)):
                self._answer()
        while self._flying:
            self._answer()
        return [outcome_of(entry.answer) for entry in self.entries]

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
        self._planner.settle(request, parse_response(orjson.dumps(response)))
        self._send()


# One at a time


class Sequential:
    """Every call in a request of its own, in order, references and creation ids done by hand."""

    def __init__(self, limits: Limits) -> None:
        self.server = server(attrs.evolve(limits, max_size_request=10_000_000))
        self._answers: list[dict[str, Any] | None] = []
        self._created: dict[tuple[int, str], str] = {}

    def run(self, program: Program) -> list[object]:
        """Carry a program out; return what each call came to."""
        return [self._call(step) for step in program.steps()]

    def _call(self, step: Step) -> object:
        arguments = copy.deepcopy(step.arguments)
        arguments.setdefault("accountId", "A1")
        if step.needs is not None:
            answer = self._answers[step.needs]
            if answer is None:
                self._answers.append(None)
                return "failed: what it needs"
            arguments[step.argument] = list(dict.fromkeys(_found(answer, step.path)))
        arguments = self._with_ids(step.task, arguments)
        limits = self.server.limits
        self.server.limits = attrs.evolve(limits, max_objects_in_get=500, max_objects_in_set=500)
        try:
            (name, answer, _), *others = self._one(step.method, arguments)
        finally:
            self.server.limits = limits
        failed = name == "error"
        answer |= _in_order(answer, arguments)
        self._answers.append(None if failed else answer)
        for key in step.arguments.get("create", ()):
            # The newest counts, also when it failed: an older object was not meant.
            made = (answer.get("created") or {}).get(key, {})
            self._created[step.task, key] = made.get("id", "")
        if failed:
            return f"failed: {answer['type']}"
        implicit = [normal(one[1]) for one in others]
        return [normal(answer), *implicit]

    def _one(self, method: str, arguments: dict[str, Any]) -> list[list[Any]]:
        request = {"using": USING, "methodCalls": [[method, arguments, "c"]]}
        responses: list[list[Any]] = self.server.process(request)["methodResponses"]
        return responses

    def _with_ids(self, task: int, arguments: dict[str, Any]) -> dict[str, Any]:
        """Put real ids in the place of creation ids, but for those of the call itself."""
        own = set(arguments.get("create") or ())
        known = {
            f"#{key}": made
            for (who, key), made in self._created.items()
            if who == task and made and key not in own
        }
        text = orjson.dumps(arguments).decode()
        for reference, made in known.items():
            text = text.replace(f'"{reference}"', f'"{made}"')
        replaced: dict[str, Any] = orjson.loads(text)
        return replaced


def _in_order(answer: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the objects in the order in which they were asked for, which is the client's duty."""
    if "list" not in answer:
        return {}
    rows = {row["id"]: row for row in answer["list"]}
    return {"list": [rows[one] for one in dict.fromkeys(arguments["ids"]) if one in rows]}


def _found(answer: dict[str, Any], path: str) -> list[str]:
    if path == "/ids":
        return list(answer["ids"])
    return [row["threadId"] for row in answer["list"]]


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
