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

    `connect` for a connection with TLS; `total` for one answer from beginning to end, be it of the
    API, the session or an upload, for the beginning of a download, and for an Auth; `read` for each
    next piece of a blob on its way.
    """

    connect: float = 10.0
    total: float = 60.0
    read: float = 60.0
