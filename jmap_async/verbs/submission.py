"""The submission capability (RFC 8621, 1.3.2)."""

from jmap_async.capabilities.facade import Capability, data_type
from jmap_async.capabilities.submission.email_submission import (
    EmailSubmission,
    EmailSubmissionFilter,
    EmailSubmissionProperty,
    EmailSubmissionSorting,
    EmailSubmissionTable,
)
from jmap_async.capabilities.submission.identity import Identity, IdentityProperty, IdentityTable
from jmap_async.verbs.reading import GetVerbs, QueryVerbs


class IdentityMethods(IdentityTable, GetVerbs[Identity, IdentityProperty]):
    """Identities: their methods, and the verbs built on them."""


class EmailSubmissionMethods(
    EmailSubmissionTable,
    QueryVerbs[
        EmailSubmission, EmailSubmissionProperty, EmailSubmissionFilter, EmailSubmissionSorting
    ],
):
    """What was sent: its methods, and the verbs built on them."""


class Submission(Capability):
    """Sending Emails (RFC 8621, 6 and 7)."""

    uri = "urn:ietf:params:jmap:submission"
    identity = data_type(IdentityMethods)
    email_submission = data_type(EmailSubmissionMethods)
