"""What calls of /set change, in pieces that can be put together to one invocation.

A piece is JSON already: one object to create, or all that a call updates or destroys. Only where
that does not fit as it is it comes apart into single objects.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from jmap_async.errors import MethodError, TooLarge
from jmap_async.planner.base.entry import Answer, Entry
from jmap_async.planner.base.request import Request
from jmap_async.planner.names import creations
from jmap_async.planner.names.creation_refs import stand_in, way_back
from jmap_async.planner.writes import submissions
from jmap_async.planner.writes.submissions import OnSuccess
from jmap_async.protocol.codec.converter import encode
from jmap_async.protocol.json import JSONObject, Members, is_object
from jmap_async.protocol.messages import MethodResponse

Fragments = Sequence[tuple[int, bytes]]
"""JSON, and which argument it is a part of (see set_builder.py)."""


CREATE, UPDATE, DESTROY = range(3)


class Writer:
    """A call that writes, and what has come of it so far.

    `wanted` is all of it; `unsettled` counts the objects of which nobody knows yet what has become.
    """

    __slots__ = ("entry", "implicit", "refusal", "result", "unsettled", "wanted")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.wanted: Sequence[Change] = ()
        self.unsettled = 0
        self.result: JSONObject = {}
        self.refusal: MethodError | TooLarge | None = None
        self.implicit: MethodResponse | None = None


class Change:
    """An object that a call creates, or the objects that it updates or destroys.

    `creators` are the calls that create what it mentions, by the name that it mentions. Known only
    as long as it is in a request: `name`, its creation id there, `email`, which Email it sends,
    `others`, what stands for what it mentions, and `shared`, whether it builds on a call that may
    have to be sent again.
    """

    # Most changes have nothing of this, and are made in a third of the time without.
    creators: Mapping[str, Entry] = {}
    others: Mapping[str, str] = {}
    on_success: OnSuccess | None = None
    name: str | None = None
    email: str | None = None
    shared = False
    # Where it stands among all changes, and among those that one of them came apart into.
    position = place = 0

    def __init__(self, writer: Writer, phase: int, keys: Sequence[str], body: bytes) -> None:
        self.writer = writer
        self.phase = phase
        self.keys = keys
        self.body = body

    @property
    def entries(self) -> tuple[Entry]:
        """Whose it is."""
        return (self.writer.entry,)

    def apart(self) -> "Iterator[Change]":
        """Yield a change for each object."""
        text = b"[%b]" if self.phase == DESTROY else b"{%b}"
        objects: Any = orjson.loads(text % self.body)
        for place, key in enumerate(self.keys):
            body = orjson.dumps([key] if self.phase == DESTROY else {key: objects[key]})
            one = Change(self.writer, self.phase, [key], body[1:-1])
            one.position, one.place = self.position, place
            yield one

    def bind(self, request: Request, names: set[str]) -> Fragments | None:
        """Return what goes into the request; None: what it mentions is not known yet.

        A creation gets a name that is not among `names` and is added to them; so does what stands
        for a creation that has failed.
        """
        body = self.body
        if self.creators:
            others = self._stand_ins(request, names)
            if others is None:
                return None
            self.others = others
            body = self._renamed(others)
        if self.phase != CREATE:
            return ((self.phase, body),)
        self.name = _unique(self.keys[0], names)
        made = (CREATE, b"%b:%b" % (orjson.dumps(self.name), body))
        return (made, *self.on_success.fragments(self.name)) if self.on_success else (made,)

    def _stand_ins(self, request: Request, names: set[str]) -> dict[str, str] | None:
        """Return what stands for the creations that it mentions; None: not known yet."""
        others: dict[str, str] = {}
        self.shared = False
        for name, creator in self.creators.items():
            known = creations.original_name(name)
            if creator.answer is None and (creator, known) in request.provisional:
                self.shared = True
                others[name] = f"#{creator.wire_names[known]}"
            elif (stands := stand_in(name, creator, request, names, here=True)) is not None:
                others[name] = stands
            else:
                return None
        return others

    def _renamed(self, others: Mapping[str, str]) -> bytes:
        if self.phase == CREATE:
            value = creations.rename("", orjson.loads(self.body), {}, others)
            self.email = submissions.email_of(value)
            return orjson.dumps(value)
        update = {"update": orjson.loads(b"{%b}" % self.body)}
        return orjson.dumps(creations.rename("", update, {}, others)["update"])[1:-1]

    @property
    def own_names(self) -> creations.Names:
        """The caller's names for creation ids of the request that are others."""
        own = {} if self.name is None else {self.keys[0]: f"#{self.name}"}
        return way_back({**self.others, **own})

    @property
    def builds_on_provisional(self) -> bool:
        """Tell whether what it builds on is to be sent again: then so is this."""
        return self.shared and any(creator.answer is None for creator in self.creators.values())


def _unique(key: str, taken: set[str]) -> str:
    # The names of creations.unique(), without a search: a thousand callers may say "draft".
    name = key if key not in taken else f"{key[:200]}-{len(taken) + 1}"
    return creations.unique([name], taken)[name]


def changes_of(writer: Writer) -> list[Change]:
    """Return what a call changes, in the order in which the server works."""
    entry = writer.entry
    if entry.patched is not None:
        return [Change(writer, UPDATE, entry.patched, entry.patches)]
    arguments, creators = entry.arguments, entry.creators
    create, update, destroy = (
        arguments.get("create"),
        arguments.get("update"),
        arguments.get("destroy"),
    )
    changes = [_creation(writer, key, value) for key, value in create.items()] if create else []
    if update:
        change = Change(writer, UPDATE, [*update], encode(update)[1:-1])
        if creators:
            changes += [
                _building(one, {"update": _only(update, one.keys)}) for one in change.apart()
            ]
        else:
            changes.append(change)
    if destroy:
        keys = list(dict.fromkeys(destroy))
        changes.append(Change(writer, DESTROY, keys, encode(keys)[1:-1]))
    return changes


def _creation(writer: Writer, key: str, value: Any) -> Change:
    change, entry = Change(writer, CREATE, [key], encode(value)), writer.entry
    if entry.method.name == submissions.METHOD:
        change.email = submissions.email_of(value)
        change.on_success = submissions.on_success(entry, key)
    return _building(change, value) if entry.creators else change


def _only(update: Members, keys: Iterable[str]) -> JSONObject:
    return {key: update[key] for key in keys}


def _building(change: Change, value: Any) -> Change:
    """Take note of the creators that a change mentions."""
    if is_object(value):
        names = creations.mentioned(value)
        creators = change.writer.entry.creators
        change.creators = {name: creator for name, creator in creators.items() if name in names}
    return change


def email_id(change: Change) -> str | None:
    """Return the id of the Email that a submission has sent."""
    for name, creator in change.creators.items():
        known = creations.original_name(name)
        if change.email == f"#{creator.wire_names.get(known)}":
            return creations.created_id(_result(creator), known)
    return change.email


def _result(creator: Entry) -> Members:
    """Return what is known of a call that creates something."""
    if isinstance(creator.answer, Answer):
        return creator.answer.arguments
    # Of its other parts there may be no answer yet.
    return creator.unit.result_of(creator) if creator.unit else {}
