"""Programs carried out on two servers: coalesced by a client, and one call after the other."""

import asyncio
from collections.abc import Iterable
from typing import Any, Final

import orjson

from jmap_async.client import Client
from jmap_async.errors import MethodError
from jmap_async.protocol.call import Call

from .programs import Program, Step, Wire
from .world import World

Answer = Wire | str
"""What a step came to: an answer, or the type of an error."""


class Coalesced:
    """A client, and the tasks of a program that share it."""

    def __init__(self, world: World, client: Client) -> None:
        self.order: list[Step] = []
        """The steps in the order in which the client was given them."""
        self.answers: dict[Step, Answer] = {}
        self._world = world
        self._client = client

    async def run(self, program: Program) -> None:
        """Carry out all tasks at once."""
        async with asyncio.TaskGroup() as group:
            for rounds in program.tasks:
                group.create_task(self._task(rounds))

    async def _task(self, rounds: list[list[Step]]) -> None:
        calls: dict[Step, Call[dict[str, object]]] = {}
        for steps in rounds:
            for step in steps:
                calls[step] = self._call(step, calls)
            await asyncio.gather(*(self._result(one, calls[one]) for one in steps if one.awaited))

    def _call(
        self, step: Step, calls: dict[Step, Call[dict[str, object]]]
    ) -> Call[dict[str, object]]:
        arguments = self._world.with_ids(step.arguments)
        if step.needs is not None:
            arguments[step.argument] = calls[step.needs].ref(step.path)
        return self._client.call(step.method, arguments)

    async def _result(self, step: Step, call: Call[dict[str, object]]) -> None:
        # From here to the queue nobody else has a turn.
        self._note_order(step)
        try:
            answer: Answer = await call
        except MethodError as error:
            answer = error.type
        assert step not in self.answers
        self.answers[step] = answer
        if isinstance(answer, dict):
            self._world.note_created(step.number, answer)

    def _note_order(self, step: Step) -> None:
        if step not in self.order:
            if step.needs is not None:
                self._note_order(step.needs)
            self.order.append(step)


class Sequential:
    """The law: each call alone in a request, with references and creation ids done by hand."""

    def __init__(self, world: World) -> None:
        self.answers: dict[Step, Answer] = {}
        self._world = world
        self._created: dict[tuple[int, str], str] = {}

    async def run(self, order: Iterable[Step]) -> None:
        """Carry out steps in this order."""
        for step in order:
            self.answers[step] = await self._step(step)

    async def _step(self, step: Step) -> Answer:
        arguments = self._with_created(step)
        if step.needs is not None:
            source = self.answers[step.needs]
            if isinstance(source, str):
                return source  # the call that needs it fails of the same
            arguments[step.argument] = _found(source, step.path)
        if arguments.get("ids"):
            # Cyrus tells of a missing id as often as it was asked for.
            arguments["ids"] = list(dict.fromkeys(arguments["ids"]))
        name, answer = await self._world.plain.call(step.method, arguments)
        failed = name == "error"
        self._note_created(step, {} if failed else answer)
        return str(answer["type"]) if failed else answer

    def _note_created(self, step: Step, answer: Wire) -> None:
        created = answer.get("created") or {}
        for key in _creating(step):
            # One that failed hides an older one of the same name.
            self._created[step.task, key] = created.get(key, {}).get("id", f"#{key}")
        self._world.note_created(step.number, answer)

    def _with_created(self, step: Step) -> Wire:
        """Put ids in the place of creation ids, but for those of the call itself."""
        text = orjson.dumps(self._world.with_ids(step.arguments)).decode()
        own = _creating(step)
        for (task, key), made in self._created.items():
            if task == step.task and key not in own:
                text = text.replace(f'"#{key}"', f'"{made}"').replace(f"/#{key}", f"/{made}")
        arguments: Wire = orjson.loads(text)
        return arguments


def _creating(step: Step) -> Iterable[str]:
    created: Wire = step.arguments.get("emails") or step.arguments.get("create") or {}
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
