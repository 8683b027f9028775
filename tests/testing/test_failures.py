"""Tests of the ways to refuse."""

from jmap_async.testing.failures import (
    MethodFailure,
    RequestFailure,
    SetFailure,
    invalid_properties,
)


def test_t30_t31_a_request_failure_is_problem_details() -> None:
    """The type has its prefix, and the name of the limit is there when there is one."""
    problem = {
        "type": "urn:ietf:params:jmap:error:notJSON",
        "status": 400,
        "detail": "No JSON.",
    }
    assert problem == RequestFailure("notJSON", "No JSON.").to_wire()
    assert (
        "maxSizeRequest" == RequestFailure("limit", "", limit="maxSizeRequest").to_wire()["limit"]
    )


def test_a_method_failure_is_an_error_response() -> None:
    """The type has no prefix."""
    assert {"type": "a", "description": "b"} == MethodFailure("a", "b").to_wire()


def test_t108_a_set_failure_has_only_what_it_was_given() -> None:
    """Extra members stand beside the type."""
    assert {"type": "notFound"} == SetFailure("notFound").to_wire()
    assert {"type": "x", "existingId": "M1"} == SetFailure("x", existingId="M1").to_wire()
    assert {
        "type": "invalidProperties",
        "description": "why",
        "properties": ["a", "b"],
    } == invalid_properties("a", "b", description="why").to_wire()
