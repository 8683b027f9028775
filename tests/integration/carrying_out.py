"""Programs carried out on two servers: coalesced by a client, and one call after the other.

The order of the second is the one in which the server of the first carried the calls out, or their
parts; see tests/planner/model.py. So that it is known, requests reach that server one at a time.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Final

import attrs
import orjson

from jmap_async.client import Client
from jmap_async.errors import MethodError
from jmap_async.planner import Entry, Request
from jmap_async.protocol.call import AnyCall
from jmap_async.transport import HTTPResponse
from tests.planner.model import WHOLE, Item, items_of, join, only

from .programs import Program, Step, Wire
from .world import World

Answer = Wire | str
"""What a step came to: an answer, or the type of an error."""


@attrs.frozen
class Event:
    """A step, or a part of it, that the server carried out in one invocation with others."""

    invocation: int
    step: Step
    items: tuple[Item, ...]


class Coalesced:
    """A client, and the tasks of a program that share it."""

    def __init__(self, world: World, client: Client) -> None:
        self.order: list[Step] = []
        """The steps in the order in which the client was given them."""
        self.answers: dict[Step, Answer] = {}
        self.world = world
        self._client = client
        self._calls: dict[Step, AnyCall] = {}
        self._events: list[Event] = []
        self._invocations = 0
        self._noted: set[Request] = set()
        self._one_at_a_time = asyncio.Lock()
        self._post = client._transport.exchange
        client._transport.exchange = self._posted  # type: ignore[method-assign]

    async def run(self, program: Program) -> list[Event]:
        """Carry out all tasks at once; return what the server did, in order."""
        self._events = []
        async with asyncio.TaskGroup() as group:
            for rounds in program.tasks:
                group.create_task(self._task(rounds))
        # Of what was sent again, the last time counts.
        last = {(one.step, item): one for one in self._events for item in one.items}
        for step in {step for step, item in last if item != WHOLE}:
            last.pop((step, WHOLE), None)  # it was too much at once
        counted = (
            attrs.evolve(one, items=tuple(i for i in one.items if last.get((one.step, i)) is one))
            for one in self._events
        )
        return [one for one in counted if one.items]

    async def _posted(
        self,
        url: str,
        body: bytes,
        *,
        timeout: float | None = None,
        on_sent: Callable[[], None] | None = None,
        on_refused: Callable[[], None] | None = None,
    ) -> HTTPResponse:
        async with self._one_at_a_time:
            answer = await self._post(
                url, body, timeout=timeout, on_sent=on_sent, on_refused=on_refused
            )
            self._note(body)
            return answer

    def _note(self, body: bytes) -> None:
        steps: dict[Entry, Step] = {
            call.submitted.latest: step for step, call in self._calls.items() if call.submitted
        }
        under_way = self._client._dispatcher._requests.keys() - self._noted
        request = next(one for one in under_way if one.encode() == body)
        self._noted.add(request)
        for invocation in request.invocations:
            self._invocations += 1
            for entry, items in items_of(invocation).items():
                self._events.append(Event(self._invocations, steps[entry], tuple(items)))

    async def _task(self, rounds: list[list[Step]]) -> None:
        for steps in rounds:
            for step in steps:
                self._calls[step] = self._call(step)
            awaited = (self._result(one, self._calls[one]) for one in steps if one.awaited)
            await asyncio.gather(*awaited)

    def _call(self, step: Step) -> AnyCall:
        arguments = self.world.with_ids(step.arguments)
        if step.needs is not None:
            arguments[step.argument] = self._calls[step.needs].ref(step.path)
        return self._client.call(step.method, arguments)

    async def _result(self, step: Step, call: AnyCall) -> None:
        # From here to the queue nobody else has a turn.
        self._note_order(step)
        try:
            answer: Answer = await call
        except MethodError as error:
            answer = error.type
        assert step not in self.answers
        self.answers[step] = answer
        if isinstance(answer, dict):
            self.world.note_created(step.number, answer)

    def _note_order(self, step: Step) -> None:
        if step not in self.order:
            if step.needs is not None:
                self._note_order(step.needs)
            self.order.append(step)

    def arguments(self, step: Step) -> Wire:
        """Return the arguments of a step, what it refers to included."""
        arguments = self.world.with_ids(step.arguments)
        if step.needs is not None:
            call = self._calls[step.needs]
            answer = call.submitted.latest.answer
            members = getattr(answer, "arguments", None)
            arguments[step.argument] = [] if members is None else _found(members, step.path)
        return arguments

    def disorder(self, events: list[Event]) -> list[tuple[Step, Step]]:
        """Return which calls of a task were carried out the other way round."""
        places: dict[Step, list[int]] = {}
        for one in events:
            places.setdefault(one.step, []).append(one.invocation)
        came = [step for step in self.order if step in places]
        return [
            (earlier, later)
            for position, later in enumerate(came)
            for earlier in came[:position]
            if earlier.task == later.task
            and earlier.arguments["accountId"] == later.arguments["accountId"]
            and not (_reads(earlier) and _reads(later))
            and max(places[earlier]) > min(places[later])
        ]


class Sequential:
    """The law: each call alone in a request, with references and creation ids done by hand."""

    def __init__(self, world: World) -> None:
        self.answers: dict[Step, Answer] = {}
        self._world = world
        self._created: dict[tuple[Step, str], str] = {}

    async def run(self, events: Iterable[Event], together: Coalesced) -> None:
        """Carry out what the server of the other client did."""
        for event in events:
            await self._carry_out(event, together)
        for step in together.order:
            if step not in self.answers and step.needs is not None:
                # The call that needs it fails of the same.
                self.answers[step] = self.answers.get(step.needs, "")

    async def _carry_out(self, event: Event, together: Coalesced) -> None:
        step = event.step
        arguments = self._with_created(step, together.order)
        if step.needs is not None:
            source = self.answers.get(step.needs, "")
            if isinstance(source, str):
                self.answers[step] = source
                return
            arguments[step.argument] = _found(source, step.path)
        arguments = _part(arguments, event.items, together.arguments(step))
        if arguments.get("ids"):
            # Cyrus tells of a missing id as often as it was asked for.
            arguments["ids"] = list(dict.fromkeys(arguments["ids"]))
        name, answer = await self._world.plain.call(step.method, arguments)
        failed = name == "error"
        self._note_created(step, arguments, {} if failed else answer)
        known = self.answers.get(step)
        if failed:
            self.answers[step] = str(answer["type"])
        elif isinstance(known, dict):
            join(known, answer)
        else:
            self.answers[step] = answer

    def _note_created(self, step: Step, arguments: Wire, answer: Wire) -> None:
        created = answer.get("created") or {}
        for key in _creating(arguments):
            # One that failed hides an older one of the same name.
            self._created[step, key] = created.get(key, {}).get("id", f"#{key}")
        self._world.note_created(step.number, answer)

    def _with_created(self, step: Step, order: list[Step]) -> Wire:
        """Put ids in the place of creation ids, but for those of the call itself."""
        text = orjson.dumps(self._world.with_ids(step.arguments)).decode()
        own = _creating(step.arguments)
        before = order[: order.index(step)] if step in order else order
        creators = {
            key: one for one in before if one.task == step.task for key in _creating(one.arguments)
        }
        for key, creator in creators.items():
            made = self._created.get((creator, key))
            if made is not None and key not in own:
                text = text.replace(f'"#{key}"', f'"{made}"').replace(f"/#{key}", f"/{made}")
        arguments: Wire = orjson.loads(text)
        return arguments


def _reads(step: Step) -> bool:
    return step.method.rpartition("/")[2] not in {"set", "import", "copy"}


def _part(arguments: Wire, items: tuple[Item, ...], there: Wire) -> Wire:
    """Return the part of a call that items are, which have the ids of the other world."""
    if items == (WHOLE,):
        return arguments
    own = [(name, _alike(arguments.get(name), there.get(name), key)) for name, key in items]
    return only(arguments, tuple(own))


def _alike(here: Any, there: Any, key: str) -> str:  # noqa: ANN401 - any JSON
    """Return what stands at the place at which another list, or map, has a key."""
    return str([*here][[*there].index(key)])


def _creating(arguments: Wire) -> Iterable[str]:
    created: Wire = arguments.get("emails") or arguments.get("create") or {}
    return created.keys()


def _found(answer: Wire, path: str) -> list[str]:
    member, _, rest = path[1:].partition("/*/")
    return [one[rest] if rest else one for one in answer[member]]


# Of a merged call they are those of the invocation; and each server counts for itself.
_STATES: Final = {"state", "oldState", "newState", "queryState"}

_SETS: Final = {"notFound", "created", "updated", "destroyed"}
"""Members that, where they are lists, are in no order."""


def outcome(world: World, step: Step, answer: Answer) -> object:
    """Return what can be compared of an answer: with names, and without what merging may change."""
    if isinstance(answer, str):
        return answer
    return {
        member: _normal(step, member, value)
        for member, value in world.with_names(answer).items()
        if member not in _STATES and value not in (None, {}, [])
    }


def _normal(step: Step, member: str, value: Any) -> object:  # noqa: ANN401 - any JSON
    if member == "list":
        return {row["id"]: row for row in value}
    if isinstance(value, list) and member in _SETS:
        return sorted(value)
    if isinstance(value, list) and step.method == "Mailbox/query":
        return sorted(value)  # the program asks for no order
    if isinstance(value, dict) and member.startswith("not"):
        return {key: {**error, "description": ""} for key, error in value.items()}
    return value
