"""Date and UTCDate: what they may be, which instant they are, how they are written (RFC 8620, 1.4).

Everything is computed from the text: datetime has no year 0, no leap second, nothing beyond
microseconds, and no room for an offset at either end of time.
"""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final, TypeGuard

Instant = tuple[int, int, str]
"""Seconds since the year 0, 1 within a leap second, digits of the fraction: in order of time."""

BEFORE_ALL: Final[Instant] = (-(2**63), 0, "")
"""Before every Date: where what has none is sorted."""

# The fraction is written so that no text takes more than one look at each digit.
_DATE: Final = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(?:\.(0*[1-9][0-9]*))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_CYCLE_DAYS: Final = 146_097
"""After 400 years the calendar begins again."""


def is_date(value: object) -> TypeGuard[str]:
    """Say whether it is a Date: RFC 3339, upper case, no zero fraction."""
    return isinstance(value, str) and _read(value) is not None


def is_utc_date(value: object) -> TypeGuard[str]:
    """Say whether it is a UTCDate: a Date whose offset is "Z"."""
    return isinstance(value, str) and value.endswith("Z") and _read(value) is not None


def instant(date: str) -> Instant:
    """Return which moment a Date is, exactly; instants compare as the moments do.

    Raises:
        ValueError: it is no Date.
    """
    found = _read(date)
    if found is None:
        raise ValueError(f"not a Date: {date[:60]!r}")
    return found


@lru_cache(maxsize=2**14)
def _read(text: str) -> Instant | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(digits) for digits in match.groups()[:6])
    offset = _offset(match)
    if hour > 23 or minute > 59 or second > 60 or offset is None:
        return None
    try:
        days = _days(year, month, day)
    except ValueError:
        return None
    leap = second // 60
    seconds = days * 86_400 + hour * 3600 + minute * 60 + second - leap - offset
    if leap and not _ends_a_month(seconds):
        return None
    return seconds, leap, (match[7] or "").rstrip("0")


def _offset(match: re.Match[str]) -> int | None:
    """Return the offset in seconds; None: there is no such offset."""
    if match[8] is None:
        return 0
    hours, minutes = int(match[9]), int(match[10])
    if hours > 23 or minutes > 59:
        return None
    seconds = hours * 3600 + minutes * 60
    return -seconds if match[8] == "-" else seconds


def _days(year: int, month: int, day: int) -> int:
    """Count the days from the beginning of the year 0."""
    within = date(year % 400 + 400, month, day).toordinal() - _FIRST_DAY
    return year // 400 * _CYCLE_DAYS + within


_FIRST_DAY: Final = date(400, 1, 1).toordinal()


def _ends_a_month(seconds: int) -> bool:
    """Say whether a leap second may follow (RFC 3339, 5.7)."""
    next_day, rest = divmod(seconds + 1, 86_400)
    return rest == 0 and _calendar_day(next_day).day == 1


def _calendar_day(days: int) -> date:
    """Return the day with its month; its year is right but for whole cycles."""
    return date.fromordinal(_FIRST_DAY + days % _CYCLE_DAYS)


def to_utc_date(moment: datetime) -> str:
    """Write a moment as a UTCDate."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if moment.microsecond else text) + "Z"


def in_utc(date: str) -> str | None:
    """Write a Date as a UTCDate; None: in UTC its year has no four digits."""
    seconds, leap, fraction = instant(date)
    days, rest = divmod(seconds, 86_400)
    day, year = _calendar_day(days), days // _CYCLE_DAYS * 400 + _calendar_day(days).year - 400
    if not 0 <= year <= 9999:
        return None
    return (
        f"{year:04}-{day.month:02}-{day.day:02}T"
        f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60 + leap:02}"
        f"{'.' if fraction else ''}{fraction}Z"
    )
