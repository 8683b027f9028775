"""What refusals stand for: request errors, limits, waits, and what is not JMAP at all."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, strategies as st
from multidict import CIMultiDict

from jmap_async.errors import (
    HTTPError,
    JMAPError,
    LimitExceeded,
    NotJSON,
    NotRequest,
    RateLimited,
    RequestError,
    UnknownCapability,
)
from jmap_async.transport.problem import problem, retry_after
from jmap_async.transport.response import HTTPResponse

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
URN = "urn:ietf:params:jmap:error:"


def refusal(status: int, body: object = b"", **headers: str) -> JMAPError:
    """Return what an answer stands for; a body that is not bytes is sent as JSON."""
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = HTTPResponse(
        status=status,
        url="https://api.example.com/jmap/?token=sesame",
        headers=CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}),
        body=encoded,
    )
    return problem(response, now=NOW)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unknownCapability", UnknownCapability),
        ("notJSON", NotJSON),
        ("notRequest", NotRequest),
        ("limit", LimitExceeded),
        ("ofTheFuture", RequestError),
    ],
)
def test_t30_problem_types_with_the_prefix_have_their_class(
    name: str, expected: type[RequestError]
) -> None:
    """Each registered type has a class, and an unknown one of JMAP's stays a RequestError."""
    error = refusal(400, {"type": URN + name, "status": 400, "detail": "Why"})
    assert expected is type(error)
    assert isinstance(error, RequestError)
    assert (URN + name, 400, "Why") == (error.type, error.status, error.detail)
    assert "Why" in str(error)


@pytest.mark.parametrize("body", [{"title": "x"}, {"type": "about:blank"}, {"type": "limit"}])
def test_t30_other_types_are_not_jmap(body: object) -> None:
    """Problem details without JMAP's prefix are an HTTPError."""
    assert type(refusal(400, body)) is HTTPError


def test_t31_a_limit_has_its_name() -> None:
    """The limit that was exceeded is named, so that the planner can learn it."""
    error = refusal(400, {"type": URN + "limit", "limit": "maxCallsInRequest"})
    assert isinstance(error, LimitExceeded)
    assert error.limit == "maxCallsInRequest"


@pytest.mark.parametrize(
    "body", [b"<html>too large</html>", b"", {"type": URN + "limit"}, {"type": "about:blank"}]
)
def test_t31_413_is_the_size_limit_with_or_without_details(body: object) -> None:
    """HTTP 413 means maxSizeRequest even if nothing says so."""
    error = refusal(413, body)
    assert isinstance(error, LimitExceeded)
    assert (413, "maxSizeRequest") == (error.status, error.limit)


def test_t31_413_of_an_upload_is_its_own_limit() -> None:
    """The same status for an upload means maxSizeUpload."""
    response = HTTPResponse(status=413, url="https://x/", headers={}, body=b"")
    error = problem(response, now=NOW, size_limit="maxSizeUpload")
    assert isinstance(error, LimitExceeded)
    assert error.limit == "maxSizeUpload"


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        {"type": URN + "limit", "limit": "maxConcurrentRequests"},
        {"type": URN + "limit"},
    ],
)
def test_t32_too_many_is_worth_a_wait(status: int, body: object) -> None:
    """429 and 503 are RateLimited, with the time to wait."""
    error = refusal(status, body, retry_after="30")
    assert isinstance(error, RateLimited)
    assert (status, 30.0) == (error.status, error.retry_after)


def test_t32_too_large_stays_too_large() -> None:
    """A limit that waiting does not help against is not RateLimited, whatever the status."""
    error = refusal(429, {"type": URN + "limit", "limit": "maxSizeRequest"})
    assert type(error) is LimitExceeded


def test_t29_a_status_that_is_a_string_is_survived() -> None:
    """The HTTP status counts, not the one in the body, which may be a string or differ."""
    body = {
        "status": "403",
        "title": "Disallowed or unknown capabilities requested in using",
        "detail": "Disallowed capabilities for this type/client: urn:example",
        "type": URN + "unknownCapability",
    }
    error = refusal(403, body, content_type="text/plain")
    assert isinstance(error, UnknownCapability)
    assert error.status == 403
    assert "urn:example" in str(error)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, b"Forbidden"),
        (500, b""),
        (502, b"<html><body>Bad Gateway</body></html>"),
        (400, b'{"type": "urn:ietf:params:jmap:err'),
        (400, b"\xff\xfe\x00"),
        (400, b"[1, 2]"),
        (400, b'"Forbidden"'),
        (400, b"null"),
        (400, b'{"type": 7, "detail": {}, "limit": []}'),
    ],
)
def test_t29_what_is_no_problem_details_is_an_http_error(status: int, body: bytes) -> None:
    """Text, HTML, nothing and broken JSON are HTTPError, with the start of the body."""
    error = refusal(status, body)
    assert isinstance(error, HTTPError)
    assert status == error.status
    assert body.decode(errors="replace") == error.body


def test_t29_a_long_body_is_shortened() -> None:
    """An error keeps only the start of a long body."""
    error = refusal(500, b"x" * 100_000)
    assert isinstance(error, HTTPError)
    assert len(error.body) < 1_000
    assert len(str(error)) < 1_000


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(400, "not_sent"), (404, "not_sent"), (415, "not_sent"), (500, "unknown"), (302, "unknown")],
)
def test_t33_only_a_client_error_was_certainly_not_carried_out(status: int, outcome: str) -> None:
    """A 4xx refuses before anything is done; after a 5xx nobody knows."""
    error = refusal(status, b"no")
    assert isinstance(error, HTTPError)
    assert outcome == error.outcome


def test_t175_messages_are_one_printable_line_without_the_query() -> None:
    """A server's text cannot forge log lines, and the URL shows no token."""
    error = refusal(500, b"a\nb\x1b[31m\x00 \xe2\x80\xae")
    assert str(error).isprintable()
    assert "sesame" not in str(error)


@given(st.integers(300, 599), st.binary() | st.text().map(str.encode))
def test_t29_any_body_gives_an_error(status: int, body: bytes) -> None:
    """No answer, however broken, makes it fail."""
    assert isinstance(refusal(status, body), JMAPError)


@given(
    st.sampled_from([400, 413, 429, 503]),
    st.dictionaries(
        st.sampled_from(["type", "status", "detail", "title", "limit"]),
        st.none()
        | st.integers()
        | st.text()
        | st.sampled_from(["notJSON", "limit"]).map(URN.__add__),
    ),
)
def test_t29_any_problem_details_give_an_error(status: int, body: dict[str, object]) -> None:
    """Members of any type are survived."""
    encoded = json.dumps(body).encode(errors="replace")
    assert isinstance(refusal(status, encoded), JMAPError)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("999999999", 3600.0),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("\u0661", None),
        ("Fri, 02 Jan 2026 03:04:35 GMT", 30.0),
        ("Fri, 02 Jan 2026 03:04:35 -0000", 30.0),
        ("Fri, 02 Jan 2026 03:03:35 GMT", 0.0),
        ("Fri, 02 Jan 2099 03:03:35 GMT", 3600.0),
        ("Fri, 99 Jan 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, expected: float | None) -> None:
    """Both forms are understood, from no wait to an hour; anything else is no wish at all."""
    assert expected == retry_after(value, now=NOW)


@given(st.integers(-10_000_000, 10_000_000))
def test_retry_after_dates_are_relative_to_now(seconds: int) -> None:
    """A date asks for the time until then, within bounds."""
    value = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert min(max(float(seconds), 0.0), 3600.0) == retry_after(value, now=NOW)


@given(st.text())
def test_any_retry_after_is_survived(value: str) -> None:
    """Whatever a server sends, the wait is sane or absent."""
    wait = retry_after(value, now=NOW)
    assert wait is None or 0 <= wait <= 3600
