"""What verbs that read make of the answers."""

from typing import TypeVar

from jmap_async.errors import NotFound
from jmap_async.protocol.standard import GetResponse
from jmap_async.protocol.types import Id

D = TypeVar("D")


def only(response: GetResponse[D], id: Id, *, kind: str) -> D:
    """Return the one object that was asked for, of a data type of this name.

    Raises:
        NotFound: there is none.
    """
    for one in response.list:
        return one
    raise NotFound(f"there is no {kind} {id!r} in this account")
