"""Telling in the log what a server sends that is malformed, where a caller hardly notices."""

import logging
from typing import Final

from jmap_async.errors import shorten
from jmap_async.protocol.fields import Malformed
from jmap_async.redaction import redact

_log = logging.getLogger("jmap_async")

_MOST: Final = 256
_told: set[str] = set()


def tell(kind: str, fault: Malformed) -> None:
    """Warn that a part of something is left out, once for each kind and member.

    The value is not shown: it may be a secret of somebody's.
    """
    place, got = shorten(".".join(fault.path)), type(fault.value).__name__
    warn_once(
        f"{kind}.{fault.path[0]}",
        f"the server sent a malformed {kind}, which is read without what is malformed: "
        f"{place}: expected {fault.expected}, got {got}",
    )


def warn_once(about: str, message: str) -> None:
    """Warn, unless that was done before; what is secret is blanked."""
    if about not in _told and len(_told) < _MOST:
        _told.add(about)
        _log.warning("%s", redact(message))
