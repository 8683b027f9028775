"""The submission capability (RFC 8621, 1.3.2)."""

from jmap_async.capabilities.facade import Capability, data_type
from jmap_async.capabilities.submission.email_submission import EmailSubmissionMethods
from jmap_async.capabilities.submission.identity import IdentityMethods


class Submission(Capability):
    """Sending Emails (RFC 8621, 6 and 7)."""

    uri = "urn:ietf:params:jmap:submission"
    identity = data_type(IdentityMethods)
    email_submission = data_type(EmailSubmissionMethods)
