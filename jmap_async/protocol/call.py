"""Method calls as values: what to call, with what, and what will come back.

A call sends nothing by itself. Whoever carries calls out (see `Sender`) does so when the call is
awaited, together with the calls that it refers to.
"""

import re
from collections.abc import Callable, Coroutine, Generator, Iterable
from typing import Any, Final, Generic, Never, Protocol, Self, TypeVar

import attrs

from jmap_async.errors import LocalProtocolError
from jmap_async.protocol import pointer
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.declaring import record
from jmap_async.protocol.fields import Decoder
from jmap_async.protocol.raw import RawResponse
from jmap_async.protocol.references import CreationReference, ResultReference
from jmap_async.protocol.standard import (
    Arguments,
    ChangesResponse,
    QueryChangesResponse,
    QueryResponse,
    SetResponse,
)
from jmap_async.protocol.types import Id, Wire

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_READING: Final = frozenset(
    {
        "get",
        "changes",
        "query",
        "queryChanges",
        "parse",
        "lookup",
        "validate",
        "echo",
        "getAvailability",
    }
)

# What JSON need not escape: names are written as they are.
_NAME: Final = re.compile(r"[!#-\[\]-~]+")


def only_reads(name: str) -> bool:
    """Tell whether a method changes nothing; one that is not known to is taken to write."""
    return name.rpartition("/")[2] in _READING


def _reads(method: "Method") -> bool:
    return only_reads(method.name)


@record(kw_only=True, eq=False)
class Method:
    """A method of the server, such as "Email/get", and how its response is read.

    `capability` is the one that defines it. `decode_list` reads a part of a /get's `list`, where
    all of it would take too long at a stretch. `decode_implicit` reads the second response that
    some methods bring under the same call id (RFC 8620, 5.4; RFC 8621, 7.5). `note_asked` is given
    arguments and response, and notes with the objects what was asked for. `reads` tells that
    nothing is changed; by default the name says so.
    """

    name: str = attrs.field(kw_only=False)
    capability: str
    decode: Decoder
    decode_list: Decoder | None = None
    decode_implicit: Decoder | None = None
    note_asked: Callable[[Any, Any], None] | None = None
    takes_account_id: bool = True
    reads: bool = attrs.field(default=attrs.Factory(_reads, takes_self=True))

    def __repr__(self) -> str:
        return f"<Method {self.name}>"


class Sender(Protocol):
    """Carries calls out."""

    def result(self, call: "Call[R]") -> Generator[Any, None, R]:
        """Send the call unless that was done before, and wait for its result."""
        ...

    def root_of(self, call: "Call[Any]") -> object:
        """Identify who sends the call in the end; only calls of one can refer to each other.

        Raises:
            LocalProtocolError: the call cannot be sent as yet.
        """

    def begin(self, call: "Call[Any]") -> tuple[object, object]:
        """Take note of a new call; return its owner and its scope.

        The calls of one owner keep their order; creation ids are names within a scope.
        """
        ...

    def running_task(self) -> object:
        """Identify the task that is running now."""


class Call(Coroutine[Any, Any, R_co], Generic[R_co]):
    """A method call that is sent when it is awaited, with everything that it refers to.

    It works wherever a coroutine does: `await`, `asyncio.gather`, `asyncio.wait_for`,
    `TaskGroup.create_task`. Unlike a coroutine it may be awaited again, which gives the same result
    without a second request, and it may be dropped without being awaited.
    """

    __slots__ = (
        "__weakref__",
        "_driven",
        "account_id",
        "arguments",
        "mergeable",
        "method",
        "owner",
        "scope",
        "sender",
        "submitted",
        "using",
    )

    method: Method
    arguments: Arguments | Wire
    account_id: Id | None
    using: tuple[str, ...]
    sender: Sender
    mergeable: bool
    owner: object
    scope: object

    def __init__(
        self,
        method: Method,
        arguments: Arguments | Wire,
        *,
        sender: Sender,
        account_id: Id | None = None,
        using: Iterable[str] = (),
    ) -> None:
        self.method = method
        self.arguments = arguments
        self.account_id = account_id
        self.using = tuple(using)
        # What the sender knows of this call; nobody else looks.
        self.submitted: Any = None
        self.sender = sender
        self.mergeable = True
        self._driven: dict[object, Generator[Any, None, R_co]] | None = None
        # Mostly both are the running task. Order is kept among the calls of one owner; and creation
        # ids are names of whoever chose them: those of two tasks never meet.
        self.owner, self.scope = sender.begin(self)

    def __repr__(self) -> str:
        return f"<Call {self.method.name}>"

    def __await__(self) -> Generator[Any, None, R_co]:
        return self.sender.result(self)

    def alone(self) -> Self:
        """Keep the call apart: it gets an invocation of its own, merged with no other call."""
        self.mergeable = False
        return self

    # As a coroutine it is driven by a task, or by several tasks at once: each has a generator.

    def send(self, value: object) -> object:
        """Run until the next suspension (the coroutine protocol)."""
        return self._drive("send", value)

    def throw(self, typ: object, val: object = None, tb: object = None) -> object:
        """Raise inside the call (the coroutine protocol)."""
        return self._drive("throw", typ if val is None else val)

    def close(self) -> None:
        """Stop waiting in this task; others may go on (the coroutine protocol)."""
        generator = (self._driven or {}).pop(self.sender.running_task(), None)
        if generator is not None:
            generator.close()

    def _drive(self, step: str, value: object) -> object:
        task = self.sender.running_task()
        driven = self._driven = {} if self._driven is None else self._driven
        generator = driven.get(task)
        if generator is None:
            generator = driven[task] = self.__await__()
        try:
            return getattr(generator, step)(value)
        except BaseException:
            driven.pop(task, None)
            del task  # it keeps the error, whose traceback leads here
            raise

    # References to parts of the response (RFC 8620, 3.7)

    def ref(self, path: str) -> ResultReference[Never]:
        """Refer to a part of the response by a JSON Pointer with `*`, such as "/list/*/threadId".

        The result fits wherever an argument takes a reference.

        Raises:
            LocalProtocolError: the path is no JSON Pointer.
        """
        try:
            pointer.parse(path)
        except pointer.PointerError as error:
            raise LocalProtocolError(f"{self.method.name}: {error}") from error
        return ResultReference(self, path)

    @property
    def ids(self: "Call[QueryResponse]") -> ResultReference[list[Id]]:
        """The ids that a /query finds."""
        return ResultReference(self, "/ids")

    @property
    def created(self: "Call[ChangesResponse]") -> ResultReference[list[Id]]:
        """The ids that a /changes reports as created."""
        return ResultReference(self, "/created")

    @property
    def updated(self: "Call[ChangesResponse]") -> ResultReference[list[Id]]:
        """The ids that a /changes reports as updated."""
        return ResultReference(self, "/updated")

    @property
    def destroyed(self: "Call[ChangesResponse]") -> ResultReference[list[Id]]:
        """The ids that a /changes reports as destroyed."""
        return ResultReference(self, "/destroyed")

    @property
    def updated_properties(self: "Call[ChangesResponse]") -> ResultReference[list[str]]:
        """The only properties that changed, or null for any: fits `properties` (RFC 8621, 2.2)."""
        return ResultReference(self, "/updatedProperties")

    @property
    def added_ids(self: "Call[QueryChangesResponse]") -> ResultReference[list[Id]]:
        """The ids that a /queryChanges reports as added."""
        return ResultReference(self, "/added/*/id")

    @property
    def removed(self: "Call[QueryChangesResponse]") -> ResultReference[list[Id]]:
        """The ids that a /queryChanges reports as removed."""
        return ResultReference(self, "/removed")

    def created_id(self: "Call[SetResponse[object]]", key: str) -> CreationReference:
        """Refer to the id of the object that a /set creates under `key`."""
        return CreationReference(self, key)


AnyCall = Call[Any]

_as_object: Final = decoder(dict[str, object])


def raw_method(
    name: str, *, capability: str, reads: bool | None = None, takes_account_id: bool = True
) -> Method:
    """Describe a method whose response stays a dict.

    Raises:
        LocalProtocolError: the name is none.
    """
    if _NAME.fullmatch(name) is None:
        raise LocalProtocolError(f"{name!r:.80} is no method: a name is like 'Email/get'")
    return Method(
        name,
        capability=capability,
        decode=lambda arguments: RawResponse(_as_object(arguments)),
        decode_implicit=_as_object,
        takes_account_id=takes_account_id,
        reads=only_reads(name) if reads is None else reads,
    )
