"""The methods of Email (RFC 8621, 4)."""

from jmap_async.capabilities.facade import DataType, method
from jmap_async.capabilities.mail.email import Email
from jmap_async.capabilities.mail.email_arguments import (
    EmailGet,
    EmailImportResponse,
    EmailImports,
    EmailParse,
    EmailParseResponse,
    EmailQuery,
    EmailQueryChanges,
    EmailSet,
)
from jmap_async.protocol.standard import (
    Changes,
    ChangesResponse,
    Copy,
    CopyResponse,
    GetResponse,
    QueryChangesResponse,
    QueryResponse,
    SetResponse,
)


class EmailTable(DataType):
    """The methods of Email (RFC 8621, 4)."""

    get = method("Email/get", EmailGet, GetResponse[Email])
    """Fetch Emails (RFC 8621, 4.2)."""

    changes = method("Email/changes", Changes, ChangesResponse)
    """Tell which Emails changed since a state (RFC 8621, 4.3)."""

    query = method("Email/query", EmailQuery, QueryResponse)
    """Find Emails (RFC 8621, 4.4)."""

    query_changes = method("Email/queryChanges", EmailQueryChanges, QueryChangesResponse)
    """Tell how the results of a query changed (RFC 8621, 4.5)."""

    set = method("Email/set", EmailSet, SetResponse[Email])
    """Create drafts, change keywords and mailboxes, destroy Emails (RFC 8621, 4.6)."""

    copy = method("Email/copy", Copy[Email], CopyResponse[Email], implicit=SetResponse[Email])
    """Copy Emails from another account (RFC 8621, 4.7)."""

    import_ = method("Email/import", EmailImports, EmailImportResponse)
    """Make Emails of uploaded messages (RFC 8621, 4.8)."""

    parse = method("Email/parse", EmailParse, EmailParseResponse)
    """Read uploaded messages without importing them (RFC 8621, 4.9)."""
