"""Tests of dates of header fields."""

from datetime import datetime

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing.message import dates


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"),
        ("21 Nov 1997 09:55:06 +0000", "1997-11-21T09:55:06Z"),
        ("21 Nov 1997 09:55:06 -0000", "1997-11-21T09:55:06-00:00"),
        ("1 Jul 2003 10:52 +0200", "2003-07-01T10:52:00+02:00"),
        ("fRI,21 nOV 1997 09:55:06 +1345", "1997-11-21T09:55:06+13:45"),
        # RFC 5322, A.5 and A.6.2; comments anywhere, folding.
        (
            (
                "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n"
                "               -0330 (Newfoundland Time)"
            ),
            "1969-02-13T23:32:00-03:30",
        ),
        ("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z"),
        (
            r"Fri(day (of \( the) week), 21 (x)Nov(y) 97 (z) 09(c):55 : (c)06 -0600(d)",
            "1997-11-21T09:55:06-06:00",
        ),
        # RFC 5322, 4.3: years and zones.
        ("21 Nov 49 09:55 ut", "2049-11-21T09:55:00Z"),
        ("21 Nov 50 09:55 EST", "1950-11-21T09:55:00-05:00"),
        ("21 Nov 102 09:55 pdt", "2002-11-21T09:55:00-07:00"),
        ("21 Nov 2002 09:55 Z", "2002-11-21T09:55:00-00:00"),
        ("21 Nov 2002 09:55 A", "2002-11-21T09:55:00-00:00"),
        ("21 Nov 2002 09:55 CEST", "2002-11-21T09:55:00-00:00"),
        ("21Nov2002 9:55 +0100", "2002-11-21T09:55:00+01:00"),
        # The limits.
        ("31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:60Z"),
        ("1 Jan 0001 00:00:00 +0500", "0001-01-01T00:00:00+05:00"),
        ("31 Dec 9999 23:59:59 -0500", "9999-12-31T23:59:59-05:00"),
        ("21 Nov 1997 09:55:06 +2400", "1997-11-20T09:55:06Z"),
        ("21 Nov 1997 09:55:06 -9959", "1997-11-25T13:54:06Z"),
        ("29 Feb 2000 00:00 +0000", "2000-02-29T00:00:00Z"),
        *dict.fromkeys(
            [
                *("", "yesterday", "21 Nov 1997", "Fri, 21 Nov 1997 09:55:06"),
                "99 Nov 1997 09:55:06 +0000",
                "29 Feb 1900 00:00 +0000",
                "0 Nov 1997 09:55:06 +0000",
                "21 Nov 1997 24:55:06 +0000",
                "21 Nov 1997 09:60:06 +0000",
                "21 Nov 1997 09:55:61 +0000",
                "21 Nov 1997 09:55:06 +0060",
                "21 Nov 1997 09:55:06 +000",
                "21 Nov 1997 09:55:06 +0000 x",
                "21 Nov 0000 09:55:06 +0000",
                "21 Nov 10000 09:55:06 +0000",
                "21 Nov 999999999 09:55:06 +0000",
                "1 Jan 0001 00:00:00 +9900",
                "21 Nov 1997 09:55:60 +0000",
                "Day, 21 Nov 1997 09:55:06 +0000",
                "21 Nob 1997 09:55:06 +0000",
                "1997-11-21T09:55:06Z",
                "Fri Nov 21 09:55:06 1997",
                "\u0662\u0661 Nov 1997 09:55:06 +0000",
            ]
        ).items(),
    ],
)
def test_dates_keep_their_offset(value: str, expected: str | None) -> None:
    """What cannot be parsed is null."""
    assert expected == dates.read(value)


@given(st.datetimes(), st.sampled_from(["Z", "-00:00", "+00:00", "+05:45", "-12:00", "+23:59"]))
def test_what_is_written_is_read(moment: datetime, offset: str) -> None:
    """To the second, with its offset."""
    date = moment.isoformat(timespec="seconds") + offset
    assert date.replace("+00:00", "Z") == dates.read(dates.write(date))


def test_fractions_are_dropped() -> None:
    """A date-time has none."""
    assert "Sun, 01 Mar 2026 12:00:00 +0000" == dates.write("2026-03-01T12:00:00.25Z")
    with pytest.raises(ValueError, match="today"):
        dates.write("today")
