"""What an answer shows of itself."""

from jmap_async.transport.response import HTTPResponse


def test_t175_a_response_does_not_print_mail() -> None:
    """The repr of an answer has its status and URL, not its body or headers."""
    response = HTTPResponse(
        status=200, url="https://example.com/", headers={"X": "sesame"}, body=b"sesame"
    )
    assert repr(response) == "HTTPResponse(status=200, url='https://example.com/')"


def test_ok_is_any_2xx() -> None:
    """Servers answer an upload with 200 or with 201."""
    statuses = [199, 200, 201, 299, 300, 404]
    responses = [HTTPResponse(status=s, url="", headers={}, body=b"") for s in statuses]
    assert [False, True, True, True, False, False] == [response.ok for response in responses]
