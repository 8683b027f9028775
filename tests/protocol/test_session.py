"""Tests of the Session resource."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import attrs
import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import RemoteProtocolError
from jmap_async.protocol import session
from jmap_async.protocol.session import CORE, Account, CoreCapability
from tests.protocol.strategies import JSON, TEXTS

URL = "https://jmap.example.com/session/"
MAIL = "urn:ietf:params:jmap:mail"

# The example of RFC 8620, 2.1, misspelt limit included, with members that no RFC knows.
EXAMPLE: dict[str, Any] = {
    "capabilities": {
        CORE: {
            "maxSizeUpload": 50000001,
            "maxConcurrentUpload": 8,
            "maxSizeRequest": 10000001,
            "maxConcurrentRequest": 8,
            "maxCallsInRequest": 32,
            "maxObjectsInGet": 256,
            "maxObjectsInSet": 128,
            "collationAlgorithms": ["i;ascii-numeric", "i;unicode-casemap"],
        },
        MAIL: {},
        "https://example.com/apis/foobar": {"maxFoosFinangled": 42},
    },
    "accounts": {
        "A13824": {
            "name": "john@example.com",
            "isPersonal": True,
            "isReadOnly": False,
            "accountCapabilities": {MAIL: {"maxMailboxesPerEmail": None}},
            "isPrimary": True,
        },
        "gina@other.org": {"name": "gina", "isPersonal": False, "isReadOnly": True},
    },
    "primaryAccounts": {MAIL: "A13824"},
    "username": "john@example.com",
    "apiUrl": "https://jmap.example.com/api/",
    "downloadUrl": "https://dl.example.com/{accountId}/{blobId}/{name}?accept={type}",
    "uploadUrl": "https://jmap.example.com/upload/{accountId}/",
    "eventSourceUrl": "https://jmap.example.com/es/?types={types}&closeafter={closeafter}",
    "state": "75128aab4b1b",
    "vendor": {"a": 1},
}


def parse(**members: object) -> session.Session:
    """Parse the example with other members; None leaves one out."""
    document = {key: value for key, value in (EXAMPLE | members).items() if value is not None}
    return session.parse(orjson.dumps(document), URL)


def limits(**members: object) -> CoreCapability:
    """Parse a session with these members of the core capability only."""
    return parse(capabilities={CORE: members}).core


def test_t13_a_session_is_read_with_all_that_it_has() -> None:
    """Members that no RFC knows are kept, in the session and in its accounts."""
    parsed = parse()
    assert EXAMPLE["capabilities"] == parsed.capabilities
    assert {"vendor": {"a": 1}} == parsed.extra
    assert (
        Account(
            name="john@example.com",
            is_personal=True,
            account_capabilities={MAIL: {"maxMailboxesPerEmail": None}},
            extra={"isPrimary": True},
        )
        == parsed.accounts["A13824"]
    )
    assert parsed.accounts["gina@other.org"].is_read_only
    assert ({MAIL: "A13824"}, "john@example.com", "75128aab4b1b", URL) == (
        parsed.primary_accounts,
        parsed.username,
        parsed.state,
        parsed.url,
    )


def test_t16_limits_are_read_also_under_the_name_of_the_rfc_s_example() -> None:
    """The right name wins where both are there."""
    core = parse().core
    assert (8, 8, 32) == (
        core.max_concurrent_requests,
        core.max_concurrent_upload,
        core.max_calls_in_request,
    )
    assert (50_000_001, 10_000_001) == (core.max_size_upload, core.max_size_request)
    assert (256, 128) == (core.max_objects_in_get, core.max_objects_in_set)
    assert ["i;ascii-numeric", "i;unicode-casemap"] == core.collation_algorithms
    assert {} == core.extra
    both = limits(maxConcurrentRequest=8, maxConcurrentRequests=3)
    assert 3 == both.max_concurrent_requests


def test_t8_t9_the_primary_account_is_that_of_the_capability() -> None:
    """There is no falling back to another account, be it the only one."""
    submission = "urn:ietf:params:jmap:submission"
    both = parse(primaryAccounts={MAIL: "A13824", submission: "gina@other.org"})
    assert ("A13824", "gina@other.org") == (
        both.primary_account(MAIL),
        both.primary_account(submission),
    )
    assert parse(accounts={"a": {}}).primary_account(submission) is None


@pytest.mark.parametrize(
    ("accounts", "primary", "expected"),
    [
        (["a", "b"], {MAIL: "b"}, "b"),
        (["a"], {}, "a"),
        (["a", "b"], {}, None),
        ([], {}, None),
    ],
)
def test_t8_core_uses_the_account_of_mail(
    accounts: list[str], primary: dict[str, str], expected: str | None
) -> None:
    """Or the only account; it has no primary account of its own."""
    parsed = parse(accounts={key: {} for key in accounts}, primaryAccounts=primary)
    assert expected == parsed.primary_account(CORE)


LIMITS = [
    "maxSizeUpload",
    "maxConcurrentUpload",
    "maxSizeRequest",
    "maxConcurrentRequests",
    "maxCallsInRequest",
    "maxObjectsInGet",
    "maxObjectsInSet",
]


@given(st.dictionaries(st.sampled_from(LIMITS), st.integers(-(2**63), 0) | st.none()))
def test_t16_a_limit_that_is_none_is_the_suggested_minimum(sent: dict[str, int]) -> None:
    """Missing, null, zero and negative limits cannot be meant: nothing could be sent."""
    assert CoreCapability() == limits(**sent)


@given(st.sampled_from(LIMITS), st.integers(1, 2**63))
def test_any_positive_limit_is_taken_as_it_is(name: str, limit: int) -> None:
    """However absurd."""
    assert limit in attrs.astuple(limits(**{name: limit}))


@pytest.mark.parametrize("value", ["5", 5.5, True, False, [], {}])
def test_a_limit_of_another_type_is_refused(value: object) -> None:
    """The error has the path to it."""
    with pytest.raises(RemoteProtocolError) as caught:
        limits(maxObjectsInGet=value)
    path = f"capabilities.{CORE}.maxObjectsInGet: expected an integer, got {value!r}"
    assert path in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/jmap/", "https://jmap.example.com/jmap/"),
        ("api", "https://jmap.example.com/session/api"),
        ("../api?x=1", "https://jmap.example.com/api?x=1"),
        ("//other.example/x", "https://other.example/x"),
        ("https://other.example:8443/x", "https://other.example:8443/x"),
        ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
        ("wss:/jmap/ws/", "https://jmap.example.com/jmap/ws/"),
        ("https:/jmap/{accountId}/", "https://jmap.example.com/jmap/{accountId}/"),
        (
            "/{a}/{b}?accept={type}&n={name}",
            "https://jmap.example.com/{a}/{b}?accept={type}&n={name}",
        ),
        ("/a%2Fb/%7Bx%7D", "https://jmap.example.com/a%2Fb/%7Bx%7D"),
    ],
)
def test_t15_urls_are_resolved_against_the_session_s(reference: str, expected: str) -> None:
    """They may be relative, lack their host, or be on another one; templates stay templates."""
    parsed = parse(
        apiUrl=reference, downloadUrl=reference, uploadUrl=reference, eventSourceUrl=reference
    )
    assert [expected] * 4 == [
        parsed.api_url,
        parsed.download_url,
        parsed.upload_url,
        parsed.event_source_url,
    ]


def test_t26_urls_that_are_not_needed_may_be_missing() -> None:
    """Cyrus leaves out the event source where push is off."""
    parsed = parse(eventSourceUrl=None, downloadUrl="", uploadUrl=None)
    assert ["", "", ""] == [parsed.event_source_url, parsed.download_url, parsed.upload_url]


@given(st.text(max_size=30) | TEXTS.map(lambda text: f"https://{text}") | st.just("//[::1"))
def test_any_url_is_resolved_or_stays(reference: str) -> None:
    """Odd ones are no error here, where they may not be needed, and never lose the scheme."""
    try:
        body = orjson.dumps(EXAMPLE | {"apiUrl": reference})
    except TypeError:
        return
    resolved = session.parse(body, URL).api_url
    assert resolved in {"", reference} or urlsplit(resolved).scheme


@pytest.mark.parametrize("missing", ["capabilities", "accounts", "apiUrl", "state"])
def test_what_a_session_needs_has_to_be_there(missing: str) -> None:
    """The error names it, and asks for the URL."""
    with pytest.raises(RemoteProtocolError, match=f"a member '{missing}'") as caught:
        parse(**{missing: None})
    assert f"{URL} is no JMAP Session resource" in str(caught.value)
    assert "Is this the session URL?" in str(caught.value)


def test_a_session_without_core_is_refused() -> None:
    """RFC 8620, 2: it has to be there."""
    with pytest.raises(
        RemoteProtocolError, match=f"capabilities: expected an object with '{CORE}'"
    ):
        parse(capabilities={MAIL: {}})


@pytest.mark.parametrize(
    ("member", "value", "path"),
    [
        ("capabilities", [], "capabilities"),
        ("capabilities", {CORE: True}, f"capabilities.{CORE}"),
        ("accounts", {"a": None}, "accounts.a"),
        ("accounts", {"a": {"isReadOnly": "no"}}, "accounts.a.isReadOnly"),
        ("primaryAccounts", {MAIL: None}, f"primaryAccounts.{MAIL}"),
        ("username", 5, "username"),
        ("apiUrl", 5, "apiUrl"),
        ("state", 5, "state"),
    ],
)
def test_malformed_members_are_refused(member: str, value: object, path: str) -> None:
    """The error has the path to it and the value."""
    with pytest.raises(RemoteProtocolError) as caught:
        parse(**{member: value})
    assert f"resource: {path}: expected" in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><html>Sign in</html>",
        b"\xff\xfe",
        orjson.dumps(EXAMPLE)[:-1],
        orjson.dumps(EXAMPLE)[:-1] + b',"state":"other"}',
        orjson.dumps(EXAMPLE)[:-1] + b',"x":{"a":1,"a":2}}',
        orjson.dumps(EXAMPLE)[:-1] + b',"x":NaN}',
        orjson.dumps(EXAMPLE)[:-1] + b',"x":"\\ud800"}',
        orjson.dumps(EXAMPLE)[:-1] + b',"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    ],
    ids=["empty", "html", "binary", "cut", "twice", "inside", "nan", "surrogate", "deep"],
)
def test_what_is_no_i_json_is_refused(body: bytes) -> None:
    """HTML, duplicate keys on any level, and exaggerated depth."""
    with pytest.raises(RemoteProtocolError, match="not I-JSON") as caught:
        session.parse(body, URL)
    assert URL in str(caught.value)


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"{}", b'{"methodResponses":[]}'])
def test_what_is_no_session_is_refused(body: bytes) -> None:
    """Other JSON is none."""
    with pytest.raises(RemoteProtocolError, match="is no JMAP Session resource"):
        session.parse(body, URL)


@given(st.sampled_from(sorted(EXAMPLE)), JSON)
def test_any_value_is_a_session_or_refused(name: str, value: object) -> None:
    """No other error can come out."""
    with suppress(RemoteProtocolError):
        session.parse(orjson.dumps(EXAMPLE | {name: value}), URL)
