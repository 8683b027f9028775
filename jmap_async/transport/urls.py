"""Where requests may go, and which hosts may see the credential (RFC 8620, 1.7 and 8.3)."""

import ipaddress
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from yarl import URL

from jmap_async.errors import LocalProtocolError
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


def _parsed(url: str) -> URL:
    if not url.isprintable() or " " in url:
        raise LocalProtocolError(f"{shown(url)}: a URL may not hold white space.")
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

    Raises LocalProtocolError if it cannot be a host.
    """
    try:
        # yarl's encoding, so that what is checked is what is connected to.
        encoded = host if host.isascii() else (URL.build(scheme="https", host=host).raw_host or "")
    except ValueError:
        raise LocalProtocolError(f"{host!r} is not a host name.") from None
    return encoded.lower().removesuffix(".")


def canonical_hosts(hosts: Collection[str]) -> frozenset[str]:
    """Return the canonical spellings of `hosts`, such as `trusted_hosts`."""
    if isinstance(hosts, str):
        raise LocalProtocolError(f"trusted_hosts must be a list of hosts: [{hosts!r}].")
    return frozenset(canonical_host(host) for host in hosts)


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

    It may go to the host that was asked for, to hosts inside that domain, and to `trusted_hosts`;
    never from https (`came_from`) down to http. What else http may do is `checked_url`'s to say.
    """
    try:
        parsed = _parsed(url)
    except LocalProtocolError:
        return False
    from_tls = came_from is not None and URL(came_from).scheme == "https"
    if parsed.scheme not in ({"https"} if from_tls else {"http", "https"}):
        return False
    # DNS without DNSSEC and a redirect can both be forged (RFC 8620, 8.3).
    host = host_of(parsed)
    return is_within(host, canonical_host(asked_host)) or host in canonical_hosts(trusted_hosts)


def redirected(url: str, location: str) -> str:
    """Return the absolute URL that `location`, a header of the answer from `url`, stands for."""
    try:
        return str(URL(url, encoded=True).join(URL(location, encoded=location.isascii())))
    except ValueError:
        return location
