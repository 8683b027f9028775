"""Why calls are sent again: each replay has a reason, which travels to where it can be seen."""

from collections.abc import Iterable
from enum import Enum

from jmap_async.protocol.declaring import record


class Again(Enum):
    """Why calls are sent again."""

    BUSY = "busy"
    """The server said that this is not the time (HTTP 429 or 503)."""

    CONNECTION_LOST = "connection lost"
    """There was no usable answer, and to ask again does no harm."""

    CREDENTIAL_REFRESHED = "credential refreshed"
    """The server refused the credential, and there is a new one."""

    LIMIT_LEARNT = "limit learnt"
    """The request exceeded a limit that the session does not tell; calls are packed anew."""

    CAPABILITY = "capability refused"
    """The server refused a capability; calls are sent apart by what they need."""

    HALVED = "halved"
    """The request was refused or brought no answer; its calls are told apart."""

    REFUSED_IN_PARTS = "refused in parts"
    """A call that several callers shared was refused; they are told apart."""

    TOO_LARGE = "too large"
    """A read brought more than the server gives at once; it is read in parts."""

    BUILT_ON_REPLAY = "built on what goes again"
    """It needs the result of a call that is sent again."""

    BEHIND_REPLAY = "behind what goes again"
    """Its task made a call before it that is sent again, and order is kept."""

    DESERTED = "deserted"
    """Everybody had left the request, and then somebody came back to the call."""


@record()
class Replay:
    """Calls that are sent again: why, which methods, and for how many callers."""

    why: Again
    methods: tuple[str, ...]
    callers: int

    def __str__(self) -> str:
        return f"{', '.join(self.methods)} ({self.callers} calls): {self.why.value}"


def replay(why: Again, methods: Iterable[str], callers: int) -> Replay:
    """Return a replay; each method is named once."""
    return Replay(why, tuple(dict.fromkeys(methods)), callers)
