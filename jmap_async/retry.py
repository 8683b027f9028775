"""How often, and how long after, a request is sent again."""

import random
from typing import Final

import attrs

from jmap_async.protocol.declaring import record

_JITTER: Final = random.Random()  # noqa: S311 - no secret


@record(kw_only=True)
class Retry:
    """Repeats of requests that failed for reasons that pass.

    `attempts` is how often the same calls are sent again; 0 turns repeats off. The wait doubles
    from `first_delay` up to `max_delay` (both in seconds), less a random part. A server's
    Retry-After is honoured; one longer than `max_delay` is reported to the caller instead.
    """

    attempts: int = attrs.field(default=3, validator=attrs.validators.ge(0))
    first_delay: float = attrs.field(default=0.5, validator=attrs.validators.ge(0))
    max_delay: float = attrs.field(default=30.0, validator=attrs.validators.ge(0))

    def delay(
        self, attempt: int, retry_after: float | None, rng: random.Random = _JITTER
    ) -> float | None:
        """Return the seconds to wait before a repeat; None: too long, do not repeat.

        `attempt` counts from 0.
        """
        # A power that no float can hold is beyond every `max_delay` before.
        doubled = self.first_delay * 2.0 ** min(attempt, 1000)
        backoff: float = min(self.max_delay, doubled) * rng.uniform(0.5, 1)
        if retry_after is None:
            return backoff
        # Not all clients at the same moment: never before what the server said, a little after.
        return None if retry_after > self.max_delay else retry_after + min(backoff, 1.0)
