"""Tests of Date and UTCDate."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import LocalProtocolError
from jmap_async.protocol import dates
from tests.protocol.strategies import MOMENTS, OFFSETS, utc

RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"([Zz]|[+-][0-9]{2}:?[0-9]{2})"
)


@given(MOMENTS)
def test_encode_and_decode_are_inverse(moment: datetime) -> None:
    """A moment comes back as it was, to the microsecond."""
    assert moment == dates.decode(dates.encode(moment))
    assert dates.decode(dates.encode(moment)).tzinfo is UTC


@given(MOMENTS)
def test_t91_t128_a_utcdate_is_spelt_as_the_rfc_says(moment: datetime) -> None:
    """It ends in Z and has a fraction only when that is not zero, without zeros at its end."""
    text = dates.encode(moment)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z", text)


@given(st.datetimes(timezones=OFFSETS))
def test_any_time_zone_is_turned_into_utc(moment: datetime) -> None:
    """What is written is the same moment; a moment outside of UTC's years keeps its offset."""
    text = dates.encode(moment)
    assert moment == dates.decode(text)
    if moment.year not in {1, 9999}:
        assert text.endswith("Z")


@given(st.datetimes(timezones=OFFSETS).filter(lambda m: 1 < m.year < 9999), st.text("0123456789"))
def test_t127_t128_fractions_of_any_length_and_offsets(moment: datetime, fraction: str) -> None:
    """Digits below microseconds are cut off; the offset is taken into account."""
    text = moment.isoformat(timespec="seconds")
    text = f"{text[:19]}{'.' if fraction else ''}{fraction}{text[19:]}"
    microsecond = int(f"{fraction}000000"[:6])
    assert moment.replace(microsecond=microsecond) == dates.decode(text)
    assert dates.decode(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2014-10-30T06:12:00Z", utc(2014, 10, 30, 6, 12)),
        ("2014-10-30T14:12:00+08:00", utc(2014, 10, 30, 6, 12)),
        ("2014-10-30t06:12:00z", utc(2014, 10, 30, 6, 12)),
        ("2014-10-30T06:12:00-00:00", utc(2014, 10, 30, 6, 12)),
        ("2014-10-30T06:12:00.5Z", utc(2014, 10, 30, 6, 12, 0, 500_000)),
        ("2014-10-30T06:12:00.1234567890123Z", utc(2014, 10, 30, 6, 12, 0, 123_456)),
        ("2016-12-31T23:59:60Z", utc(2016, 12, 31, 23, 59, 59)),
        ("2016-12-31T23:59:60.5Z", utc(2016, 12, 31, 23, 59, 59, 500_000)),
        ("0001-01-01T00:00:00Z", utc(1, 1, 1)),
        ("2014-10-30 06:12:00Z", utc(2014, 10, 30, 6, 12)),
        ("2014-10-30T14:12:00+0800", utc(2014, 10, 30, 6, 12)),
        ("2014-10-30 04:12:00.25-0200", utc(2014, 10, 30, 6, 12, 0, 250_000)),
    ],
)
def test_t127_dates_of_servers(text: str, expected: datetime) -> None:
    """Lower case, odd offsets, leap seconds, absurd years and other forms of ISO 8601 occur."""
    assert expected == dates.decode(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2014-10-30",
        "2014-10-30T06:12Z",
        "2014-10-30T06:12:00",
        "2014-10-30 06:12:00",
        "10000-10-30T06:12:00Z",
        "0000-00-00T00:00:00Z",
        "2014-W10-1T06:12:00Z",
        "20141030T061200,000Z",
        "20141030T061200Z",
        "2014-10-30T06:12:00.Z",
        "2014-10-30T06:12:00,5Z",
        "2014-10-30T06:12:00+08",
        "2014-10-30T06:12:00+24:00",
        "2014-10-30T06:12:61Z",
        "2014-10-30T25:12:00Z",
        "2014-02-30T06:12:00Z",
        "0000-01-01T00:00:00Z",
        "2014-10-30T06:12:00Z\n",
        " 2014-10-30T06:12:00Z",
        "\uff12014-10-30T06:12:00Z",
        "2014-10-30T06:12:00.\u0661Z",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """So is one of which nobody knows which time it means."""
    with pytest.raises(ValueError):
        dates.decode(text)


@given(
    st.text() | st.from_regex(RFC_3339, fullmatch=True) | st.text("0123456789TZ:-+.", min_size=19)
)
def test_any_text_is_a_date_or_refused(text: str) -> None:
    """Nothing but what is as good as RFC 3339 gets through, and nothing raises another error."""
    try:
        moment = dates.decode(text)
    except ValueError:
        return
    assert RFC_3339.fullmatch(text)
    assert moment.utcoffset() is not None


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59.5-10:30"])
def test_t127_a_date_that_utc_cannot_hold_survives(text: str) -> None:
    """It keeps its offset in both directions."""
    assert text == dates.encode(dates.decode(text))


class Nowhere(tzinfo):
    """A time zone that knows nothing."""

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return None

    def dst(self, dt: datetime | None) -> timedelta | None:
        return None

    def tzname(self, dt: datetime | None) -> str | None:
        return None


@pytest.mark.parametrize("zone", [None, Nowhere()])
def test_a_naive_datetime_is_refused(zone: tzinfo | None) -> None:
    """The error says what to use instead."""
    with pytest.raises(LocalProtocolError, match="has no time zone: use an aware datetime"):
        dates.encode(datetime(2014, 10, 30, tzinfo=zone))


class Moment(datetime):
    """A datetime of another library."""


def test_subclasses_of_datetime_are_spelt_alike() -> None:
    """Their own ways to print themselves do not matter."""
    moment = Moment(2014, 10, 30, 14, 12, tzinfo=timezone(timedelta(hours=8)))
    assert "2014-10-30T06:12:00Z" == dates.encode(moment)
    assert date(2014, 10, 30) == dates.decode(dates.encode(moment)).date()
