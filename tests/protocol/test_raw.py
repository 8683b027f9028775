"""The response to a method that was called by its name."""

from jmap_async.errors import MethodError
from jmap_async.protocol.raw import RawResponse


def test_it_is_the_dict_of_its_arguments() -> None:
    """It shows as one, and equals one, as long as nothing came with it."""
    response = RawResponse({"list": []})
    assert {"list": []} == response
    assert "{'list': []}" == repr(response)
    assert (None, None) == (response.on_success, response.on_success_error)


def test_what_came_with_it_is_shown() -> None:
    """Else an error in it would go unseen."""
    response = RawResponse({"list": []})
    response.on_success_error = MethodError("Email/set failed: forbidden")
    assert "{'list': []} <besides on_success_error=MethodError(" in repr(response)
    assert RawResponse({"list": []}) == response
