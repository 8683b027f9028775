"""VacationResponse: the automatic reply of somebody who is away (RFC 8621, 8)."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal

from jmap_async.capabilities.facade import DataType, method
from jmap_async.capabilities.inputs import members
from jmap_async.capabilities.mail.header_values import check_one_line
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import arguments, declared
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.standard import ByIds, GetResponse, Set, SetResponse
from jmap_async.protocol.types import ABSENT, Id

VacationResponseProperty = Literal[
    "id", "isEnabled", "fromDate", "toDate", "subject", "textBody", "htmlBody"
]


@data_object
@declared(kw_only=True)
class VacationResponse(DataObject):
    """The automatic reply (RFC 8621, 8); there is one, with the id "singleton".

    It is sent only while `is_enabled`, from `from_date` until `to_date`; None is no limit.
    """

    id: Id = ABSENT
    is_enabled: bool = ABSENT
    from_date: datetime | None = ABSENT
    to_date: datetime | None = ABSENT
    subject: str | None = ABSENT
    text_body: str | None = ABSENT
    html_body: str | None = ABSENT


@arguments(kw_only=True)
class VacationResponseGet(ByIds):
    """Arguments of VacationResponse/get (RFC 8621, 8.1)."""

    properties: Sequence[VacationResponseProperty] | ResultReference[Sequence[str]] | None = None


@arguments(kw_only=True)
class VacationResponseSet(Set[VacationResponse]):
    """Arguments of VacationResponse/set (RFC 8621, 8.2)."""

    kind: ClassVar[type | None] = VacationResponse

    def check(self) -> None:
        super().check()
        for one in (*(self.create or {}).values(), *(self.update or {}).values()):
            check_one_line("subject", members(one).get("subject"))


class VacationResponseTable(DataType):
    """The methods of VacationResponse (RFC 8621, 8)."""

    get = method("VacationResponse/get", VacationResponseGet, GetResponse[VacationResponse])
    """Fetch the automatic reply (RFC 8621, 8.1)."""

    set = method("VacationResponse/set", VacationResponseSet, SetResponse[VacationResponse])
    """Change the automatic reply: update the id "singleton" (RFC 8621, 8.2)."""
