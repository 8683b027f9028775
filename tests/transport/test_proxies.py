"""Which proxy the environment names."""

import pytest
from yarl import URL

from jmap_async.errors import LocalProtocolError
from jmap_async.transport.proxies import environments_proxy


@pytest.mark.parametrize(
    ("variables", "url", "expected"),
    [
        ({}, "https://example.com/", None),
        ({"https_proxy": "http://p:1"}, "https://example.com/", "http://p:1"),
        ({"https_proxy": "http://ann:pw@p:1"}, "https://example.com/", "http://ann:pw@p:1"),
        ({"https_proxy": "p:3128"}, "https://example.com/", "http://p:3128"),
        ({"https_proxy": "https://p"}, "https://example.com/", "https://p"),
        ({"http_proxy": "http://p:1"}, "https://example.com/", None),
        ({"https_proxy": ""}, "https://example.com/", None),
        ({"https_proxy": "http://p:1", "no_proxy": "example.com"}, "https://example.com/", None),
        ({"https_proxy": "http://p:1", "no_proxy": "*"}, "https://example.com/", None),
        ({"https_proxy": "http://p:1", "no_proxy": "a.b:8443"}, "https://a.b:8443/", None),
        ({"https_proxy": "http://p:1", "no_proxy": "a.b:8443"}, "https://a.b/", "http://p:1"),
        ({"https_proxy": "http://p:1", "no_proxy": "other"}, "https://[::1]/", "http://p:1"),
    ],
)
def test_the_proxy_for_a_url(
    variables: dict[str, str],
    url: str,
    expected: str | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By its scheme, unless its host is excepted."""
    monkeypatch.setattr("os.environ", variables)
    found = environments_proxy(URL(url))
    assert (None if expected is None else URL(expected)) == found


@pytest.mark.parametrize("named", ["socks5://ann:hidden@p:1", "http://ann:hidden@p:x", "http://"])
def test_what_is_no_proxy_is_refused(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unseen, and nothing goes round it."""
    monkeypatch.setattr("os.environ", {"https_proxy": named})
    with pytest.raises(LocalProtocolError, match="proxy for https") as caught:
        environments_proxy(URL("https://example.com/"))
    assert "hidden" not in repr(caught.value)
