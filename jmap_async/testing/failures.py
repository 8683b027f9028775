"""How the server refuses: a whole request, one method call, or one object of a /set."""

from collections.abc import Sequence

from jmap_async.errors import REQUEST_ERROR_PREFIX
from jmap_async.testing.types import JSONObject


class RequestFailure(Exception):
    """The whole request is refused with problem details (RFC 8620, 3.6.1)."""

    def __init__(self, type: str, detail: str, *, limit: str | None = None) -> None:
        super().__init__(detail)
        self.type = REQUEST_ERROR_PREFIX + type
        self.detail = detail
        self.limit = limit

    def to_wire(self) -> JSONObject:
        """Return the problem details object (RFC 7807, 3.1)."""
        problem: JSONObject = {"type": self.type, "status": 400, "detail": self.detail}
        if self.limit is not None:
            problem["limit"] = self.limit
        return problem


class MethodFailure(Exception):
    """One method call is refused; the calls after it still run (RFC 8620, 3.6.2)."""

    def __init__(self, type: str, description: str) -> None:
        super().__init__(description)
        self.type = type
        self.description = description

    def to_wire(self) -> JSONObject:
        """Return the arguments of the "error" response."""
        return {"type": self.type, "description": self.description}


class SetFailure(Exception):
    """One object of a /set, /copy or /import is refused (RFC 8620, 5.3)."""

    def __init__(
        self,
        type: str,
        description: str = "",
        *,
        properties: Sequence[str] | None = None,
        **extra: object,
    ) -> None:
        super().__init__(description or type)
        self.type = type
        self.description = description
        self.properties = properties
        self.extra = extra

    def to_wire(self) -> JSONObject:
        """Return the SetError object."""
        error: JSONObject = {"type": self.type, **self.extra}
        if self.description:
            error["description"] = self.description
        if self.properties is not None:
            error["properties"] = list(self.properties)
        return error


def invalid_properties(*names: str, description: str = "") -> SetFailure:
    """Return the refusal of an object whose named properties are wrong."""
    return SetFailure("invalidProperties", description, properties=names)
