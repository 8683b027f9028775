"""Tests of requests and responses on the wire."""

import orjson
import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import (
    METHOD_ERRORS,
    InvalidArguments,
    InvalidResultReference,
    MethodError,
    RemoteProtocolError,
)
from jmap_async.protocol.messages import (
    ENVELOPE_SIZE,
    MethodResponse,
    encode_invocation,
    encode_request,
    method_error,
    parse_response,
)
from tests.protocol.strategies import JSON, OBJECTS, TEXTS

NAMES = st.sampled_from(["Email/get", "Core/echo", "Foo/queryChanges", "error"])
CALLS = st.lists(st.tuples(NAMES, OBJECTS, st.sampled_from(["c0", "c1", "c99"])), max_size=4)

DEEP = b"[" * 1_000 + b"]" * 1_000


@given(st.lists(TEXTS), CALLS)
def test_t27_a_request_is_json(using: list[str], calls: list[tuple[str, object, str]]) -> None:
    """Invocations that are JSON already are put together without looking at them again."""
    encoded = [encode_invocation(name, orjson.dumps(args), id) for name, args, id in calls]
    body = encode_request(using, encoded)
    assert {"using": using, "methodCalls": [list(call) for call in calls]} == orjson.loads(body)


@given(st.lists(TEXTS), CALLS)
def test_t35_the_size_of_a_request_can_be_told(
    using: list[str], calls: list[tuple[str, object, str]]
) -> None:
    """It is the envelope, the capabilities, the invocations, and the commas between them."""
    encoded = [encode_invocation(name, orjson.dumps(args), id) for name, args, id in calls]
    parts = [orjson.dumps(uri) for uri in using], encoded
    size = ENVELOPE_SIZE + sum(len(part) for group in parts for part in group)
    size += sum(max(0, len(group) - 1) for group in parts)
    assert size == len(encode_request(using, encoded))


@given(CALLS, st.none() | TEXTS)
def test_t42_responses_keep_name_order_and_call_id(
    calls: list[tuple[str, dict[str, object], str]], state: str | None
) -> None:
    """Several may have one call id, and names may be any."""
    document = {"methodResponses": calls, "vendor": 1, "createdIds": None, "sessionState": state}
    response = parse_response(orjson.dumps(document))
    assert [MethodResponse(*call) for call in calls] == response.method_responses
    assert state == response.session_state


@pytest.mark.parametrize("state", [b"", b',"sessionState":null', b',"sessionState":5'])
def test_t166_the_session_state_may_be_missing(state: bytes) -> None:
    """What is no state counts as none."""
    assert parse_response(b'{"methodResponses":[]%b}' % state).session_state is None


SAMPLE = orjson.dumps(
    {
        "methodResponses": [
            [
                "Email/get",
                {"list": [{"subject": 'ü "methodResponses" \\'}], "notFound": None},
                "c0",
            ],
            ["error", {"type": "unknownMethod"}, "c1"],
        ],
        "sessionState": "75128aab4b1b",
    }
)


def test_an_answer_that_was_cut_short_is_refused() -> None:
    """Wherever it ends: no response is taken from a part of an answer."""
    for end in range(len(SAMPLE)):
        with pytest.raises(RemoteProtocolError, match="the server's answer is not I-JSON"):
            parse_response(SAMPLE[:end])


def test_the_whole_answer_is_fine() -> None:
    """The same, not cut short."""
    assert ["Email/get", "error"] == [one.name for one in parse_response(SAMPLE).method_responses]


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><body>Login</body></html>",
        b"\x00\xff\xfe",
        b'{"methodResponses": [NaN]}',
        b'{"methodResponses": ["\\ud800"]}',
        b'{"methodResponses":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    ],
)
def test_what_is_no_i_json_is_refused(body: bytes) -> None:
    """HTML, lone surrogates and exaggerated depth, with a piece to recognise it by."""
    with pytest.raises(RemoteProtocolError, match="not I-JSON") as caught:
        parse_response(body)
    assert body[:10].decode(errors="replace") == caught.value.piece[:10]
    assert len(caught.value.piece) < 350
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "body",
    [
        b'{"methodResponses":[],"methodResponses":[]}',
        b'{"methodResponses":[["a",{},"0"]],"x":"methodResponses","methodResponses":[]}',
    ],
)
def test_responses_that_a_second_list_has_lost_are_missed(body: bytes) -> None:
    """Only where some are missing is it looked for: that takes ten times as long as to parse."""
    assert [] == parse_response(body).method_responses
    with pytest.raises(RemoteProtocolError, match="'methodResponses' is there twice"):
        parse_response(body, at_least=1)


def test_that_there_are_fewer_responses_is_no_fault_of_the_json() -> None:
    """A value may be spelt like the key; whose response is missing is told call by call."""
    body = b'{"methodResponses":[["Core/echo",{"x":"methodResponses"},"c0"]]}'
    assert parse_response(body) == parse_response(body, at_least=2)


@pytest.mark.parametrize(
    "body",
    [
        b"null",
        b"[]",
        b'"methodResponses"',
        b"{}",
        b'{"methodResponses": null}',
        b'{"methodResponses": {}}',
        b'{"capabilities": {}, "apiUrl": "/jmap/"}',
        b'{"type": "urn:ietf:params:jmap:error:notJSON", "status": 400}',
    ],
)
def test_what_is_no_response_is_refused(body: bytes) -> None:
    """The error shows what came instead, and asks for the URL."""
    with pytest.raises(RemoteProtocolError, match="Is the session's apiUrl right") as caught:
        parse_response(body)
    assert body.decode() == caught.value.piece


@pytest.mark.parametrize(
    "item",
    [
        "null",
        "{}",
        "[]",
        '"abc"',
        '["a", {}]',
        '["a", {}, "0", 1]',
        '["a", {}, 0]',
        '["a", [], "0"]',
        '["a", null, "0"]',
        '[null, {}, "0"]',
        DEEP.decode(),
    ],
)
def test_what_is_no_method_response_is_refused(item: str) -> None:
    """One of a wrong shape makes the whole answer unusable: which call was it for?"""
    body = f'{{"methodResponses": [["a", {{}}, "0"], {item}]}}'.encode()
    with pytest.raises(RemoteProtocolError, match=r"no \[name, arguments, call id\]") as caught:
        parse_response(body)
    assert len(caught.value.piece) < 350


@given(JSON | st.fixed_dictionaries({"methodResponses": JSON | st.lists(st.lists(JSON))}))
def test_any_json_is_a_response_or_refused(document: object) -> None:
    """No other error can come out."""
    try:
        response = parse_response(orjson.dumps(document))
    except RemoteProtocolError:
        return
    assert all(isinstance(one, MethodResponse) for one in response.method_responses)


# Method errors


@pytest.mark.parametrize("type", METHOD_ERRORS)
def test_each_known_type_has_its_class(type: str) -> None:
    """Attributes and message say what failed, in which call."""
    arguments = {"type": type, "description": "too bad"}
    error = method_error(arguments, method="Email/get", call_id="c7")
    assert METHOD_ERRORS[type] is error.__class__
    assert (type, "too bad", "Email/get", "c7") == (
        error.type,
        error.description,
        error.method,
        error.call_id,
    )
    assert arguments == error.arguments
    assert str(error).startswith(f"Email/get (call c7) failed: {type}: too bad")


@given(TEXTS.filter(lambda text: text not in METHOD_ERRORS))
def test_t46_an_unknown_type_stays_a_method_error(type: str) -> None:
    """It keeps the type as sent and the whole object."""
    error = method_error({"type": type, "hint": 1}, method="Email/get", call_id="c7")
    assert MethodError is error.__class__
    assert (type, {"type": type, "hint": 1}) == (error.type, error.arguments)
    assert f"Email/get (call c7) failed: {type}: {{'hint': 1}}" == str(error)


@pytest.mark.parametrize("arguments", [{}, {"type": None}, {"type": 5}, {"type": ["x"]}])
def test_t46_an_error_without_a_type_is_like_server_fail(arguments: dict[str, object]) -> None:
    """There is nothing else to go by."""
    error = method_error(arguments, method="Email/get", call_id="c7")
    assert METHOD_ERRORS["serverFail"] is error.__class__
    assert "serverFail" == error.type


@pytest.mark.parametrize("description", [None, 5, ["x"], {"a": 1}, ""])
def test_a_description_of_a_wrong_type_does_not_matter(description: object) -> None:
    """Decoding an error never fails."""
    error = method_error({"type": "x", "description": description}, method="a/b", call_id="c0")
    assert error.description in {None, ""}
    assert "a/b (call c0) failed: x" == str(error)


def test_the_remedy_is_part_of_the_message() -> None:
    """Where there is something to be done about it; Cyrus gives arguments for a description."""
    arguments = {"type": "invalidArguments", "arguments": ["properties[1:nope]"]}
    error = method_error(arguments, method="Email/get", call_id="c0")
    assert isinstance(error, InvalidArguments)
    assert (
        "Email/get (call c0) failed: invalidArguments: {'arguments': ['properties[1:nope]']} "
        "(check names and types of the arguments and properties)" == str(error)
    )


def test_cyrus_name_of_a_failed_reference() -> None:
    """Its class is that of the registered type, the type stays as sent."""
    error = method_error({"type": "resultReference"}, method="Email/get", call_id="c0")
    assert isinstance(error, InvalidResultReference)
    assert "resultReference" == error.type


@pytest.mark.parametrize(
    "arguments",
    [
        {"type": "x" * 100_000},
        {"type": "x", "description": "y" * 100_000},
        {"type": "x", "deep": orjson.loads(DEEP)},
        {"type": "x", "y" * 100_000: ["z" * 100_000] * 1_000},
    ],
    ids=["type", "description", "depth", "members"],
)
def test_messages_stay_short(arguments: dict[str, object]) -> None:
    """Whatever the server sends; the whole object is in `arguments`, but what is too deep."""
    error = method_error(arguments, method="Email/get", call_id="c0")
    assert len(str(error)) < 800
    assert {**arguments, "deep": 0} == {**error.arguments, "deep": 0}
