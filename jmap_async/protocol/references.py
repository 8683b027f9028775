"""Results of calls that are not here yet, used as arguments of other calls.

Calls make references, and the arguments of calls may be references. So that this is no circle, the
call that one refers to has no type here: it is a `Call`.
"""

from typing import Any, Generic, TypeVar, Union

from jmap_async.protocol.declaring import record

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")


@record(eq=False)
class ResultReference(Generic[T_co]):
    """The part at `path` of a call's response, to be used as an argument (RFC 8620, 3.7).

    `path` is a JSON Pointer in which `*` stands for every item of an array. Made by `call.ref()`
    and by typed attributes such as `query.ids`. Where both calls end in one request the server
    resolves it, else it is resolved here, by the same rules.
    """

    call: Any
    path: str

    def __repr__(self) -> str:
        return f"<ResultReference {self.path} of {self.call.method.name}>"


@record(eq=False)
class CreationReference:
    """The id that a call will give to the object created under `key` (RFC 8620, 5.3)."""

    call: Any
    key: str

    def __repr__(self) -> str:
        return f"<CreationReference #{self.key} of {self.call.method.name}>"


Ref = Union[T, ResultReference[T]]  # noqa: UP007 - mypy takes `T | ...` for a value
"""An argument that may be given as a value or as a reference to one."""
