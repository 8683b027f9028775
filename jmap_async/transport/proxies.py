"""The proxy that the environment names, such as by HTTPS_PROXY; nothing else of it is asked."""

from urllib.request import getproxies, proxy_bypass

from yarl import URL

from jmap_async.errors import LocalProtocolError


def environments_proxy(url: URL) -> URL | None:
    """Return the proxy for a URL, None if there is none or NO_PROXY excepts the host.

    aiohttp's `trust_env` would do so too, but also look for a credential in ~/.netrc. Raises
    LocalProtocolError, which does not show it, for what is no proxy. This may block.
    """
    host = url.host or ""
    named = getproxies().get(url.scheme)
    if not named or proxy_bypass(host) or proxy_bypass(f"{host}:{url.port}"):
        return None
    proxy = _parsed(named if "://" in named else f"http://{named}")
    if proxy is None:
        raise LocalProtocolError(
            f"The environment's proxy for {url.scheme}:// is not the URL of an HTTP proxy."
        )
    return proxy


def _parsed(named: str) -> URL | None:
    try:
        proxy = URL(named)
    except ValueError:
        return None
    return proxy if proxy.scheme in {"http", "https"} and proxy.host else None
