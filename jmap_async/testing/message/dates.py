"""Dates of header fields, read and written (RFC 5322, 3.3 and 4.3; RFC 8621, 4.1.2.6)."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from jmap_async.testing.instants import is_date
from jmap_async.testing.message.tokens import unfold, without_comments

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]
_DATE: Final = re.compile(
    rf"(?:(?:{'|'.join(_DAYS)})\s*,)?\s*"
    rf"(?P<day>[0-9]{{1,2}})\s*(?P<month>{'|'.join(_MONTHS)})\s*(?P<year>[0-9]{{2,9}})\s+"
    r"(?P<hour>[0-9]{1,2})\s*:\s*(?P<minute>[0-9]{2})(?:\s*:\s*(?P<second>[0-9]{2}))?\s*"
    r"(?P<zone>[+-][0-9]{4}|[A-Z]+)",
    re.ASCII | re.IGNORECASE,
)
# RFC 5322, 4.3: the others, and the military ones, tell as much as "-0000".
_ZONES: Final = {
    **dict.fromkeys(("UT", "GMT"), "+0000"),
    "EST": "-0500",
    "EDT": "-0400",
    "CST": "-0600",
    "CDT": "-0500",
    "MST": "-0700",
    "MDT": "-0600",
    "PST": "-0800",
    "PDT": "-0700",
}
_WRITTEN: Final = re.compile(r"(.{17})(..)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")


@lru_cache(maxsize=1024)
def read(value: str) -> str | None:
    """Return a date-time as a Date with its own offset, or None if it cannot be parsed."""
    found = _DATE.fullmatch(without_comments(unfold(value)).strip(" \t"))
    if found is None:
        return None
    month = _MONTHS.index(found["month"].capitalize()) + 1
    second = int(found["second"] or 0)
    zone = _ZONES.get(found["zone"].upper(), found["zone"])
    try:
        time = datetime(
            *(_year(found["year"]), month, int(found["day"])),
            *(int(found["hour"]), int(found["minute"]), min(second, 59)),
            tzinfo=UTC,
        )
        date = _with_offset(time, second, zone)
    except (ValueError, OverflowError):
        return None
    return date if is_date(date) else None


def _year(digits: str) -> int:
    """Read a year of two or three digits as RFC 5322, 4.3 has it."""
    year = int(digits)
    if len(digits) == 2 and year < 50:
        return 2000 + year
    return 1900 + year if len(digits) < 4 else year


def _with_offset(time: datetime, second: int, zone: str) -> str | None:
    if not zone.strip("+-").isdigit():
        zone = "-0000"
    hours, minutes = int(zone[1:3]), int(zone[3:])
    if minutes > 59:
        return None
    if hours > 23:
        # RFC 3339 has no such offsets, but the moment can be said in UTC.
        offset = timedelta(hours=hours, minutes=minutes)
        time = time + offset if zone[0] == "-" else time - offset
        zone = "+0000"
    text = "Z" if zone == "+0000" else f"{zone[:3]}:{zone[3:]}"
    return f"{time.isoformat()[:17]}{second:02}{text}"


def write(date: str) -> str:
    """Return a Date as a date-time, which has no fraction of a second."""
    found = _WRITTEN.fullmatch(date)
    if found is None:
        raise ValueError(date)
    zone = "+0000" if found[3] == "Z" else found[3].replace(":", "")
    # Only the day is asked for: a leap second is on that of the second before it.
    time = datetime.fromisoformat(f"{date[:10]}T00:00:00Z")
    day = f"{_DAYS[time.weekday()]}, {time.day:02} {_MONTHS[time.month - 1]} {time.year:04}"
    return f"{day} {date[11:16]}:{found[2]} {zone}"
