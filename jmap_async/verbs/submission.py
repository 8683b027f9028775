"""The submission capability (RFC 8621, 1.3.2)."""

from jmap_async.capabilities.facade import Capability, data_type
from jmap_async.capabilities.submission.email_submission import EmailSubmissionTable
from jmap_async.capabilities.submission.identity import IdentityTable


class Submission(Capability):
    """Sending Emails (RFC 8621, 6 and 7)."""

    uri = "urn:ietf:params:jmap:submission"
    identity = data_type(IdentityTable)
    email_submission = data_type(EmailSubmissionTable)
