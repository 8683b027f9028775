"""What becomes of one object that was to be created."""

import pytest

from jmap_async.capabilities.mail.mailbox import Mailbox
from jmap_async.errors import RemoteProtocolError, SetError, SetFailed
from jmap_async.protocol.standard import SetResponse
from jmap_async.verbs.creating import created, merged


def test_created() -> None:
    """It was created, or refused, or the server broke the rules."""
    made = Mailbox(id="MB1")
    assert made is created(SetResponse[Mailbox](created={"k": made}), "k")
    with pytest.raises(SetFailed, match="overQuota"):
        created(SetResponse[Mailbox](not_created={"k": SetError(type="overQuota")}), "k")
    with pytest.raises(RemoteProtocolError, match="neither created nor refused"):
        created(SetResponse[Mailbox](), "k")


def test_t99_merged() -> None:
    """The server sends only what the client did not: together they are the object."""
    sent = {"name": "Work", "sortOrder": 3}
    answer = Mailbox(id="MB1", sort_order=10)
    assert Mailbox(id="MB1", name="Work", sort_order=10) == merged(Mailbox, sent, answer)
