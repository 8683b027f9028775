"""Tests of dates: by an exact model, and in every place where the server has to do with one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, strategies as st

from jmap_async.testing import instants

from .model import Model, message

GOOD = (
    "2026-01-02T03:04:05Z",
    "2026-01-02T03:04:05.25Z",
    "2026-01-02T03:04:05.120Z",
    "2026-01-02T03:04:05.000000000000000000010Z",
    "0000-02-29T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "2016-12-31T23:59:60Z",
    "2015-06-30T23:59:60.5Z",
)
WITH_OFFSETS = (
    "2026-01-02T03:04:05+02:00",
    "2026-01-02T03:04:05-00:00",
    "2026-01-02T03:04:05+00:00",
    "0000-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    "2017-01-01T05:29:60+05:30",
)
BAD: tuple[object, ...] = (
    "2026-01-02T03:04:05",
    "2026-01-02t03:04:05Z",
    "2026-01-02T03:04:05z",
    "2026-01-02T03:04:05.0Z",
    "2026-01-02T03:04:05.000000000Z",
    "2026-01-02T03:04:05.Z",
    "2026-01-02T03:04:05,5Z",
    "2026-13-02T03:04:05Z",
    "2026-00-02T03:04:05Z",
    "2026-02-29T03:04:05Z",
    "2026-01-02T24:00:00Z",
    "2026-01-02T03:60:05Z",
    "2026-01-02T03:04:61Z",
    "2026-01-02T03:04:60Z",
    "2026-12-31T23:59:60+01:00",
    "2026-01-02T03:04:05+24:00",
    "2026-01-02T03:04:05+02:60",
    "2026-01-02T03:04:05+0200",
    "2026-01-02 03:04:05Z",
    "2026-01-02T03:04Z",
    "2026-W01-1T03:04:05Z",
    "12026-01-02T03:04:05Z",
    "-026-01-02T03:04:05Z",
    "2026-01-02T03:04:05Z\n",
    "٢٠٢٦-01-02T03:04:05Z",
    "2026-01-02",
    "",
    None,
    1,
)


def test_t91_t128_what_is_a_date() -> None:
    """RFC 3339 decides, less lower case and zero fractions; a UTCDate ends with "Z"."""
    assert [*GOOD, *WITH_OFFSETS] == [*filter(instants.is_date, (*GOOD, *WITH_OFFSETS, *BAD))]
    assert [*GOOD] == [*filter(instants.is_utc_date, (*GOOD, *WITH_OFFSETS, *BAD))]


def test_t91_a_long_fraction_takes_no_long_time() -> None:
    """Each digit is looked at once, whether it is a date in the end or not."""
    digits = "1" * 200_000
    assert instants.is_date(f"2026-01-02T03:04:05.{digits}Z")
    assert not instants.is_date(f"2026-01-02T03:04:05.{digits}X")
    with pytest.raises(ValueError, match="not a Date"):
        instants.instant(f"2026-01-02T03:04:05.{digits}X")


Moment = tuple[Fraction, Fraction]
"""The exact time of a date: the second that it begins in, leap seconds being the 59th, the rest."""


@st.composite
def written(draw: st.DrawFn, *, utc: bool = False, years: str = "any") -> tuple[str, Moment]:
    """Draw a Date and its exact time, close enough to others to share a second with them."""
    year = draw(st.sampled_from([2016, 2017] if years == "usual" else [0, 1, 4, 1999, 2016, 9999]))
    month, day, hour = draw(st.sampled_from([(1, 1, 0), (2, 28, 12), (3, 1, 0), (12, 31, 23)]))
    second = draw(st.sampled_from([0, 1, 59]))
    minute = 59 if hour == 23 else 0
    digits = draw(st.sampled_from(["", "1", "10", "09", "100000", "1000001", "12", "120", "9" * 9]))
    # Any year that datetime knows and that has as many days in February.
    known = datetime(year or 2000, month, day, hour, minute, second, tzinfo=UTC)
    since = known - datetime(1, 1, 1, tzinfo=UTC) - timedelta(days=0 if year else 730_485)
    seconds = Fraction(since.days * 86_400 + since.seconds)
    leap = draw(st.booleans()) and (month, second) == (12, 59)
    zones = ["Z"] if utc or leap else ["Z", "+00:00", "-00:00", "+02:00", "-12:30"]
    zone = draw(st.sampled_from(zones))
    if zone != "Z":
        offset = Fraction(int(zone[1:3]) * 3600 + int(zone[4:]) * 60)
        seconds += offset if zone[0] == "-" else -offset
    text = f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{60 if leap else second:02}"
    text += f".{digits}{zone}" if digits else zone
    fraction = Fraction(int(digits or 0), 10 ** len(digits))
    return text, (seconds, fraction + leap)


@given(st.lists(written(), min_size=2, max_size=8))
def test_instants_are_in_the_order_of_time(drawn: list[tuple[str, Moment]]) -> None:
    """Two dates compare as their exact times do, equal ones included."""
    for one, moment in drawn:
        for other, another in drawn:
            assert (moment < another) == (instants.instant(one) < instants.instant(other))
            assert (moment == another) == (instants.instant(one) == instants.instant(other))


@given(written())
def test_a_date_in_utc_is_the_same_instant(drawn: tuple[str, Moment]) -> None:
    """Unless its year would have no four digits."""
    text, (seconds, _) = drawn
    found = instants.in_utc(text)
    if found is None:
        assert seconds < -366 * 86_400 or text.startswith("9999")
    else:
        assert instants.is_utc_date(found)
        assert instants.instant(text) == instants.instant(found)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=1))), "2026-01-02T02:00:00Z"),
        (datetime(999, 1, 2, 3, 4, 5, 120_000, tzinfo=UTC), "0999-01-02T03:04:05.12Z"),
    ],
)
def test_a_moment_is_written_as_utc_date(moment: datetime, expected: str) -> None:
    """Other zones are converted, and years have four digits."""
    assert expected == instants.to_utc_date(moment)


# In the server

UTC_DATES = st.lists(written(utc=True), min_size=1, max_size=6)


def in_order(drawn: list[tuple[str, Moment]], ids: list[str]) -> list[str]:
    """Return ids in the exact order of the dates that they were given."""
    moments = dict(zip(ids, (moment for _, moment in drawn), strict=True))
    return sorted(ids, key=moments.__getitem__)


def import_email(model: Model, *lines: str, **properties: object) -> str:
    """Import a message and return the id of the Email."""
    blob_id = model.server.world.accounts["A1"].put_blob(message(*lines, "", "x"))
    wanted = {"blobId": blob_id, "mailboxIds": {"P1": True}, **properties}
    response = model.call("Email/import", emails={"k": wanted})
    assert response["notCreated"] is None, response["notCreated"]
    id: str = response["created"]["k"]["id"]
    return id


def create_email(model: Model, received_at: str) -> str:
    """Create an Email and return its id."""
    found = model.create("Email", mailboxIds={"P1": True}, subject="S", receivedAt=received_at)
    return str(found["id"])


@pytest.mark.parametrize("add", [create_email, lambda m, d: import_email(m, "A: b", receivedAt=d)])
@given(drawn=UTC_DATES)
def test_emails_are_found_and_sorted_by_their_instants(
    add: Callable[[Model, str], str], drawn: list[tuple[str, Moment]]
) -> None:
    """`before`, `after` and the sort by `receivedAt` know every fraction; it is told as given."""
    model = Model()
    ids = [add(model, text) for text, _ in drawn]
    ordered = in_order(drawn, ids)
    assert ordered == model.query("Email", None, "receivedAt")
    for id, (text, moment) in zip(ids, drawn, strict=True):
        assert text == model.get_one("Email", id, "receivedAt")["receivedAt"]
        earlier = {i for i, (_, other) in zip(ids, drawn, strict=True) if other < moment}
        assert earlier == {*model.query("Email", {"before": text})}
        assert {*ids} - earlier == {*model.query("Email", {"after": text})}


@given(drawn=UTC_DATES)
def test_threads_are_in_the_order_of_instants(drawn: list[tuple[str, Moment]]) -> None:
    """The oldest Email is the first of its Thread (RFC 8621, 3)."""
    model = Model()
    ids = [
        import_email(model, f"Message-ID: <{n}@x>", "References: <r@x>", receivedAt=text)
        for n, (text, _) in enumerate(drawn)
    ]
    [thread] = model.call("Thread/get")["list"]
    assert in_order(drawn, ids) == thread["emailIds"]


@given(drawn=st.lists(written(years="usual"), min_size=1, max_size=6))
def test_sent_at_is_sorted_by_instants(drawn: list[tuple[str, Moment]]) -> None:
    """Whatever the offset; fractions do not fit into a message, and no date is the earliest."""
    model = Model()
    undated = import_email(model, "Date: sometime")
    ids = [
        str(model.create("Email", mailboxIds={"P1": True}, subject="S", sentAt=text)["id"])
        for text, _ in drawn
    ]
    whole = [(text, (seconds, Fraction(rest // 1))) for text, (seconds, rest) in drawn]
    assert [undated, *in_order(whole, ids)] == model.query("Email", None, "sentAt")
    for id, (text, moment) in zip(ids, whole, strict=True):
        found = model.get_one("Email", id, "sentAt")["sentAt"]
        assert moment[0] + 0 == _seconds(found), (text, found)


def _seconds(date: str) -> Fraction:
    moment = datetime.fromisoformat(date.replace(":60", ":59"))
    since = moment - datetime(1, 1, 1, tzinfo=UTC)
    return Fraction(since.days * 86_400 + since.seconds)


HELD = st.sampled_from(["1", "10", "100000001", "09", "999", "9990", "12", "120"])


@given(fractions=st.lists(HELD, min_size=1, max_size=5))
def test_submissions_are_found_and_sorted_by_their_instants(fractions: list[str]) -> None:
    """`sendAt` is what HOLDUNTIL asks for, to the last digit."""
    model = Model()
    email = model.server.add_email(from_="alice@example.org")
    texts = [f"2026-03-01T13:00:00.{digits}Z" for digits in fractions]
    moments = [Fraction(int(digits), 10 ** len(digits)) for digits in fractions]
    ids = [_submit(model, email, text) for text in texts]
    found = dict(zip(ids, moments, strict=True))
    assert sorted(ids, key=found.__getitem__) == model.query("EmailSubmission", None, "sentAt")
    for id, text in zip(ids, texts, strict=True):
        assert text == model.get_one("EmailSubmission", id, "sendAt")["sendAt"]
        earlier = {other for other in ids if found[other] < found[id]}
        assert earlier == {*model.query("EmailSubmission", {"before": text})}
        assert {*ids} - earlier == {*model.query("EmailSubmission", {"after": text})}


def _submit(model: Model, email: str, until: str) -> str:
    [identity] = model.call("Identity/get")["list"]
    sender = {"email": "alice@example.org", "parameters": {"HOLDUNTIL": until}}
    envelope = {"mailFrom": sender, "rcptTo": [{"email": "b@x", "parameters": None}]}
    made = model.create(
        "EmailSubmission", identityId=identity["id"], emailId=email, envelope=envelope
    )
    return str(made["id"])


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("2026-03-08T11:59:59.9Z", "2026-03-08T11:59:59.9Z"),
        ("2026-03-08T12:00:00.1Z", "2026-03-08T12:00:00Z"),
        ("2026-03-08T12:00:00Z", "2026-03-08T12:00:00Z"),
        ("9999-12-31T23:59:59Z", "2026-03-08T12:00:00Z"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
    ],
)
def test_t162_the_earlier_instant_is_the_expiry(asked: str, granted: str) -> None:
    """A subscription lives for a week at most, by the instant and not by the text."""
    model = Model()
    id = model.create("PushSubscription", deviceClientId="d", url="https://x.example")["id"]
    model.update("PushSubscription", id, expires=asked)
    assert granted == model.get_one("PushSubscription", id)["expires"]


def test_a_received_field_that_utc_cannot_hold_is_left_out() -> None:
    """The Email is then received now (RFC 8621, 4.8)."""
    model = Model()
    for field in ("Fri, 31 Dec 9999 23:59:59 -0100", "Sat, 30 Feb 2026 00:00:00 +0000"):
        id = import_email(model, f"Received: by x; {field}")
        assert "2026-03-01T12:00:00Z" == model.get_one("Email", id, "receivedAt")["receivedAt"]
    id = import_email(model, "Received: by x; Sat, 1 Jan 2000 00:00:00 +0100")
    assert "1999-12-31T23:00:00Z" == model.get_one("Email", id, "receivedAt")["receivedAt"]


def test_an_email_is_delivered_at_the_moment_that_is_given() -> None:
    """To the microsecond, whatever the order of delivery; its Date is in whole seconds."""
    model = Model()
    moments = [datetime(2026, 1, 1, 0, 0, 0, n, tzinfo=UTC) for n in (500_000, 1, 120_000, 0)]
    ids = [model.server.add_email(received_at=moment) for moment in moments]
    assert [ids[3], ids[1], ids[2], ids[0]] == model.query("Email", None, "receivedAt")
    found = model.get_one("Email", ids[2], "receivedAt", "sentAt")
    assert ("2026-01-01T00:00:00.12Z", "2026-01-01T00:00:00Z") == (
        found["receivedAt"],
        found["sentAt"],
    )


def _calls(date: object) -> list[tuple[str, dict[str, Any]]]:
    """Return calls with a date in each place where a client may write one."""
    email = {"mailboxIds": {"P1": True}, "subject": "S"}
    subscription = {"deviceClientId": "d", "url": "https://x.example"}
    headers = {"header:Date:asDate": date, "header:Resent-Date:asDate": date}
    sender = {"email": "alice@example.org", "parameters": {"HOLDUNTIL": date}}
    envelope = {"mailFrom": sender, "rcptTo": [{"email": "b@x"}]}
    submission = {"identityId": "I1", "emailId": "M1", "envelope": envelope}
    imported = {"blobId": "B", "mailboxIds": {"P1": True}, "receivedAt": date}
    return [
        ("Email/set", {"create": {"k": {**email, "receivedAt": date}}}),
        ("Email/set", {"create": {"k": {**email, "sentAt": date}}}),
        *(("Email/set", {"create": {"k": {**email, name: date}}}) for name in headers),
        ("Email/set", {"update": {"M1": {"receivedAt": date}}}),
        ("Email/import", {"emails": {"k": imported}}),
        ("Email/query", {"filter": {"before": date}, "sort": [{"property": "sentAt"}]}),
        ("Email/query", {"filter": {"after": date}, "sort": [{"property": "receivedAt"}]}),
        ("PushSubscription/set", {"create": {"k": {**subscription, "expires": date}}}),
        ("VacationResponse/set", {"update": {"singleton": {"fromDate": date, "toDate": date}}}),
        ("EmailSubmission/set", {"create": {"k": submission}}),
        ("EmailSubmission/query", {"filter": {"before": date}, "sort": [{"property": "sentAt"}]}),
        ("EmailSubmission/query", {"filter": {"after": date}}),
        ("MaskedEmail/set", {"create": {"k": {"createdAt": date, "lastMessageAt": date}}}),
    ]


ANY_DATE = (
    st.sampled_from([*GOOD, *WITH_OFFSETS, *BAD])
    | written().map(lambda drawn: drawn[0])
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z\Z")
    | st.text()
)


@given(date=ANY_DATE)
def test_no_date_is_too_much_for_the_server(date: object) -> None:
    """It refuses what is none, wherever it stands, and tells what it accepted as it was given."""
    model = Model()
    model.server.add_email(message=b"Date: Mon, 1 Jan 0001 00:00:00 +2359\r\n\r\nx")
    for method, arguments in _calls(date):
        [(_, found)] = model.responses((method, arguments))
        refused = "type" in found or found.get("notCreated") or found.get("notUpdated")
        assert date is None or instants.is_date(date) or refused, (method, found)
    vacation = model.get_one("VacationResponse", "singleton")
    assert (date if instants.is_utc_date(date) else None) == vacation["fromDate"]
