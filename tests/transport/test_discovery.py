"""From targets to session URLs: parsing, DNS over a real socket, order and consent."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import DiscoveryError, LocalProtocolError
from jmap_async.transport.discovery import (
    Discovery,
    Server,
    Target,
    acceptable,
    discover,
    in_order,
    parse_target,
    well_known,
)


class NameServer(asyncio.DatagramProtocol):
    """A DNS server that answers every question with the same records, or an error, or not."""

    def __init__(self) -> None:
        self.records: list[str] = []
        self.rcode = dns.rcode.NOERROR
        self.silent = False
        self.asked: list[str] = []
        self.resolver = dns.asyncresolver.Resolver(configure=False)
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        """Point the resolver to this socket."""
        self.transport = transport
        self.resolver.nameservers = ["127.0.0.1"]
        self.resolver.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a question."""
        query = dns.message.from_wire(data)
        question = query.question[0]
        self.asked.append(question.name.to_text())
        if self.silent:
            return
        response = dns.message.make_response(query)
        response.set_rcode(self.rcode)
        if self.records:
            rrset = dns.rrset.from_text(question.name, 60, "IN", "SRV", *self.records)
            response.answer.append(rrset)
        self.transport.sendto(response.to_wire(), addr)


@pytest.fixture
async def names() -> AsyncIterator[NameServer]:
    """A name server without records."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    yield server
    transport.close()


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("https://api.example.com/jmap/session", "https://api.example.com/jmap/session"),
        ("https://api.example.com/a%2Fb?c=%2F", "https://api.example.com/a%2Fb?c=%2F"),
        ("https://api.example.com:8443", "https://api.example.com:8443/.well-known/jmap"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/.well-known/jmap"),
        ("http://localhost:8080/jmap", "http://localhost:8080/jmap"),
        ("api.example.com:443", "https://api.example.com/.well-known/jmap"),
        ("API.example.com:8443", "https://api.example.com:8443/.well-known/jmap"),
        ("localhost", "https://localhost/.well-known/jmap"),
        ("localhost:8080", "https://localhost:8080/.well-known/jmap"),
        ("127.0.0.1", "https://127.0.0.1/.well-known/jmap"),
        ("127.0.0.1:8080", "https://127.0.0.1:8080/.well-known/jmap"),
        ("::1", "https://[::1]/.well-known/jmap"),
        ("[::1]", "https://[::1]/.well-known/jmap"),
        ("[::1]:8080", "https://[::1]:8080/.well-known/jmap"),
        ("b\u00fccher.example:8443", "https://xn--bcher-kva.example:8443/.well-known/jmap"),
        ("ann@localhost", "https://localhost/.well-known/jmap"),
    ],
)
async def test_urls_and_hosts_need_no_dns(target: str, url: str, names: NameServer) -> None:
    """A URL, a host with a port and an address give one candidate, over https unless a URL."""
    found = await discover(target, resolver=names.resolver)
    assert (url,) == found.urls
    assert [] == names.asked


@pytest.mark.parametrize(
    ("target", "asked"),
    [
        ("example.com", "example.com"),
        ("Example.COM.", "example.com"),
        ("ann@example.com", "example.com"),
        ("ann+tag@b\u00fccher.example", "xn--bcher-kva.example"),
        ("ann@stra\u00dfe.example", "xn--strae-oqa.example"),
    ],
)
async def test_domains_and_addresses_are_looked_up(
    target: str, asked: str, names: NameServer
) -> None:
    """The domain is asked for in its A-labels; without an answer its well-known URL remains."""
    found = await discover(target, resolver=names.resolver)
    assert Discovery(urls=(f"https://{asked}/.well-known/jmap",), asked=asked) == found
    assert {f"_jmap._tcp.{asked}."} == set(names.asked)


@pytest.mark.parametrize(
    "target",
    [
        "",
        " ",
        "example .com",
        "example.com\n",
        "ann@bob@example.com",
        "@example.com",
        "ann@",
        "ann@example.com:443",
        "ann@[broken",
        "ftp://example.com/",
        "mailto://example.com/",
        "://example.com",
        "https://",
        "http://example.com/jmap",
        "http://api.example.com",
        "example.com/jmap/session",
        "example.com:",
        "example.com:0",
        "example.com:65536",
        "example.com:https",
        "-:1:2",
        "[::1",
        "::1]",
        "[example.com]",
        "[::1]x",
        "300.1.2.3",
        "127.1",
        "example..com",
        ".example.com",
        "exa%6dple.com",
        "example.com?x",
        "example.com#x",
        "a" * 64 + ".example",
        ("a" * 63 + ".") * 4 + "example",
        "ann@exa\uff20mple.com",
    ],
)
async def test_malformed_targets_are_explained(target: str, names: NameServer) -> None:
    """What names nothing is the caller's error, before DNS is asked."""
    with pytest.raises(LocalProtocolError):
        await discover(target, resolver=names.resolver)
    assert [] == names.asked


@pytest.mark.parametrize(
    "target", ["https://ann:sesame@example.com/", "ann:sesame@a@b", "ann:sesame@example.com"]
)
def test_t175_a_password_in_a_target_is_not_repeated(target: str) -> None:
    """A target that holds a password is refused without showing it."""
    with pytest.raises(LocalProtocolError) as caught:
        parse_target(target)
    assert "sesame" not in str(caught.value)


def test_t19_http_with_consent_is_a_target() -> None:
    """A plain URL of another machine is taken if the user agreed."""
    url = "http://mail.internal/jmap"
    expected = Target(url=url, host="mail.internal", look_up=False)
    assert expected == parse_target(url, allow_insecure_http=True)


@given(st.text() | st.from_regex(r"[a-z.@:\[\]/0-9]{1,20}", fullmatch=True))
def test_any_target_gives_an_https_url_or_a_clear_error(target: str) -> None:
    """No text is a crash, and none but a URL of this machine leads to http."""
    with contextlib.suppress(LocalProtocolError):
        url = parse_target(target).url
        assert url.startswith("https://") or target.lower().startswith("http://")


@given(
    st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z]{2,5}){1,3}", fullmatch=True),
    st.integers(1, 65535),
)
def test_a_host_and_port_come_back_in_the_url(host: str, port: int) -> None:
    """Host and port are taken as they were given; port 443 goes without saying."""
    suffix = "" if port == 443 else f":{port}"
    expected = Target(url=f"https://{host}{suffix}/.well-known/jmap", host=host, look_up=False)
    assert expected == parse_target(f"{host}:{port}")


async def test_t22_srv_records_are_tried_by_priority(names: NameServer) -> None:
    """The trailing dot goes, port 443 is implied, and lower priorities come first."""
    names.records = [
        "20 0 443 backup.example.com.",
        "10 0 8443 JMAP.example.com.",
    ]
    found = await discover("ann@example.com", resolver=names.resolver)
    expected = (
        "https://jmap.example.com:8443/.well-known/jmap",
        "https://backup.example.com/.well-known/jmap",
    )
    assert Discovery(urls=expected, asked="example.com") == found
    assert names.asked == ["_jmap._tcp.example.com."]


async def test_t22_a_dot_means_that_there_is_no_service(names: NameServer) -> None:
    """The target "." is a refusal, not a missing record."""
    names.records = ["0 0 0 ."]
    with pytest.raises(DiscoveryError, match=r"example\.com declares"):
        await discover("example.com", resolver=names.resolver)


async def test_t21_a_target_outside_the_domain_needs_consent(names: NameServer) -> None:
    """DNS may be forged: a host elsewhere is named with the remedy, and used once trusted."""
    names.records = ["0 0 443 api.example.net."]
    with pytest.raises(DiscoveryError, match=r"trusted_hosts=\['api\.example\.net'\]"):
        await discover("example.com", resolver=names.resolver)
    trusted = ["API.example.net"]
    found = await discover("example.com", resolver=names.resolver, trusted_hosts=trusted)
    assert ("https://api.example.net/.well-known/jmap",) == found.urls


async def test_t21_targets_elsewhere_are_left_out_if_one_is_at_home(names: NameServer) -> None:
    """A host that is not trusted is not tried after one that is."""
    names.records = ["0 0 443 api.example.net.", "10 0 443 api.example.com."]
    found = await discover("example.com", resolver=names.resolver)
    assert ("https://api.example.com/.well-known/jmap",) == found.urls


@pytest.mark.parametrize("rcode", [dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.NOERROR])
async def test_no_record_leads_to_the_domain_itself(
    rcode: dns.rcode.Rcode, names: NameServer
) -> None:
    """NXDOMAIN, SERVFAIL and an empty answer leave the well-known URL of the domain."""
    names.rcode = rcode
    found = await discover("example.com", resolver=names.resolver)
    assert ("https://example.com/.well-known/jmap",) == found.urls


async def test_a_silent_name_server_is_given_up(
    names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS has its time-out for all attempts together."""
    monkeypatch.setattr("jmap_async.transport.srv._TIMEOUT", 0.05)
    names.silent = True
    async with asyncio.timeout(5):
        found = await discover("example.com", resolver=names.resolver)
    assert ("https://example.com/.well-known/jmap",) == found.urls


async def test_a_machine_without_a_name_server_is_no_obstacle() -> None:
    """If nothing answers at the resolver's address, the well-known URL remains."""
    resolver = dns.asyncresolver.Resolver(configure=False)
    found = await discover("example.com", resolver=resolver)
    assert ("https://example.com/.well-known/jmap",) == found.urls


async def test_the_systems_resolver_is_used_by_default(
    names: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a resolver, one with the system's configuration is made."""
    monkeypatch.setattr(dns.asyncresolver, "Resolver", lambda: names.resolver)
    names.records = ["0 0 443 api.example.com."]
    found = await discover("example.com")
    assert ("https://api.example.com/.well-known/jmap",) == found.urls


@pytest.mark.parametrize(
    "record", ["0 0 0 api.example.com.", "0 0 443 a\\032b.example.com.", "0 0 443 127.0.0.1."]
)
async def test_records_that_name_no_server_are_ignored(record: str, names: NameServer) -> None:
    """Port 0, odd characters and an address for a name count as no record."""
    names.records = [record]
    found = await discover("example.com", resolver=names.resolver)
    assert ("https://example.com/.well-known/jmap",) == found.urls


async def test_a_flood_of_records_is_cut(names: NameServer) -> None:
    """However many servers DNS names, only the first few are candidates."""
    names.records = [f"{number} 0 443 s{number}.example.com." for number in range(30)]
    found = await discover("example.com", resolver=names.resolver)
    assert [f"https://s{number}.example.com/.well-known/jmap" for number in range(8)] == list(
        found.urls
    )


servers = st.lists(
    st.builds(
        Server,
        host=st.from_regex(r"[a-z]{1,3}\.example\.com", fullmatch=True),
        port=st.integers(1, 65535),
        priority=st.integers(0, 3),
        weight=st.integers(0, 65535),
    )
)


@given(servers, st.randoms(use_true_random=False))
def test_t22_each_server_comes_once_and_priorities_ascend(
    given_servers: list[Server], rng: random.Random
) -> None:
    """Ordering loses and doubles nothing, and never puts a higher priority value first."""
    ordered = in_order(given_servers, rng)
    assert Counter(given_servers) == Counter(ordered)
    priorities = [server.priority for server in ordered]
    assert sorted(priorities) == priorities


def test_t22_weights_decide_how_often_a_server_comes_first() -> None:
    """Within one priority the first place goes by weight; weight 0 comes first hardly ever."""
    weights = {"none": 0, "light": 10, "heavy": 90}
    group = [
        Server(host=host, port=443, priority=0, weight=weight) for host, weight in weights.items()
    ]
    rng = random.Random(8620)
    first = Counter(in_order(group, rng)[0].host for _ in range(2_000))
    assert first["none"] < 60
    assert 100 < first["light"] < 350
    assert first["heavy"] > 1_500


def test_t22_consent_is_asked_of_no_server_at_home() -> None:
    """Servers inside the domain are acceptable as they are."""
    names = ["example.com", "a.example.com", "a.b.example.com"]
    group = [Server(host=name, port=443, priority=0, weight=0) for name in names]
    assert group == acceptable(group, "example.com", [])


def test_well_known_puts_an_ipv6_address_in_brackets() -> None:
    """The URL of an address that has colons is still a URL."""
    assert well_known("::1", 8443) == "https://[::1]:8443/.well-known/jmap"
