"""How a capability, its data types and their methods are declared: a line each.

    class MailboxTable(DataType):
        get = method("Mailbox/get", MailboxGet, GetResponse[Mailbox])
        "Fetch mailboxes (RFC 8621, 2.1)."

    class Mail(Capability):
        uri = "urn:ietf:params:jmap:mail"
        mailbox = data_type(MailboxTable)

The signature of `client.mail.mailbox.get` is that of the class MailboxGet, whose fields are the
arguments; what comes back is a Call of the response class.
"""

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import (
    Any,
    ClassVar,
    Generic,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    cast,
    get_args,
    get_origin,
    overload,
)

from jmap_async.protocol.blob import Blob, BlobSource
from jmap_async.protocol.call import Call, Method, Sender, only_reads
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.fields import Decoder
from jmap_async.protocol.session import Session
from jmap_async.protocol.standard import Arguments, GetResponse
from jmap_async.protocol.types import Id

P = ParamSpec("P")
R = TypeVar("R")
D = TypeVar("D", bound="DataType")
C = TypeVar("C", bound="Capability")


class Host(Sender, Protocol):
    """What facades need of the client they belong to."""

    @property
    def session(self) -> Session:
        """The cached Session."""
        ...

    def capability(self, kind: "type[C]", account_id: Id | None = None) -> "C":
        """Return the facade of a capability."""
        ...

    def last_write(self, *types: str) -> object | None:
        """Identify the last write to types of data; None: there is one that is not done.

        Whoever remembers what was read of them has to ask before that, and again.
        """
        ...

    async def upload(
        self, data: BlobSource, *, type: str = ..., account_id: Id | None = None
    ) -> Blob:
        """Upload a blob."""
        ...


class method(Generic[P, R]):  # noqa: N801 - used like a keyword
    """A method of a data type: its name, the class of its arguments, the class of its response.

    `implicit` is the class of the second response that comes under the same call id.
    """

    def __init__(
        self,
        name: str,
        arguments: Callable[P, Arguments],
        response: type[R],
        *,
        implicit: object = None,
        takes_account_id: bool = True,
    ) -> None:
        self.name = name
        self.arguments = arguments
        self.response = response
        self.implicit = implicit
        self.takes_account_id = takes_account_id
        self._attribute = name
        self._described: dict[str, Method] = {}

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: "DataType", owner: type) -> Callable[P, Call[R]]: ...
    def __get__(self, instance: "DataType | None", owner: type) -> "Self | Callable[P, Call[R]]":
        if instance is None:
            return self
        bound = self._bind(instance)
        # Found there first the next time: a descriptor without __set__ gives way.
        instance.__dict__[self._attribute] = bound
        return bound

    def _bind(self, instance: "DataType") -> Callable[P, Call[R]]:
        capability = instance.capability
        host, account_id = capability.host, capability.account_id
        described = self.described(capability.uri)
        # A subscripted generic takes several times as long, and has no signature of its own.
        arguments: Callable[P, Arguments] = getattr(self.arguments, "__origin__", self.arguments)

        def call(*args: P.args, **kwargs: P.kwargs) -> Call[R]:
            return Call(described, arguments(*args, **kwargs), sender=host, account_id=account_id)

        call.__name__ = self._attribute
        call.__qualname__ = f"{type(instance).__name__}.{self._attribute}"
        call.__signature__ = inspect.signature(arguments)  # type: ignore[attr-defined]  # for help()
        return call

    def described(self, uri: str) -> Method:
        """Return the method as the planner and the decoder see it.

        It is the same each time: what is known of usual calls is kept by method.
        """
        found = self._described.get(uri)
        if found is None:
            found = self._described[uri] = Method(
                self.name,
                capability=uri,
                decode=self._decode,
                decode_list=self._decode_list,
                decode_implicit=decoder(self.implicit) if self.implicit else None,
                note_asked=getattr(self.arguments, "note_asked", None),
                takes_account_id=self.takes_account_id,
                reads=only_reads(self.name),
            )
        return found

    @cached_property
    def _decode(self) -> Callable[[Any], R]:
        return decoder(self.response)

    @cached_property
    def _decode_list(self) -> Decoder | None:
        if get_origin(self.response) is not GetResponse:
            return None
        [kind] = get_args(self.response)
        return decoder(list[kind])  # type: ignore[valid-type]


class DataType:
    """The methods of one data type, for one account."""

    def __init__(self, capability: "Capability") -> None:
        self.capability = capability

    @property
    def host(self) -> Host:
        """The client."""
        return self.capability.host

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.capability!r}>"


def methods_of(kind: type[DataType]) -> list[method[..., Any]]:
    """Return the methods that a data type declares or inherits."""
    declared = (one for base in kind.__mro__ for one in vars(base).values())
    return [one for one in declared if isinstance(one, method)]


class data_type(Generic[D]):  # noqa: N801 - used like a keyword
    """A data type of a capability."""

    def __init__(self, methods: type[D]) -> None:
        self.methods = methods
        self._attribute = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: "Capability", owner: type) -> D: ...
    def __get__(self, instance: "Capability | None", owner: type) -> "Self | D":
        if instance is None:
            return self
        return cast("D", instance.__dict__.setdefault(self._attribute, self.methods(instance)))


class Capability:
    """The data types that a capability defines, for one account (None: its primary account)."""

    uri: ClassVar[str]

    def __init__(self, host: Host, account_id: Id | None = None) -> None:
        self.host = host
        self.account_id = account_id

    def __repr__(self) -> str:
        account = self.account_id or "the primary account"
        return f"<{type(self).__name__} of {account}>"
