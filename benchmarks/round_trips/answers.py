"""What the server says: canned Emails, as fast as they can be written; nothing is checked."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import orjson

from benchmarks.mail import email_id, full_view, list_view, thread_id

CORE: Final = "urn:ietf:params:jmap:core"
MAIL: Final = "urn:ietf:params:jmap:mail"
ACCOUNT: Final = "A1"

LIMITS: Final = {
    "maxSizeUpload": 50_000_000,
    "maxConcurrentUpload": 4,
    "maxSizeRequest": 10_000_000,
    "maxConcurrentRequests": 4,
    "maxCallsInRequest": 16,
    "maxObjectsInGet": 500,
    "maxObjectsInSet": 500,
}


def session(origin: str) -> dict[str, Any]:
    """Return the Session object of a server at `origin` (RFC 8620, 2)."""
    mail = {
        "maxMailboxesPerEmail": None,
        "maxMailboxDepth": None,
        "maxSizeMailboxName": 490,
        "maxSizeAttachmentsPerEmail": 50_000_000,
        "emailQuerySortOptions": ["receivedAt"],
        "mayCreateTopLevelMailbox": True,
    }
    return {
        "capabilities": {CORE: {**LIMITS, "collationAlgorithms": []}, MAIL: {}},
        "accounts": {
            ACCOUNT: {
                "name": "alice@example.org",
                "isPersonal": True,
                "isReadOnly": False,
                "accountCapabilities": {MAIL: mail},
            }
        },
        "primaryAccounts": {MAIL: ACCOUNT},
        "username": "alice@example.org",
        "apiUrl": f"{origin}/api",
        "downloadUrl": f"{origin}/download/{{accountId}}/{{blobId}}/{{name}}?type={{type}}",
        "uploadUrl": f"{origin}/upload/{{accountId}}",
        "eventSourceUrl": origin + "/events?types={types}&closeafter={closeafter}&ping={ping}",
        "state": "s1",
    }


Found = Mapping[str, Mapping[str, list[str]]]
"""Ids that later calls of a request may refer to, by call id and path."""

Answer = tuple[Mapping[str, list[str]], Mapping[str, Any]]
"""Such ids, and the response."""


class Mail:
    """`emails` messages, and what JMAP says about them; `invocations` counts the method calls."""

    def __init__(self, emails: int) -> None:
        self.invocations = 0
        self._ids = [email_id(number) for number in range(emails)]
        self._numbers = {id: number for number, id in enumerate(self._ids)}
        self._rows = {
            email_id(number): orjson.Fragment(orjson.dumps(list_view(number)))
            for number in range(emails)
        }
        self._methods = {
            "Email/get": self._email_get,
            "Email/query": self._email_query,
            "Email/set": self._email_set,
            "Thread/get": self._thread_get,
        }

    def answer(self, request: bytes) -> bytes:
        """Answer a Request (RFC 8620, 3.3)."""
        calls = orjson.loads(request)["methodCalls"]
        self.invocations += len(calls)
        found: dict[str, Mapping[str, list[str]]] = {}
        responses = []
        for name, arguments, call_id in calls:
            ids, response = self._methods[name](arguments, found)
            found[call_id] = ids
            responses.append((name, {"accountId": ACCOUNT, **response}, call_id))
        return orjson.dumps({"methodResponses": responses, "sessionState": "s1"})

    def _email_get(self, arguments: Mapping[str, Any], found: Found) -> Answer:
        ids = _ids(arguments, found)
        threads = [thread_id(self._numbers[one]) for one in ids]
        whole = "bodyValues" in arguments.get("properties", ())
        rows = [_whole(self._numbers[one]) if whole else self._rows[one] for one in ids]
        return {"/list/*/threadId": threads}, {"list": rows, "notFound": [], "state": "e1"}

    def _email_query(self, arguments: Mapping[str, Any], found: Found) -> Answer:
        start = arguments.get("position", 0)
        if "anchor" in arguments:  # RFC 8620, 5.5
            start = self._numbers[arguments["anchor"]] + arguments.get("anchorOffset", 0)
        ids = self._ids[start : start + arguments.get("limit", len(self._ids))]
        response = {"ids": ids, "position": start, "canCalculateChanges": False, "queryState": "q1"}
        return {"/ids": ids}, response

    def _email_set(self, arguments: Mapping[str, Any], found: Found) -> Answer:
        return {}, {
            "oldState": "e1",
            "newState": "e2",
            "created": {key: {"id": f"N{key}"} for key in arguments.get("create") or {}},
            "updated": dict.fromkeys(arguments.get("update") or {}),
            "destroyed": arguments.get("destroy") or [],
        }

    def _thread_get(self, arguments: Mapping[str, Any], found: Found) -> Answer:
        rows = [{"id": one, "emailIds": [f"M{one[1:]:0>23}"]} for one in _ids(arguments, found)]
        return {}, {"list": rows, "notFound": [], "state": "t1"}


@cache
def _whole(number: int) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(full_view(number)))


def _ids(arguments: Mapping[str, Any], found: Found) -> list[str]:
    reference = arguments.get("#ids")
    ids: list[str] = (
        found[reference["resultOf"]][reference["path"]] if reference else arguments["ids"]
    )
    return ids
