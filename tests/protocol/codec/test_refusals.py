"""Tests of reading SetErrors."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from jmap_async.errors import SetError, SetFailed
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.codec.objects import DataObject
from jmap_async.protocol.standard import SetResponse
from tests.protocol.strategies import JSON

MEMBERS = ("type", "description", "properties", "existingId", "maxSize", "vendor")


@given(JSON | st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_a_refusal_is_never_lost(sent: Any) -> None:  # noqa: ANN401 - any JSON
    """Whatever a server sends for a reason, the object was refused."""
    response = decoder(SetResponse[DataObject])({"notCreated": {"k": sent}})
    error = response.not_created["k"]
    has_type = isinstance(sent, dict) and isinstance(sent.get("type"), str)
    assert (sent["type"] if has_type else "serverFail") == error.type
    with pytest.raises(SetFailed) as caught:
        response.raise_for_errors()
    assert {"k": error} == caught.value.errors


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, SetError(type="serverFail", description="the server gave no reason")),
        ("forbidden", SetError(type="serverFail", description="the server said 'forbidden'")),
        ({}, SetError(type="serverFail")),
        (
            {"type": 5, "description": "no", "maxSize": "7", "vendor": 1},
            SetError(
                type="serverFail", description="no", extra={"type": 5, "maxSize": "7", "vendor": 1}
            ),
        ),
        (
            {"type": "invalidProperties", "description": ["x"], "properties": ["a", 5]},
            SetError(type="invalidProperties", properties=["a"], extra={"description": ["x"]}),
        ),
    ],
    ids=["null", "text", "empty", "wrong type", "wrong description"],
)
def test_what_can_be_read_of_a_refusal_is_read(sent: object, expected: SetError) -> None:
    """What is malformed is in `extra`, as it came."""
    assert expected == decoder(SetError)(sent)
