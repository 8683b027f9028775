"""What did not come about is tried again (see `Retry`)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from jmap_async.errors import HTTPError, JMAPError, LimitExceeded, RateLimited, TransportError
from jmap_async.retry import Retry

R = TypeVar("R")

_log = logging.getLogger("jmap_async")


async def repeated(
    attempt: Callable[[], Awaitable[R]],
    *,
    passes: Callable[[JMAPError], bool],
    retry: Retry,
) -> R:
    """Await what `attempt` makes, again and again as long as its errors may pass."""
    for attempts in count():
        try:
            return await attempt()
        except JMAPError as error:
            # Without the frames that it came through: they hold what the server has sent.
            failed = error.for_caller()
        wait = retry.delay(attempts, retry_after(failed))
        if attempts >= retry.attempts or wait is None or not passes(failed):
            raise failed
        _log.debug("trying again in %.1f s: %s", wait, failed)
        await asyncio.sleep(wait)
    raise AssertionError  # for type checkers: `count` does not end


def is_busy(error: JMAPError) -> bool:
    """Tell whether too much was asked for at the same time (RFC 8620, 3.6.1)."""
    limit = error.limit if isinstance(error, LimitExceeded | RateLimited) else None
    return limit is not None and limit.startswith("maxConcurrent")


def may_pass(error: JMAPError) -> bool:
    """Tell whether the same may succeed later, where doing it twice does no harm.

    Asking changes nothing; and of a blob that was stored twice the server clears up what nothing
    refers to (RFC 8620, 6.1).
    """
    if isinstance(error, HTTPError):
        return error.status >= 500  # other refusals will be the same
    return isinstance(error, TransportError | RateLimited) or is_busy(error)


def retry_after(error: JMAPError) -> float | None:
    """Return the seconds that the server asked to wait, if it did."""
    return error.retry_after if isinstance(error, RateLimited) else None
