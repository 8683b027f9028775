"""What type checkers must reject; never run.

Each mistake is marked, and both checkers complain about a mark without a mistake.
"""
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from jmap_async.errors import SetError, TransportError


def errors(failure: TransportError, error: SetError) -> bool:
    """Names and values that do not exist are mistakes, and values do not change."""
    error.type = "forbidden"  # type: ignore[misc]
    SetError(typ="forbidden")  # type: ignore[call-arg]
    return failure.outcome == "sent"  # type: ignore[comparison-overlap]
