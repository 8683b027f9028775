"""Tests of the Session resource."""

import re
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import attrs
import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import RemoteProtocolError
from jmap_async.protocol import session
from jmap_async.protocol.codec import oddities
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


@pytest.mark.parametrize("value", ["5", 5.5, True, False, [], {}, -1.0, 0.0, 1e30])
@pytest.mark.parametrize("name", LIMITS)
def test_a_malformed_limit_is_the_suggested_minimum(name: str, value: object) -> None:
    """It costs itself alone."""
    other = "maxCallsInRequest" if name != "maxCallsInRequest" else "maxObjectsInSet"
    core = limits(**{name: value, other: 3})
    assert limits(**{other: 3}) == core
    assert 3 in attrs.astuple(core)


def test_a_limit_may_be_written_with_a_fraction_of_nothing() -> None:
    """To JSON it is the same number."""
    assert 50 == limits(maxObjectsInGet=50.0).max_objects_in_get


@pytest.mark.parametrize("odd", [None, [], True, "x", 5, [1]])
def test_a_malformed_capability_costs_its_details(odd: object) -> None:
    """It is listed, with details that say nothing; all other things are as they were."""
    details: dict[str, Any] = {CORE: {"maxCallsInRequest": 9}, MAIL: {"a": 1}}
    parsed = parse(
        capabilities={**details, "vendor": odd},
        accounts={"A13824": {"accountCapabilities": {MAIL: {"a": 1}, "vendor": odd}}},
    )
    assert {**details, "vendor": {}} == parsed.capabilities
    assert {MAIL: {"a": 1}, "vendor": {}} == parsed.accounts["A13824"].account_capabilities
    assert 9 == parsed.core.max_calls_in_request


@pytest.mark.parametrize("odd", [None, [], True, "x", 5])
def test_core_may_be_malformed(odd: object) -> None:
    """Then all limits are the suggested minimum; a session without core is read as well."""
    for parsed in (parse(capabilities={CORE: odd, MAIL: {}}), parse(capabilities={MAIL: {}})):
        assert {CORE: {}, MAIL: {}} == parsed.capabilities
        assert CoreCapability() == parsed.core


def test_capabilities_may_be_listed() -> None:
    """Those of the session and those of an account; an empty list is PHP's empty object."""
    parsed = parse(
        capabilities=[CORE, MAIL, 5], accounts={"a": {"accountCapabilities": [MAIL]}, "b": {}}
    )
    assert {CORE: {}, MAIL: {}} == parsed.capabilities
    assert {MAIL: {}} == parsed.accounts["a"].account_capabilities
    empty = parse(primaryAccounts=[], accounts={"a": {"accountCapabilities": []}})
    assert ({}, {}) == (empty.primary_accounts, empty.accounts["a"].account_capabilities)


@pytest.mark.parametrize("odd", [None, [], {}, 5, "x", True])
def test_without_capabilities_those_of_the_accounts_count(odd: object) -> None:
    """Else nothing could be called."""
    parsed = session.parse(orjson.dumps(EXAMPLE | {"capabilities": odd}), URL)
    assert {CORE: {}, MAIL: {}} == parsed.capabilities
    assert parse().accounts == parsed.accounts


@pytest.mark.parametrize("odd", [None, [], "x", 5])
def test_a_malformed_account_costs_nobody_the_others(odd: object) -> None:
    """It is not there; nor is it anybody's primary account."""
    parsed = parse(
        accounts={"A13824": odd, "b": {"name": "b"}}, primaryAccounts={MAIL: "A13824", "x": "b"}
    )
    assert {"b": Account(name="b")} == parsed.accounts
    assert (None, "b") == (parsed.primary_account(MAIL), parsed.primary_account("x"))


@pytest.mark.parametrize("odd", [None, 5, "yes", [], {}])
def test_malformed_members_of_an_account_cost_themselves(odd: object) -> None:
    """What is not known to be read-only is not: the server refuses what it does not allow."""
    for name in ("isReadOnly", "isPersonal", "accountCapabilities"):
        account = {"name": "a", name: odd}
        assert Account(name="a") == parse(accounts={"a": account}).accounts["a"]
    if odd != "yes":
        assert Account() == parse(accounts={"a": {"name": odd}}).accounts["a"]


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


@pytest.mark.parametrize("reference", ["javascript:1", "data:,x", "mailto:a@b"])
def test_t26_what_is_no_url_of_a_host_is_no_path_either(reference: str) -> None:
    """It stays as it is, to be refused by name where it is needed."""
    assert reference == parse(apiUrl=reference).api_url


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


ODD: dict[str, list[object]] = {
    "accounts": [[], "x", 5],
    "primaryAccounts": [{MAIL: None}, {MAIL: 5}, [], "x"],
    "username": [5, {}, ["x"]],
    "apiUrl": [5, [], ""],
    "downloadUrl": [5],
    "uploadUrl": [True],
    "eventSourceUrl": [{}],
    "state": [5, {}],
}
EMPTY: dict[str, Any] = {"accounts": {}, "primary_accounts": {}}


@pytest.mark.parametrize(
    ("member", "value"),
    [(name, None) for name in ODD] + [(name, value) for name, odd in ODD.items() for value in odd],
)
def test_a_malformed_member_is_as_good_as_missing(member: str, value: object) -> None:
    """All others are read as if nothing was wrong."""
    name = re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", member)
    parsed = session.parse(orjson.dumps(EXAMPLE | {member: value}), URL)
    assert attrs.evolve(parse(), **{name: EMPTY.get(name, "")}) == parsed


def test_what_is_missed_is_told_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, and not what is only an offer; with it what does not fit together."""
    monkeypatch.setattr(oddities, "_told", set[str]())
    for _ in range(2):
        parse(apiUrl=5, state=None, uploadUrl=None, primaryAccounts={MAIL: "gone"})
    assert [
        (
            "the server sent a malformed Session, which is read without what is malformed: "
            "apiUrl: expected a string, got int"
        ),
        f"the JMAP session at {URL} has no apiUrl that can be used",
        f"the JMAP session at {URL} has no state that can be used",
        (
            f"the JMAP session at {URL} names an account for {MAIL} "
            "that is not among its accounts: 'gone'"
        ),
    ] == caplog.messages


def test_of_equal_keys_the_last_one_counts() -> None:
    """As with most parsers, and in one capability or account it costs nobody anything."""
    body = orjson.dumps(EXAMPLE).replace(b'"maxFoosFinangled":42', b'"a":{"x":1,"x":2},"a":{}')
    parsed = session.parse(
        body.replace(b'"isPersonal":true', b'"isPersonal":1,"isPersonal":true'), URL
    )
    assert {"a": {}} == parsed.capabilities["https://example.com/apis/foobar"]
    assert parse().accounts == parsed.accounts


@pytest.mark.parametrize("member", ["apiUrl", "state", "vendor"])
def test_of_a_member_that_is_there_twice_nobody_knows_what_it_is(member: str) -> None:
    """Unless it is the same: it may be a URL, to which the credential would go."""
    once = orjson.dumps(EXAMPLE)
    same = orjson.dumps({member: EXAMPLE[member]})
    assert parse() == session.parse(once[:-1] + b"," + same[1:], URL)
    twice = session.parse(once[:-1] + b"," + orjson.dumps({member: "other"})[1:], URL)
    assert parse(**{member: None}) == twice


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><html>Sign in</html>",
        b"\xff\xfe",
        orjson.dumps(EXAMPLE)[:-1],
        orjson.dumps(EXAMPLE)[:-1] + b',"x":NaN}',
        orjson.dumps(EXAMPLE)[:-1] + b',"x":"\\ud800"}',
        orjson.dumps(EXAMPLE)[:-1] + b',"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    ],
    ids=["empty", "html", "binary", "cut", "nan", "surrogate", "deep"],
)
def test_what_is_no_i_json_is_refused(body: bytes) -> None:
    """HTML, what was cut short, and exaggerated depth."""
    with pytest.raises(RemoteProtocolError, match="not I-JSON") as caught:
        session.parse(body, URL)
    assert URL in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        *(b"null", b"[]", b'"x"', b"{}", b'{"methodResponses":[]}', b'{"apiUrl":5,"state":"s"}'),
        *(b'{"capabilities":{}}', b'{"capabilities":[]}', b'{"capabilities":"x","apiUrl":null}'),
    ],
)
def test_what_is_no_session_is_refused(body: bytes) -> None:
    """Other JSON is none."""
    said = "is no JMAP Session resource: it has neither capabilities nor an apiUrl. Is this the"
    with pytest.raises(RemoteProtocolError, match=said):
        session.parse(body, URL)


@given(st.sampled_from(sorted(EXAMPLE)), JSON)
def test_any_value_is_a_session_or_refused(name: str, value: object) -> None:
    """No other error can come out."""
    with suppress(RemoteProtocolError):
        session.parse(orjson.dumps(EXAMPLE | {name: value}), URL)
