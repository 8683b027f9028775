"""Text from elsewhere as messages may show it: on one line, printable, short, and not secret."""

from typing import Final

from jmap_async.errors import shorten
from jmap_async.redaction import beginning, redact

_LONGEST: Final = 200


def shown(url: str) -> str:
    """Return `url` without its user, password, query and odd characters."""
    # A secret may hold what is cut at.
    bare = redact(url).split("?", 1)[0].split("#", 1)[0]
    scheme, separator, rest = bare.partition("://")
    authority, slash, path = rest.partition("/")
    return one_line(f"{scheme}{separator}{authority.rpartition('@')[2]}{slash}{path}") or "''"


def one_line(text: str) -> str:
    """Return the start of `text` on one line: a server does not get to forge log lines."""
    line = " ".join(beginning(text)[: 10 * _LONGEST].split())
    return shorten("".join(c if c.isprintable() else "?" for c in line), _LONGEST)
