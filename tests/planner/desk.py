"""A planner and a server with nothing between them but a function call: no event loop, no socket.

Faults are hooks: `refuse` looks at a request before the server does and may raise in its place,
`reject` gives an error for single invocations, its type or all of it, `alter` changes a response.
Everything that was sent is kept in `posts`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

import attrs
import orjson

from jmap_async.errors import (
    HTTPError,
    JMAPError,
    LimitExceeded,
    RequestError,
    UnknownCapability,
)
from jmap_async.planner import Answer, Entry, LearntLimits, Planner, Remedy, Request, divide, judge
from jmap_async.protocol.call import AnyCall, Call
from jmap_async.protocol.messages import parse_response
from jmap_async.protocol.session import CoreCapability, Session, parse
from jmap_async.protocol.standard import Get, Set
from jmap_async.testing import Limits, MemoryServer, RequestFailure
from tests.planner.model import MAIL, Task, Teller, method_of, server

CORE = "urn:ietf:params:jmap:core"
SUBMISSION = "urn:ietf:params:jmap:submission"
VENDOR = "https://example.com/vendor"

Wire = dict[str, Any]


def session_of(limits: Limits, *capabilities: str) -> Session:
    """Make a session with these limits, and two accounts that have all capabilities."""
    offered = {uri: dict[str, object]() for uri in (MAIL, *capabilities)}
    account = {"name": "", "isPersonal": True, "isReadOnly": False, "accountCapabilities": offered}
    return parse(
        orjson.dumps(
            {
                "capabilities": {CORE: limits.to_wire(), **offered},
                "accounts": {"A1": account, "A2": account},
                "primaryAccounts": dict.fromkeys(offered, "A1"),
                "apiUrl": "/",
                "state": "0",
            }
        ),
        "http://127.0.0.1/",
    )


class Desk:
    """Takes calls in, and carries them between planner and server until all have an answer.

    `told` are the limits of the session; `limits` those that the server keeps, by default the same.
    """

    def __init__(
        self,
        *,
        told: Limits | None = None,
        limits: Limits | None = None,
        attempts: int = 3,
        slots: int = 1,
        capabilities: Iterable[str] = (),
    ) -> None:
        told = told or Limits()
        self.session = session_of(told, *capabilities)
        self.server = server(limits or told)
        self.server.world.capabilities.update({uri: {} for uri in capabilities})
        self.planner = Planner()
        self.refuse: Callable[[Wire], None] = lambda _: None
        self.reject: Callable[[str, Wire], str | Wire | None] = lambda _name, _arguments: None
        self.alter: Callable[[Wire], Wire] = lambda response: response
        self.posts: list[Wire] = []
        self.entries: list[Entry] = []
        self.finished: list[Entry] = []
        self._learnt = LearntLimits()
        self._attempts = attempts
        self._slots = slots
        self._teller = Teller()

    # Calls

    def by(self, owner: object) -> "Desk":
        """Let one owner make all further calls; without one, each is made by somebody else."""
        self._teller.owner = owner
        return self

    def call(
        self,
        method: str,
        arguments: Mapping[str, Any],
        *,
        task: Task | None = None,
        capability: str = MAIL,
        account: str | None = None,
    ) -> AnyCall:
        """Make a call; `task` is whose its creation ids are."""
        self._teller.task = task
        described = method_of(method, capability=capability)
        return Call(described, dict(arguments), sender=self._teller, account_id=account)

    def submit(self, call: AnyCall) -> Entry:
        """Queue a call and wait for it."""
        entry = self.planner.submit(call, self.session)
        entry.claim()
        self.entries.append(entry)
        return entry

    def ask(
        self,
        method: str,
        arguments: Mapping[str, Any],
        *,
        task: Task | None = None,
        capability: str = MAIL,
    ) -> Entry:
        """Make a call and queue it."""
        return self.submit(self.call(method, arguments, task=task, capability=capability))

    def get(self, *ids: str, **arguments: object) -> Entry:
        """Queue a read of emails, as a facade does where it can."""
        given = {"properties": ["subject"], **arguments}
        account: Any = given.pop("accountId", None)
        call = self.call("Email/get", {"ids": [*ids], **given}, account=account)
        if given.keys() == {"properties"}:
            call.arguments = Get([*ids], **cast("Any", given))
        return self.submit(call)

    def flag(self, *ids: str, keyword: str = "a", **arguments: object) -> Entry:
        """Queue a write that sets a keyword."""
        update = {one: {f"keywords/{keyword}": True} for one in ids}
        call = self.call("Email/set", {"update": update, **arguments})
        if not arguments:  # as a facade does
            call.arguments = Set(update=update)
        return self.submit(call)

    # Requests

    @property
    def limits(self) -> CoreCapability:
        """The limits to plan by."""
        return self._learnt.of(self.session.core)

    def next_request(self) -> Request | None:
        """Return the next request, not yet sent."""
        request = self.planner.next_request(self.limits)
        self.finished += self.planner.finished()
        return request

    def run(self, *, most: int = 1000) -> int:
        """Carry everything out; return the number of requests that it took."""
        before = len(self.posts)
        flying: list[Request] = []
        while len(self.posts) - before < most:
            while len(flying) < self._slots and (request := self.next_request()) is not None:
                flying.append(request)
            if not flying:
                break
            self.carry(flying.pop(0))
        assert [] == [one for one in self.entries if one.claims and one.answer is None]
        assert 0 == self.planner.waiting
        return len(self.posts) - before

    def carry(self, request: Request) -> None:
        """Send a request and do with its answer what a dispatcher does."""
        body = request.encode()
        assert len(body) <= self.session.core.max_size_request
        try:
            response = parse_response(orjson.dumps(self.post(orjson.loads(body))))
        except JMAPError as error:
            self._recover(request, error)
        else:
            self.planner.settle(request, response)
        self.finished += self.planner.finished()

    def post(self, request: Wire) -> Wire:
        """Be the server."""
        self.posts.append(request)
        self.refuse(request)
        rejected: dict[str, Wire] = {}
        sent = []
        for name, arguments, call_id in request["methodCalls"]:
            error = self.reject(name, arguments)
            if error is not None:
                rejected[call_id] = {"type": error} if isinstance(error, str) else error
            sent.append([name if error is None else "No/such", arguments, call_id])
        response = self.alter(processed(self.server, {**request, "methodCalls": sent}))
        for one in response["methodResponses"]:
            if one[2] in rejected:
                one[:] = ["error", rejected[one[2]], one[2]]
        return response

    def _recover(self, request: Request, error: JMAPError) -> None:
        verdict = judge(error, request, attempts=self._attempts)
        if isinstance(error, LimitExceeded) and not self._learnt.learn(error, request):
            verdict = divide(error, request)
        if verdict.remedy is Remedy.FAIL:
            self.planner.fail(request, error)
            return
        repeat = verdict.remedy is Remedy.REPEAT
        self.planner.give_up(request, error, attempts=self._attempts if repeat else None)
        self.planner.recover(request, error, verdict)

    # What happened

    def sent(self, post: int = -1) -> list[tuple[str, Wire]]:
        """Return name and arguments of the calls of a request."""
        return [(name, arguments) for name, arguments, _ in self.posts[post]["methodCalls"]]

    def names(self, post: int = -1) -> list[str]:
        """Return the names of the calls of a request."""
        return [name for name, _ in self.sent(post)]

    def keywords(self, id: str, account: str = "A1") -> set[str]:
        """Return the keywords that the server has for an email."""
        (row,) = self._emails({"accountId": account, "ids": [id], "properties": ["keywords"]})
        return set(row["keywords"])

    def subjects(self) -> list[str]:
        """Return the subjects of all emails that the server has."""
        rows = self._emails({"accountId": "A1", "ids": None, "properties": ["subject"]})
        return sorted(row["subject"] for row in rows)

    def _emails(self, arguments: Wire) -> list[Wire]:
        self.server.limits, limits = Limits(), self.server.limits
        call = ["Email/get", arguments, "c"]
        response = processed(self.server, {"using": [CORE, MAIL], "methodCalls": [call]})
        self.server.limits = limits
        rows: list[Wire] = response["methodResponses"][0][1]["list"]
        return rows


def processed(made: MemoryServer, request: Wire) -> Wire:
    """Let a server carry a request out; how it refuses is what the transport would raise."""
    try:
        return made.process(request)
    except RequestFailure as failure:
        wire = failure.to_wire()
        kinds: dict[str, type[RequestError]] = {
            "limit": LimitExceeded,
            "unknownCapability": UnknownCapability,
        }
        kind = kinds.get(wire["type"].rpartition(":")[2], RequestError)
        raise kind(
            f"the server said {wire['detail']}",
            type=wire["type"],
            status=400,
            detail=wire["detail"],
            limit=wire.get("limit"),
        ) from None


# Faults


def prepared(
    desk: Desk,
    method: str,
    arguments: Wire,
    *,
    task: Task | None = None,
    capability: str = MAIL,
    account: str | None = None,
) -> Entry:
    """Queue a call, without waiting for it."""
    call = desk.call(method, arguments, task=task, capability=capability, account=account)
    return desk.planner.submit(call, desk.session)


def refused(status: int = 400) -> HTTPError:
    """Return what an answer stands for that refuses a request in plain text."""
    return HTTPError(f"HTTP {status}", status=status, outcome="not_sent")


def once(error: Exception) -> Callable[[Wire], None]:
    """Return a hook that refuses the first request."""
    errors = [error]

    def refuse(_request: Wire) -> None:
        if errors:
            raise errors.pop()

    return refuse


def mentions(*words: str) -> Callable[[Wire], bool]:
    """Return a test for requests that say one of these anywhere."""
    needles = [orjson.dumps(word) for word in words]
    return lambda request: any(one in orjson.dumps(request) for one in needles)


def members(entry: Entry) -> Wire:
    """Return the answer to a call that has not failed."""
    assert isinstance(entry.answer, Answer), entry.answer
    return entry.answer.arguments


def found(entry: Entry) -> list[str]:
    """Return the ids of the objects that a /get brought."""
    return [row["id"] for row in members(entry)["list"]]


def error_of(entry: Entry) -> Exception:
    """Return the error of a call that failed."""
    assert isinstance(entry.answer, Exception), entry.answer
    return entry.answer


def failed(entries: Iterable[Entry]) -> Iterator[int]:
    """Yield the positions of the calls that failed."""
    for position, entry in enumerate(entries):
        if isinstance(entry.answer, Exception):
            yield position


def with_limits(**limits: int) -> Limits:
    """Return limits that are the usual ones but for these."""
    return attrs.evolve(Limits(), **limits)


def altered(desk: Desk, **changes: Any) -> None:  # noqa: ANN401 - any field
    """Change account A1 of the session."""
    account = attrs.evolve(desk.session.accounts["A1"], **changes)
    accounts = {**desk.session.accounts, "A1": account}
    desk.session = attrs.evolve(desk.session, accounts=accounts)


def spoil(value: object) -> None:
    """Change whatever can be changed, down to the bottom."""
    for one in [*value.values()] if isinstance(value, dict) else value:  # type: ignore[attr-defined]
        if isinstance(one, dict | list):
            spoil(one)
    value.clear()  # type: ignore[attr-defined]


def request_of(desk: Desk) -> Request:
    """Return the next request, which has to exist."""
    request = desk.next_request()
    assert request is not None
    return request
