"""Tests of the request as a whole: calls, references, creation ids."""

import pytest

from jmap_async.testing import RequestFailure
from tests.testing.model import Model, reference

CORE = "urn:ietf:params:jmap:core"


def refusal(model: Model, request: object) -> RequestFailure:
    """Return how a request is refused."""
    with pytest.raises(RequestFailure) as caught:
        model.server.process(request)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.parametrize(
    "request_object",
    [
        [],
        "x",
        {},
        {"using": [CORE]},
        {"using": CORE, "methodCalls": []},
        {"using": [1], "methodCalls": []},
        {"using": [CORE], "methodCalls": {}},
        {"using": [CORE], "methodCalls": [["Core/echo", {}]]},
        {"using": [CORE], "methodCalls": [["Core/echo", [], "0"]]},
        {"using": [CORE], "methodCalls": [["Core/echo", {}, 0]]},
        {"using": [CORE], "methodCalls": [], "createdIds": {"a": 1}},
        {"using": [CORE], "methodCalls": [], "createdIds": []},
    ],
)
def test_what_is_no_request_object_is_refused(model: Model, request_object: object) -> None:
    """Valid JSON of another shape is notRequest."""
    assert "urn:ietf:params:jmap:error:notRequest" == refusal(model, request_object).type


def test_t3_an_unknown_capability_fails_the_whole_request(model: Model) -> None:
    """One URI that the server does not know is enough."""
    failure = refusal(model, {"using": [CORE, "urn:x"], "methodCalls": []})
    assert "urn:ietf:params:jmap:error:unknownCapability" == failure.type
    assert 0 == model.server.invocations


def test_t31_too_many_calls_name_the_limit() -> None:
    """More than maxCallsInRequest are refused before anything is done."""
    model = Model(max_calls_in_request=2)
    request = {"using": [CORE], "methodCalls": [["Core/echo", {}, "0"]] * 3}
    failure = refusal(model, request)
    assert "maxCallsInRequest" == failure.limit
    assert 0 == model.server.invocations


def test_echo_returns_its_arguments(model: Model) -> None:
    """Core/echo takes anything and gives it back under the same call id."""
    arguments = {"hello": True, "high": [5, None, {"x": 1}]}
    response = model.request(("Core/echo", arguments))
    assert [["Core/echo", arguments, "0"]] == response["methodResponses"]
    assert 1 == model.server.invocations


def test_t1_a_method_outside_of_using_does_not_exist(model: Model) -> None:
    """Without its capability a method is unknown, Core/echo too."""
    model.using = [CORE]
    assert "unknownMethod" == model.error("Mailbox/get")
    assert "unknownMethod" == model.error("Foo/get")
    model.using = []
    assert "unknownMethod" == model.error("Core/echo")


def test_t45_an_error_ends_only_its_call(model: Model) -> None:
    """Calls after a failed one run."""
    names = [name for name, _ in model.responses(("Foo/bar", {}), ("Mailbox/get", {}))]
    assert ["error", "Mailbox/get"] == names


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"accountId": "A1", "nope": 1},
        {"accountId": "A1", "ids": "P1"},
        {"accountId": "A1", "ids": [1]},
        {"accountId": "A1", "properties": "name"},
        {"accountId": "A1", "properties": ["nope"]},
        {"accountId": None},
    ],
)
def test_t63_t67_wrong_arguments_are_refused(model: Model, arguments: dict[str, object]) -> None:
    """Missing, unknown and mistyped arguments, and unknown properties, are invalidArguments."""
    [[name, found, _]] = model.request(("Mailbox/get", arguments))["methodResponses"]
    assert ("error", "invalidArguments") == (name, found["type"])


def test_accounts_are_checked_in_order(model: Model) -> None:
    """Unknown accounts, accounts without the capability and read-only ones are told apart."""
    model.server.add_account("B", capabilities=["urn:ietf:params:jmap:mail"], is_read_only=True)
    assert "accountNotFound" == model.error("Mailbox/get", accountId="nope")
    assert "accountNotSupportedByMethod" == model.error("Identity/get", accountId="B")
    assert "accountReadOnly" == model.error("Mailbox/set", accountId="B")
    assert "Mailbox/get" == model.responses(("Mailbox/get", {"accountId": "B"}))[0][0]


def test_t50_a_result_reference_is_resolved(model: Model) -> None:
    """The value at the path of an earlier response takes the place of the reference."""
    model.server.add_email(subject="One")
    model.server.add_email(subject="Two")
    _, (_, emails), (_, threads) = model.responses(
        ("Email/query", {}),
        ("Email/get", {"#ids": reference("0", "Email/query", "/ids"), "properties": ["threadId"]}),
        ("Thread/get", {"#ids": reference("1", "Email/get", "/list/*/threadId")}),
    )
    assert {e["threadId"] for e in emails["list"]} == {t["id"] for t in threads["list"]}


def test_t49_a_reference_beside_its_argument_is_refused(model: Model) -> None:
    """Both of them in one call is invalidArguments, and so is what is no reference."""
    assert "invalidArguments" == model.error(
        "Mailbox/get", **{"ids": [], "#ids": reference("0", "Email/query", "/ids")}
    )
    assert "invalidArguments" == model.error("Mailbox/get", **{"#ids": "x"})


@pytest.mark.parametrize(
    "wrong",
    [
        reference("9", "Core/echo", "/ids"),
        reference("0", "Core/other", "/ids"),
        reference("0", "Core/echo", "/nope"),
        reference("0", "Core/echo", "ids"),
    ],
)
def test_a_reference_that_leads_nowhere_fails_its_call(model: Model, wrong: object) -> None:
    """No such call, another name, no such path: invalidResultReference."""
    _, (name, error) = model.responses(
        ("Core/echo", {"ids": ["P1"]}), ("Mailbox/get", {"#ids": wrong})
    )
    assert ("error", "invalidResultReference") == (name, error["type"])


def test_t45_a_reference_to_a_failed_call_fails(model: Model) -> None:
    """The name of its response is "error", so the reference does not resolve."""
    _, (_, error) = model.responses(
        ("Email/query", {"filter": {"nope": 1}}),
        ("Email/get", {"#ids": reference("0", "Email/query", "/ids")}),
    )
    assert "invalidResultReference" == error["type"]


def test_t55_creation_ids_are_one_map_for_the_request(model: Model) -> None:
    """A later call refers to what an earlier one created; the newest of a name counts."""
    box = {"create": {"k": {"name": "First"}}}
    other = {"create": {"k": {"name": "Second"}}}
    *_, (_, last) = model.responses(
        ("Mailbox/set", box),
        ("Mailbox/set", other),
        ("Mailbox/set", {"create": {"c": {"name": "Child", "parentId": "#k"}}}),
    )
    child = model.get_one("Mailbox", last["created"]["c"]["id"], "parentId")
    parent = model.get_one("Mailbox", child["parentId"], "name")
    assert "Second" == parent["name"]


def test_t58_created_ids_come_back_only_when_given(model: Model) -> None:
    """They go in and out with the request, so that a batch can be split."""
    call = ("Mailbox/set", {"accountId": "A1", "create": {"k": {"name": "Box"}}})
    assert "createdIds" not in model.request(call)
    second = ("Mailbox/set", {"accountId": "A1", "create": {"c": {"name": "C", "parentId": "#p"}}})
    response = model.request(second, createdIds={"p": "P1"})
    assert {"p": "P1", "c": response["createdIds"]["c"]} == response["createdIds"]


def test_t11_every_response_has_the_state_of_the_session(model: Model) -> None:
    """It changes when an account is added, and not otherwise."""
    before = model.request()["sessionState"]
    model.server.add_email()
    assert before == model.request()["sessionState"]
    model.server.add_account("B")
    assert before != model.request()["sessionState"]
