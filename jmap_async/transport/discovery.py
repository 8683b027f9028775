"""From what the user names to session URLs to try: SRV and well-known (RFC 8620, 2.2; RFC 2782)."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Collection, Iterable
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Final

from jmap_async.errors import DiscoveryError, LocalProtocolError
from jmap_async.protocol.declaring import record
from jmap_async.transport.urls import (
    canonical_host,
    checked_url,
    host_of,
    is_address,
    may_receive_credentials,
)
from jmap_async.transport.wording import shown

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver
    from dns.rdtypes.IN.SRV import SRV

_MOST_CANDIDATES: Final = 8
"""Servers of one domain that are worth trying; a forged answer could name thousands."""

_NAME: Final = r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*"

_AUTHORITY: Final = (
    r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:]+))(?::(?P<port>[0-9]{1,5}))?"
)


@record(kw_only=True)
class Discovery:
    """Session URLs to try in this order, and the host or domain that the user asked for."""

    urls: tuple[str, ...]
    asked: str


@record(kw_only=True)
class Target:
    """What a target names: a session URL that is final, or a `domain` to look up first."""

    url: str
    host: str
    look_up: bool


@record(kw_only=True)
class Server:
    """One SRV record."""

    host: str
    port: int
    priority: int
    weight: int


async def discover(
    target: str,
    *,
    resolver: "Resolver | None" = None,
    trusted_hosts: Collection[str] = (),
    allow_insecure_http: bool = False,
    rng: random.Random | None = None,
) -> Discovery:
    """Find the session URLs of a URL, a host, a domain or an email address.

    A URL is taken as it is; only one without a path stands for the well-known URL of its host.
    `trusted_hosts` are the hosts outside the domain to which DNS may lead. Raises
    LocalProtocolError if the target is malformed, and DiscoveryError if the domain says that it
    has no JMAP service or leads to hosts that are not trusted. Nothing but DNS is asked, for at
    most five seconds; if that gives no answer, the domain's own well-known URL is the result.
    """
    parsed = parse_target(target, allow_insecure_http=allow_insecure_http)
    servers = await _look_up(parsed.host, resolver) if parsed.look_up else []
    if not servers:
        # RFC 8620, 8.3: without SRV, the domain itself over https.
        return Discovery(urls=(parsed.url,), asked=parsed.host)
    chosen = acceptable(servers, parsed.host, trusted_hosts)
    ordered = in_order(chosen, rng or random.SystemRandom())
    urls = tuple(well_known(server.host, server.port) for server in ordered)
    return Discovery(urls=urls[:_MOST_CANDIDATES], asked=parsed.host)


def parse_target(target: str, *, allow_insecure_http: bool = False) -> Target:
    """Tell what a target names.

    Raises LocalProtocolError, with what would be right, if it names nothing.
    """
    if "://" in target:
        return _parse_url(target, allow_insecure_http=allow_insecure_http)
    if not target or not target.isprintable() or " " in target:
        raise _malformed(target, "it is empty or holds white space")
    if "/" in target:
        raise _malformed(target, "a URL needs its scheme, https://")
    user, at, host = target.rpartition("@")
    if at and (not user or "@" in user or ":" in user):
        raise _malformed(target, "an email address has one name, one @ and one domain")
    return _parse_host(target, host, port_allowed=not at)


def _parse_url(target: str, *, allow_insecure_http: bool) -> Target:
    url = checked_url(target, allow_insecure_http=allow_insecure_http)
    if url.path in {"", "/"} and not url.query_string:
        url = url.with_path("/.well-known/jmap")
    return Target(url=str(url), host=host_of(url), look_up=False)


def _parse_host(target: str, text: str, *, port_allowed: bool) -> Target:
    # An IPv6 address without a port may come without its brackets.
    found = re.fullmatch(_AUTHORITY, f"[{text}]" if is_address(text) else text)
    host = canonical_host(found["address"] or found["name"]) if found else ""
    if found is None or not (is_address(host) or _is_name(host)):
        raise _malformed(target, "this is not a host name")
    if found["port"] is None:
        # What DNS cannot know is not looked up.
        look_up = _is_name(host) and host != "localhost"
        return Target(url=well_known(host, 443), host=host, look_up=look_up)
    port = int(found["port"])
    if not port_allowed or not 0 < port < 65536:
        raise _malformed(target, "a port goes with a host, and is from 1 to 65535")
    return Target(url=well_known(host, port), host=host, look_up=False)


def _is_name(host: str) -> bool:
    # An IPv4 address that is mistyped is no name either.
    return bool(re.fullmatch(_NAME, host)) and not host.rpartition(".")[2].isdigit()


def _malformed(target: str, reason: str) -> LocalProtocolError:
    # Before an @ there may be a password.
    kept = "...@" * ("@" in target) + target.rpartition("@")[2]
    return LocalProtocolError(
        f"{shown(kept)!r} cannot be connected to: {reason}. Give a session URL, a host, a domain "
        "or an email address."
    )


def well_known(host: str, port: int) -> str:
    """Return the URL that leads to the Session resource of a server (RFC 8620, 2.2)."""
    authority = f"[{host}]" if ":" in host else host
    suffix = "" if port == 443 else f":{port}"
    return f"https://{authority}{suffix}/.well-known/jmap"


async def _look_up(domain: str, resolver: "Resolver | None") -> list[Server]:
    """Return the usable SRV records of a domain; none if there is no answer."""
    srv_records = await asyncio.to_thread(_srv_records)
    records = await srv_records(f"_jmap._tcp.{domain}.", resolver)
    servers = [_server(record) for record in records]
    return [server for server in servers if not server.host or _is_usable(server)]


def _srv_records() -> "Callable[[str, Resolver | None], Awaitable[list[SRV]]]":
    from jmap_async.transport.srv import srv_records  # noqa: PLC0415 - see there

    return srv_records


def _server(record: "SRV") -> Server:
    return Server(
        # Canonical, without the dot at its end: "." itself becomes the empty string.
        host=record.target.to_text(omit_final_dot=True).lower().removesuffix("."),
        port=record.port,
        priority=record.priority,
        weight=record.weight,
    )


def _is_usable(server: Server) -> bool:
    return _is_name(server.host) and server.port > 0


def acceptable(
    servers: Iterable[Server], domain: str, trusted_hosts: Collection[str]
) -> list[Server]:
    """Return the servers that may receive the credential of a user in `domain`.

    Raises DiscoveryError if the domain declares that it has none, or if all of them are elsewhere.
    """
    offered = [server for server in servers if server.host]
    # RFC 2782: the target "." says that the service is decidedly not available.
    if not offered:
        raise DiscoveryError(
            f"{domain} declares in DNS that it has no JMAP service. If there is one all the same, "
            "give its session URL."
        )
    allowed = [
        server
        for server in offered
        if may_receive_credentials(well_known(server.host, server.port), domain, trusted_hosts)
    ]
    # RFC 6764, 8: without DNSSEC such an answer may be forged, so the user has to agree.
    if not allowed:
        hosts = sorted({server.host for server in offered})[:_MOST_CANDIDATES]
        raise DiscoveryError(
            f"DNS leads from {domain} to {', '.join(hosts)}, outside that domain. If that is "
            f"right, pass trusted_hosts={hosts} or the session URL itself."
        )
    return allowed


def in_order(servers: Iterable[Server], rng: random.Random) -> list[Server]:
    """Order servers by priority and, within one, at random by their weights (RFC 2782)."""
    ordered: list[Server] = []
    by_priority = sorted(servers, key=lambda server: server.priority)
    for _, group in groupby(by_priority, key=lambda server: server.priority):
        # Those of weight 0 come first, which leaves them a very small chance.
        left = sorted(group, key=lambda server: server.weight)
        while left:
            ordered.append(left.pop(_pick([server.weight for server in left], rng)))
    return ordered


def _pick(weights: list[int], rng: random.Random) -> int:
    """Return the first index whose running sum reaches a random number up to the sum of all."""
    sums = list(accumulate(weights))
    drawn = rng.randint(0, sums[-1])
    return next(index for index, reached in enumerate(sums) if reached >= drawn)
