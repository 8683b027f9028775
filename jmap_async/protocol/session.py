"""The Session resource: what the server can do, and for which accounts (RFC 8620, 2)."""

from collections.abc import Collection, Mapping, Sized
from typing import Any, Final, cast
from urllib.parse import urljoin, urlsplit

import attrs

from jmap_async.errors import RemoteProtocolError, brief
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.codec.oddities import warn_once
from jmap_async.protocol.declaring import record
from jmap_async.protocol.fields import LOCAL, forgiving
from jmap_async.protocol.strict_json import load_last
from jmap_async.protocol.types import Id
from jmap_async.redaction import beginning

CORE: Final = "urn:ietf:params:jmap:core"
MAIL: Final = "urn:ietf:params:jmap:mail"


@record(kw_only=True)
class CoreCapability:
    """Limits of the server (RFC 8620, 2); a missing one is what the RFC suggests as minimum.

    So is one that is malformed. Sizes are in octets. `extra` has the members that the RFC does not
    name.
    """

    max_size_upload: int = forgiving(default=50_000_000)
    max_concurrent_upload: int = forgiving(default=4)
    max_size_request: int = forgiving(default=10_000_000)
    max_concurrent_requests: int = forgiving(default=4)
    max_calls_in_request: int = forgiving(default=16)
    max_objects_in_get: int = forgiving(default=500)
    max_objects_in_set: int = forgiving(default=500)
    collation_algorithms: list[str] = forgiving(factory=list[str])
    extra: Mapping[str, object] = attrs.field(factory=dict[str, object])


@record(kw_only=True)
class Account:
    """An account that the user may use (RFC 8620, 2).

    `account_capabilities` has the details of each capability for this account, by URI, as sent.
    """

    name: str = forgiving(default="")
    is_personal: bool = forgiving(default=False)
    # Malformed, it is not taken to be true: the server knows, and refuses what it does not allow.
    is_read_only: bool = forgiving(default=False)
    account_capabilities: Mapping[str, dict[str, object]] = forgiving(
        factory=dict[str, dict[str, object]]
    )
    extra: Mapping[str, object] = attrs.field(factory=dict[str, object])


@record(kw_only=True)
class Session:
    """The Session resource (RFC 8620, 2), its URLs resolved to absolute ones.

    `capabilities` has the details by URI, as sent; those of core are parsed in `core`. URLs are
    templates of RFC 6570, level 1. `url` is where the resource was found, after redirects.

    What is malformed costs itself alone, and is told in the log: details of a capability are {}
    then, an account is not there, any other member is as if it was missing.
    """

    capabilities: Mapping[str, dict[str, object]] = forgiving(factory=dict[str, dict[str, object]])
    accounts: Mapping[Id, Account] = forgiving(factory=dict[str, Account])
    primary_accounts: Mapping[str, Id] = forgiving(factory=dict[str, Id])
    username: str = forgiving(default="")
    api_url: str = forgiving(default="")
    download_url: str = forgiving(default="")
    upload_url: str = forgiving(default="")
    event_source_url: str = forgiving(default="")
    state: str = forgiving(default="")
    url: str = attrs.field(default="", metadata=LOCAL)
    core: CoreCapability = attrs.field(factory=CoreCapability, metadata=LOCAL)
    extra: Mapping[str, object] = attrs.field(factory=dict[str, object])
    permitted: dict[object, Any] = attrs.field(
        factory=dict[object, Any], init=False, eq=False, repr=False, metadata=LOCAL
    )
    """What calls were found to be allowed (see planner/prepare/permitted.py): found out once."""
    usual: dict[object, Any] = attrs.field(
        factory=dict[object, Any], init=False, eq=False, repr=False, metadata=LOCAL
    )
    """What is known of calls that differ in ids and patches alone (planner/prepare/usual.py)."""

    def lacks(self, member: str, what: str) -> RemoteProtocolError:
        """Make the error for what needs a URL that the server's session does not have."""
        return RemoteProtocolError(
            f"{what}: the server's session at {self.url} has no {member} that can be used",
            outcome="not_sent",
        )

    def primary_account(self, capability: str) -> Id | None:
        """Return the account to use for a capability, unless one is named; None: there is none.

        Core has no primary account (RFC 8620, 2): blobs belong where the mail is, or to the only
        account that there is.
        """
        if capability != CORE:
            return self._known(self.primary_accounts.get(capability))
        only = next(iter(self.accounts)) if len(self.accounts) == 1 else None
        return self._known(self.primary_accounts.get(MAIL)) or only

    def _known(self, account_id: Id | None) -> Id | None:
        """Return an account's id; None for an account that the session does not have."""
        return account_id if account_id in self.accounts else None


def parse(body: bytes, url: str) -> Session:
    """Read a Session resource that was found at `url`.

    Raises:
        RemoteProtocolError: it is no Session object; says what is wrong.
    """
    document = _members(_load(body, url), url)
    session: Session = decoder(Session)({**document, **_repaired(document)})
    core = session.capabilities.get(CORE, {})
    session = attrs.evolve(
        session,
        url=url,
        capabilities={**_capabilities(session), CORE: core},
        core=_core(core),
        api_url=_absolute(session.api_url, url),
        download_url=_absolute(session.download_url, url),
        upload_url=_absolute(session.upload_url, url),
        event_source_url=_absolute(session.event_source_url, url),
    )
    _tell(session)
    return session


def _members(document: object, url: str) -> dict[str, object]:
    """Return the members of what is a Session, however malformed."""
    piece = document
    members = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    if isinstance(members.get("apiUrl"), str) or _is_listing(members.get("capabilities")):
        return members
    raise RemoteProtocolError(
        f"{url} is no JMAP Session resource: it has neither capabilities nor an apiUrl. "
        "Is this the session URL?",
        piece=piece,
        outcome="not_sent",
    )


def _is_listing(capabilities: object) -> bool:
    return isinstance(capabilities, dict | list) and len(cast("Sized", capabilities)) > 0


def _repaired(document: Mapping[str, object]) -> dict[str, object]:
    """Return members in place of such as say what they mean in another form."""
    found: dict[str, object] = {}
    if isinstance(listed := document.get("capabilities"), list):
        found["capabilities"] = _by_uri(cast("list[object]", listed))
    if isinstance(accounts := document.get("accounts"), dict):
        items = cast("dict[str, object]", accounts).items()
        found["accounts"] = {key: _repaired_account(account) for key, account in items}
    return found


def _repaired_account(account: object) -> object:
    if not isinstance(account, dict):
        return account
    members = cast("dict[str, object]", account)
    listed = members.get("accountCapabilities")
    if not isinstance(listed, list):
        return members
    return {**members, "accountCapabilities": _by_uri(cast("list[object]", listed))}


def _by_uri(uris: list[object]) -> dict[str, object]:
    """Return a list of capabilities as the object that it should be; none is an empty one."""
    return {uri: {} for uri in uris if isinstance(uri, str)}


def _capabilities(session: Session) -> Mapping[str, dict[str, object]]:
    """Return the capabilities; where the server names none, those that its accounts have."""
    if session.capabilities:
        return session.capabilities
    listed = [*session.primary_accounts]
    for account in session.accounts.values():
        listed += account.account_capabilities
    return {uri: {} for uri in listed}


def _core(given: Mapping[str, object]) -> CoreCapability:
    members = dict(given)
    # The example of RFC 8620, 2.1 misspells it, and servers copied the example.
    if "maxConcurrentRequest" in members:
        members.setdefault("maxConcurrentRequests", members.pop("maxConcurrentRequest"))
    # No limit is below one, else nothing could be sent at all: such a one counts as not given.
    limits = {key: item for key, item in members.items() if not _is_below_one(item)}
    return cast("CoreCapability", decoder(CoreCapability)(limits))


def _is_below_one(item: object) -> bool:
    return isinstance(item, int | float) and not isinstance(item, bool) and item < 1


def _tell(session: Session) -> None:
    """Warn of what is missing, or does not fit together."""
    for name, wire in _MEMBERS.items():
        if not getattr(session, name):
            said = f"the JMAP session at {session.url} has no {wire} that can be used"
            warn_once(f"{session.url} {wire}", said)
    for uri, account_id in session.primary_accounts.items():
        if account_id not in session.accounts:
            warn_once(
                f"{session.url} {uri}",
                f"the JMAP session at {session.url} names an account for {uri} that is not among "
                f"its accounts: {brief(account_id, 80)}",
            )


_MEMBERS: Final = {"api_url": "apiUrl", "accounts": "accounts", "state": "state"}
"""Members that have to be there (RFC 8620, 2), and are missed where they are not."""


def _absolute(reference: str, base: str) -> str:
    """Resolve a URL of the session; it may be relative or, as Cyrus has it, lack its host.

    What is no URL of a host stays as it is: it costs only what needs it.
    """
    try:
        parts = urlsplit(reference)
        if parts.scheme and parts.path.startswith("/") and not parts.netloc:
            reference = reference.partition(":")[2]
        # As strings: the braces of a template have to survive.
        return urljoin(base, reference) if reference else ""
    except ValueError:
        return reference


def _load(body: bytes, url: str) -> object:
    try:
        document, doubled = load_last(body)
    except (ValueError, RecursionError) as error:
        reason = str(error)
    else:
        return _without(document, doubled, url)
    # Not as its cause: that would hold what the server has sent.
    raise RemoteProtocolError(
        f"{url} is no JMAP Session resource: not I-JSON ({reason}). Is this the session URL?",
        piece=beginning(body),
        outcome="not_sent",
    )


def _without(document: object, doubled: Collection[str], url: str) -> object:
    """Leave out the members that came several times, with different values."""
    if not doubled:
        return document
    warn_once(f"{url} twice", f"the JMAP session at {url} has several values for {sorted(doubled)}")
    members = cast("dict[str, object]", document)
    return {name: one for name, one in members.items() if name not in doubled}
