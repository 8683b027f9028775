"""The facades of a client: its capabilities and data types."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_origin

from jmap_async.capabilities.facade import Capability, DataType, Host, methods_of
from jmap_async.protocol.call import Call, raw_method
from jmap_async.protocol.declaring import record
from jmap_async.protocol.fields import wire_fields, wire_name
from jmap_async.protocol.raw import RawResponse
from jmap_async.protocol.session import CORE
from jmap_async.protocol.standard import Arguments
from jmap_async.protocol.types import Id, Wire

if TYPE_CHECKING:
    from jmap_async.capabilities.core.blob import BlobTable
    from jmap_async.capabilities.core.echo import CoreTable
    from jmap_async.capabilities.mail.search_snippet import SearchSnippetTable
    from jmap_async.verbs.core import Core, PushSubscriptionMethods
    from jmap_async.verbs.email import EmailMethods
    from jmap_async.verbs.mail import Mail, ThreadMethods
    from jmap_async.verbs.mailbox import MailboxMethods
    from jmap_async.verbs.masked_email import MaskedEmailMethods
    from jmap_async.verbs.submission import EmailSubmissionMethods, IdentityMethods, Submission
    from jmap_async.verbs.vacation_response import VacationResponseMethods

C = TypeVar("C", bound=Capability)


class Facades:
    """The capabilities and data types, for one account or for the primary ones."""

    def __init__(self, host: Host, account_id: Id | None = None) -> None:
        self._host = host
        self._account_id = account_id
        self._facades: dict[tuple[type[Capability], Id | None], Capability] = {}

    def capability(self, kind: type[C], account_id: Id | None = None) -> C:
        """Return the facade of a capability, such as one of your own."""
        account_id = account_id or self._account_id
        facade = self._facades.get((kind, account_id))
        if facade is None:
            facade = self._facades[kind, account_id] = kind(self._host, account_id)
        return cast("C", facade)

    # Each is found out once: calls begin with these names. A capability is imported when it is used
    # first, so that a program pays for those that it uses.

    @cached_property
    def _core(self) -> "Core":
        from jmap_async.verbs.core import Core

        return self.capability(Core)

    @cached_property
    def core(self) -> "CoreTable":
        """The echo (RFC 8620, 4)."""
        return self._core.core

    @cached_property
    def mail(self) -> "Mail":
        """Mailboxes, threads and emails (RFC 8621)."""
        from jmap_async.verbs.mail import Mail

        return self.capability(Mail)

    @cached_property
    def submission(self) -> "Submission":
        """Identities and sending (RFC 8621, 6 and 7)."""
        from jmap_async.verbs.submission import Submission

        return self.capability(Submission)

    @cached_property
    def vacation_response(self) -> "VacationResponseMethods":
        """The automatic reply (RFC 8621, 8)."""
        from jmap_async.verbs.vacation_response import Vacation

        return self.capability(Vacation).vacation_response

    @cached_property
    def masked_email(self) -> "MaskedEmailMethods":
        """Fastmail's masked email addresses."""
        from jmap_async.verbs.masked_email import MaskedEmails

        return self.capability(MaskedEmails).masked_email

    @cached_property
    def email(self) -> "EmailMethods":
        """Emails (RFC 8621, 4)."""
        return self.mail.email

    @cached_property
    def mailbox(self) -> "MailboxMethods":
        """Mailboxes (RFC 8621, 2)."""
        return self.mail.mailbox

    @cached_property
    def thread(self) -> "ThreadMethods":
        """Threads (RFC 8621, 3)."""
        return self.mail.thread

    @cached_property
    def search_snippet(self) -> "SearchSnippetTable":
        """What matched a search, for display (RFC 8621, 5)."""
        return self.mail.search_snippet

    @cached_property
    def identity(self) -> "IdentityMethods":
        """Who mail may be sent as (RFC 8621, 6)."""
        return self.submission.identity

    @cached_property
    def email_submission(self) -> "EmailSubmissionMethods":
        """Mail that was or will be sent (RFC 8621, 7)."""
        return self.submission.email_submission

    @cached_property
    def push_subscription(self) -> "PushSubscriptionMethods":
        """Where the server pushes changes to (RFC 8620, 7.2)."""
        return self._core.push_subscription

    @cached_property
    def blob(self) -> "BlobTable":
        """Binary data (RFC 8620, 6.3)."""
        return self._core.blob

    def call(
        self,
        name: str,
        arguments: Wire | None = None,
        *,
        using: Iterable[str] = (),
        account_id: Id | None = None,
        reads: bool | None = None,
    ) -> Call[RawResponse]:
        """Call any method with wire arguments; the response is a dict, see RawResponse.

        `using` names the capabilities that it needs, besides core; for methods that the package
        knows it may be left out. Where the method takes an `accountId` and `arguments` has none,
        it is that of the primary account. `reads` tells that the method changes nothing, where its
        name does not say so: such calls may be repeated. Values may be references, as in
        `{"ids": query.ids}`.
        """
        wanted = tuple(using)
        known = self._known(name)
        arguments = {} if arguments is None else arguments
        if known is not None:
            capability, takes_account_id = known.capability, known.takes_account_id
            wanted = (*wanted, *known.needs(arguments))
        else:
            capability = next((uri for uri in wanted if uri != CORE), CORE)
            named = account_id is not None or "accountId" in arguments
            takes_account_id = named or capability != CORE
        return Call(
            raw_method(name, capability=capability, reads=reads, takes_account_id=takes_account_id),
            arguments,
            sender=self._host,
            account_id=account_id or self._account_id,
            using=wanted,
        )

    def _known(self, name: str) -> "_Known | None":
        """Return what is known of a method by its name, which begins with that of its data type."""
        if name not in _KNOWN:
            attribute = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).partition("/")[0].lower()
            if isinstance(vars(Facades).get(attribute), cached_property):
                facade = getattr(self, attribute)
                if isinstance(facade, DataType):
                    _KNOWN.update(_known_of(facade))
        return _KNOWN.get(name)


@record(eq=False)
class _Known:
    """What is known of a method by its name; `names` are its arguments, by wire name."""

    capability: str
    takes_account_id: bool
    arguments: type[Arguments]
    names: Mapping[str, str]

    def needs(self, wire: Wire) -> Iterable[str]:
        """Return the capabilities that arguments need beyond the method's own."""
        # What the arguments class says of the same values: it looks into their wire forms, too.
        given: Any = SimpleNamespace(**{name: wire.get(one) for one, name in self.names.items()})
        return self.arguments.needs(given)


_KNOWN: Final[dict[str, _Known]] = {}
"""What is known of methods, by name, once one of their data type has been called by its name."""


def _known_of(facade: DataType) -> Iterator[tuple[str, _Known]]:
    for one in methods_of(type(facade)):
        kind = cast("type[Arguments]", get_origin(one.arguments) or one.arguments)
        names = {wire_name(field): field.name for field in wire_fields(kind)}
        yield one.name, _Known(facade.capability.uri, one.takes_account_id, kind, names)
