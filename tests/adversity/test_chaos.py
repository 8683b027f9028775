"""Many tasks, one client, and a proxy that loses, refuses and mangles a third of all requests.

What must hold whatever happens is checked against what the server knows in the end: nothing was
written twice, nothing that was acknowledged is lost, nothing that failed as "not sent" is there,
what was read is true, nobody hangs, and no limit was exceeded.
"""

import asyncio
import os
import random
from collections import Counter
from typing import Any

import attrs
import orjson
import pytest

from jmap_async import Client, connect
from jmap_async.errors import (
    HTTPError,
    InvalidArguments,
    JMAPError,
    RemoteProtocolError,
    RequestError,
    StateMismatch,
    TransportError,
)
from jmap_async.retry import Retry
from jmap_async.testing import Limits, MemoryServer
from tests.adversity.proxy import FAULTS, LIMITS, NEVER_CARRIED_OUT, Adversary

RUNS = int(os.environ.get("JMAP_CHAOS_RUNS", "12"))
TASKS, STEPS, EMAILS = 30, 10, 24
USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]
QUICK = Retry(first_delay=0.001, max_delay=0.02, attempts=3)


@attrs.define
class Write:
    """A write that can be recognised by its token, and what its caller was told."""

    token: str
    email: str | None = None
    guarded: bool = False
    result: object = "pending"


@attrs.define
class Run:
    """One chaotic run: the server, the client, and everything that was attempted."""

    seed: int
    server: MemoryServer
    client: Client
    proxy: Adversary
    emails: dict[str, str]
    writes: list[Write] = attrs.field(factory=list[Write])
    errors: Counter[str] = attrs.field(factory=Counter[str])

    async def task(self, number: int) -> None:
        """Read and write at random, as tasks do."""
        rng = random.Random(f"{self.seed}-{number}")
        steps = [self.get, self.chain, self.label, self.create, self.guarded, self.wrong, self.many]
        for step in range(STEPS):
            await rng.choice(steps)(rng, f"t{number}-{step}")
            if rng.random() < 0.3:
                await asyncio.sleep(rng.uniform(0, 0.004))

    # Reads

    async def get(self, rng: random.Random, token: str) -> None:
        """Read emails, one of which there is not."""
        ids = rng.sample(list(self.emails), rng.randint(1, 5))
        try:
            answer = await self.client.email.get([*ids, token], properties=["subject"])
        except JMAPError as error:
            self.note_read(error)
            return
        assert [(one, self.emails[one]) for one in ids] == [
            (email.id, email.subject) for email in answer.list
        ]
        assert [token] == answer.not_found

    async def chain(self, rng: random.Random, token: str) -> None:
        """Search, and read what was found."""
        wanted = rng.choice(list(self.emails))
        found = self.client.email.query({"subject": self.emails[wanted]})
        emails = self.client.email.get(found.ids, properties=["subject"])
        results = await asyncio.gather(found, emails, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                self.note_read(result)
        if not isinstance(results[0], BaseException):
            assert [wanted] == results[0].ids
        if not isinstance(results[1], BaseException):
            assert [(wanted, self.emails[wanted])] == [(e.id, e.subject) for e in results[1].list]

    async def wrong(self, rng: random.Random, token: str) -> None:
        """Make a mistake, which must stay one's own."""
        call = self.client.call("Email/get", {"ids": [], "properties": [token]})
        (error,) = await asyncio.gather(call, return_exceptions=True)
        assert isinstance(error, BaseException), "the server does not know such a property"
        if not isinstance(error, InvalidArguments):
            self.note_read(error)

    def note_read(self, error: BaseException) -> None:
        """Check that a read failed for a reason that it may fail for."""
        self.errors[type(error).__name__] += 1
        expected = (TransportError, RequestError, RemoteProtocolError)
        assert isinstance(error, expected), repr(error)

    # Writes

    async def label(self, rng: random.Random, token: str) -> None:
        """Set a keyword that nobody else sets."""
        await self.set_keyword(Write(token, rng.choice(list(self.emails))))

    async def many(self, rng: random.Random, token: str) -> None:
        """Set a keyword on several emails in one call, which may be cut up."""
        ids = rng.sample(list(self.emails), 6)
        write = Write(token, None)
        self.writes.append(write)
        try:
            answer = await self.client.email.set(
                update={one: {f"keywords/{token}": True} for one in ids}
            )
        except JMAPError as error:
            self.note_write(write, error)
            return
        write.result = "partial"
        for one in answer.updated:
            assert token in self.keywords(one), "acknowledged"
        types = {error.type for error in answer.not_updated.values()}
        assert types <= {"serverPartialFail", "serverFail"}, types
        for one, refusal in answer.not_updated.items():
            if refusal.type == "serverFail":
                assert token not in self.keywords(one), "said not to be carried out"
        assert {*answer.updated, *answer.not_updated} == set(ids)

    async def guarded(self, rng: random.Random, token: str) -> None:
        """Set a keyword if nothing was changed since."""
        try:
            state = (await self.client.email.get([])).state
        except JMAPError as error:
            self.note_read(error)
            return
        write = Write(token, rng.choice(list(self.emails)), guarded=True)
        await self.set_keyword(write, if_in_state=state)

    async def set_keyword(self, write: Write, *, if_in_state: str | None = None) -> None:
        """Carry a write out, and note what came of it."""
        self.writes.append(write)
        assert write.email is not None
        update = {write.email: {f"keywords/{write.token}": True}}
        try:
            answer = await self.client.email.set(update=update, if_in_state=if_in_state)
        except JMAPError as error:
            self.note_write(write, error)
            return
        if write.email in answer.updated:
            write.result = "done"
            assert write.token in self.keywords(write.email)
        else:
            write.result = answer.not_updated[write.email].type
            assert "serverPartialFail" == write.result

    async def create(self, rng: random.Random, token: str) -> None:
        """Create a mailbox whose name nobody else uses."""
        write = Write(token)
        self.writes.append(write)
        try:
            answer = await self.client.call("Mailbox/set", {"create": {"k": {"name": token}}})
        except JMAPError as error:
            self.note_write(write, error)
            return
        created, refused = answer.get("created") or {}, answer.get("notCreated")
        # Created twice, the second one would be refused: there is one of that name.
        assert not refused, refused
        assert isinstance(created, dict)
        assert {"k"} == set(created)
        write.result = "done"

    def note_write(self, write: Write, error: JMAPError) -> None:
        """Check that a write failed for a reason that it may fail for."""
        self.errors[type(error).__name__] += 1
        if isinstance(error, StateMismatch):
            assert write.guarded
            write.result = "mismatch"
            return
        assert isinstance(error, TransportError | RequestError | RemoteProtocolError), repr(error)
        certain = isinstance(error, RequestError) or (
            isinstance(error, TransportError) and error.outcome == "not_sent"
        )
        if isinstance(error, HTTPError):
            assert certain == (error.status < 500)
        write.result = "not sent" if certain else "unknown"

    # What the server knows

    def keywords(self, email: str) -> set[str]:
        """Return the keywords of an email."""
        row = self.ask("Email/get", {"ids": [email], "properties": ["keywords"]})[0]
        return set(row["keywords"])

    def ask(self, method: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """Ask the server itself."""
        call = [method, {"accountId": "A1", **arguments}, "c"]
        answer = self.server.process({"using": USING, "methodCalls": [call]})
        rows: list[dict[str, Any]] = answer["methodResponses"][0][1]["list"]
        return rows

    def check(self) -> None:
        """Compare what callers were told with what the server knows."""
        self.check_writes()
        assert "pending" not in {write.result for write in self.writes}
        # A server goes on with requests whose caller has gone; so this is not for cancelled ones.
        assert self.proxy.peak <= self.server.limits.max_concurrent_requests

    def check_writes(self) -> None:
        """Compare what writers were told, if they were, with what the server knows."""
        carried = self.carried()
        self.server.limits, limits = Limits(), self.server.limits
        names = [box["name"] for box in self.ask("Mailbox/get", {"ids": None})]
        self.server.limits = limits
        assert len(names) == len(set(names))
        for write in self.writes:
            times = max((carried[key] for key in carried if key[0] == write.token), default=0)
            present = write.token in names or (
                write.email is not None and write.token in self.keywords(write.email)
            )
            if not write.guarded:
                assert times <= 1, f"{write} was carried out {times} times"
            if write.result == "done":
                assert present, f"{write} is lost"
            if write.result == "not sent" and not write.guarded:
                assert not times, f"{write} was sent after all"
        self.check_limits()

    def carried(self) -> Counter[tuple[str, str]]:
        """Count how often the server was told of each token, for each object."""
        seen: Counter[tuple[str, str]] = Counter()
        for request in self.proxy.requests:
            for _, arguments, _ in request["methodCalls"]:
                for made in (arguments.get("create") or {}).values():
                    seen[made["name"], ""] += 1
                for email, patch in (arguments.get("update") or {}).items():
                    seen.update((path.partition("/")[2], email) for path in patch)
        return seen

    def check_limits(self) -> None:
        """No request may exceed what the session says."""
        limits = self.server.limits
        for post in self.proxy.posts:
            assert len(orjson.dumps(post)) <= limits.max_size_request
            assert len(post["methodCalls"]) <= limits.max_calls_in_request
            for name, arguments, _ in post["methodCalls"]:
                if name.endswith("/get"):
                    assert len(arguments.get("ids") or ()) <= limits.max_objects_in_get
                changes = (arguments.get(one) or () for one in ("create", "update", "destroy"))
                assert sum(map(len, changes)) <= limits.max_objects_in_set


def some_limits(rng: random.Random) -> Limits:
    """Draw limits that make the planner work."""
    return Limits(
        max_calls_in_request=rng.choice([2, 4, 16, 64]),
        max_objects_in_get=rng.choice([2, 6, 20, 500]),
        max_objects_in_set=rng.choice([2, 4, 500]),
        max_size_request=rng.choice([1_500, 10_000_000]),
        max_concurrent_requests=rng.choice([1, 2, 4]),
    )


async def chaos(
    seed: int,
    *,
    rate: float = 0.4,
    kinds: tuple[str, ...] | None = None,
    cancel: float = 0.0,
    size: int = TASKS,
) -> Run:
    """Carry out one run of `size` tasks, of which the share `cancel` is cancelled on the way."""
    rng = random.Random(seed)
    # Limits that are learnt make requests small for good: not in every run.
    kinds = kinds or tuple(one for one in FAULTS if seed % 5 == 0 or one not in LIMITS)
    async with MemoryServer(limits=some_limits(rng), relative_urls=True) as server:
        emails = {server.add_email(subject=f"subject{i}x"): f"subject{i}x" for i in range(EMAILS)}
        port = int(server.url.rpartition(":")[2])
        async with Adversary(port, seed=seed, rate=rate, kinds=kinds) as proxy:
            url = f"{proxy.url}/jmap/session"
            async with connect(url, auth=server.token, retry=QUICK) as client:
                run = Run(seed, server, client, proxy, emails)
                async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                    tasks = [group.create_task(run.task(number)) for number in range(size)]
                    for task in tasks:
                        if rng.random() < cancel:
                            asyncio.get_running_loop().call_later(rng.uniform(0, 0.1), task.cancel)
                dispatcher = client._dispatcher
                # Requests of callers that were cancelled may still be on their way out.
                async with asyncio.timeout(5):
                    while dispatcher._requests:
                        await asyncio.wait(dispatcher._requests.values())
                assert 0 == dispatcher._planner.waiting
                assert not dispatcher._waiters
            async with asyncio.timeout(5):
                await proxy.deserted()
    return run


@pytest.mark.parametrize("seed", range(RUNS))
async def test_chaos(seed: int) -> None:
    """Whatever happens on the way, callers are told the truth, and each is told something."""
    run = await chaos(seed)
    run.check()
    assert sum(run.proxy.faults.values()) > 5


@pytest.mark.parametrize("kind", FAULTS)
async def test_each_fault(kind: str) -> None:
    """Each kind of fault by itself, often."""
    run = await chaos(7, rate=0.5, kinds=(kind,), size=12)
    run.check()
    assert run.proxy.faults[kind] > 3
    if kind in NEVER_CARRIED_OUT:
        assert "unknown" not in {write.result for write in run.writes} or kind == "drop before"


@pytest.mark.parametrize("seed", range(100, 100 + RUNS // 2))
async def test_chaos_with_cancelled_tasks(seed: int) -> None:
    """Tasks that are cancelled in the middle of all this hurt nobody else."""
    run = await chaos(seed, cancel=0.4)
    run.check_writes()


async def test_without_faults_everything_works() -> None:
    """The proxy itself harms nobody: without faults there is no error."""
    run = await chaos(1, rate=0.0)
    run.check()
    assert {} == {name: n for name, n in run.errors.items() if name != "StateMismatch"}
