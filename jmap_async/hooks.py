"""What happens on the way of requests, as records, and who may listen.

The records say what is of interest to counters, logs and traces; no content, and no credential.
"""

from typing import NamedTuple, Protocol


class RequestSent(NamedTuple):
    """A request is about to leave (RFC 8620, 3.3), for the first time or once more.

    Whether it gets anywhere is not known yet. What its channel repeats by itself, with a fresh
    credential or past a redirect, is no further one.
    """

    methods: tuple[str, ...]
    """The methods of its invocations, in order."""

    ids: int
    """How many ids its /get invocations name; those behind references are not known."""

    octets: int
    """The size of its body, uncompressed."""


class RequestAnswered(NamedTuple):
    """A request has an HTTP answer, be it an error."""

    status: int
    octets: int
    """The size of its body, uncompressed."""


class SentAgain(NamedTuple):
    """Calls are sent again."""

    why: str
    """The value of an `Again`."""

    methods: tuple[str, ...]
    """Their methods, each once."""

    calls: int
    """How many calls there are."""


class Listener(Protocol):
    """Whoever is told; what it does has to be quick, and must not raise."""

    def on_request(self, record: RequestSent, /) -> None:
        """Take note of a request that is about to leave."""
        ...

    def on_response(self, record: RequestAnswered, /) -> None:
        """Take note of an answer."""
        ...

    def on_retry(self, record: SentAgain, /) -> None:
        """Take note of calls that are sent again."""
        ...
