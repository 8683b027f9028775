"""Thread: the Emails of a conversation (RFC 8621, 3)."""

from collections.abc import Sequence
from typing import Literal

from jmap_async.capabilities.facade import DataType, method
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import arguments, declared
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.standard import ByIds, Changes, ChangesResponse, GetResponse
from jmap_async.protocol.types import ABSENT, Id

ThreadProperty = Literal["id", "emailIds"]


@data_object
@declared(kw_only=True)
class Thread(DataObject):
    """A conversation (RFC 8621, 3); its Emails are listed oldest first."""

    id: Id = ABSENT
    email_ids: list[Id] = ABSENT


@arguments(kw_only=True)
class ThreadGet(ByIds):
    """Arguments of Thread/get (RFC 8621, 3.1)."""

    properties: Sequence[ThreadProperty] | ResultReference[Sequence[str]] | None = None


class ThreadTable(DataType):
    """The methods of Thread (RFC 8621, 3)."""

    get = method("Thread/get", ThreadGet, GetResponse[Thread])
    """Fetch threads (RFC 8621, 3.1)."""

    changes = method("Thread/changes", Changes, ChangesResponse)
    """Tell which threads changed since a state (RFC 8621, 3.2)."""
