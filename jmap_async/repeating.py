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
            wait = retry.delay(attempts, getattr(error, "retry_after", None))
            if attempts >= retry.attempts or wait is None or not passes(error):
                raise
            _log.debug("trying again in %.1f s: %s", wait, error)
        await asyncio.sleep(wait)
    raise AssertionError  # for type checkers: `count` does not end


def was_refused(error: JMAPError) -> bool:
    """Tell whether nothing was done, for a reason that passes."""
    if isinstance(error, HTTPError):
        return False  # a refusal that will be the same
    if isinstance(error, TransportError):
        return error.outcome == "not_sent"
    return isinstance(error, RateLimited) or is_busy(error)


def is_busy(error: JMAPError) -> bool:
    """Tell whether too much was asked for at the same time (RFC 8620, 3.6.1)."""
    limit = error.limit if isinstance(error, LimitExceeded | RateLimited) else None
    return limit is not None and limit.startswith("maxConcurrent")


def failed_to_come(error: JMAPError) -> bool:
    """Tell whether asking again, which changes nothing, may bring what did not come."""
    if isinstance(error, HTTPError):
        return error.status >= 500
    return isinstance(error, TransportError) or was_refused(error)
