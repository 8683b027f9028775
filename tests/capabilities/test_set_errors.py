"""The types of SetError; that they are the RFCs' is checked with the inventory."""

from typing import get_args

from jmap_async.capabilities.set_errors import SetErrorType


def test_no_type_is_listed_twice() -> None:
    """Each type has one line."""
    assert len(get_args(SetErrorType)) == len(set(get_args(SetErrorType)))
