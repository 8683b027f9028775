"""The capability of automatic replies (RFC 8621, 1.3.3)."""

from jmap_async.capabilities.facade import Capability, data_type
from jmap_async.capabilities.vacation_response.vacation_response import (
    VacationResponse,
    VacationResponseProperty,
    VacationResponseTable,
)
from jmap_async.verbs.reading import GetVerbs


class VacationResponseMethods(
    VacationResponseTable, GetVerbs[VacationResponse, VacationResponseProperty]
):
    """The automatic reply: its methods, and the verbs built on them."""


class Vacation(Capability):
    """Automatic replies (RFC 8621, 1.3.3)."""

    uri = "urn:ietf:params:jmap:vacationresponse"
    vacation_response = data_type(VacationResponseMethods)
