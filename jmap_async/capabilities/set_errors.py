"""The types of SetError that these data types know (RFC 8620, 5.3 and 5.4; RFC 8621)."""

from typing import Literal

SetErrorType = Literal[
    # of every type
    "forbidden",
    "overQuota",
    "tooLarge",
    "rateLimit",
    "notFound",
    "invalidPatch",
    "willDestroy",
    "invalidProperties",
    "singleton",
    "alreadyExists",
    # of Mailbox
    "mailboxHasChild",
    "mailboxHasEmail",
    # of Email
    "blobNotFound",
    "tooManyKeywords",
    "tooManyMailboxes",
    # of Email and EmailSubmission
    "invalidEmail",
    # of Identity and EmailSubmission
    "forbiddenFrom",
    # of EmailSubmission
    "tooManyRecipients",
    "noRecipients",
    "invalidRecipients",
    "forbiddenMailFrom",
    "forbiddenToSend",
    "cannotUnsend",
]
"""What `SetError.type` may be. Servers may send others: compare, but do not rely on the list."""
