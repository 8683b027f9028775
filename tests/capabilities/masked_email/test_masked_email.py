"""Masked addresses."""

import pytest

from jmap_async.capabilities.masked_email.masked_email import MaskedEmail, MaskedEmailSet
from jmap_async.errors import LocalProtocolError
from jmap_async.protocol.codec.converter import decoder
from jmap_async.protocol.standard import GetResponse, SetResponse


@pytest.mark.parametrize("prefix", ["", "Shop", "a-b", "a.b", "ü", "a" * 65])
def test_prefix(prefix: str) -> None:
    """A prefix has 1 to 64 of a-z 0-9 _."""
    MaskedEmailSet(create={"k": MaskedEmail(email_prefix="a_1" + "a" * 61)}).check()
    MaskedEmailSet(create={"k": MaskedEmail(description="x"), "l": {}}).check()
    for one in (MaskedEmail(email_prefix=prefix), {"emailPrefix": prefix}):
        with pytest.raises(LocalProtocolError, match="no email prefix"):
            MaskedEmailSet(create={"k": one}).check()


def test_t61_states_may_be_missing_or_null() -> None:
    """The server leaves out what it has nothing to say about."""
    response = decoder(SetResponse[MaskedEmail])(
        {"oldState": None, "newState": None, "created": {"k": {"id": "m1"}}}
    )
    assert None is response.new_state
    assert {} == response.not_created
    assert "" == decoder(GetResponse[MaskedEmail])({"list": [], "state": None}).state


def test_t170_an_unknown_state_is_kept() -> None:
    """The server may know states that we do not."""
    assert "odd" == decoder(MaskedEmail)({"state": "odd"}).state
