"""The Session resource: what the server can do, and for which accounts (RFC 8620, 2)."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import attrs

from jmap_async.errors import RemoteProtocolError
from jmap_async.protocol.converter import Malformed, decoder
from jmap_async.protocol.strict_json import load_unique
from jmap_async.protocol.types import Id

CORE: Final = "urn:ietf:params:jmap:core"


@attrs.frozen(kw_only=True)
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
    collation_algorithms: list[str] = attrs.field(factory=list)
    extra: Mapping[str, object] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Account:
    """An account that the user may use (RFC 8620, 2).

    `account_capabilities` has the details of each capability for this account, by URI, as sent.
    """

    name: str = ""
    is_personal: bool = False
    is_read_only: bool = False
    account_capabilities: Mapping[str, dict[str, object]] = attrs.field(factory=dict)
    extra: Mapping[str, object] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Session:
    """The Session resource (RFC 8620, 2), its URLs resolved to absolute ones.

    `capabilities` has the details by URI, as sent; those of core are parsed in `core`. URLs are
    templates of RFC 6570, level 1. `url` is where the resource was found, after redirects.
    """

    capabilities: Mapping[str, dict[str, object]]
    accounts: Mapping[Id, Account]
    primary_accounts: Mapping[str, Id] = attrs.field(factory=dict)
    username: str = ""
    api_url: str
    download_url: str = ""
    upload_url: str = ""
    event_source_url: str = ""
    state: str
    url: str = attrs.field(default="", metadata={"wire": None})
    core: CoreCapability = attrs.field(factory=CoreCapability, metadata={"wire": None})
    extra: Mapping[str, object] = attrs.field(factory=dict)


_decode_session: Final = decoder(Session)
_decode_core: Final = decoder(CoreCapability)


def parse(body: bytes, url: str) -> Session:
    """Read a Session resource that was found at `url`.

    Raises:
        RemoteProtocolError: it is no Session object; says what is wrong.
    """
    document = _load(body, url)
    try:
        session: Session = _decode_session(document)
        core: CoreCapability = _decode_core(_core_members(session.capabilities))
    except Malformed as error:
        raise RemoteProtocolError(
            f"{url} is no JMAP Session resource: {error}. Is this the session URL?",
            piece=error.value,
        ) from error
    return attrs.evolve(
        session,
        url=url,
        core=core,
        api_url=_absolute(session.api_url, url),
        download_url=_absolute(session.download_url, url),
        upload_url=_absolute(session.upload_url, url),
        event_source_url=_absolute(session.event_source_url, url),
    )


def _core_members(capabilities: Mapping[str, dict[str, object]]) -> dict[str, object]:
    if CORE not in capabilities:
        raise Malformed(f"capabilities with {CORE!r}", list(capabilities))
    members = dict(capabilities[CORE])
    # The RFC's own example misspells it, and servers copied the example.
    if "maxConcurrentRequest" in members:
        members.setdefault("maxConcurrentRequests", members["maxConcurrentRequest"])
    # A limit of zero would mean that nothing may be sent: take it as not given.
    return {key: value for key, value in members.items() if value != 0}


def _absolute(reference: str, base: str) -> str:
    """Resolve a URL of the session; it may be relative or, as Cyrus has it, lack its host."""
    if not reference:
        return reference
    if not urlsplit(reference).netloc:
        reference = reference.partition(":")[2] if urlsplit(reference).scheme else reference
    # As strings: the braces of a template have to survive.
    return urljoin(base, reference)


def _load(body: bytes, url: str) -> Any:
    try:
        return load_unique(body)
    except (ValueError, RecursionError) as error:
        raise RemoteProtocolError(
            f"{url} is no JMAP Session resource: not I-JSON ({error}). Is this the session URL?",
            piece=body[:400].decode(errors="replace"),
        ) from error
