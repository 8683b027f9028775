"""Where requests may go, and where the credential may go."""

import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import LocalProtocolError, RemoteProtocolError
from jmap_async.transport.urls import (
    canonical_host,
    canonical_hosts,
    check_named,
    checked_url,
    host_of,
    is_loopback,
    is_within,
    may_receive_credentials,
    redirected,
)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/jmap/",
        "https://api.example.com:8443/jmap",
        "http://127.0.0.1:8080/jmap",
        "http://127.8.8.8/",
        "http://[::1]:8080/jmap",
        "http://localhost/jmap",
        "HTTP://LOCALHOST:1/",
    ],
)
def test_t19_https_and_http_on_this_machine_are_fine(url: str) -> None:
    """TLS is required, except on the loopback interface."""
    checked_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/jmap",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://127.1/",
        "http://localhost.example.com/",
        "http://notlocalhost/",
        "http://127.0.0.1.example.com/",
        "http://[::2]/",
    ],
)
def test_t19_http_elsewhere_needs_consent(url: str) -> None:
    """Plain http to another machine is refused with the remedy, and accepted with consent."""
    with pytest.raises(LocalProtocolError, match="allow_insecure_http=True"):
        checked_url(url)
    assert checked_url(url, allow_insecure_http=True).scheme == "http"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/jmap/api",
        "api.example.com",
        "ftp://example.com/",
        "wss://example.com/",
        "https://",
        "https:///jmap",
        "https://example.com:99999/",
        "https://example.com/a b",
        "https://example.com/\r\nX: 1",
        "https://example.com/\u00a0",
        "https://a\\b/",
        "https://[::1/",
    ],
)
def test_what_no_request_can_carry_is_refused(url: str) -> None:
    """A malformed URL is an error of the caller's, before anything is sent."""
    with pytest.raises(LocalProtocolError):
        checked_url(url, allow_insecure_http=True)


@pytest.mark.parametrize("url", ["https://ann:sesame@example.com/", "https://:sesame@example.com/"])
def test_t175_a_url_with_a_password_is_refused_unseen(url: str) -> None:
    """A password in a URL is refused, and not quoted."""
    with pytest.raises(LocalProtocolError, match="auth=") as caught:
        checked_url(url)
    assert "sesame" not in str(caught.value)


def test_t25_percent_encoding_survives() -> None:
    """What a template was expanded to goes out unchanged, slashes in a query included."""
    url = "https://example.com/d/a%2Fb/x%20y?accept=text%2Fplain&t=%2A"
    assert url == str(checked_url(url))


def test_an_international_host_is_asked_for_by_its_a_labels() -> None:
    """A host outside ASCII is encoded as IDNA 2008 does, sharp s included."""
    assert host_of(checked_url("https://stra\u00dfe.example/jmap")) == "xn--strae-oqa.example"


def test_a_fragment_is_not_part_of_a_request() -> None:
    """The fragment of a URL stays at home."""
    assert str(checked_url("https://example.com/jmap#part")) == "https://example.com/jmap"


def test_hosts_have_one_spelling() -> None:
    """Case, the dot at the end and IDNA make no difference between hosts."""
    assert canonical_host("API.Example.COM.") == "api.example.com"
    assert canonical_hosts(["B\u00fccher.example"]) == {"xn--bcher-kva.example"}
    assert canonical_hosts(["A.:1", "2001:DB8::0", "[::1]:2"]) == {"a:1", "2001:db8::", "[::1]:2"}


def test_a_single_string_of_trusted_hosts_is_a_mistake() -> None:
    """One host alone would be taken for a list of letters."""
    with pytest.raises(LocalProtocolError, match="list"):
        canonical_hosts("example.com")


def test_a_host_that_cannot_be_encoded_is_refused() -> None:
    """Characters that IDNA does not know are an error, not a crash."""
    with pytest.raises(LocalProtocolError):
        canonical_host("\u2260\ud800")


@given(st.ip_addresses())
def test_only_loopback_addresses_are_this_machine(address: object) -> None:
    """An address is this machine if it says that it is a loopback address."""
    assert address.is_loopback == is_loopback(str(address))  # type: ignore[attr-defined]


def test_within_a_domain_goes_by_whole_labels() -> None:
    """A name that merely ends alike is another domain, and addresses have no inside."""
    assert is_within("example.com", "example.com")
    assert is_within("api.example.com", "example.com")
    assert not is_within("badexample.com", "example.com")
    assert not is_within("example.com", "api.example.com")
    assert not is_within("1.127.0.0.1", "127.0.0.1")


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://example.com/jmap", True),
        ("https://example.com:443/jmap", True),
        ("https://example.com:8443/jmap", False),
        ("https://trusted.example.net:8443/jmap", False),
        ("https://port.example.net:8443/jmap", True),
        ("https://port.example.net/jmap", False),
        ("https://[2001:DB8:0::1]:8443/jmap", True),
        ("https://example.com\\@example.net/", False),
        ("https:\\\\example.com/", False),
        ("https:/example.com/", False),
        ("https:///example.com/", False),
        ("https://@example.com/", True),
        ("https://EXAMPLE.com./jmap", True),
        ("https://api.example.com/jmap", True),
        ("https://trusted.example.net/jmap", True),
        ("https://deep.trusted.example.net/jmap", False),
        ("https://example.net/jmap", False),
        ("https://example.com.example.net/jmap", False),
        ("https://badexample.com/", False),
        ("http://example.com/jmap", False),
        ("http://trusted.example.net/jmap", False),
        ("http://127.0.0.1/jmap", False),
        ("https://ann:sesame@example.com/", False),
        ("ftp://example.com/", False),
        ("https://[broken/", False),
        ("//example.com/", False),
    ],
)
def test_t21_where_the_credential_may_go(url: str, *, allowed: bool) -> None:
    """The asked host, names inside it and trusted hosts, at the port; never down to http."""
    came_from = "https://example.com/.well-known/jmap"
    trusted = ["trusted.example.net", "Port.example.net.:8443", "[2001:db8::0001]:8443"]
    assert allowed == may_receive_credentials(url, "example.com", trusted, came_from=came_from)


@pytest.mark.parametrize("host", ["a:b:c", "https://a.example", "a.example/x", "[::1", "a:123456"])
def test_what_is_no_host_cannot_be_trusted(host: str) -> None:
    """A URL or a mistyped port is refused rather than never met."""
    with pytest.raises(LocalProtocolError, match="trusted_hosts"):
        canonical_hosts([host])


@pytest.mark.parametrize(
    ("url", "session_url", "consent", "reason"),
    [
        ("https://example.net:8443/{x}", "https://example.com/", False, None),
        ("https://127.0.0.1/", "https://example.com/", False, None),
        ("http://example.com/", "https://example.com/", True, "down to http"),
        ("http://127.0.0.1:1/", "https://example.com/", True, "down to http"),
        ("HTTP://[::1]/", "https://example.com/", True, "down to http"),
        ("http://127.0.0.1:1/", "http://127.0.0.1:2/", False, None),
        ("http://example.com/", "http://127.0.0.1/", False, "allow_insecure_http"),
        ("http://example.com/", "http://127.0.0.1/", True, None),
        ("https://example.com/", "http://127.0.0.1/", False, None),
        ("https://ann:sesame@example.com/", "https://example.com/", True, "user name"),
        ("wss://example.com/", "https://example.com/", True, "no URL|https://"),
        ("https://example.com\\@example.net/", "https://example.com/", True, "no URL"),
        ("", "https://example.com/", True, "no URL"),
    ],
)
def test_t19_which_urls_a_session_may_name(
    url: str, session_url: str, *, consent: bool, reason: str | None
) -> None:
    """Any host over TLS, never http where the session came over TLS; a password is not shown."""
    if reason is None:
        check_named("apiUrl", url, session_url, allow_insecure_http=consent)
        return
    with pytest.raises(RemoteProtocolError, match=f"apiUrl: .*({reason})") as caught:
        check_named("apiUrl", url, session_url, allow_insecure_http=consent)
    assert "sesame" not in f"{caught.value} {caught.value.piece}"


def test_t21_http_may_lead_to_http_and_to_https() -> None:
    """Between plain hosts, which `checked_url` has let through, the host alone decides."""
    came_from = "http://127.0.0.1:8080/.well-known/jmap"
    for url in ("http://127.0.0.1:8080/jmap", "https://127.0.0.1/jmap"):
        assert may_receive_credentials(url, "127.0.0.1", came_from=came_from)


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/jmap", "https://example.com/jmap"),
        ("session", "https://example.com/.well-known/session"),
        ("//api.example.com/jmap", "https://api.example.com/jmap"),
        ("https://api.example.com/a%2Fb", "https://api.example.com/a%2Fb"),
        ("https://[broken", "https://[broken"),
    ],
)
def test_t20_a_location_is_relative_to_where_it_came_from(location: str, expected: str) -> None:
    """A Location may be relative; a malformed one is passed on to be refused."""
    assert expected == redirected("https://example.com/.well-known/jmap", location)


@given(st.text(), st.text())
def test_any_location_gives_something_to_judge(host: str, location: str) -> None:
    """No Location, however odd, is a crash."""
    target = redirected("https://example.com/", location)
    may_receive_credentials(target, "example.com", [])
    may_receive_credentials(f"https://{host}/", "example.com", [])
