"""A MemoryServer without a socket, and short ways to call it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from jmap_async.testing import JSONObject, Limits, MemoryServer
from jmap_async.testing.types import CAPABILITIES

Object = JSONObject
Call = tuple[str, JSONObject]


class Clock:
    """A clock that stands still unless a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **delta: float) -> None:
        """Move by an amount as for `timedelta`."""
        self.now += timedelta(**delta)


class Model:
    """A server and the calls that tests make of it; accountId is filled in."""

    def __init__(self, **limits: int) -> None:
        self.clock = Clock()
        self.server = MemoryServer(clock=self.clock, limits=Limits(**limits))
        self.using: list[str] = list(CAPABILITIES)

    def request(self, *calls: Call, **members: object) -> JSONObject:
        """Send calls as they are; their ids are "0", "1" and so on."""
        listed = [[name, arguments, str(n)] for n, (name, arguments) in enumerate(calls)]
        return self.server.process({"using": self.using, "methodCalls": listed, **members})

    def responses(self, *calls: Call) -> list[tuple[str, JSONObject]]:
        """Return the names and arguments of all responses."""
        filled = [(name, self._filled(name, arguments)) for name, arguments in calls]
        return [
            (name, arguments) for name, arguments, _ in self.request(*filled)["methodResponses"]
        ]

    def call(self, method: str, **arguments: object) -> JSONObject:
        """Return the arguments of the one response, which is no error."""
        [(name, found)] = self.responses((method, arguments))
        assert method == name, found
        return found

    def error(self, method: str, **arguments: object) -> str:
        """Return the type of the error that a call gets."""
        [(name, found)] = self.responses((method, arguments))
        assert "error" == name, found
        kind: str = found["type"]
        return kind

    def create(self, type: str, **properties: object) -> JSONObject:
        """Create one object and return what `created` tells of it."""
        response = self.call(f"{type}/set", create={"new": properties})
        assert response["notCreated"] is None, response["notCreated"]
        created: JSONObject = response["created"]["new"]
        return created

    def refused(self, type: str, **properties: object) -> JSONObject:
        """Fail to create one object and return the SetError."""
        response = self.call(f"{type}/set", create={"new": properties})
        assert response["created"] is None
        failure: JSONObject = response["notCreated"]["new"]
        return failure

    def update(self, type: str, id: str, **patch: object) -> JSONObject:
        """Update one object and return the whole response."""
        return self.call(f"{type}/set", update={id: patch})

    def get_one(self, type: str, id: str, *properties: str, **extra: object) -> JSONObject:
        """Return one object."""
        response = self.call(f"{type}/get", ids=[id], properties=list(properties) or None, **extra)
        [found] = response["list"]
        one: JSONObject = found
        return one

    def state(self, type: str) -> str:
        """Return the state of a type."""
        state: str = self.call(f"{type}/get", ids=[])["state"]
        return state

    def query(self, type: str, filter: object = None, *sort: str, **extra: object) -> list[str]:
        """Return the ids that a query finds; "-name" sorts in descending order."""
        comparators = [
            {"property": name.removeprefix("-"), "isAscending": not name.startswith("-")}
            for name in sort
        ]
        response = self.call(f"{type}/query", filter=filter, sort=comparators or None, **extra)
        ids: list[str] = response["ids"]
        return ids

    def _filled(self, name: str, arguments: JSONObject) -> JSONObject:
        if name.startswith(("PushSubscription/", "Core/")) or "accountId" in arguments:
            return arguments
        return {"accountId": self.server.account_id, **arguments}


def message(*lines: str) -> bytes:
    """Return lines as a message."""
    return "\r\n".join(lines).encode()


def reference(result_of: str, name: str, path: str) -> dict[str, Any]:
    """Return a ResultReference."""
    return {"resultOf": result_of, "name": name, "path": path}
