"""What type checkers must accept, with the types that they must find; never run."""

from typing import assert_type

from jmap_async.errors import METHOD_ERRORS, MethodError, SetError, SetFailed, TransportError


def errors(failure: TransportError, refused: MethodError, failed: SetFailed) -> None:
    """An error's attributes have narrow types."""
    if failure.outcome == "not_sent":
        return
    assert_type(refused.type, str)
    assert_type(METHOD_ERRORS[refused.type], type[MethodError])
    for key, error in failed.errors.items():
        assert_type(key, str)
        assert_type(error, SetError)
        assert_type(error.existing_id, str | None)
