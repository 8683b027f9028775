"""EmailSubmission: an Email on its way to its recipients (RFC 8621, 7)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Literal

import attrs

from jmap_async.capabilities.facade import DataType, method
from jmap_async.capabilities.inputs import as_new_id, members
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.email_rules import check_updates
from jmap_async.capabilities.mail.header_values import check_one_line
from jmap_async.errors import LocalProtocolError, MethodError
from jmap_async.protocol import patch
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.declaring import arguments, declared, record
from jmap_async.protocol.fields import LOCAL
from jmap_async.protocol.filters import Comparator, FilterCondition, as_sort
from jmap_async.protocol.ids import as_ids
from jmap_async.protocol.references import ResultReference
from jmap_async.protocol.session import MAIL
from jmap_async.protocol.standard import (
    ByIds,
    Changes,
    ChangesResponse,
    GetResponse,
    Query,
    QueryChanges,
    QueryChangesResponse,
    QueryResponse,
    Set,
    SetResponse,
)
from jmap_async.protocol.types import ABSENT, Id, Wire

EmailSubmissionProperty = Literal[
    "id",
    "identityId",
    "emailId",
    "threadId",
    "envelope",
    "sendAt",
    "undoStatus",
    "deliveryStatus",
    "dsnBlobIds",
    "mdnBlobIds",
]


@data_object
@declared(kw_only=True)
class Address(DataObject):
    """An address of the envelope, with SMTP parameters such as {"HOLDFOR": "3600"}."""

    email: str = ABSENT
    parameters: dict[str, str | None] | None = ABSENT


def _as_address(value: str | Address) -> Address:
    return Address(email=value) if isinstance(value, str) else value


def _as_address_list(value: str | Address | Iterable[str | Address]) -> list[Address]:
    many = [value] if isinstance(value, str | Address) else value
    return [_as_address(one) for one in many]


@data_object
@declared(kw_only=True)
class Envelope(DataObject):
    """Sender and recipients as SMTP sees them (RFC 8621, 7); they replace those of the header."""

    mail_from: Address = attrs.field(default=ABSENT, converter=_as_address)
    rcpt_to: list[Address] = attrs.field(default=ABSENT, converter=_as_address_list)


@data_object
@declared(kw_only=True)
class DeliveryStatus(DataObject):
    """What became of the delivery to one recipient (RFC 8621, 7).

    `delivered` is "queued", "yes", "no" or "unknown", `displayed` is "yes" or "unknown".
    """

    smtp_reply: str = ABSENT
    delivered: str = ABSENT
    displayed: str = ABSENT


@data_object
@declared(kw_only=True)
class EmailSubmission(DataObject):
    """An Email that is being sent (RFC 8621, 7); creating one sends it.

    `undo_status` is "pending", "final" or "canceled"; while it is pending, updating it to
    "canceled" stops the message. `delivery_status` is by recipient.
    """

    id: Id = ABSENT
    identity_id: Id = attrs.field(default=ABSENT, converter=as_new_id)
    email_id: Id = attrs.field(default=ABSENT, converter=as_new_id)
    thread_id: Id = ABSENT
    envelope: Envelope | None = ABSENT
    send_at: datetime = ABSENT
    undo_status: str = ABSENT
    delivery_status: dict[str, DeliveryStatus] | None = ABSENT
    dsn_blob_ids: list[Id] = ABSENT
    mdn_blob_ids: list[Id] = ABSENT


@data_object
@declared(kw_only=True)
class SentSubmission(EmailSubmission):
    """What `email.send` returns: the submission, and what became of the Email in the mailboxes.

    `not_filed` says why the message, which was sent, still is a draft or among the drafts; None: it
    is where sent messages belong.
    """

    not_filed: str | None = ABSENT


@data_object
@declared(kw_only=True)
class EmailSubmissionFilter(FilterCondition):
    """A condition of EmailSubmission/query (RFC 8621, 7.3); the times are those of `send_at`."""

    identity_ids: list[Id] = attrs.field(default=ABSENT, converter=as_ids)
    email_ids: list[Id] = attrs.field(default=ABSENT, converter=as_ids)
    thread_ids: list[Id] = attrs.field(default=ABSENT, converter=as_ids)
    undo_status: str = ABSENT
    before: datetime = ABSENT
    after: datetime = ABSENT


# RFC 8621, 7.3: the property is `sendAt`, but it is sorted by "sentAt".
EmailSubmissionSort = Literal["emailId", "-emailId", "threadId", "-threadId", "sentAt", "-sentAt"]
"""A property to sort by; with "-" in descending order."""

EmailSubmissionSorting = EmailSubmissionSort | Comparator | Wire


def _as_sort(
    value: EmailSubmissionSorting | Iterable[EmailSubmissionSorting] | None,
) -> list[Comparator | Wire] | None:
    return as_sort(value)


@arguments(kw_only=True)
class EmailSubmissionGet(ByIds):
    """Arguments of EmailSubmission/get (RFC 8621, 7.1)."""

    properties: Sequence[EmailSubmissionProperty] | ResultReference[Sequence[str]] | None = None


@arguments(kw_only=True)
class EmailSubmissionQuery(Query[EmailSubmissionFilter]):
    """Arguments of EmailSubmission/query (RFC 8621, 7.3)."""

    sort: list[Comparator | Wire] | None = attrs.field(default=None, converter=_as_sort)


@arguments(kw_only=True)
class EmailSubmissionQueryChanges(QueryChanges[EmailSubmissionFilter]):
    """Arguments of EmailSubmission/queryChanges (RFC 8621, 7.4)."""

    sort: list[Comparator | Wire] | None = attrs.field(default=None, converter=_as_sort)


@arguments(kw_only=True)
class EmailSubmissionSet(Set[EmailSubmission]):
    """Arguments of EmailSubmission/set (RFC 8621, 7.5).

    `on_success_update_email` has patches of the Emails that were sent, and
    `on_success_destroy_email` says which of them to destroy, both by the id of the submission: "#"
    and the creation id for one that is created in the same call.
    """

    on_success_update_email: Mapping[str, Wire] | None = None
    on_success_destroy_email: list[str] | None = attrs.field(
        default=None, converter=attrs.converters.optional(as_ids)
    )

    kind: ClassVar[type | None] = EmailSubmission

    def check(self) -> None:
        super().check()
        for key, submission in (self.create or {}).items():
            check_one_line(f"create[{key!r}]: envelope", members(submission).get("envelope"))
        after = self.on_success_update_email or {}
        for key in after:
            self._check_submission("on_success_update_email", key)
        patch.check_all(after.values(), Email)
        check_updates(after)
        for key in self.on_success_destroy_email or ():
            self._check_submission("on_success_destroy_email", key)

    def needs(self) -> Iterable[str]:
        # The server makes an Email/set of them.
        return (MAIL,) if self.on_success_update_email or self.on_success_destroy_email else ()

    def _check_submission(self, name: str, key: str) -> None:
        """Refuse what is no submission of this call: the server would do nothing about it."""
        if key.startswith("#"):
            known = key[1:] in (self.create or {})
        else:
            destroyed = self.destroy if isinstance(self.destroy, list) else [key]
            known = key in (self.update or {}) or (self.destroy is not None and key in destroyed)
        if not known:
            raise LocalProtocolError(
                f"{name} names {key!r}, which is no submission of this call: give the id of the "
                "submission, not of the Email, or '#' and its creation id"
            )


@record(kw_only=True)
class EmailSubmissionSetResponse(SetResponse[EmailSubmission]):
    """Response of EmailSubmission/set.

    `on_success` is the response of the implicit Email/set; where that failed as a whole,
    `on_success_error` says why. The messages are on their way all the same (RFC 8621, 7.5).
    """

    on_success: SetResponse[Email] | None = attrs.field(default=None, metadata=LOCAL)
    on_success_error: MethodError | None = attrs.field(default=None, metadata=LOCAL)


class EmailSubmissionTable(DataType):
    """The methods of EmailSubmission (RFC 8621, 7)."""

    get = method("EmailSubmission/get", EmailSubmissionGet, GetResponse[EmailSubmission])
    """Fetch submissions (RFC 8621, 7.1)."""

    changes = method("EmailSubmission/changes", Changes, ChangesResponse)
    """Tell which submissions changed since a state (RFC 8621, 7.2)."""

    query = method("EmailSubmission/query", EmailSubmissionQuery, QueryResponse)
    """Find submissions (RFC 8621, 7.3)."""

    query_changes = method(
        "EmailSubmission/queryChanges", EmailSubmissionQueryChanges, QueryChangesResponse
    )
    """Tell how the results of a query changed (RFC 8621, 7.4)."""

    set = method(
        "EmailSubmission/set",
        EmailSubmissionSet,
        EmailSubmissionSetResponse,
        implicit=SetResponse[Email],
    )
    """Send Emails, and cancel what was not sent yet (RFC 8621, 7.5)."""
