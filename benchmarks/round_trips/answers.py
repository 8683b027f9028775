"""What the server says: canned Emails, as fast as they can be written; nothing is checked."""

from collections.abc import Mapping
from functools import cache
from itertools import count
from typing import Any, Final

import attrs
import orjson

from benchmarks.mail import IDENTITY, ROLES, email_id, full_view, list_view, mailbox, thread_id

CORE: Final = "urn:ietf:params:jmap:core"
MAIL: Final = "urn:ietf:params:jmap:mail"
SUBMISSION: Final = "urn:ietf:params:jmap:submission"
ACCOUNT: Final = "A1"

IN_THREAD: Final = 3
"""How many Emails a Thread has."""

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
    submission = {"maxDelayedSend": 0, "submissionExtensions": {}}
    return {
        "capabilities": {CORE: {**LIMITS, "collationAlgorithms": []}, MAIL: {}, SUBMISSION: {}},
        "accounts": {
            ACCOUNT: {
                "name": "alice@example.org",
                "isPersonal": True,
                "isReadOnly": False,
                "accountCapabilities": {MAIL: mail, SUBMISSION: submission},
            }
        },
        "primaryAccounts": {MAIL: ACCOUNT, SUBMISSION: ACCOUNT},
        "username": "alice@example.org",
        "apiUrl": f"{origin}/api",
        "downloadUrl": f"{origin}/download/{{accountId}}/{{blobId}}/{{name}}?type={{type}}",
        "uploadUrl": f"{origin}/upload/{{accountId}}",
        "eventSourceUrl": origin + "/events?types={types}&closeafter={closeafter}&ping={ping}",
        "state": "s1",
    }


@attrs.define
class Request:
    """What later calls of a request may refer to, and what is said without being asked for."""

    found: dict[str, Mapping[str, list[str]]] = attrs.field(factory=dict)
    """Ids, by call id and path."""
    created: dict[str, str] = attrs.field(factory=dict)
    """Ids, by creation id."""
    implicit: list[tuple[str, Mapping[str, Any]]] = attrs.field(factory=list)
    """Further responses, which come under the id of the call."""

    def ids(self, argument: str, arguments: Mapping[str, Any]) -> list[str]:
        """Return the ids that an argument has, or refers to."""
        reference = arguments.get(f"#{argument}")
        ids: list[str] = (
            self.found[reference["resultOf"]][reference["path"]]
            if reference
            else arguments[argument]
        )
        return ids

    def id(self, one: str) -> str:
        """Return the id that a creation id stands for (RFC 8620, 5.3)."""
        return self.created[one[1:]] if one.startswith("#") else one


Answer = tuple[Mapping[str, list[str]], Mapping[str, Any]]
"""Ids by path, and the response."""


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
        self._mailboxes = orjson.Fragment(orjson.dumps([mailbox(role) for role in ROLES]))
        self._new = count(emails)
        self._methods = {
            "Email/get": self._email_get,
            "Email/query": self._email_query,
            "Email/set": self._email_set,
            "EmailSubmission/set": self._email_submission_set,
            "Identity/get": self._identity_get,
            "Mailbox/get": self._mailbox_get,
            "SearchSnippet/get": self._search_snippet_get,
            "Thread/get": self._thread_get,
        }

    def answer(self, request: bytes) -> bytes:
        """Answer a Request (RFC 8620, 3.3)."""
        calls = orjson.loads(request)["methodCalls"]
        self.invocations += len(calls)
        known = Request()
        responses = []
        for name, arguments, call_id in calls:
            known.found[call_id], response = self._methods[name](arguments, known)
            said = [(name, response), *known.implicit]
            known.implicit.clear()
            responses += [(one, {"accountId": ACCOUNT, **what}, call_id) for one, what in said]
        return orjson.dumps({"methodResponses": responses, "sessionState": "s1"})

    def _email_get(self, arguments: Mapping[str, Any], known: Request) -> Answer:
        ids = known.ids("ids", arguments)
        threads = [thread_id(self._numbers[one]) for one in ids]
        whole = "bodyValues" in arguments.get("properties", ())
        rows = [_whole(self._numbers[one]) if whole else self._rows[one] for one in ids]
        return {"/list/*/threadId": threads}, {"list": rows, "notFound": [], "state": "e1"}

    def _email_query(self, arguments: Mapping[str, Any], known: Request) -> Answer:
        start = arguments.get("position", 0)
        if "anchor" in arguments:  # RFC 8620, 5.5
            start = self._numbers[arguments["anchor"]] + arguments.get("anchorOffset", 0)
        ids = self._ids[start : start + arguments.get("limit", len(self._ids))]
        response = {"ids": ids, "position": start, "canCalculateChanges": False, "queryState": "q1"}
        return {"/ids": ids}, response

    def _email_set(self, arguments: Mapping[str, Any], known: Request) -> Answer:
        created = {key: self._email(next(self._new)) for key in arguments.get("create") or {}}
        known.created.update((key, one["id"]) for key, one in created.items())
        return {}, {
            "oldState": "e1",
            "newState": "e2",
            "created": created,
            "updated": dict.fromkeys(arguments.get("update") or {}),
            "destroyed": arguments.get("destroy") or [],
        }

    def _email(self, number: int) -> dict[str, Any]:
        """Return what the server says of an Email that it created."""
        row = list_view(number)
        return {name: row[name] for name in ("id", "blobId", "threadId", "size")}

    def _email_submission_set(self, arguments: Mapping[str, Any], known: Request) -> Answer:
        """Send messages, and say what became of the Emails (RFC 8621, 7.5)."""
        creating = arguments["create"]
        known.created.update((key, f"S{next(self._new)}") for key in creating)
        if "onSuccessUpdateEmail" in arguments:
            keys = (one.removeprefix("#") for one in arguments["onSuccessUpdateEmail"])
            update = dict.fromkeys(known.id(creating[key]["emailId"]) for key in keys)
            known.implicit.append(("Email/set", self._email_set({"update": update}, known)[1]))
        return {}, {
            "oldState": "s1",
            "newState": "s2",
            "created": {key: {"id": known.created[key]} for key in creating},
        }

    def _identity_get(self, arguments: Mapping[str, Any], known: Request) -> Answer:
        return {}, {"list": [IDENTITY], "notFound": [], "state": "i1"}

    def _mailbox_get(self, arguments: Mapping[str, Any], known: Request) -> Answer:
        return {}, {"list": self._mailboxes, "notFound": [], "state": "m1"}

    def _search_snippet_get(self, arguments: Mapping[str, Any], known: Request) -> Answer:
        ids = known.ids("emailIds", arguments)
        rows = [{"emailId": one, "subject": "<mark>Re</mark>", "preview": None} for one in ids]
        return {}, {"list": rows, "notFound": []}

    def _thread_get(self, arguments: Mapping[str, Any], known: Request) -> Answer:
        threads = {one: self._in_thread(one) for one in known.ids("ids", arguments)}
        rows = [{"id": one, "emailIds": ids} for one, ids in threads.items()]
        emails = list(dict.fromkeys(id for ids in threads.values() for id in ids))
        return {"/list/*/emailIds": emails}, {"list": rows, "notFound": [], "state": "t1"}

    def _in_thread(self, id: str) -> list[str]:
        """Return the Emails of a Thread: the one that it is named after, and those that follow."""
        first = int(id[1:], 16)
        return [self._ids[(first + step) % len(self._ids)] for step in range(IN_THREAD)]


@cache
def _whole(number: int) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(full_view(number)))
