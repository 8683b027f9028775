"""An asynchronous JMAP client that turns the calls of many tasks into few requests.

async with jmap_async.connect("https://api.example.com/jmap/session", auth=TOKEN) as client:
    inbox = await client.mailbox.by_role("inbox")
    found = client.email.query({"inMailbox": inbox.id}, sort="-receivedAt", limit=10)
    emails = await client.email.get(found.ids, properties=["subject", "from"])
"""

import importlib
import typing

from jmap_async._version import __version__
from jmap_async.auth import Auth, BasicAuth, BearerAuth
from jmap_async.batch import Batch
from jmap_async.blobs import Download
from jmap_async.capabilities.facade import Capability, DataType, data_type, method
from jmap_async.client import Client, Connecting, connect
from jmap_async.errors import (
    AccountNotFound,
    AccountNotSupportedByMethod,
    AccountReadOnly,
    AnchorNotFound,
    AuthenticationError,
    CannotCalculateChanges,
    ClientClosed,
    DiscoveryError,
    Forbidden,
    FromAccountNotFound,
    FromAccountNotSupportedByMethod,
    HTTPError,
    InvalidArguments,
    InvalidResultReference,
    JMAPError,
    LimitExceeded,
    LocalProtocolError,
    MethodError,
    NoAccount,
    NotFound,
    NotJSON,
    NotRequest,
    PropertyLeftOut,
    PropertyNotFetched,
    RateLimited,
    ReadOnlyAccount,
    RemoteProtocolError,
    RequestError,
    RequestTooLarge,
    ResponseTooLarge,
    ServerFail,
    ServerPartialFail,
    ServerUnavailable,
    SetError,
    SetFailed,
    StateMismatch,
    TooLarge,
    TooManyChanges,
    TransportError,
    UnknownCapability,
    UnknownDataType,
    UnknownMethod,
    UnsupportedCapability,
    UnsupportedFilter,
    UnsupportedSort,
)
from jmap_async.facades import Facades
from jmap_async.planner import Again, PlannedRequest
from jmap_async.protocol.blob import Blob
from jmap_async.protocol.call import Call
from jmap_async.protocol.codec.objects import DataObject, data_object
from jmap_async.protocol.filters import Comparator, FilterCondition, FilterOperator
from jmap_async.protocol.raw import RawResponse
from jmap_async.protocol.references import CreationReference, ResultReference
from jmap_async.protocol.session import Account, CoreCapability, Session
from jmap_async.protocol.standard import (
    ChangesResponse,
    CopyResponse,
    GetResponse,
    QueryChangesResponse,
    QueryResponse,
    SetResponse,
)
from jmap_async.protocol.types import ABSENT
from jmap_async.retry import Retry
from jmap_async.stats import Stats
from jmap_async.transport import Timeouts

if typing.TYPE_CHECKING:
    from jmap_async.capabilities.core.push_subscription import PushKeys, PushSubscription
    from jmap_async.capabilities.mail.address import EmailAddress, EmailAddressGroup
    from jmap_async.capabilities.mail.body import EmailBodyPart, EmailBodyValue
    from jmap_async.capabilities.mail.email import Email, EmailImport
    from jmap_async.capabilities.mail.email_query import EmailFilter
    from jmap_async.capabilities.mail.headers import EmailHeader, header
    from jmap_async.capabilities.mail.mailbox import Mailbox, MailboxFilter, MailboxRights
    from jmap_async.capabilities.mail.search_snippet import SearchSnippet
    from jmap_async.capabilities.mail.thread import Thread
    from jmap_async.capabilities.masked_email.masked_email import MaskedEmail
    from jmap_async.capabilities.submission.email_submission import (
        Address,
        DeliveryStatus,
        EmailSubmission,
        EmailSubmissionFilter,
        Envelope,
        SentSubmission,
    )
    from jmap_async.capabilities.submission.identity import Identity
    from jmap_async.capabilities.vacation_response.vacation_response import VacationResponse
    from jmap_async.verbs.reading import GetVerbs, QueryVerbs
else:
    # The same, imported when they are used first: a program pays for the capabilities that it uses.
    _LATER = {
        "capabilities.core.push_subscription": ("PushKeys", "PushSubscription"),
        "capabilities.mail.address": ("EmailAddress", "EmailAddressGroup"),
        "capabilities.mail.body": ("EmailBodyPart", "EmailBodyValue"),
        "capabilities.mail.email": ("Email", "EmailImport"),
        "capabilities.mail.email_query": ("EmailFilter",),
        "capabilities.mail.headers": ("EmailHeader", "header"),
        "capabilities.mail.mailbox": ("Mailbox", "MailboxFilter", "MailboxRights"),
        "capabilities.mail.search_snippet": ("SearchSnippet",),
        "capabilities.mail.thread": ("Thread",),
        "capabilities.masked_email.masked_email": ("MaskedEmail",),
        "capabilities.submission.email_submission": (
            "Address",
            "DeliveryStatus",
            "EmailSubmission",
            "EmailSubmissionFilter",
            "Envelope",
            "SentSubmission",
        ),
        "capabilities.submission.identity": ("Identity",),
        "capabilities.vacation_response.vacation_response": ("VacationResponse",),
        "verbs.reading": ("GetVerbs", "QueryVerbs"),
    }
    _MODULES = {name: module for module, names in _LATER.items() for name in names}

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(f"{__name__}.{_MODULES[name]}")
        found = globals()[name] = getattr(module, name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *_MODULES})


__all__ = [
    "ABSENT",
    "Account",
    "AccountNotFound",
    "AccountNotSupportedByMethod",
    "AccountReadOnly",
    "Address",
    "Again",
    "AnchorNotFound",
    "Auth",
    "AuthenticationError",
    "BasicAuth",
    "Batch",
    "BearerAuth",
    "Blob",
    "Call",
    "CannotCalculateChanges",
    "Capability",
    "ChangesResponse",
    "Client",
    "ClientClosed",
    "Comparator",
    "Connecting",
    "CopyResponse",
    "CoreCapability",
    "CreationReference",
    "DataObject",
    "DataType",
    "DeliveryStatus",
    "DiscoveryError",
    "Download",
    "Email",
    "EmailAddress",
    "EmailAddressGroup",
    "EmailBodyPart",
    "EmailBodyValue",
    "EmailFilter",
    "EmailHeader",
    "EmailImport",
    "EmailSubmission",
    "EmailSubmissionFilter",
    "Envelope",
    "Facades",
    "FilterCondition",
    "FilterOperator",
    "Forbidden",
    "FromAccountNotFound",
    "FromAccountNotSupportedByMethod",
    "GetResponse",
    "GetVerbs",
    "HTTPError",
    "Identity",
    "InvalidArguments",
    "InvalidResultReference",
    "JMAPError",
    "LimitExceeded",
    "LocalProtocolError",
    "Mailbox",
    "MailboxFilter",
    "MailboxRights",
    "MaskedEmail",
    "MethodError",
    "NoAccount",
    "NotFound",
    "NotJSON",
    "NotRequest",
    "PlannedRequest",
    "PropertyLeftOut",
    "PropertyNotFetched",
    "PushKeys",
    "PushSubscription",
    "QueryChangesResponse",
    "QueryResponse",
    "QueryVerbs",
    "RateLimited",
    "RawResponse",
    "ReadOnlyAccount",
    "RemoteProtocolError",
    "RequestError",
    "RequestTooLarge",
    "ResponseTooLarge",
    "ResultReference",
    "Retry",
    "SearchSnippet",
    "SentSubmission",
    "ServerFail",
    "ServerPartialFail",
    "ServerUnavailable",
    "Session",
    "SetError",
    "SetFailed",
    "SetResponse",
    "StateMismatch",
    "Stats",
    "Thread",
    "Timeouts",
    "TooLarge",
    "TooManyChanges",
    "TransportError",
    "UnknownCapability",
    "UnknownDataType",
    "UnknownMethod",
    "UnsupportedCapability",
    "UnsupportedFilter",
    "UnsupportedSort",
    "VacationResponse",
    "__version__",
    "connect",
    "data_object",
    "data_type",
    "header",
    "method",
]
