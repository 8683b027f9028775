"""The Session resource: what the server can do, and for which accounts (RFC 8620, 2)."""

from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urljoin, urlsplit

import attrs

from jmap_async.errors import RemoteProtocolError
from jmap_async.protocol.converter import decoder
from jmap_async.protocol.declaring import record
from jmap_async.protocol.fields import LOCAL, Malformed
from jmap_async.protocol.strict_json import load_unique
from jmap_async.protocol.types import Id
from jmap_async.redaction import beginning

CORE: Final = "urn:ietf:params:jmap:core"
MAIL: Final = "urn:ietf:params:jmap:mail"


@record(kw_only=True)
class CoreCapability:
    """Limits of the server (RFC 8620, 2); a missing one is what the RFC suggests as minimum.

    Sizes are in octets. `extra` has the members that the RFC does not name.
    """

    max_size_upload: int = 50_000_000
    max_concurrent_upload: int = 4
    max_size_request: int = 10_000_000
    max_concurrent_requests: int = 4
    max_calls_in_request: int = 16
    max_objects_in_get: int = 500
    max_objects_in_set: int = 500
    collation_algorithms: list[str] = attrs.field(factory=list[str])
    extra: Mapping[str, object] = attrs.field(factory=dict[str, object])


@record(kw_only=True)
class Account:
    """An account that the user may use (RFC 8620, 2).

    `account_capabilities` has the details of each capability for this account, by URI, as sent.
    """

    name: str = ""
    is_personal: bool = False
    is_read_only: bool = False
    account_capabilities: Mapping[str, dict[str, object]] = attrs.field(
        factory=dict[str, dict[str, object]]
    )
    extra: Mapping[str, object] = attrs.field(factory=dict[str, object])


@record(kw_only=True)
class Session:
    """The Session resource (RFC 8620, 2), its URLs resolved to absolute ones.

    `capabilities` has the details by URI, as sent; those of core are parsed in `core`. URLs are
    templates of RFC 6570, level 1. `url` is where the resource was found, after redirects.
    """

    capabilities: Mapping[str, dict[str, object]]
    accounts: Mapping[Id, Account]
    primary_accounts: Mapping[str, Id] = attrs.field(factory=dict[str, Id])
    username: str = ""
    api_url: str
    download_url: str = ""
    upload_url: str = ""
    event_source_url: str = ""
    state: str
    url: str = attrs.field(default="", metadata=LOCAL)
    core: CoreCapability = attrs.field(factory=CoreCapability, metadata=LOCAL)
    extra: Mapping[str, object] = attrs.field(factory=dict[str, object])
    permitted: dict[object, Any] = attrs.field(
        factory=dict[object, Any], init=False, eq=False, repr=False, metadata=LOCAL
    )
    """What calls were found to be allowed (see planner/permitted.py): found out once."""
    usual: dict[object, Any] = attrs.field(
        factory=dict[object, Any], init=False, eq=False, repr=False, metadata=LOCAL
    )
    """What is known of calls that differ in ids and patches alone (see planner/usual.py)."""

    def primary_account(self, capability: str) -> Id | None:
        """Return the account to use for a capability, unless one is named; None: there is none.

        Core has no primary account (RFC 8620, 2): blobs belong where the mail is, or to the only
        account that there is.
        """
        if capability != CORE:
            return self.primary_accounts.get(capability)
        only = next(iter(self.accounts)) if len(self.accounts) == 1 else None
        return self.primary_accounts.get(MAIL, only)


def parse(body: bytes, url: str) -> Session:
    """Read a Session resource that was found at `url`.

    Raises:
        RemoteProtocolError: it is no Session object; says what is wrong.
    """
    document = _load(body, url)
    try:
        session: Session = decoder(Session)(document)
        return attrs.evolve(
            session,
            url=url,
            core=_core(session.capabilities),
            api_url=_absolute(session.api_url, url),
            download_url=_absolute(session.download_url, url),
            upload_url=_absolute(session.upload_url, url),
            event_source_url=_absolute(session.event_source_url, url),
        )
    except Malformed as error:
        reason, piece = str(error), error.value
    # Not as its cause: that would hold what the server has sent.
    raise RemoteProtocolError(
        f"{url} is no JMAP Session resource: {reason}. Is this the session URL?", piece=piece
    )


def _core(capabilities: Mapping[str, dict[str, object]]) -> CoreCapability:
    if CORE not in capabilities:
        raise Malformed(f"an object with {CORE!r}", list(capabilities)).inside("capabilities")
    members = dict(capabilities[CORE])
    # The example of RFC 8620, 2.1 misspells it, and servers copied the example.
    if "maxConcurrentRequest" in members:
        members.setdefault("maxConcurrentRequests", members.pop("maxConcurrentRequest"))
    # No limit is below one, else nothing could be sent at all: such a one counts as not given.
    given = {key: item for key, item in members.items() if type(item) is not int or item > 0}
    try:
        return cast("CoreCapability", decoder(CoreCapability)(given))
    except Malformed as error:
        raise error.inside(CORE).inside("capabilities") from None


def _absolute(reference: str, base: str) -> str:
    """Resolve a URL of the session; it may be relative or, as Cyrus has it, lack its host.

    What is no URL stays as it is: it costs only what needs it.
    """
    try:
        parts = urlsplit(reference)
        if parts.scheme and not parts.netloc:
            reference = reference.partition(":")[2]
        # As strings: the braces of a template have to survive.
        return urljoin(base, reference) if reference else ""
    except ValueError:
        return reference


def _load(body: bytes, url: str) -> object:
    try:
        return load_unique(body)
    except (ValueError, RecursionError) as error:
        reason = str(error)
    raise RemoteProtocolError(
        f"{url} is no JMAP Session resource: not I-JSON ({reason}). Is this the session URL?",
        piece=beginning(body),
    )
