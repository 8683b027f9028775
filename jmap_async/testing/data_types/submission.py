"""EmailSubmission: sending, into a list instead of the world (RFC 8621, 7)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from jmap_async.testing.checks import (
    anything,
    is_id,
    is_id_or_reference,
    is_object,
    is_string,
    list_of,
    map_of,
    nullable,
    one_of,
)
from jmap_async.testing.data_types import envelope as envelopes
from jmap_async.testing.data_types.messages import content_of
from jmap_async.testing.failures import SetFailure, invalid_properties
from jmap_async.testing.instants import instant, is_utc_date, to_utc_date
from jmap_async.testing.methods import Argument, Call, Method
from jmap_async.testing.standard.datatype import ID_PROPERTY, Property, server_set
from jmap_async.testing.standard.getting import changes_method, get_method, method
from jmap_async.testing.standard.query_changes import query_changes_method
from jmap_async.testing.standard.querying import (
    Condition,
    QueryableType,
    Sort,
    after,
    before,
    by_date,
    query_method,
)
from jmap_async.testing.standard.setting import IF_IN_STATE, SET_ARGUMENTS, set_
from jmap_async.testing.store import SentMessage
from jmap_async.testing.types import SUBMISSION, JSONObject, or_empty


def _in_list(property: str) -> Condition:
    return Condition(
        list_of(is_id), lambda call, ids: lambda record: record[property] in ids, mutable=False
    )


def _stored(property: str) -> Sort:
    return Sort(lambda call, comparator: lambda record: record[property], mutable=False)


class EmailSubmissionType(QueryableType):
    """Submissions: created to send, updated only to cancel."""

    name = "EmailSubmission"
    capability = SUBMISSION
    properties: ClassVar[Mapping[str, Property]] = {
        "id": ID_PROPERTY,
        "identityId": Property(is_id, immutable=True, references=True),
        "emailId": Property(is_id, immutable=True, references=True),
        "threadId": server_set(is_id),
        "envelope": Property(nullable(envelopes.is_envelope), None, immutable=True),
        "sendAt": server_set(is_utc_date),
        "undoStatus": Property(one_of("pending", "final", "canceled"), "final"),
        "deliveryStatus": server_set(anything),
        "dsnBlobIds": server_set(anything),
        "mdnBlobIds": server_set(anything),
    }
    conditions: ClassVar[Mapping[str, Condition]] = {
        "identityIds": _in_list("identityId"),
        "emailIds": _in_list("emailId"),
        "threadIds": _in_list("threadId"),
        "undoStatus": Condition(
            is_string, lambda call, value: lambda record: record["undoStatus"] == value
        ),
        "before": before("sendAt"),
        "after": after("sendAt"),
    }
    # The property is sendAt, but the RFC sorts by "sentAt" (RFC 8621, 7.3).
    sorts: ClassVar[Mapping[str, Sort]] = {
        "emailId": _stored("emailId"),
        "threadId": _stored("threadId"),
        "sentAt": by_date("sendAt"),
    }

    def fits(self, name: str, value: object) -> bool:
        """Leave undoStatus of a new submission to the server."""
        return name != "undoStatus" and super().fits(name, value)

    def create(self, call: Call, values: JSONObject, options: JSONObject) -> JSONObject:
        """Send a message, or hold it until its time."""
        account, now = call.account, call.world.clock()
        identity = account.records("Identity").get(values["identityId"])
        email = account.records("Email").get(values["emailId"])
        missing = [n for n, v in (("identityId", identity), ("emailId", email)) if v is None]
        if identity is None or email is None:
            raise invalid_properties(*missing, description="There is no such record.")
        content = content_of(account, email["blobId"])
        envelopes.check_from(content, identity)
        envelope = values["envelope"] or envelopes.build(content, identity)
        envelopes.check(envelope, identity)
        longest = account.capabilities[SUBMISSION]["maxDelayedSend"]
        release = envelopes.release_time(envelope, now, longest)
        held = instant(release) > instant(to_utc_date(now))
        record: JSONObject = {
            "id": self.table(call).next_id(),
            "identityId": identity["id"],
            "emailId": email["id"],
            "threadId": email["threadId"],
            "envelope": envelope,
            "sendAt": release,
            "undoStatus": "pending" if held else "final",
            "deliveryStatus": _delivery_status(envelope, held=held),
            "dsnBlobIds": [],
            "mdnBlobIds": [],
        }
        self.table(call).insert(record)
        if not held:
            call.world.sent.append(_sent(record, content.raw))
        return record

    def update(
        self, call: Call, old: JSONObject, new: JSONObject, options: JSONObject
    ) -> JSONObject:
        """Cancel a submission that is still held."""
        if new["undoStatus"] != "canceled":
            raise invalid_properties("undoStatus", description='It can become "canceled" only.')
        if old["undoStatus"] != "pending":
            raise SetFailure("cannotUnsend", "The message is already under way.")
        return super().update(call, old, new, options)


def _delivery_status(envelope: JSONObject, *, held: bool) -> JSONObject:
    status = {
        "smtpReply": "250 2.0.0 queued" if held else "250 2.0.0 relayed",
        # RFC 8621, 7: relaying is no proof of delivery.
        "delivered": "queued" if held else "unknown",
        "displayed": "unknown",
    }
    return {recipient["email"]: status for recipient in envelope["rcptTo"]}


def _sent(record: JSONObject, raw: bytes) -> SentMessage:
    return SentMessage(
        mail_from=record["envelope"]["mailFrom"]["email"],
        rcpt_to=[recipient["email"] for recipient in record["envelope"]["rcptTo"]],
        message=envelopes.without_bcc(raw),
        email_id=record["emailId"],
        submission_id=record["id"],
    )


def _set(call: Call, given: JSONObject) -> JSONObject:
    """Answer EmailSubmission/set, and let an Email/set follow (RFC 8621, 7.5)."""
    before = dict(SUBMISSIONS.table(call).records)
    response = set_(call, SUBMISSIONS, given)
    now = SUBMISSIONS.table(call).records
    done: set[str] = {
        *(created["id"] for created in or_empty(response["created"]).values()),
        *or_empty(response["updated"]),
        *(response["destroyed"] or ()),
    }

    def email_of(key: str) -> str | None:
        id = call.real_id(key)
        if id is None or id not in done:
            return None
        email_id: str = (now.get(id) or before[id])["emailId"]
        return email_id

    updates: dict[str, Any] = {}
    for key, changes in or_empty(given["onSuccessUpdateEmail"]).items():
        if email_id := email_of(key):
            updates[email_id] = updates.get(email_id, {}) | changes
    doomed = [id for key in given["onSuccessDestroyEmail"] or () if (id := email_of(key))]
    if updates or doomed:
        arguments = {"accountId": call.account.id, "update": updates or None}
        call.implicit.append(("Email/set", {**arguments, "destroy": doomed or None}))
    return response


SUBMISSIONS: Final = EmailSubmissionType()
METHODS: Final[dict[str, Method]] = {
    "EmailSubmission/get": get_method(SUBMISSIONS),
    "EmailSubmission/changes": changes_method(SUBMISSIONS),
    "EmailSubmission/query": query_method(SUBMISSIONS),
    "EmailSubmission/queryChanges": query_changes_method(SUBMISSIONS),
    "EmailSubmission/set": method(
        SUBMISSIONS,
        _set,
        {
            **IF_IN_STATE,
            **SET_ARGUMENTS,
            "onSuccessUpdateEmail": Argument(nullable(map_of(is_id_or_reference, is_object)), None),
            "onSuccessDestroyEmail": Argument(nullable(list_of(is_id_or_reference)), None),
        },
        writes=True,
    ),
}
