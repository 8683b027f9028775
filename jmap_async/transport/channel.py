"""What the dispatcher needs of whatever carries its requests."""

from collections.abc import Callable
from typing import Protocol

from jmap_async.transport.response import HTTPResponse


class Channel(Protocol):
    """A way to send requests and to get their answers (RFC 8620, 3.1)."""

    async def exchange(
        self,
        url: str,
        body: bytes,
        *,
        on_sent: Callable[[], None],
        on_refused: Callable[[], None],
    ) -> HTTPResponse:
        """Send a Request object and return the answer, whatever its status.

        `on_sent` is called when the first octets have left, each time that it is sent. `on_refused`
        is called when the credential was refused, so that nothing was carried out, and before it is
        sent once more. Cancelling it ends the exchange.

        Raises:
            TransportError: there is no usable answer. Its `outcome` is "not_sent" where the request
                cannot have been carried out, and else "unknown".
            ResponseTooLarge: the answer has more octets than are read.
            AuthenticationError: the credential was refused, also once refreshed, or there is none.
            LocalProtocolError: the URL may not be used, or a header cannot be sent.
            ClientClosed: this is closed.
            JMAPError: any other with which an `Auth` failed, such as RateLimited.
        """
        ...
