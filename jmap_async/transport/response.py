"""An HTTP answer, read to its end, and the time-outs it is waited for with."""

from collections.abc import Mapping

import attrs

from jmap_async.protocol.declaring import record
from jmap_async.transport.wording import shown


@record(kw_only=True)
class HTTPResponse:
    """An HTTP answer: `url` is the one that gave it, after redirects; `headers` ignore case."""

    status: int
    url: str = attrs.field(repr=lambda url: repr(shown(url)))
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


@record(kw_only=True)
class Timeouts:
    """How long to wait, in seconds.

    `connect` for a connection with TLS, `total` for one answer of the API or the session from
    beginning to end, `read` for the next bytes of an upload's or a download's.
    """

    connect: float = 10.0
    total: float = 60.0
    read: float = 60.0
