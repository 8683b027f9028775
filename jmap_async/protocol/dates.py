"""Date and UTCDate (RFC 8620, 1.4): RFC 3339 with rules of their own."""

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, cast

from jmap_async.errors import LocalProtocolError

_RFC3339: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):?(\d\d))"
)


def decode(text: str) -> datetime:
    """Parse a Date or UTCDate of the server into an aware datetime in UTC.

    Fractions of any length are accepted and cut to microseconds, a leap second counts as the
    second before. A time that UTC cannot hold (year 1 with an offset) keeps its own offset. What
    can mean one time only is accepted, too: a space for the "T", and an offset without its colon.
    A time without offset is none: nobody could know which it is.

    Raises:
        ValueError: it is no RFC 3339 date.
    """
    # The usual form, quickly; fromisoformat() by itself takes other forms of ISO 8601 as well.
    if (
        len(text) == len("2014-10-30T06:12:00Z")
        and text[4] == text[7] == "-"
        and text[10] == "T"
        and text[13] == text[16] == ":"
        and text[19] == "Z"
    ):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass  # a leap second, perhaps: the careful way decides
    # Nearly as usual: with an offset.
    if (
        len(text) == len("2014-10-30T06:12:00+02:00")
        and text[4:17:3] == "--T::"
        and text[22] == ":"
    ):
        try:
            # As of a time in UTC, less the offset: half the price of astimezone().
            return datetime.fromisoformat(text[:19] + "Z") - _offset(text[19:])
        except (ValueError, OverflowError):
            pass
    return _decode_carefully(text)


@lru_cache(maxsize=128)
def _offset(text: str) -> timedelta:
    """Parse an offset such as "+02:00"."""
    return cast("timedelta", datetime.fromisoformat(f"2000-01-01T00:00:00{text}").utcoffset())


def _decode_carefully(text: str) -> datetime:
    match = _RFC3339.fullmatch(text)
    if match is None or not text.isascii():
        raise ValueError(f"not an RFC 3339 date: {text[:60]!r}")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, zulu, sign, offset_hours, offset_minutes = match.groups()[6:]
    zone = UTC
    if zulu is None:
        offset = timedelta(hours=int(offset_hours), minutes=int(offset_minutes))
        zone = timezone(-offset if sign == "-" else offset)
    microsecond = int(fraction[:6].ljust(6, "0")) if fraction else 0
    if second == 60:
        second = 59
    moment = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment


def encode(moment: datetime) -> str:
    """Spell an aware datetime as a UTCDate: "Z", no fraction when it is zero.

    A time that UTC cannot hold keeps its offset.

    Raises:
        LocalProtocolError: the datetime is naive.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise LocalProtocolError(
            f"{moment!r} has no time zone: use an aware datetime, "
            "such as datetime.now(timezone.utc)"
        )
    try:
        moment, zone = moment.astimezone(UTC), "Z"
    except OverflowError:
        zone = moment.isoformat(timespec="seconds")[19:25]
    text = moment.replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if moment.microsecond else text) + zone
