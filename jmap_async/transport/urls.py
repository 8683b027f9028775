"""Where requests may go, and which hosts may see the credential (RFC 8620, 1.7 and 8.3)."""

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from yarl import URL

from jmap_async.errors import LocalProtocolError, RemoteProtocolError
from jmap_async.transport.wording import shown

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""Statuses whose Location is another place to ask."""


@lru_cache(maxsize=64)  # asked for each request, mostly of the same URL
def checked_url(url: str, *, allow_insecure_http: bool = False) -> URL:
    """Parse an absolute URL to which a credential may be sent, as it stands.

    That is https anywhere, http on this machine, and http elsewhere only if `allow_insecure_http`.
    Raises LocalProtocolError for any other, and for one that no HTTP request can carry.
    """
    parsed = _parsed(url)
    if parsed.scheme not in {"http", "https"}:
        raise LocalProtocolError(f"{shown(url)}: only https:// (and http://) URLs can be used.")
    # RFC 8620, 1.7: everything goes over TLS.
    if parsed.scheme == "http" and not (allow_insecure_http or is_local(parsed)):
        raise LocalProtocolError(
            f"{shown(url)}: the credential would travel unencrypted. Use https://, or pass "
            "allow_insecure_http=True if the way there is safe."
        )
    return parsed


def check_named(
    name: str, url: str, session_url: str, *, allow_insecure_http: bool = False
) -> None:
    """Check a URL that the session from `session_url` gives as `name`, such as "apiUrl".

    It may lead to any host and port: it is the server's word, given over TLS. But it never leads
    from there to http, and else to where `checked_url` allows.

    Raises:
        RemoteProtocolError: it may not be used; this costs only what needs it.
    """
    reason = _objection(url, session_url, allow_insecure_http=allow_insecure_http)
    if reason is not None:
        raise RemoteProtocolError(
            f"the session at {shown(session_url)} has {shown(url)} as {name}: {reason}. What "
            f"needs the {name} does not work with this server",
            piece=shown(url),
            outcome="not_sent",
        )


def _objection(url: str, session_url: str, *, allow_insecure_http: bool) -> str | None:
    """Return what is wrong with a URL of a session, if anything."""
    try:
        parsed = _parsed(url)
    except LocalProtocolError:
        return "that is no URL of a host without a user name"
    if parsed.scheme not in {"http", "https"}:
        return "that is not an https:// URL"
    if parsed.scheme == "https":
        return None
    if URL(session_url).scheme == "https":
        return "that leads from https down to http"
    if not (allow_insecure_http or is_local(parsed)):
        return "that is not encrypted, which takes allow_insecure_http=True"
    return None


def _parsed(url: str) -> URL:
    if not url.isprintable() or " " in url:
        raise LocalProtocolError(f"{shown(url)}: a URL may not hold white space.")
    # Some take it for a slash, and would see another host than we do.
    if "\\" in url:
        raise LocalProtocolError(f"{shown(url)}: a URL may not hold a backslash.")
    try:
        # Requoting would turn the %2F of an expanded template into a slash. What is not ASCII
        # needs quoting, its host in particular.
        parsed = URL(url, encoded=url.isascii())
        host, secrets = parsed.raw_host, (parsed.raw_user, parsed.raw_password)
    except ValueError:
        raise LocalProtocolError(f"{shown(url)}: this is not a URL.") from None
    if not host:
        raise LocalProtocolError(f"{shown(url)}: the URL must be absolute, with a host.")
    if secrets != (None, None):
        raise LocalProtocolError(
            f"{shown(url)}: a URL may not hold a user name or a password; use auth=."
        )
    return parsed.with_fragment(None)


def host_of(url: URL) -> str:
    """Return the host of an absolute URL in the one spelling that hosts are compared in."""
    return canonical_host(url.raw_host or "")


def canonical_host(host: str) -> str:
    """Return `host` in lower case, as IDNA A-labels, without the dot at its end.

    An address is written in the one way that `ipaddress` has for it.

    Raises LocalProtocolError if it cannot be a host.
    """
    try:
        # yarl's encoding, so that what is checked is what is connected to.
        encoded = host if host.isascii() else (URL.build(scheme="https", host=host).raw_host or "")
    except ValueError:
        raise LocalProtocolError(f"{host!r} is not a host name.") from None
    canonical = encoded.lower().removesuffix(".")
    return str(ipaddress.ip_address(canonical)) if is_address(canonical) else canonical


def canonical_hosts(hosts: Collection[str]) -> frozenset[str]:
    """Return the canonical spellings of `hosts`, such as `trusted_hosts`, some with a port."""
    if isinstance(hosts, str):
        raise LocalProtocolError(f"trusted_hosts must be a list of hosts: [{hosts!r}].")
    return frozenset(_canonical(host) for host in hosts)


def _canonical(host: str) -> str:
    if is_address(host):  # an IPv6 address may come without its brackets
        return canonical_host(host)
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:/@]+))(?::([0-9]{1,5}))?", host)
    if found is None:
        raise LocalProtocolError(f"{host!r} in trusted_hosts is not a host, or a host with a port.")
    name = canonical_host(found[1] or found[2])
    return name if found[3] is None else with_port(name, int(found[3]))


def with_port(host: str, port: int | None) -> str:
    """Return a canonical host and a port as `trusted_hosts` has both."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_address(host: str) -> bool:
    """Tell whether `host` is an IP address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=64)  # asked for each request, of very few hosts
def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine: 127.0.0.0/8, ::1, or localhost."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_local(url: URL) -> bool:
    """Tell whether an absolute URL leads to this machine."""
    return is_loopback(host_of(url))


def is_within(host: str, domain: str) -> bool:
    """Tell whether `host` is `domain` or a name inside it; both canonical."""
    return host == domain or (host.endswith(f".{domain}") and not is_address(domain))


def may_receive_credentials(
    url: str,
    asked_host: str,
    trusted_hosts: Collection[str] = (),
    *,
    came_from: str | None = None,
) -> bool:
    """Tell whether the credential may go to `url`, where a redirect or DNS has led.

    It may go to the host that was asked for, to hosts inside that domain, and to `trusted_hosts`.
    A redirect from `came_from` may stay at its origin. To another one it leads on the default port,
    unless the trusted host was named with the other port; and never from https down to http. What
    else http may do is `checked_url`'s to say.
    """
    try:
        parsed = _parsed(url)
    except LocalProtocolError:
        return False
    if parsed.scheme not in {"http", "https"}:
        return False
    # DNS without DNSSEC and a redirect can both be forged (RFC 8620, 8.3).
    host, trusted = host_of(parsed), canonical_hosts(trusted_hosts)
    is_named = is_within(host, canonical_host(asked_host)) or host in trusted
    is_named_with_port = with_port(host, parsed.port) in trusted
    if came_from is None:
        return is_named or is_named_with_port
    before = URL(came_from)
    if before.scheme == "https" and parsed.scheme == "http":
        return False
    stays = _origin(before) == _origin(parsed)
    return stays or (is_named and parsed.is_default_port()) or is_named_with_port


def _origin(url: URL) -> tuple[str, str, int | None]:
    return url.scheme, host_of(url), url.port


def redirected(url: str, location: str) -> str:
    """Return the absolute URL that `location`, a header of the answer from `url`, stands for."""
    try:
        return str(URL(url, encoded=True).join(URL(location, encoded=location.isascii())))
    except ValueError:
        return location
