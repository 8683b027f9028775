"""Batches: requests composed by hand."""

from collections.abc import Generator
from types import TracebackType
from typing import Any, Self, TypeVar

from jmap_async.capabilities.facade import Host
from jmap_async.dispatcher import Dispatcher
from jmap_async.errors import (
    JMAPError,
    LocalProtocolError,
    MethodError,
    SetFailed,
    TransportError,
)
from jmap_async.facades import Facades
from jmap_async.protocol.blob import Blob, BlobSource
from jmap_async.protocol.call import Call
from jmap_async.protocol.session import Session
from jmap_async.protocol.types import Id

R = TypeVar("R")


class Batch(Facades):
    """Exactly these calls, in the order in which they are made, in one request, nothing merged.

        async with client.batch() as batch:
            found = batch.email.query({"inMailbox": inbox_id}, limit=10)
            emails = batch.email.get(found.ids)
        print((await emails).list)

    The request leaves at the end of the block, which raises when the request as a whole could not
    be sent or was refused: TooLarge (before anything is sent), LocalProtocolError, RequestError,
    TransportError. What a single call came to shows when it is awaited afterwards. If the block is
    left by an exception, nothing is sent.
    """

    def __init__(self, client: Host, dispatcher: Dispatcher, account_id: Id | None) -> None:
        super().__init__(self, account_id)
        self._client = client
        self._dispatcher = dispatcher
        self._calls: list[Call[Any]] = []
        self._left = False
        self._unsent: JMAPError | None = None
        self._owner = dispatcher.running_task()

    def __repr__(self) -> str:
        return f"<Batch of {len(self._calls)} calls>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left = True
        if error is not None:
            self._unsent = LocalProtocolError("the batch was not sent: its block ended in an error")
        elif self._calls:
            await self._send()

    async def _send(self) -> None:
        try:
            results = await self._dispatcher.send_together(self._calls)
        except BaseException as error:
            # Else whoever awaits one of the calls later would send it on its own.
            self._unsent = error if isinstance(error, JMAPError) else _cancelled()
            raise
        for result in results:
            # Errors of a single call are told where it is awaited.
            if isinstance(result, JMAPError) and not isinstance(result, MethodError | SetFailed):
                raise result
            if isinstance(result, BaseException) and not isinstance(result, JMAPError):
                raise result

    def account(self, account_id: Id) -> Facades:
        """Return the same facades for another account."""
        return Facades(self, account_id)

    # What the facades need (see capabilities/facade.py)

    @property
    def session(self) -> Session:
        """The client's Session."""
        return self._client.session

    async def upload(
        self,
        data: BlobSource,
        *,
        type: str = "application/octet-stream",
        account_id: Id | None = None,
    ) -> Blob:
        """Upload a blob, at once."""
        return await self._client.upload(data, type=type, account_id=account_id)

    def result(self, call: Call[R]) -> Generator[Any, None, R]:
        """Wait for the result of a call, once the batch was sent."""
        self.root_of(call)
        return self._dispatcher.result(call)

    def root_of(self, call: Call[Any]) -> object:
        """Return whose calls may refer to each other: the client's, once the batch was sent."""
        if not self._left:
            raise LocalProtocolError(
                f"{call.method.name}: calls of a batch are sent at the end of its block: "
                "await them after it"
            )
        if self._unsent is not None:
            error = self._unsent.for_caller()
            error.add_note(f"{call.method.name} is of this batch")
            raise error
        return self._client

    def begin(self, call: Call[Any]) -> tuple[object, object]:
        """Take a new call in; it is of the task that opened the batch, creation ids the batch's."""
        if self._left:
            raise LocalProtocolError(f"{call.method.name}: the batch is closed: make a new one")
        self._calls.append(call)
        return self._owner, self

    def last_write(self, *types: str) -> object | None:
        """Identify the last write to types of data; None: there is one that is not done."""
        return self._dispatcher.last_write(*types)

    def running_task(self) -> object:
        """Identify the task that is running now."""
        return self._dispatcher.running_task()


def _cancelled() -> TransportError:
    return TransportError(
        "the batch was cancelled before its answer came; whether it was carried out is unknown",
        outcome="unknown",
    )
